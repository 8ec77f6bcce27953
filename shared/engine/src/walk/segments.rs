//! *Actualizar*: every customer's segment worked out again; who moved from where to where, and how many each has.

use super::{Tally, Walker, partition};
use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Cursor, Expect, Item, Key, Query, TableName};
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use crate::store::settings::Setup;
use crate::store::{accounts, jobs, query_all};
use cauce_domain::debt::account::Account;
use cauce_domain::ids::{CustomerId, JobId, ProjectId, SegmentId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many customers each segment had at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentCounts {
    /// When they were counted.
    pub at: DateTime<Utc>,
    /// Customers by segment.
    pub customers: BTreeMap<String, u64>,
}

/// A customer that a walk found in one segment and left in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The customer.
    pub customer: CustomerId,
    /// Where it was.
    pub from: SegmentId,
    /// Where it is now.
    pub to: SegmentId,
}

shapes! {
    SegmentCounts => "segment_counts_v1",
    Move => "segment_move_v1",
}

/// How often a customer that others change too is tried.
const TRIES: u32 = 5;

/// Puts one customer where it belongs. Its move is noted in the same transaction: a walk that begins a page again does not find
/// it any more.
pub(super) async fn look(
    walker: &Walker<'_>,
    mut before: Account,
    mut version: u64,
    tally: &mut Tally,
) -> Result<(), Error> {
    let (ports, setup) = (walker.ports, walker.setup);
    for _ in 0..TRIES {
        let mut after = before.clone();
        walker.touch.settle(Some(&before), &mut after);
        if after == before || write(walker, &before, &after, version).await? {
            *tally.by_segment.entry(after.segment.to_string()).or_default() += 1;
            return Ok(());
        }
        match accounts::account(ports, setup.id(), &before.id).await? {
            Some((stored, at)) => (before, version) = (stored, at),
            None => return Ok(()),
        }
    }
    Err(Error::Raced)
}

async fn write(walker: &Walker<'_>, before: &Account, after: &Account, version: u64) -> Result<bool, Error> {
    let project = walker.setup.id();
    let mut changes = vec![Change::Put(accounts::account_item(project, after)?, Expect::Version(version))];
    if before.segment != after.segment {
        let moved = Move { customer: after.id.clone(), from: before.segment.clone(), to: after.segment.clone() };
        let place = Key::new(TableName::Jobs, partition(project, &walker.walk.id), format!("m#{}", after.id));
        let item = Item::new(place, encode(&moved)?).expiring(jobs::expiry(walker.now));
        changes.push(Change::Put(item, Expect::Anything));
    }
    Ok(matches!(commit(walker.ports, changes).await?, Committed::Made))
}

/// What moved in a shard, counted by where from and where to.
pub(super) async fn moved(walker: &Walker<'_>, shard: &str) -> Result<BTreeMap<String, BTreeMap<String, u64>>, Error> {
    let place = partition(walker.setup.id(), &walker.walk.id);
    let query = Query::table(TableName::Jobs, place).prefix(&format!("m#{shard}"));
    let mut counted: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for stored in query_all(walker.ports.table.as_ref(), query).await? {
        let Move { from, to, .. } = decode(&stored.body)?;
        *counted.entry(from.to_string()).or_default().entry(to.to_string()).or_default() += 1;
    }
    Ok(counted)
}

/// A page of who moved on a walk.
pub async fn moves(
    ports: &Ports,
    project: &ProjectId,
    walk: &JobId,
    limit: u32,
    after: Option<Cursor>,
) -> Result<(Vec<Move>, Option<Cursor>), Error> {
    let query = Query::table(TableName::Jobs, partition(project, walk)).prefix("m#").limit(limit).after(after);
    let page = ports.table.query(&query).await?;
    let moves = page.items.iter().map(|stored| decode(&stored.body)).collect::<Result<_, _>>()?;
    Ok((moves, page.next))
}

/// The counts, as they are kept.
pub(super) fn keep(setup: &Setup, result: &Tally, now: DateTime<Utc>) -> Result<Change, Error> {
    let counts = SegmentCounts { at: now, customers: result.by_segment.clone() };
    Ok(Change::Put(Item::new(jobs::stat_key(setup.id(), "segments"), encode(&counts)?), Expect::Anything))
}

/// The counts last kept.
pub async fn counts(ports: &Ports, setup: &Setup) -> Result<Option<SegmentCounts>, Error> {
    let stored = ports.table.get(&jobs::stat_key(setup.id(), "segments")).await?;
    stored.map(|stored| decode(&stored.body)).transpose()
}
