//! A walk over every customer of a project, in the background: *Actualizar* of the segments, how many an audience has.
//!
//! Sixteen parts, each a shard of the customers' index, each with its place kept page by page: a worker that dies, or whose
//! time is up, is followed by another from there, and two that work on one part find out by its version. The result is the sum
//! of the parts. It stands in the process log with its progress, and whoever asked is told of its end.

mod count;
mod segments;

pub use segments::{Move, SegmentCounts, counts, moves};

use crate::Ports;
use crate::error::Error;
use crate::import::touch::Touch;
use crate::messages::WalkShard;
use crate::notice::notify;
use crate::ports::queue::{Message, QueueName};
use crate::ports::table::{Change, Cursor, Expect, Index, Item, Key, Query, TableName};
use crate::process_log;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use crate::store::edits::By;
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::settings::Setup;
use crate::store::{accounts, jobs, query_all};
use cauce_domain::ids::{JobId, ProjectId};
use cauce_domain::strategy::campaign::Audience;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a walk is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// *Actualizar*: every customer's segment worked out again.
    Segments,
    /// How many customers an audience has.
    Count {
        /// The audience.
        audience: Audience,
    },
}

impl Task {
    /// The name a reader sees.
    pub fn spanish(&self) -> &'static str {
        match self {
            Self::Segments => "Actualización de segmentos",
            Self::Count { .. } => "Conteo de clientes",
        }
    }
}

/// What a walk found, or a part of it so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Customers looked at.
    pub customers: u64,
    /// Customers by segment, as they are now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_segment: BTreeMap<String, u64>,
    /// Customers that moved: from which segment, to which.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moved: BTreeMap<String, BTreeMap<String, u64>>,
    /// Customers of the audience.
    #[serde(default)]
    pub matched: u64,
    /// Those of them that have an address, by channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reachable: BTreeMap<String, u64>,
}

impl Walk {
    /// What it found, in words.
    pub fn told(&self) -> String {
        let moved: u64 = self.result.moved.values().flat_map(|to| to.values()).sum();
        let looked = self.result.customers;
        match &self.task {
            Task::Segments => format!("Se revisaron {looked} clientes; {moved} cambiaron de segmento."),
            Task::Count { .. } => format!("{} de {looked} clientes.", self.result.matched),
        }
    }

    /// How far it is, of a hundred.
    pub fn percent(&self) -> f64 {
        f64::from(self.parts_done) * 100.0 / SHARD_NAMES.len() as f64
    }
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.customers += other.customers;
        self.matched += other.matched;
        other.by_segment.iter().for_each(|(k, n)| *self.by_segment.entry(k.clone()).or_default() += n);
        other.reachable.iter().for_each(|(k, n)| *self.reachable.entry(k.clone()).or_default() += n);
        for (from, to) in &other.moved {
            let known = self.moved.entry(from.clone()).or_default();
            to.iter().for_each(|(k, n)| *known.entry(k.clone()).or_default() += n);
        }
    }
}

/// A walk, as it stands in the process log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// Its id, in order of time.
    pub id: JobId,
    /// What it is for.
    #[serde(flatten)]
    pub task: Task,
    /// Who asked for it.
    pub requester: String,
    /// When.
    pub created: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<DateTime<Utc>>,
    /// What it found so far.
    #[serde(default)]
    pub result: Tally,
    /// Parts that are done, of sixteen.
    #[serde(default)]
    pub parts_done: u8,
}

/// How far a part is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Part {
    after: Option<Cursor>,
    done: bool,
    tally: Tally,
}

/// A walk that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Going {
    walk: JobId,
}

shapes! {
    Going => "walking_v1",
    Walk => "walk_v1",
    Part => "walk_part_v1",
}

fn key(project: &ProjectId, id: &JobId) -> Key {
    Key::new(TableName::Jobs, format!("{project}#log"), id.as_str())
}

fn partition(project: &ProjectId, id: &JobId) -> String {
    format!("{project}#walk#{id}")
}

fn part_key(project: &ProjectId, id: &JobId, shard: &str) -> Key {
    Key::new(TableName::Jobs, partition(project, id), format!("p#{shard}"))
}

/// After how long a walk that has not ended keeps no other from being begun.
const LONGEST: TimeDelta = TimeDelta::hours(6);

/// The place of a walk among those under way: of updates of the segments there is one at a time.
fn under_way(project: &ProjectId, walk: &Walk) -> Key {
    let name = match walk.task {
        Task::Segments => "segments".to_owned(),
        Task::Count { .. } => format!("count#{}", walk.id),
    };
    Key::new(TableName::Jobs, format!("{project}#walking"), name)
}

