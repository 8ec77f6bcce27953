//! A batch of messages, each with its place in its account's row: those whose place is now go on, the others wait on the
//! queue until theirs comes.

use crate::Ports;
use crate::connect::Connection;
use crate::error::Error;
use crate::messages::SendOne;
use crate::notice::alert_once;
use crate::ports::queue::{MAX_DELAY, Message, Queue, QueueName};
use crate::ports::table::{Change, Expect};
use crate::rates::{self, Pace};
use crate::store::codec::encode;
use crate::store::commit::commit;
use crate::store::settings::Setup;
use crate::store::setups::Setups;
use crate::store::{interactions, keys};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
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

/// How long an account goes slowly after a pause.
const AFTERWARDS: TimeDelta = TimeDelta::hours(24);
/// How far ahead places are given; a message without one asks again after as long. One that is found overdue meanwhile is on
/// the queue twice, which the claim bears.
const FULL: TimeDelta = TimeDelta::minutes(10);
/// How far ahead places are given to a campaign's messages: the day's own, which come later, wait no longer for them.
const LANE: TimeDelta = TimeDelta::seconds(5);
/// When a campaign's message that got no place asks again.
const LANE_AGAIN: TimeDelta = TimeDelta::minutes(5);
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
    let mut rows: BTreeMap<(bool, ProjectId, Channel), Vec<(String, SendOne)>> = BTreeMap::new();
    for (id, one) in records {
        let one = match one {
            Ok(one) => one,
            Err(error) => {
                turns.push((id, Err(error)));
                continue;
            }
        };
        match channel_with_row(setups, &one, now).await {
            Ok(Some(channel)) => {
                rows.entry((one.campaign, one.project.clone(), channel)).or_default().push((id, one));
            }
            Ok(None) => turns.push((id, Ok(Turn::Now(one)))),
            Err(error) => turns.push((id, Err(error))),
        }
    }
    // The day's own first.
    for ((campaign, project, channel), waiting) in rows {
        let within = if campaign { LANE } else { FULL };
        turns.extend(row(ports, setups, (&project, channel, within), waiting, now).await);
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
    whose: (&ProjectId, Channel, TimeDelta),
    waiting: Vec<(String, SendOne)>,
    now: DateTime<Utc>,
) -> Vec<Record<Turn>> {
    let channel = whose.1;
    let without = waiting.iter().filter(|(_, one)| one.place.is_none()).count();
    let places = match places(ports, setups, whose, without, now).await {
        Ok(places) => places,
        Err(_) => {
            let failed = |(id, _)| (id, Err(Error::Raced));
            return waiting.into_iter().map(failed).collect();
        }
    };
    let (mut turns, mut places) = (Vec::new(), places.into_iter());
    for (id, one) in waiting {
        let turn = match one.place.or_else(|| places.next()) {
            Some(place) if place <= now + NEAR => Ok(Turn::Now(SendOne { place: Some(place), ..one })),
            Some(place) => put_off(ports, channel, SendOne { place: Some(place), ..one }, place - now).await,
            None => next_turn(ports, setups, one, now).await,
        };
        turns.push((id, turn));
    }
    turns
}

