//! What a project's route takes in, changed by one at a time: it is one secret, and secrets know no versions.

use crate::Ports;
use crate::error::Error;
use crate::hooks::{self, Hook, Keys};
use crate::ports::provider::Signs;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use crate::store::settings::Setup;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a change may take; what dies on the way holds nobody up for longer.
const TURN: TimeDelta = TimeDelta::seconds(60);

/// Whoever changes the route now.
#[derive(Debug, Serialize, Deserialize)]
struct Turn {
    until: DateTime<Utc>,
}

shapes! { Turn => "route_turn_v1" }

/// Has the project's route take what the account signs; the key before it is still taken for a while.
pub(super) async fn let_in(ports: &Ports, setup: &Setup, signs: Signs, now: DateTime<Utc>) -> Result<(), Error> {
    let key = Key::new(TableName::Jobs, format!("{}#route", setup.id()), "turn");
    take_turn(ports, &key, now).await?;
    let changed = change(ports, setup, signs, now).await;
    commit(ports, vec![Change::Delete(key, Expect::Anything)]).await?;
    changed
}

async fn take_turn(ports: &Ports, key: &Key, now: DateTime<Utc>) -> Result<(), Error> {
    let known = ports.table.get(key).await?;
    let expect = match &known {
        Some(stored) if decode::<Turn>(&stored.body)?.until > now => return Err(Error::Raced),
        Some(stored) => Expect::Version(stored.version),
        None => Expect::Absent,
    };
    let until = now + TURN;
    let item = Item::new(key.clone(), encode(&Turn { until })?).expiring(until.timestamp());
    match commit(ports, vec![Change::Put(item, expect)]).await? {
        Committed::Made => Ok(()),
        Committed::Lost(_) => Err(Error::Raced),
    }
}

async fn change(ports: &Ports, setup: &Setup, signs: Signs, now: DateTime<Utc>) -> Result<(), Error> {
    let token = &setup.project().hook_token;
    let known = hooks::read_within(ports, token, Duration::ZERO).await?;
    let mut hook = known.unwrap_or(Hook { project: Some(setup.id().clone()), ..Hook::default() });
    let keys: &mut Keys = hook.keys.entry(signs.webhook.to_owned()).or_default();
    if let Some(key) = &signs.key {
        keys.rotate(signs.account.as_deref(), key.expose(), now);
    }
    keys.handshake = signs.handshake.or(keys.handshake.take());
    for topic in signs.topics {
        if !keys.topics.contains(&topic) {
            keys.topics.push(topic);
        }
    }
    hooks::write(ports, token, &hook).await
}
