//! What was sent on a day and what came of it: by channel, origin and segment.
//!
//! Yesterday's messages are counted tonight, and again after three days and after eight: states come for days, and whom a
//! message reached has a week to pay. What comes later than that is in the threads and reports, not here.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key, Query, TableName};
use crate::run_result::States;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::commit_or_fail;
use crate::store::{accounts, interactions, jobs, query_all};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::origin::{Cause, Origin};
use cauce_domain::debt::payment::MovementKind;
use cauce_domain::ids::{CustomerId, ProjectId, SegmentId};
use chrono::{Days, NaiveDate, NaiveTime};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many days after it a day is counted, the last time for good.
const COUNTED: [u64; 3] = [1, 3, 8];
/// Days whoever was reached has to pay, the day itself included.
const PAYS_WITHIN: u64 = 8;
/// Customers whose payments are read at once.
const AT_ONCE: usize = 16;

/// What messages of one kind came to on a day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Came {
    /// Messages, each once, in the state they were in when counted.
    #[serde(default)]
    pub states: States,
    /// Customers whom one reached its provider for.
    #[serde(default)]
    pub reached: u64,
    /// Those of them who paid within a week; known from the eighth day on.
    #[serde(default)]
    pub paid: u64,
}

/// The messages of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    /// By which channel.
    pub channel: Channel,
    /// What they come from.
    pub origin: Origin,
    /// Which flow, event or campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The segment they were decided for.
    pub segment: SegmentId,
}

/// What was sent on a day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DaySends {
    /// By kind.
    pub lines: Vec<(Line, Came)>,
    /// Customers reached by whatever kind, once each; and those of them who paid.
    pub all: Came,
    /// Nothing of it changes any more: who paid is known.
    pub settled: bool,
}

shapes! { DaySends => "day_sends_v1" }

fn partition(project: &ProjectId) -> String {
    format!("{project}#sends")
}

/// Counts the days that are to be counted on a day.
pub(super) async fn count(ports: &Ports, project: &ProjectId, today: NaiveDate, shard: &str) -> Result<(), Error> {
    for ago in COUNTED {
        let Some(day) = today.checked_sub_days(Days::new(ago)) else { continue };
        let settled = ago == COUNTED[COUNTED.len() - 1];
        let counted = of_day(ports, project, (day, settled), shard).await?;
        if counted.lines.is_empty() {
            continue;
        }
        let place = Key::new(TableName::Jobs, partition(project), format!("{day}#{shard}"));
        let expiry = jobs::expiry(day.and_time(NaiveTime::MIN).and_utc());
        let item = Item::new(place, encode(&counted)?).expiring(expiry);
        commit_or_fail(ports, vec![Change::Put(item, Expect::Anything)]).await?;
    }
    Ok(())
}

async fn of_day(
    ports: &Ports,
    project: &ProjectId,
    (day, settled): (NaiveDate, bool),
    shard: &str,
) -> Result<DaySends, Error> {
    let (mut lines, mut reached): (BTreeMap<Line, Came>, BTreeMap<Line, BTreeSet<CustomerId>>) = Default::default();
    let mut all = Came::default();
    for (message, _) in interactions::of_day(ports, project, day, shard).await? {
        let Some(channel) = message.channel else { continue };
        let line = line(&message, channel);
        all.states.count(&message.state);
        if matches!(message.state, State::Sent | State::Delivered | State::Opened) {
            reached.entry(line.clone()).or_default().insert(message.customer.clone());
        }
        lines.entry(line).or_default().states.count(&message.state);
    }
    let everybody: BTreeSet<CustomerId> = reached.values().flatten().cloned().collect();
    let paid = if settled { payers(ports, project, day, &everybody).await? } else { BTreeSet::new() };
    let fill = |came: &mut Came, reached: &BTreeSet<CustomerId>| {
        (came.reached, came.paid) = (reached.len() as u64, reached.intersection(&paid).count() as u64);
    };
    fill(&mut all, &everybody);
    reached.iter().for_each(|(line, customers)| fill(lines.entry(line.clone()).or_default(), customers));
    Ok(DaySends { lines: lines.into_iter().collect(), all, settled })
}

fn line(message: &Interaction, channel: Channel) -> Line {
    let of = match &message.cause {
        Cause::Step(step) => Some(step.flow.to_string()),
        Cause::Event(occasion) => Some(occasion.trigger.code().to_owned()),
        Cause::Campaign(part) => Some(part.id.to_string()),
        Cause::Draft(_) => None,
    };
    Line { channel, origin: message.cause.origin(), of, segment: message.facts.segment.clone() }
}

/// Who of some customers paid anything from a day on, within the week.
async fn payers(
    ports: &Ports,
    project: &ProjectId,
    day: NaiveDate,
    customers: &BTreeSet<CustomerId>,
) -> Result<BTreeSet<CustomerId>, Error> {
    let until = day.checked_add_days(Days::new(PAYS_WITHIN)).unwrap_or(day);
    let look = |customer: CustomerId| async move {
        let movements = accounts::movements(ports, project, &customer).await?;
        let counts = movements
            .iter()
            .any(|it| it.kind == MovementKind::Payment && !it.annulled && (day..until).contains(&it.date));
        Ok::<_, Error>(counts.then_some(customer))
    };
    let looks = customers.iter().cloned().map(look).collect::<Vec<_>>();
    let found: Vec<Option<CustomerId>> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// What was sent on the days of a range, both included, by day; shards added up.
pub async fn days(
    ports: &Ports,
    project: &ProjectId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<BTreeMap<NaiveDate, Vec<DaySends>>, Error> {
    let query = Query::table(TableName::Jobs, partition(project)).between(from.to_string(), format!("{to}\u{10FFFF}"));
    let mut found: BTreeMap<NaiveDate, Vec<DaySends>> = BTreeMap::new();
    for stored in query_all(ports.table.as_ref(), query).await? {
        let day = stored.key.sk.split('#').next().and_then(|day| day.parse().ok());
        if let Some(day) = day {
            found.entry(day).or_default().push(decode(&stored.body)?);
        }
    }
    Ok(found)
}
