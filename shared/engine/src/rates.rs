//! How fast messages may leave an account: each takes a place in a row, and the row moves at the provider's pace.
//!
//! One item an account holds the next free place. A batch takes as many as it has messages with one write, whatever other
//! workers do; what has its place later waits on the queue until then.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Item, Key, TableName};
use crate::store::accounts::as_read;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The row of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    /// The next free place, in microseconds since 1970: a thousand a second have places of their own.
    next: i64,
}

shapes! { Row => "row_v1" }

/// How fast, and how many at once after a rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Messages a second.
    pub rate: f64,
    /// Messages that may leave at once after a rest.
    pub burst: u32,
}

impl Pace {
    /// As many in a second as the rate says, none saved up.
    pub fn a_second(rate: f64) -> Self {
        Self { rate, burst: 1 }
    }
    /// WhatsApp's to one person from one number: one in six seconds, five at once.
    pub const PAIR: Self = Self { rate: 1.0 / 6.0, burst: 5 };

    fn gap(self) -> i64 {
        (1_000_000.0 / self.rate.max(0.000_001)) as i64
    }
}

/// How often a row that others move too is tried to be moved.
const TRIES: u32 = 50;

/// Takes places for as many of `count` messages as have theirs within a time: the instants at which they may leave, the first
/// perhaps now.
pub async fn take(
    ports: &Ports,
    whose: &str,
    pace: Pace,
    (count, within): (usize, TimeDelta),
    now: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, Error> {
    let key = Key::new(TableName::Jobs, format!("rate#{whose}"), "row");
    let (gap, micros) = (pace.gap(), now.timestamp_micros());
    let saved = gap.saturating_mul(i64::from(pace.burst.saturating_sub(1)));
    let expires = (now + TimeDelta::days(2)).timestamp();
    for _ in 0..TRIES {
        let stored = ports.table.get(&key).await?;
        let known = stored.as_ref().map(|s| decode::<Row>(&s.body)).transpose()?.map_or(i64::MIN, |row| row.next);
        let first = known.max(micros - saved);
        let room = micros.saturating_add(within.num_microseconds().unwrap_or(i64::MAX)).saturating_sub(first);
        let count = if room < 0 { 0 } else { (room / gap + 1).min(count as i64) };
        if count == 0 {
            return Ok(Vec::new());
        }
        let places = (0..count).map(|n| first.saturating_add(gap.saturating_mul(n)));
        let places: Vec<i64> = places.collect();
        let next = first.saturating_add(gap.saturating_mul(count));
        let item = Item::new(key.clone(), encode(&Row { next })?).expiring(expires);
        if let Committed::Made = commit(ports, vec![Change::Put(item, as_read(stored.map(|s| s.version)))]).await? {
            let at = |place: i64| DateTime::from_timestamp_micros(place).map_or(now, |at| at.max(now));
            return Ok(places.into_iter().map(at).collect());
        }
    }
    Err(Error::Raced)
}

fn hour(whose: &str, at: DateTime<Utc>) -> Key {
    Key::new(TableName::Jobs, format!("rate#{whose}"), format!("h#{}", at.format("%Y-%m-%dT%H")))
}

/// Counts messages that begin a conversation by the hour of their places, or takes back what was counted. Each is counted as
/// one more person: an account's limit is of people, and one who is written to twice in a day counts twice here.
pub(crate) async fn count(
    ports: &Ports,
    whose: &str,
    places: impl Iterator<Item = DateTime<Utc>>,
    each: i64,
) -> Result<(), Error> {
    let mut hours: BTreeMap<Key, i64> = BTreeMap::new();
    places.for_each(|place| *hours.entry(hour(whose, place)).or_default() += each);
    for (hour, messages) in hours {
        ports.table.add(&hour, "n", messages).await?;
    }
    Ok(())
}

/// How many of the last twenty-four hours, those that began within them whole, and of the places given ahead.
pub(crate) async fn in_a_day(ports: &Ports, whose: &str, now: DateTime<Utc>) -> Result<u64, Error> {
    let hours: Vec<Key> = (-1..=24).map(|back| hour(whose, now - TimeDelta::hours(back))).collect();
    let found = ports.table.get_many(&hours).await?;
    let number = |body: &str| serde_json::from_str::<serde_json::Value>(body).ok()?["n"].as_i64();
    let sum: i64 = found.into_iter().flatten().filter_map(|stored| number(&stored.body)).sum();
    Ok(u64::try_from(sum).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn a_pace_is_a_gap() {
        assert_eq!(Pace::a_second(80.0).gap(), 12_500);
        assert_eq!(Pace::PAIR.gap(), 6_000_000);
    }
}
