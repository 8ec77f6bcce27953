//! Whose turn it is: one load of a project runs at a time, customers before orders before payments.

use super::job::{self, Load, LoadState, Slot};
use crate::Ports;
use crate::error::Error;
use crate::messages::{ImportWork, Work};
use crate::ports::queue::{Message, QueueName};
use crate::ports::table::{Change, Expect, Item, Query, TableName};
use crate::process_log;
use crate::store::accounts::as_read;
use crate::store::codec::{decode, encode};
use crate::store::commit::{Committed, commit};
use crate::store::settings::Setup;
use chrono::{DateTime, Utc};

/// Stores a load and its place among the waiting; one already stored stays as it is.
pub(super) async fn enqueue(ports: &Ports, setup: &Setup, load: Load) -> Result<Load, Error> {
    let stored = job::item(setup.id(), &load)?;
    let waiting = Item::new(job::waiting_key(setup.id(), &load), encode(&load)?);
    let line = process_log::line(setup.id(), &load.id, load.created)?;
    let changes = vec![
        Change::Put(stored, Expect::Absent),
        Change::Put(waiting, Expect::Anything),
        Change::Put(line, Expect::Anything),
    ];
    match commit(ports, changes).await? {
        Committed::Made => Ok(load),
        Committed::Lost(_) => job::read(ports, setup.id(), &load.id).await?.map(|l| l.0).ok_or(Error::Raced),
    }
}

/// Puts a stored load among the waiting again.
pub(super) async fn wait(ports: &Ports, setup: &Setup, load: &Load) -> Result<(), Error> {
    let waiting = Item::new(job::waiting_key(setup.id(), load), encode(load)?);
    commit(ports, vec![Change::Put(waiting, Expect::Anything)]).await.map(|_| ())
}

/// Lets the next waiting load run if none does; queues the running one's first work again if it never began.
pub async fn next(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<(), Error> {
    for _ in 0..5 {
        let stored = ports.table.get(&job::slot_key(setup.id())).await?;
        let version = stored.as_ref().map(|s| s.version);
        let slot: Slot = stored.map(|s| decode(&s.body)).transpose()?.unwrap_or_default();
        if let Some(holder) = &slot.holder {
            match job::read(ports, setup.id(), holder).await? {
                Some((load, _)) if !load.state.is_over() => return kick(ports, setup, &load).await,
                _ => {}
            }
        }
        let waiting = Query::table(TableName::Jobs, format!("{}#waiting", setup.id())).limit(1);
        let first = ports.table.query(&waiting).await?.items.into_iter().next();
        let chosen: Option<Load> = first.as_ref().map(|s| decode(&s.body)).transpose()?;
        if chosen.is_none() && slot.holder.is_none() {
            return Ok(());
        }
        let taken = Slot { holder: chosen.as_ref().map(|l| l.id.clone()) };
        let mut changes = vec![Change::Put(Item::new(job::slot_key(setup.id()), encode(&taken)?), as_read(version))];
        changes.extend(first.map(|s| Change::Delete(s.key, Expect::Anything)));
        if let Committed::Made = commit(ports, changes).await? {
            return match chosen {
                Some(load) => start(ports, setup, &load, now).await,
                None => Ok(()),
            };
        }
    }
    Ok(())
}

async fn start(ports: &Ports, setup: &Setup, load: &Load, now: DateTime<Utc>) -> Result<(), Error> {
    let begun = job::update(ports, setup.id(), &load.id, |l| {
        let waits = l.state == LoadState::Queued;
        l.started = l.started.or(Some(now));
        waits
    })
    .await?;
    match begun {
        Some(load) => kick(ports, setup, &load).await,
        None => Ok(()),
    }
}

/// Queues the work a load stands before; work done already is found done.
async fn kick(ports: &Ports, setup: &Setup, load: &Load) -> Result<(), Error> {
    match load.state {
        // Confirmed after a look: the rows are spilled, only the writing is left.
        LoadState::Queued if load.chunks > 0 && load.options.confirmed => {
            let begun = job::update(ports, setup.id(), &load.id, |l| {
                let queued = l.state == LoadState::Queued;
                l.state = LoadState::Writing;
                queued
            });
            begun.await?;
            queue_chunks(ports, setup, load, true).await
        }
        LoadState::Queued | LoadState::Reading => queue(ports, setup, load, Work::Read).await,
        LoadState::Looking => queue_chunks(ports, setup, load, false).await,
        LoadState::Writing => queue_chunks(ports, setup, load, true).await,
        _ => Ok(()),
    }
}

/// Queues one piece of work.
pub(super) async fn queue(ports: &Ports, setup: &Setup, load: &Load, work: Work) -> Result<(), Error> {
    let message = ImportWork { project: setup.id().clone(), job: load.id.clone(), work };
    let message = Message::new(setup.id().as_str(), encode(&message)?);
    Ok(ports.queue.send(QueueName::Import, vec![message]).await?)
}

/// Queues every chunk.
pub(super) async fn queue_chunks(ports: &Ports, setup: &Setup, load: &Load, apply: bool) -> Result<(), Error> {
    let mut messages = Vec::new();
    for chunk in 0..load.chunks {
        let work = Work::Chunk { chunk, offset: 0, apply };
        let message = ImportWork { project: setup.id().clone(), job: load.id.clone(), work };
        messages.push(Message::new(setup.id().as_str(), encode(&message)?));
    }
    Ok(ports.queue.send(QueueName::Import, messages).await?)
}

/// Frees the place and lets the next one run.
pub(super) async fn release(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<(), Error> {
    Box::pin(next(ports, setup, now)).await
}
