//! What was sent on a day and what came of it: by channel, origin and segment.
//!
//! Yesterday's messages are counted tonight, and again after three days and after eight: states come for days, and whom a
//! message reached has a week to pay. What comes later than that is in the threads and reports, not here.

use crate::Ports;
use crate::error::{Error, readable};
use crate::ports::table::{Change, Expect, Item, Key, Query, Stored, TableName};
use crate::run_result::States;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::commit_or_fail;
use crate::store::{accounts, interactions, jobs, query_all};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::origin::Origin;
use cauce_domain::debt::payment::MovementKind;
use cauce_domain::ids::{CustomerId, ProjectId, SegmentId};
use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many days after it a day is counted, the last time for good.
const COUNTED: [i64; 3] = [1, 3, 8];
/// Nights that were missed and are made up for, at most.
const MISSED: i64 = 30;
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
    /// By channel, its customers once each.
    #[serde(default)]
    pub channels: Vec<(Channel, Came)>,
    /// By whatever channel, customers once each.
    pub all: Came,
    /// Nothing of it changes any more: who paid is known.
    pub settled: bool,
}

shapes! { DaySends => "day_sends_v1" }

fn partition(project: &ProjectId) -> String {
    format!("{project}#sends")
}

/// How many days ago were the days that are to be counted on a day, those of nights that were missed among them; in order.
pub(super) fn ago(done: Option<NaiveDate>, today: NaiveDate) -> impl Iterator<Item = i64> {
    let missed = done.map_or(0, |done| (today - done).num_days() - 1).clamp(0, MISSED);
    let all: BTreeSet<i64> = (0..=missed).flat_map(|night| COUNTED.map(|counted| night + counted)).collect();
    all.into_iter()
}

/// Counts the day so many days ago.
pub(super) async fn count(
    ports: &Ports,
    project: &ProjectId,
    (today, ago): (NaiveDate, i64),
    shard: &str,
) -> Result<(), Error> {
    let day = today - TimeDelta::days(ago);
    let counted = of_day(ports, project, (day, ago >= COUNTED[COUNTED.len() - 1]), shard).await?;
    if counted.lines.is_empty() {
        return Ok(());
    }
    let place = Key::new(TableName::Jobs, partition(project), format!("{day}#{shard}"));
    let expiry = jobs::expiry(day.and_time(NaiveTime::MIN).and_utc());
    let item = Item::new(place, encode(&counted)?).expiring(expiry);
    commit_or_fail(ports, vec![Change::Put(item, Expect::Anything)]).await
}

/// Messages that go together, and whom they reached.
#[derive(Default)]
struct Tally {
    states: States,
    reached: BTreeSet<CustomerId>,
}

impl Tally {
    fn count(&mut self, message: &Interaction) {
        self.states.count(&message.state);
        if matches!(message.state, State::Sent | State::Delivered | State::Opened | State::Contacted) {
            self.reached.insert(message.customer.clone());
        }
    }

    fn came(&self, payers: &BTreeSet<CustomerId>) -> Came {
        let paid = self.reached.intersection(payers).count() as u64;
        Came { states: self.states.clone(), reached: self.reached.len() as u64, paid }
    }
}

async fn of_day(
    ports: &Ports,
    project: &ProjectId,
    (day, settled): (NaiveDate, bool),
    shard: &str,
) -> Result<DaySends, Error> {
    let (mut lines, mut channels): (BTreeMap<Line, Tally>, BTreeMap<Channel, Tally>) = Default::default();
    let mut all = Tally::default();
    let mut tally = |stored: Stored| -> Result<(), Error> {
        let Some(message) = readable(interactions::decode_message(&stored), &stored.key.sk)? else { return Ok(()) };
        let Some(channel) = message.channel else { return Ok(()) };
        let (origin, segment) = (message.cause.origin(), message.facts.segment.clone());
        let line = Line { channel, origin, of: message.cause.of(), segment };
        for tally in [lines.entry(line).or_default(), channels.entry(channel).or_default(), &mut all] {
            tally.count(&message);
        }
        Ok(())
    };
    interactions::each_of_day(ports, project, (day, shard), &mut tally).await?;
    let paid = if settled { payers(ports, project, day, &all.reached).await? } else { BTreeSet::new() };
    Ok(DaySends {
        lines: lines.into_iter().map(|(line, tally)| (line, tally.came(&paid))).collect(),
        channels: channels.into_iter().map(|(channel, tally)| (channel, tally.came(&paid))).collect(),
        all: all.came(&paid),
        settled,
    })
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
        let read = accounts::movements(ports, project, &customer).await;
        let Some(movements) = readable(read, &customer)? else { return Ok(None) };
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
