//! *Actualizar*: every customer's segment worked out again, and how many each has.

use crate::Ports;
use crate::error::Error;
use crate::import::touch::Touch;
use crate::ports::table::{Change, Expect, Index, Item, Query};
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::settings::Setup;
use crate::store::{accounts, jobs};
use cauce_domain::debt::account::Account;
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

shapes! { SegmentCounts => "segment_counts_v1" }

/// Walks every customer, rewrites those whose segment changed, and keeps the counts.
pub async fn segment_customers(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<SegmentCounts, Error> {
    let touch = Touch::gather(ports, setup, now).await?;
    let mut counts = SegmentCounts { at: now, customers: BTreeMap::new() };
    for shard in SHARD_NAMES {
        let mut after = None;
        loop {
            let query = Query::index(Index::Customers, keys::customers_shard(setup.id(), shard)).after(after);
            let page = ports.table.query(&query).await?;
            for stored in page.items {
                let account: Account = decode(&stored.body)?;
                let segment = reassign(ports, setup, &touch, account, stored.version).await?;
                *counts.customers.entry(segment).or_default() += 1;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    let item = Item::new(jobs::stat_key(setup.id(), "segments"), encode(&counts)?);
    commit(ports, vec![Change::Put(item, Expect::Anything)]).await?;
    Ok(counts)
}

async fn reassign(
    ports: &Ports,
    setup: &Setup,
    touch: &Touch,
    account: Account,
    version: u64,
) -> Result<String, Error> {
    let (mut before, mut version) = (account, version);
    for _ in 0..5 {
        let mut after = before.clone();
        touch.settle(Some(&before), &mut after);
        if after == before {
            return Ok(after.segment.to_string());
        }
        let item = accounts::account_item(setup.id(), &after)?;
        if let Committed::Made = commit(ports, vec![Change::Put(item, Expect::Version(version))]).await? {
            return Ok(after.segment.to_string());
        }
        match accounts::account(ports, setup.id(), &before.id).await? {
            Some((stored, at)) => (before, version) = (stored, at),
            None => return Ok(after.segment.to_string()),
        }
    }
    Err(Error::Raced)
}

/// The counts last kept.
pub async fn counts(ports: &Ports, setup: &Setup) -> Result<Option<SegmentCounts>, Error> {
    let stored = ports.table.get(&jobs::stat_key(setup.id(), "segments")).await?;
    stored.map(|s| decode(&s.body)).transpose()
}
