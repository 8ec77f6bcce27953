//! How the sums stand on a day: drawn up once a night, read ever after. Those of past days are kept with it.

use super::exchange::{digest, kept_sums};
use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key, Query, TableName};
use crate::store::accounts::as_read;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::commit;
use crate::store::{jobs, query_all};
use cauce_domain::debt::receivables::{Group, Slice, Sums};
use cauce_domain::debt::standing::Standing;
use cauce_domain::ids::ProjectId;
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Groups of one transaction: each is some kilobytes.
const TOGETHER: usize = 25;

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

/// The sort key of the mark that a day was drawn up; groups stand beside it under their digests.
const MARK: &str = "~";

fn partition(project: &ProjectId, day: NaiveDate) -> String {
    format!("{project}#indicators#{day}")
}

async fn last(ports: &Ports, project: &ProjectId) -> Result<(Option<NaiveDate>, Option<u64>), Error> {
    let Some(stored) = ports.table.get(&jobs::stat_key(project, "indicators")).await? else { return Ok((None, None)) };
    Ok((Some(decode::<Drawn>(&stored.body)?.day), Some(stored.version)))
}

/// The last day drawn up.
pub(super) async fn last_day(ports: &Ports, project: &ProjectId) -> Result<Option<NaiveDate>, Error> {
    Ok(last(ports, project).await?.0)
}

/// Draws up how the sums stand on a day, once: a day drawn up stays as it stood.
pub(super) async fn draw(ports: &Ports, project: &ProjectId, day: NaiveDate) -> Result<(), Error> {
    let (last, version) = last(ports, project).await?;
    if last >= Some(day) {
        return Ok(());
    }
    let mut groups: BTreeMap<Group, Standing> = BTreeMap::new();
    let mut add = |slice: Slice, sums: Sums| {
        groups.entry(slice.group).or_default().add(&Standing::of(&sums, day));
    };
    kept_sums(ports, project, &mut add).await?;
    let expiry = jobs::expiry(day.and_time(NaiveTime::MIN).and_utc());
    let place = |sort: &str| Key::new(TableName::Jobs, partition(project, day), sort);
    let mut changes = Vec::new();
    for (group, standing) in groups.into_iter().filter(|(_, standing)| *standing != Standing::default()) {
        let at = place(&digest(&group));
        let item = Item::new(at, encode(&Stood { group, standing })?).expiring(expiry);
        changes.push(Change::Put(item, Expect::Anything));
    }
    for some in changes.chunks(TOGETHER) {
        commit(ports, some.to_vec()).await?;
    }
    let drawn = encode(&Drawn { day })?;
    let ends = vec![
        Change::Put(Item::new(place(MARK), drawn.clone()).expiring(expiry), Expect::Anything),
        Change::Put(Item::new(jobs::stat_key(project, "indicators"), drawn), as_read(version)),
    ];
    // Where somebody else was faster it drew up the same.
    commit(ports, ends).await.map(drop)
}

/// How a portfolio stood on a day, or on the last that was drawn up; nothing where that was none.
pub async fn latest(ports: &Ports, project: &ProjectId, day: Option<NaiveDate>) -> Result<Option<Snapshot>, Error> {
    let Some(day) = (if day.is_some() { day } else { last_day(ports, project).await? }) else { return Ok(None) };
    let listed = query_all(ports.table.as_ref(), Query::table(TableName::Jobs, partition(project, day))).await?;
    let Some((mark, stood)) = listed.split_last().filter(|(mark, _)| mark.key.sk == MARK) else { return Ok(None) };
    let day = decode::<Drawn>(&mark.body)?.day;
    let stood = stood.iter().map(|stored| decode::<Stood>(&stored.body)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(Snapshot { day, groups: stood.into_iter().map(|it| (it.group, it.standing)).collect() }))
}