/// Begins a walk, or finds the update of the segments that is under way.
pub async fn begin(ports: &Ports, setup: &Setup, task: Task, by: &By) -> Result<Walk, Error> {
    let (requester, created) = (by.author.clone(), by.at);
    let id = jobs::new_job(ports);
    let walk = Walk { id, task, requester, created, finished: None, result: Tally::default(), parts_done: 0 };
    let item = Item::new(key(setup.id(), &walk.id), encode(&walk)?).expiring(jobs::expiry(created));
    let place = under_way(setup.id(), &walk);
    let goes = Item::new(place.clone(), encode(&Going { walk: walk.id.clone() })?).expiring(jobs::expiry(created));
    let line = process_log::line(setup.id(), &walk.id, created)?;
    let known = ports.table.get(&place).await?;
    if let Some(stored) = &known {
        let going: Going = decode(&stored.body)?;
        let other = read(ports, setup.id(), &going.walk).await?;
        // One that has gone on so long keeps no other from being begun, whatever became of it.
        if let Some(other) = other.filter(|it| it.finished.is_none() && created - it.created < LONGEST) {
            return Ok(other);
        }
    }
    let changes = vec![
        Change::Put(goes, accounts::as_read(known.map(|stored| stored.version))),
        Change::Put(item, Expect::Absent),
        Change::Put(line, Expect::Absent),
    ];
    if let Committed::Lost(_) = commit(ports, changes).await? {
        return Err(Error::Raced);
    }
    queue(ports, setup.id(), &walk.id, SHARD_NAMES.iter().copied()).await?;
    Ok(walk)
}

async fn queue<'a>(
    ports: &Ports,
    project: &ProjectId,
    walk: &JobId,
    shards: impl Iterator<Item = &'a str> + Send,
) -> Result<(), Error> {
    let messages: Vec<Message> = shards.map(|shard| message(project, walk, shard)).collect::<Result<_, _>>()?;
    Ok(ports.queue.send(QueueName::Plan, messages).await?)
}

/// Every hour: parts of walks that were lost are queued again.
pub(crate) async fn resume(ports: &Ports, setup: &Setup) -> Result<(), Error> {
    let listed = Query::table(TableName::Jobs, format!("{}#walking", setup.id()));
    for stored in query_all(ports.table.as_ref(), listed).await? {
        let Going { walk } = decode(&stored.body)?;
        let mut left = Vec::new();
        for shard in SHARD_NAMES {
            let part = ports.table.get(&part_key(setup.id(), &walk, shard)).await?;
            let part: Part = part.map(|stored| decode(&stored.body)).transpose()?.unwrap_or_default();
            left.extend((!part.done).then_some(shard));
        }
        // All done, and the end of it lost: any of them finds that out.
        let left = if left.is_empty() { vec![SHARD_NAMES[0]] } else { left };
        queue(ports, setup.id(), &walk, left.into_iter()).await?;
    }
    Ok(())
}

fn message(project: &ProjectId, walk: &JobId, shard: &str) -> Result<Message, Error> {
    let message = WalkShard { project: project.clone(), walk: walk.clone(), shard: shard.to_owned() };
    // A group of its own: a walk keeps no plan of the day waiting.
    Ok(Message::new(format!("{project}#walk"), encode(&message)?))
}

/// Reads a walk as it stands, with its progress.
pub async fn read(ports: &Ports, project: &ProjectId, id: &JobId) -> Result<Option<Walk>, Error> {
    let Some(stored) = ports.table.get(&key(project, id)).await? else { return Ok(None) };
    let mut walk: Walk = decode(&stored.body)?;
    if walk.finished.is_none() {
        let parts = parts(ports, project, id).await?;
        walk.parts_done = u8::try_from(parts.iter().filter(|part| part.done).count()).unwrap_or(u8::MAX);
        parts.iter().for_each(|part| walk.result.add(&part.tally));
    }
    Ok(Some(walk))
}

async fn parts(ports: &Ports, project: &ProjectId, id: &JobId) -> Result<Vec<Part>, Error> {
    let query = Query::table(TableName::Jobs, partition(project, id)).prefix("p#");
    query_all(ports.table.as_ref(), query).await?.iter().map(|stored| decode(&stored.body)).collect()
}

