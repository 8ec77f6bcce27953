//! How the sums stand on a day: drawn up once a night, read ever after. Those of past days are kept with it.

use super::portfolio::{digest, kept_sums};
use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key, MAX_CHANGES, Query, TableName};
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{commit, commit_or_fail};
use crate::store::{jobs, query_all};
use cauce_domain::debt::receivables::{Group, Standing};
use cauce_domain::ids::ProjectId;
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A group as it stood on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stood {
    group: Group,
    standing: Standing,
}

/// The last day that was drawn up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Drawn {
    day: NaiveDate,
}

shapes! {
    Stood => "portfolio_standing_v1",
    Drawn => "indicators_drawn_v1",
}

/// How a portfolio stood on a day, by group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The local day, as it began.
    pub day: NaiveDate,
    /// Its groups.
    pub groups: Vec<(Group, Standing)>,
}

fn partition(project: &ProjectId, day: NaiveDate) -> String {
    format!("{project}#indicators#{day}")
}

/// The last day drawn up.
pub(super) async fn last_day(ports: &Ports, project: &ProjectId) -> Result<Option<NaiveDate>, Error> {
    let stored = ports.table.get(&jobs::stat_key(project, "indicators")).await?;
    stored.map(|stored| Ok(decode::<Drawn>(&stored.body)?.day)).transpose()
}

/// Draws up how the sums stand on a day. Twice is as once: it writes the same.
pub(super) async fn draw(ports: &Ports, project: &ProjectId, day: NaiveDate) -> Result<(), Error> {
    let mut groups: BTreeMap<Group, Standing> = BTreeMap::new();
    let mut add = |it: super::portfolio::Summed| {
        groups.entry(it.group).or_default().add(&Standing::of(&it.sums, day));
    };
    kept_sums(ports, project, &mut add).await?;
    let mut changes = Vec::new();
    let expiry = jobs::expiry(day.and_time(NaiveTime::MIN).and_utc());
    for (group, standing) in groups.into_iter().filter(|(_, standing)| *standing != Standing::default()) {
        let place = Key::new(TableName::Jobs, partition(project, day), digest(&group));
        let item = Item::new(place, encode(&Stood { group, standing })?).expiring(expiry);
        changes.push(Change::Put(item, Expect::Anything));
    }
    for some in changes.chunks(MAX_CHANGES) {
        commit(ports, some.to_vec()).await?;
    }
    let drawn = Item::new(jobs::stat_key(project, "indicators"), encode(&Drawn { day })?);
    commit_or_fail(ports, vec![Change::Put(drawn, Expect::Anything)]).await
}

/// How a portfolio stood on the last day drawn up, or on a day before; nothing where none was.
pub async fn latest(ports: &Ports, project: &ProjectId, day: Option<NaiveDate>) -> Result<Option<Snapshot>, Error> {
    let last = last_day(ports, project).await?;
    let Some(day) = day.filter(|day| Some(*day) <= last).or(last.filter(|_| day.is_none())) else { return Ok(None) };
    let listed = query_all(ports.table.as_ref(), Query::table(TableName::Jobs, partition(project, day))).await?;
    let stood = listed.iter().map(|stored| decode::<Stood>(&stored.body)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(Snapshot { day, groups: stood.into_iter().map(|it| (it.group, it.standing)).collect() }))
}
