//! A batch of messages, each with its place in its account's row: those whose place is now go on, the others wait on the
//! queue until theirs comes.

use crate::Ports;
use crate::error::Error;
use crate::messages::SendOne;
use crate::ports::queue::{MAX_DELAY, Message, Queue, QueueName};
use crate::rates::{self, Pace};
use crate::store::codec::encode;
use crate::store::setups::Setups;
use cauce_domain::contact::channel::Channel;
use cauce_domain::ids::ProjectId;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// Whose turn it is.
#[derive(Debug)]
pub enum Turn {
    /// It goes on.
    Now(SendOne),
    /// It waits on the queue.
    Later,
}

/// A place this near is now: workers' clocks differ by as much.
const NEAR: TimeDelta = TimeDelta::seconds(1);

type Record<T> = (String, Result<T, Error>);

/// Gives each message of a batch its place; accounts without a limit have no row.
pub async fn by_account(
    ports: &Ports,
    setups: &Setups<'_>,
    records: Vec<Record<SendOne>>,
    now: DateTime<Utc>,
) -> Vec<Record<Turn>> {
    let mut turns = Vec::with_capacity(records.len());
    let mut rows: BTreeMap<(ProjectId, Channel), Vec<(String, SendOne)>> = BTreeMap::new();
    for (id, one) in records {
        let one = match one {
            Ok(one) => one,
            Err(error) => {
                turns.push((id, Err(error)));
                continue;
            }
        };
        match channel_with_row(setups, &one, now).await {
            Ok(Some(channel)) => rows.entry((one.project.clone(), channel)).or_default().push((id, one)),
            Ok(None) => turns.push((id, Ok(Turn::Now(one)))),
            Err(error) => turns.push((id, Err(error))),
        }
    }
    for ((project, channel), waiting) in rows {
        turns.extend(row(ports, setups, &project, channel, waiting, now).await);
    }
    turns
}

/// The channel a message still needs a place for, if its project's account there has a limit.
async fn channel_with_row(setups: &Setups<'_>, one: &SendOne, now: DateTime<Utc>) -> Result<Option<Channel>, Error> {
    let setup = setups.get(&one.project).await?;
    // One that comes back for its place has it.
    let waits = one.place.is_none_or(|place| place > now + NEAR);
    Ok(one
        .channel
        .filter(|_| waits)
        .filter(|channel| setup.connections.get(channel).is_some_and(|c| c.value.rate.is_some())))
}

/// Takes places for the messages of one account.
async fn row(
    ports: &Ports,
    setups: &Setups<'_>,
    project: &ProjectId,
    channel: Channel,
    waiting: Vec<(String, SendOne)>,
    now: DateTime<Utc>,
) -> Vec<Record<Turn>> {
    let without = waiting.iter().filter(|(_, one)| one.place.is_none()).count();
    let places = match places(ports, setups, project, channel, without, now).await {
        Ok(places) => places,
        Err(_) => {
            let failed = |(id, _)| (id, Err(Error::Raced));
            return waiting.into_iter().map(failed).collect();
        }
    };
    let (mut turns, mut places) = (Vec::new(), places.into_iter());
    for (id, one) in waiting {
        let place = one.place.or_else(|| places.next()).unwrap_or(now);
        let turn = match place <= now + NEAR {
            true => Ok(Turn::Now(one)),
            false => put_off(ports, channel, SendOne { place: Some(place), ..one }, place - now).await,
        };
        turns.push((id, turn));
    }
    turns
}

async fn places(
    ports: &Ports,
    setups: &Setups<'_>,
    project: &ProjectId,
    channel: Channel,
    count: usize,
    now: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, Error> {
    let setup = setups.get(project).await?;
    let Some(connection) = setup.connections.get(&channel).map(|c| &c.value) else { return Ok(Vec::new()) };
    let whose = format!("{}#{}", connection.provider, connection.account);
    rates::take(ports, &whose, Pace::a_second(connection.rate.unwrap_or(1.0)), count, now).await
}

async fn put_off(ports: &Ports, channel: Channel, one: SendOne, wait: TimeDelta) -> Result<Turn, Error> {
    let seconds = u32::try_from(wait.num_seconds().max(1)).unwrap_or(MAX_DELAY).min(MAX_DELAY);
    let message = Message { delay: seconds, ..Message::new(one.project.as_str(), encode(&one)?) };
    let queue: &dyn Queue = ports.queue.as_ref();
    queue.send(QueueName::Send(channel), vec![message]).await?;
    Ok(Turn::Later)
}
