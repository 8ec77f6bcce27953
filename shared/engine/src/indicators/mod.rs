//! Indicators (*Indicadores*): what the portfolio owes and what is collected of it, what was sent and what came of it.
//!
//! Every night, once what was under way at midnight is over, sixteen parts work side by side, each a shard of the customers:
//! - `portfolio.rs` takes the accounts that were touched in the last days, and no others, works out what each is of the portfolio's sums, and
//!   has `exchange.rs` put that in the place of what it was: the sums cost what changed and are those of a recount;
//! - `sends.rs` counts the messages of yesterday, and once more those of some days ago, whose states have come since.
//!
//! The last to end draws up how the sums stand on the day (`snapshot.rs`), by how late things are, which is what is read. A part
//! keeps its place: a worker that dies is followed by another, and of two that work on one part one gives way. What is not done by the
//! end of its day is begun anew with the next.

mod exchange;
mod portfolio;
mod products;
mod sends;
mod snapshot;

pub use portfolio::recount;
pub use sends::{Came, DaySends, Line, days as sends};
pub use snapshot::{Snapshot, latest};

use crate::Ports;
use crate::error::Error;
use crate::messages::IndicatorShard;
use crate::ports::queue::{Message, QueueName};
use crate::ports::table::{Change, Cursor, Item, Key, Query, TableName};
use crate::store::accounts::as_read;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use crate::store::keys::SHARD_NAMES;
use crate::store::query_all;
use crate::store::settings::Setup;
use cauce_domain::ids::ProjectId;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// After local midnight, how long what was under way then may still write of the day before.
const SETTLED: TimeDelta = TimeDelta::hours(2);
/// Days that were taken already and are looked at again: what was held back may touch an account as of the day it is from.
const LOOKED_BACK: Days = Days::new(2);

/// What a part goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// Every account: the first time.
    All,
    /// The accounts last touched on a day.
    Touched(NaiveDate),
    /// What was sent on the day so many days ago.
    Sends(i64),
}

/// Where a part is in its day's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Going {
    day: NaiveDate,
    stage: Stage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Cursor>,
}

/// How far a part is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Place {
    /// The last day everything is done for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    done: Option<NaiveDate>,
    /// What is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    going: Option<Going>,
}

impl Place {
    /// The work of a day where it is, or from its beginning.
    fn going(&self, day: NaiveDate) -> Going {
        let back = |done: NaiveDate| Stage::Touched(done.checked_sub_days(LOOKED_BACK).unwrap_or(done));
        let fresh = || Going { day, stage: self.done.map_or(Stage::All, back), after: None };
        self.going.clone().filter(|going| going.day == day).unwrap_or_else(fresh)
    }
}

shapes! { Place => "indicators_place_v1" }

fn place_key(project: &ProjectId, shard: &str) -> Key {
    Key::new(TableName::Jobs, format!("{project}#indicating"), shard)
}

/// Every hour: begins the day's work once, and takes up what was left of it.
pub(crate) async fn begin(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<(), Error> {
    let today = setup.today(now);
    let settled = setup.project().calendar.midnight(today) + SETTLED <= now;
    if !settled || snapshot::last_day(ports, setup.id()).await? >= Some(today) {
        return Ok(());
    }
    let mut messages = Vec::new();
    for shard in left(ports, setup.id(), today).await? {
        messages.push(message(setup.id(), today, shard)?);
    }
    // All done, and the end of it lost: any of them finds that out.
    if messages.is_empty() {
        messages.push(message(setup.id(), today, SHARD_NAMES[0])?);
    }
    Ok(ports.queue.send(QueueName::Plan, messages).await?)
}

fn message(project: &ProjectId, day: NaiveDate, shard: &str) -> Result<Message, Error> {
    let message = IndicatorShard { project: project.clone(), day, shard: shard.to_owned() };
    // A group of its own: the day's plan does not wait for it.
    Ok(Message::new(format!("{project}#indicators"), encode(&message)?))
}

/// The parts that are not done for a day.
async fn left(ports: &Ports, project: &ProjectId, day: NaiveDate) -> Result<Vec<&'static str>, Error> {
    let listed = Query::table(TableName::Jobs, format!("{project}#indicating"));
    let mut done = Vec::new();
    for stored in query_all(ports.table.as_ref(), listed).await? {
        let place: Place = decode(&stored.body)?;
        done.extend(place.done.filter(|done| *done >= day).map(|_| stored.key.sk.clone()));
    }
    Ok(SHARD_NAMES.into_iter().filter(|shard| !done.iter().any(|it| it == shard)).collect())
}

/// Works on a part until it is done, or the time is nearly up: then it queues itself again. A message of another day is passed
/// over: that day's work is over, or begun anew with today's.
pub async fn work(
    ports: &Ports,
    setup: &Setup,
    asked: &IndicatorShard,
    late: &(dyn Fn() -> bool + Sync),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if asked.day != setup.today(now) {
        return Ok(());
    }
    let at = place_key(setup.id(), &asked.shard);
    loop {
        let stored = ports.table.get(&at).await?;
        let place: Place = stored.as_ref().map(|s| decode(&s.body)).transpose()?.unwrap_or_default();
        if place.done >= Some(asked.day) {
            break;
        }
        if late() {
            let again = message(setup.id(), asked.day, &asked.shard)?;
            return Ok(ports.queue.send(QueueName::Plan, vec![again]).await?);
        }
        let Some(place) = step(ports, setup.id(), &asked.shard, place, asked.day).await? else { return Ok(()) };
        let item = Item::new(at.clone(), encode(&place)?);
        if let Committed::Lost(_) = commit(ports, vec![Change::Put(item, as_read(stored.map(|s| s.version)))]).await? {
            return Ok(());
        }
    }
    match left(ports, setup.id(), asked.day).await?.is_empty() {
        true => snapshot::draw(ports, setup.id(), asked.day).await,
        false => Ok(()),
    }
}

/// One step of a part: a page of accounts, or the sends once no account is left; nothing where somebody else works on it.
async fn step(
    ports: &Ports,
    project: &ProjectId,
    shard: &str,
    place: Place,
    today: NaiveDate,
) -> Result<Option<Place>, Error> {
    let mut going = place.going(today);
    if let Stage::Sends(ago) = going.stage {
        sends::count(ports, project, (today, ago), shard).await?;
        return Ok(Some(match sends::ago(place.done, today).find(|it| *it > ago) {
            Some(ago) => Place { going: Some(Going { stage: Stage::Sends(ago), ..going }), ..place },
            None => Place { done: Some(today), going: None },
        }));
    }
    let Some(next) = portfolio::page(ports, project, shard, (going.stage, going.after.take())).await? else {
        return Ok(None);
    };
    let first = || sends::ago(place.done, today).next().unwrap_or_default();
    going.stage = match (next.is_some(), going.stage) {
        (true, stage) => stage,
        // What was touched today, while all were taken too, is taken last.
        (false, Stage::Touched(day)) if day < today => Stage::Touched(day.succ_opt().unwrap_or(today)),
        (false, Stage::All) => Stage::Touched(today),
        (false, Stage::Touched(_) | Stage::Sends(_)) => Stage::Sends(first()),
    };
    going.after = next;
    Ok(Some(Place { going: Some(going), ..place }))
}
