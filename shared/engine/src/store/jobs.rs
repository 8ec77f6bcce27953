//! Work in hand and done: the process log, chunks of loads, runs of the plan, idempotency and statistics.

use super::codec::{decode, encode, shapes};
use super::commit::{Committed, commit};
use super::{keys, query_all};
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Change, Expect, Item, Key, Query, TableName};
use cauce_domain::ids::{JobId, ProjectId};
use cauce_domain::strategy::plan::Strategy;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long work is remembered, in days.
const KEPT_DAYS: i64 = 400;

/// The time after which a job's items may be dropped.
pub fn expiry(now: DateTime<Utc>) -> i64 {
    now.timestamp() + KEPT_DAYS * 86_400
}

/// What one shard of a run decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ShardResult {
    /// Customers with a decision.
    pub customers_due: u64,
    /// Decided to send.
    pub send: u64,
    /// Decided against, by reason.
    #[serde(default)]
    pub not_send: BTreeMap<String, u64>,
    /// Customers by the offset of the decided step.
    #[serde(default)]
    pub by_step: BTreeMap<i32, u64>,
    /// Sends by channel and offset: `whatsapp#-5`.
    #[serde(default)]
    pub by_channel: BTreeMap<String, u64>,
    /// Accounts read.
    #[serde(default)]
    pub read: u64,
}

impl ShardResult {
    /// Adds another shard's figures.
    pub fn add(&mut self, other: &Self) {
        self.customers_due += other.customers_due;
        self.send += other.send;
        self.read += other.read;
        other.not_send.iter().for_each(|(k, n)| *self.not_send.entry(k.clone()).or_default() += n);
        other.by_step.iter().for_each(|(k, n)| *self.by_step.entry(*k).or_default() += n);
        other.by_channel.iter().for_each(|(k, n)| *self.by_channel.entry(k.clone()).or_default() += n);
    }
}

/// The plan of a day: what it decided by, so that it can be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The local day.
    pub date: NaiveDate,
    /// When it was begun; decisions are made as of this instant.
    pub begun: DateTime<Utc>,
    /// The first day whose steps it decides.
    pub from: NaiveDate,
    /// The strategy it decides by.
    pub strategy: Strategy,
    /// Every shard has its result.
    #[serde(default)]
    pub done: bool,
}

/// How far a shard of the release index was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseCursor {
    /// Everything up to here was put on a queue.
    pub until: DateTime<Utc>,
}

/// An instant worth keeping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The instant.
    pub at: DateTime<Utc>,
}

/// An answer given to a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Digest of the request.
    pub request: String,
    /// Status, once answered.
    #[serde(default)]
    pub status: Option<u16>,
    /// Body, once answered.
    #[serde(default)]
    pub body: String,
    /// When it was taken in hand, seconds since 1970.
    #[serde(default)]
    pub begun: i64,
}

shapes! {
    ShardResult => "shard_result_v1",
    Run => "run_v1",
    ReleaseCursor => "release_cursor_v1",
    Mark => "mark_v1",
    Answered => "answered_v1",
}

/// The place of a day's run.
pub fn run_key(project: &ProjectId, date: NaiveDate) -> Key {
    Key::new(TableName::Jobs, format!("{project}#run#{date}"), "run")
}

/// The place of a shard's result.
pub fn shard_key(project: &ProjectId, date: NaiveDate, shard: &str) -> Key {
    Key::new(TableName::Jobs, format!("{project}#run#{date}"), format!("s#{shard}"))
}

/// The place of a release cursor.
pub fn release_key(shard: &str) -> Key {
    Key::new(TableName::Jobs, "release", shard)
}

/// The place of a project's marks and statistics.
pub fn stat_key(project: &ProjectId, name: &str) -> Key {
    Key::new(TableName::Jobs, format!("{project}#stat"), name)
}

/// The place of an answered request.
pub fn answered_key(project: &ProjectId, key: &str) -> Key {
    Key::new(TableName::Jobs, format!("{project}#idem#{}", keys::sha256(key.as_bytes())), "i")
}

/// The place of what a request did.
pub fn done_key(project: &ProjectId, request: &str) -> Key {
    Key::new(TableName::Jobs, format!("{project}#did#{}", keys::sha256(request.as_bytes())), "d")
}

/// Reads a day's run.
pub async fn run(ports: &Ports, project: &ProjectId, date: NaiveDate) -> Result<Option<(Run, u64)>, Error> {
    let stored = ports.table.get(&run_key(project, date)).await?;
    stored.map(|s| Ok((decode(&s.body)?, s.version))).transpose()
}

/// The results of a run's shards.
pub async fn shard_results(ports: &Ports, project: &ProjectId, date: NaiveDate) -> Result<Vec<ShardResult>, Error> {
    let query = Query::table(TableName::Jobs, format!("{project}#run#{date}")).prefix("s#");
    query_all(ports.table.as_ref(), query).await?.iter().map(|s| decode(&s.body)).collect()
}

/// When something was last marked.
pub async fn mark(ports: &Ports, project: &ProjectId, name: &str) -> Result<Option<DateTime<Utc>>, Error> {
    let stored = ports.table.get(&stat_key(project, name)).await?;
    Ok(stored.map(|s| decode::<Mark>(&s.body)).transpose()?.map(|m| m.at))
}

/// Marks an instant.
pub async fn set_mark(ports: &Ports, project: &ProjectId, name: &str, at: DateTime<Utc>) -> Result<(), Error> {
    let item = Item::new(stat_key(project, name), encode(&Mark { at })?);
    match commit(ports, vec![Change::Put(item, Expect::Anything)]).await? {
        Committed::Made => Ok(()),
        Committed::Lost(_) => Err(Error::Raced),
    }
}

/// A new job id, in order of time.
pub fn new_job(ports: &Ports) -> JobId {
    JobId::new(ports.new_id().simple().to_string())
}
