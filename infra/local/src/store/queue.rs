//! `Queue` in the same file: durable, with visibility time-out and dead letters.

use super::table::SqliteTable;
use super::writer::Writer;
use crate::clock::Clock;
use async_trait::async_trait;
use cauce_engine::ports::PortError;
use cauce_engine::ports::queue::{MAX_DELAY, MAX_MESSAGE, Message, Queue, QueueName};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

/// How long a received message stays unseen, in milliseconds.
const VISIBILITY: i64 = 120_000;
/// After so many receives a message goes among the dead letters.
const MAX_RECEIVES: i64 = 5;

/// A received message.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its id in the file.
    pub id: i64,
    /// Body.
    pub body: String,
}

/// The queue.
pub struct SqliteQueue {
    /// The group of each queue that was served last.
    served: Mutex<BTreeMap<&'static str, String>>,
    writer: Arc<Writer>,
    table: Arc<SqliteTable>,
    clock: Arc<Clock>,
}

impl SqliteQueue {
    /// The queue of a table's file.
    pub fn new(table: &Arc<SqliteTable>, clock: Arc<Clock>) -> Self {
        Self { served: Mutex::default(), writer: table.writer(), table: Arc::clone(table), clock }
    }

    /// Takes up to `most` visible messages; they come again unless deleted in time.
    pub async fn receive(&self, queue: QueueName, most: u32) -> Result<Vec<Received>, PortError> {
        let now = self.clock.now().timestamp_millis();
        let waiting = self.table.read(|c| {
            let sql = "SELECT EXISTS (SELECT 1 FROM queue WHERE name = ?1 AND visible_at <= ?2)";
            c.prepare_cached(sql)?.query_row(params![queue.name(), now], |r| r.get::<_, bool>(0))
        })?;
        if !waiting {
            return Ok(Vec::new());
        }
        let known = |served: &mut BTreeMap<&'static str, String>| served.get(queue.name()).cloned();
        let last = self.served.lock().map(|mut served| known(&mut served)).unwrap_or_default();
        let (found, last) = self.writer.run(move |c| take(c, queue, (now, most), last.as_deref())).await?;
        if let (Some(last), Ok(mut served)) = (last, self.served.lock()) {
            served.insert(queue.name(), last);
        }
        Ok(found)
    }

    /// Deletes messages that are done.
    pub async fn delete(&self, ids: Vec<i64>) -> Result<(), PortError> {
        let delete = move |c: &Connection| {
            let mut statement = c.prepare_cached("DELETE FROM queue WHERE id = ?1")?;
            ids.iter().try_for_each(|id| statement.execute([id]).map(|_| ()))
        };
        self.writer.run(delete).await
    }

    /// Makes messages visible again after `seconds`.
    pub async fn give_back(&self, ids: Vec<i64>, seconds: i64) -> Result<(), PortError> {
        let at = self.clock.now().timestamp_millis() + seconds * 1000;
        let change = move |c: &Connection| {
            let mut statement = c.prepare_cached("UPDATE queue SET visible_at = ?2 WHERE id = ?1")?;
            ids.iter().try_for_each(|id| statement.execute([*id, at]).map(|_| ()))
        };
        self.writer.run(change).await
    }

    /// Makes every received message visible: nobody else works on this file. That the process before died with a message
    /// in hand says nothing against the message, so that receive does not count.
    pub async fn wake(&self) -> Result<(), PortError> {
        let now = self.clock.now().timestamp_millis();
        let change = move |c: &Connection| {
            let sql = "UPDATE queue SET visible_at = ?1, receives = max(receives - 1, 0) WHERE visible_at > ?1";
            c.execute(sql, [now]).map(|_| ())
        };
        self.writer.run(change).await
    }

    /// When the next message becomes visible, in milliseconds since 1970.
    pub fn next_visible(&self) -> Result<Option<i64>, PortError> {
        self.table.read(|c| c.query_row("SELECT min(visible_at) FROM queue", [], |r| r.get(0)))
    }

    /// How many messages wait and how many died.
    pub fn depth(&self) -> Result<(i64, i64), PortError> {
        self.table.read(|c| {
            let sql = "SELECT (SELECT count(*) FROM queue), (SELECT count(*) FROM dead_letters)";
            c.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?)))
        })
    }
}

/// Messages taken, and the group that was served last.
type Served = (Vec<Received>, Option<String>);

