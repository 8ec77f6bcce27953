//! Changing a route, by one at a time: it is one secret, and secrets know no versions.

use super::{Hook, read_within, write};
use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use crate::store::keys;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a change may take; what dies on the way holds nobody up for longer.
const TURN: TimeDelta = TimeDelta::seconds(60);

/// Whoever changes the route now.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Turn {
    /// Drawn for this turn alone.
    whose: String,
    until: DateTime<Utc>,
}

shapes! { Turn => "route_turn_v1" }

/// Changes the route of a token, as it is now or where there is none yet. Fails as raced where somebody else is at it.
pub async fn change(
    ports: &Ports,
    token: &str,
    now: DateTime<Utc>,
    how: impl FnOnce(Option<Hook>) -> Result<Hook, Error> + Send,
) -> Result<(), Error> {
    let key = Key::new(TableName::Jobs, format!("route#{}", keys::sha256(token.as_bytes())), "turn");
    let turn = Turn { whose: ports.new_id().simple().to_string(), until: now + TURN };
    take(ports, &key, &turn, now).await?;
    let changed = match read_within(ports, token, Duration::ZERO).await.and_then(how) {
        Ok(hook) => write(ports, token, &hook).await,
        Err(error) => Err(error),
    };
    give_back(ports, key, &turn).await?;
    changed
}

async fn take(ports: &Ports, key: &Key, turn: &Turn, now: DateTime<Utc>) -> Result<(), Error> {
    let known = ports.table.get(key).await?;
    let expect = match &known {
        Some(stored) if decode::<Turn>(&stored.body)?.until > now => return Err(Error::Raced),
        Some(stored) => Expect::Version(stored.version),
        None => Expect::Absent,
    };
    let item = Item::new(key.clone(), encode(turn)?).expiring(turn.until.timestamp());
    match commit(ports, vec![Change::Put(item, expect)]).await? {
        Committed::Made => Ok(()),
        Committed::Lost(_) => Err(Error::Raced),
    }
}

/// Ends a turn, unless it went by and is another's.
async fn give_back(ports: &Ports, key: Key, turn: &Turn) -> Result<(), Error> {
    let Some(stored) = ports.table.get(&key).await? else { return Ok(()) };
    if decode::<Turn>(&stored.body)? == *turn {
        commit(ports, vec![Change::Delete(key, Expect::Version(stored.version))]).await?;
    }
    Ok(())
}