/// What customers are judged by on a walk.
struct Walker<'a> {
    ports: &'a Ports,
    setup: &'a Setup,
    touch: Touch,
    walk: &'a Walk,
    now: DateTime<Utc>,
}

/// Works on a part until it is done, or the time is nearly up: then it queues itself again.
pub async fn work(
    ports: &Ports,
    setup: &Setup,
    asked: &WalkShard,
    late: &(dyn Fn() -> bool + Sync),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(walk) = read(ports, setup.id(), &asked.walk).await? else { return Ok(()) };
    if walk.finished.is_some() {
        return Ok(());
    }
    let touch = Touch::gather(ports, setup, now).await?;
    let walker = Walker { ports, setup, touch, walk: &walk, now };
    let place = part_key(setup.id(), &walk.id, &asked.shard);
    loop {
        let stored = ports.table.get(&place).await?;
        let part: Part = stored.as_ref().map(|s| decode(&s.body)).transpose()?.unwrap_or_default();
        if part.done {
            return finish(ports, setup, &walk, now).await;
        }
        if late() {
            return Ok(ports.queue.send(QueueName::Plan, vec![message(setup.id(), &walk.id, &asked.shard)?]).await?);
        }
        let part = walker.page(&asked.shard, part).await?;
        let item = Item::new(place.clone(), encode(&part)?).expiring(jobs::expiry(now));
        let expect = accounts::as_read(stored.map(|s| s.version));
        if let Committed::Lost(_) = commit(ports, vec![Change::Put(item, expect)]).await? {
            // Somebody else walks here: it goes on with it.
            return Ok(());
        }
    }
}

impl Walker<'_> {
    /// Looks at a page of customers.
    async fn page(&self, shard: &str, mut part: Part) -> Result<Part, Error> {
        let query = Query::index(Index::Customers, keys::customers_shard(self.setup.id(), shard));
        let page = self.ports.table.query(&query.after(part.after.take())).await?;
        for stored in &page.items {
            let (account, version) = match accounts::read_account(stored) {
                Ok(account) => (account, stored.version),
                // One that cannot be read keeps nobody else from being looked at.
                Err(error) => {
                    tracing::error!(walk = %self.walk.id, %error, "un cliente no se pudo leer y queda fuera");
                    continue;
                }
            };
            part.tally.customers += 1;
            match &self.walk.task {
                Task::Segments => segments::look(self, account, version, &mut part.tally).await?,
                Task::Count { audience } => count::look(self, audience, &account, &mut part.tally),
            }
        }
        (part.done, part.after) = (page.next.is_none(), page.next);
        if part.done && self.walk.task == Task::Segments {
            part.tally.moved = segments::moved(self, shard).await?;
        }
        Ok(part)
    }
}

/// Sums the parts up once every one is done.
async fn finish(ports: &Ports, setup: &Setup, walk: &Walk, now: DateTime<Utc>) -> Result<(), Error> {
    let parts = parts(ports, setup.id(), &walk.id).await?;
    if parts.iter().filter(|part| part.done).count() < SHARD_NAMES.len() {
        return Ok(());
    }
    let place = key(setup.id(), &walk.id);
    let Some(stored) = ports.table.get(&place).await? else { return Ok(()) };
    let mut walk: Walk = decode(&stored.body)?;
    if walk.finished.is_some() {
        return Ok(());
    }
    parts.iter().for_each(|part| walk.result.add(&part.tally));
    (walk.finished, walk.parts_done) = (Some(now), SHARD_NAMES.len() as u8);
    let mut changes = vec![Change::Put(
        Item::new(place, encode(&walk)?).expiring(jobs::expiry(walk.created)),
        Expect::Version(stored.version),
    )];
    changes.push(Change::Delete(under_way(setup.id(), &walk), Expect::Anything));
    if walk.task == Task::Segments {
        changes.push(segments::keep(setup, &walk.result, now)?);
    }
    if let Committed::Made = commit(ports, changes).await? {
        tell(ports, setup, &walk, now).await;
    }
    Ok(())
}

/// Tells whoever asked.
async fn tell(ports: &Ports, setup: &Setup, walk: &Walk, now: DateTime<Utc>) {
    let requester = setup.users.iter().find(|user| user.value.id.as_str() == walk.requester);
    // Whoever counts is looking at the screen.
    if let Task::Count { .. } = walk.task {
        return;
    }
    let words = (format!("{}: finalizada", walk.task.spanish()), walk.told());
    notify(ports, setup, requester.map(|user| user.value.email.clone()), walk.id.as_str(), words, now).await;
}