/// A place for each, as far as the account's day goes; the others have none.
async fn places(
    ports: &Ports,
    setups: &Setups<'_>,
    (project, channel, within): (&ProjectId, Channel, TimeDelta),
    count: usize,
    now: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, Error> {
    let setup = setups.get(project).await?;
    let Some(connection) = setup.connections.get(&channel).map(|c| &c.value) else { return Ok(Vec::new()) };
    let count = match count {
        0 => 0,
        count => allowed(ports, &setup, connection, count, now).await?,
    };
    if count == 0 {
        return Ok(Vec::new());
    }
    let rate = connection.rate.unwrap_or(1.0) * share(&setup, channel, now);
    let places = rates::take(ports, &whose(connection), Pace::a_second(rate), (count, within), now).await?;
    if connection.people_a_day.is_some() {
        // Who got no place is counted with the place it gets.
        rates::count(ports, &whose(connection), places.iter().copied(), 1).await?;
    }
    Ok(places)
}

fn whose(connection: &Connection) -> String {
    format!("{}#{}", connection.provider, connection.account)
}

/// How much of its pace an account goes at: a tenth on the day after a pause, as providers ask of whom people complained.
fn share(setup: &Setup, channel: Channel, now: DateTime<Utc>) -> f64 {
    let paused = setup.project().channels.get(&channel).and_then(|flags| flags.paused_until);
    if paused.is_some_and(|until| now >= until && now < until + AFTERWARDS) { 0.1 } else { 1.0 }
}

/// How many of a batch the account may still write to first today; an account without a limit, all of them.
async fn allowed(
    ports: &Ports,
    setup: &Setup,
    connection: &Connection,
    count: usize,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let Some(most) = connection.people_a_day else { return Ok(count) };
    let used = rates::in_a_day(ports, &whose(connection), now).await?;
    let left = usize::try_from(most.saturating_sub(used)).unwrap_or(usize::MAX).min(count);
    if left < count {
        let name = connection.channel.spanish();
        let text = format!(
            "El proveedor de {name} deja escribir primero a {most} personas en 24 horas y ya se llegó a ese número. Los demás \
             mensajes esperan dentro del horario de hoy; los que no alcancen no se envían."
        );
        let subject = format!("Límite de personas por día: {name}");
        alert_once(ports, setup, &format!("personas-{}", connection.channel), &subject, text, now).await?;
    }
    Ok(left)
}

/// A message that has no place yet is scheduled anew, so that nothing finds it overdue meanwhile; once its day's window
/// is over the claim ends it.
async fn next_turn(ports: &Ports, setups: &Setups<'_>, one: SendOne, now: DateTime<Utc>) -> Result<Turn, Error> {
    let setup = setups.get(&one.project).await?;
    let key = keys::interaction(&one.project, &one.customer, one.day, &one.send);
    let Some((message, version)) = interactions::read(ports, &key).await? else { return Ok(Turn::Now(one)) };
    let calendar = setup.project().calendar.lived_in(message.facts.zone);
    let since = match message.state {
        State::Scheduled { at } if at <= now => at,
        _ => return Ok(Turn::Now(one)),
    };
    if calendar.local_day(now) != one.day || calendar.close_of_day(now).is_none() {
        return Ok(Turn::Now(one));
    }
    // Another copy of it may hold a place within that time: it is not moved from under it.
    let wait = if one.campaign { LANE_AGAIN } else { FULL };
    if let Some(channel) = one.channel.filter(|_| now - since < FULL) {
        return put_off(ports, channel, one, wait).await;
    }
    let again = Interaction { state: State::Scheduled { at: now + wait }, ..message };
    let item = interactions::item(&one.project, &again, true)?;
    // Lost: somebody else has it, and the claim finds out.
    commit(ports, vec![Change::Put(item, Expect::Version(version))]).await?;
    Ok(Turn::Later)
}

/// Messages of a batch that had places and did not leave are nobody written to: they do not count for their accounts' day. A
/// message may be on the queue twice, and takes a place each time.
pub async fn left_unused(ports: &Ports, setups: &Setups<'_>, unused: &[SendOne]) -> Result<(), Error> {
    let mut places: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
    for one in unused {
        let setup = setups.get(&one.project).await?;
        let connection = one.channel.and_then(|channel| setup.connections.get(&channel)).map(|c| &c.value);
        let limited = connection.filter(|c| c.people_a_day.is_some() && c.rate.is_some());
        if let (Some(connection), Some(place)) = (limited, one.place) {
            places.entry(whose(connection)).or_default().push(place);
        }
    }
    for (whose, places) in places {
        rates::count(ports, &whose, places.into_iter(), -1).await?;
    }
    Ok(())
}

async fn put_off(ports: &Ports, channel: Channel, one: SendOne, wait: TimeDelta) -> Result<Turn, Error> {
    let seconds = u32::try_from(wait.num_seconds().max(1)).unwrap_or(MAX_DELAY).min(MAX_DELAY);
    let message = Message { delay: seconds, ..Message::new(one.group(), encode(&one)?) };
    let queue: &dyn Queue = ports.queue.as_ref();
    queue.send(QueueName::Send(channel), vec![message]).await?;
    Ok(Turn::Later)
}