fn take(c: &Connection, queue: QueueName, (now, most): (i64, u32), last: Option<&str>) -> rusqlite::Result<Served> {
    c.prepare_cached(
        "INSERT INTO dead_letters (name, body, grp, receives, died_at) SELECT name, body, grp, receives, ?2 FROM queue \
         WHERE name = ?1 AND visible_at <= ?2 AND receives >= ?3",
    )?
    .execute(params![queue.name(), now, MAX_RECEIVES])?;
    c.prepare_cached("DELETE FROM queue WHERE name = ?1 AND visible_at <= ?2 AND receives >= ?3")?.execute(params![
        queue.name(),
        now,
        MAX_RECEIVES
    ])?;
    let (found, last) = fairly(c, queue, (now, most), last)?;
    let mut hide = c.prepare_cached("UPDATE queue SET visible_at = ?2, receives = receives + 1 WHERE id = ?1")?;
    for message in &found {
        hide.execute(params![message.id, now + VISIBILITY])?;
    }
    Ok((found, last))
}

/// What is visible, the groups in turn, each its share: a large one keeps no other waiting, and where there are more groups than
/// places those after the last that was served come next. What a share leaves over goes to whoever came first.
fn fairly(c: &Connection, queue: QueueName, (now, most): (i64, u32), last: Option<&str>) -> rusqlite::Result<Served> {
    let mut groups = groups(c, queue, now)?;
    let after = groups.iter().position(|group| Some(group.as_str()) > last).unwrap_or(0);
    groups.rotate_left(after);
    let share = most.div_ceil(u32::try_from(groups.len()).unwrap_or(u32::MAX).max(1));
    let row = |r: &rusqlite::Row<'_>| Ok(Received { id: r.get(0)?, body: r.get(1)? });
    let (mut found, mut served): (Vec<Received>, Option<String>) = (Vec::new(), None);
    let sql =
        "SELECT id, body FROM queue WHERE name = ?1 AND grp = ?2 AND visible_at <= ?3 ORDER BY visible_at, id LIMIT ?4";
    let mut statement = c.prepare_cached(sql)?;
    for group in groups {
        let room = share.min(most.saturating_sub(found.len() as u32));
        if room == 0 {
            break;
        }
        for received in statement.query_map(params![queue.name(), group, now, room], row)? {
            found.push(received?);
        }
        served = Some(group);
    }
    let sql = "SELECT id, body FROM queue WHERE name = ?1 AND visible_at <= ?2 ORDER BY visible_at, id LIMIT ?3";
    let mut statement = c.prepare_cached(sql)?;
    let known: HashSet<i64> = found.iter().map(|received| received.id).collect();
    if found.len() < most as usize {
        for received in statement.query_map(params![queue.name(), now, most], row)? {
            let received = received?;
            if found.len() < most as usize && !known.contains(&received.id) {
                found.push(received);
            }
        }
    }
    Ok((found, served))
}

/// The groups of a queue that have anything to see, by name; each found by a step down the index.
fn groups(c: &Connection, queue: QueueName, now: i64) -> rusqlite::Result<Vec<String>> {
    let mut next = c.prepare_cached("SELECT min(grp) FROM queue WHERE name = ?1 AND grp > ?2")?;
    let seen = "SELECT EXISTS (SELECT 1 FROM queue WHERE name = ?1 AND grp = ?2 AND visible_at <= ?3)";
    let mut seen = c.prepare_cached(seen)?;
    let (mut groups, mut last) = (Vec::new(), String::new());
    while let Some(group) = next.query_row(params![queue.name(), last], |r| r.get::<_, Option<String>>(0))? {
        last.clone_from(&group);
        if seen.query_row(params![queue.name(), group, now], |r| r.get::<_, bool>(0))? {
            groups.push(group);
        }
    }
    Ok(groups)
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn send(&self, queue: QueueName, messages: Vec<Message>) -> Result<(), PortError> {
        if let Some(large) = messages.iter().find(|m| m.body.len() > MAX_MESSAGE || m.delay > MAX_DELAY) {
            return Err(PortError::Refused(format!(
                "mensaje de {} bytes y {} s de espera",
                large.body.len(),
                large.delay
            )));
        }
        let now = self.clock.now().timestamp_millis();
        let send = move |c: &Connection| {
            let sql = "INSERT INTO queue (name, body, grp, visible_at) VALUES (?1, ?2, ?3, ?4)";
            let mut statement = c.prepare_cached(sql)?;
            for message in &messages {
                let at = now + i64::from(message.delay) * 1000;
                statement.execute(params![queue.name(), message.body, message.group, at])?;
            }
            Ok(())
        };
        self.writer.run(send).await
    }
}
