//! Endpoints: made with a key that is shown once, changed, given a new key beside the old, stopped, and told again what they
//! missed.

use super::announce::{self, grave, hurry, item, partition, place, told};
use super::sign::new_secret;
use super::{Delivery, DeliveryState, Endpoint, MOST_ENDPOINTS};
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::secrets::Secret;
use crate::ports::table::{Change, Expect, Key, Query, TableName};
use crate::store::codec::decode;
use crate::store::commit::{Committed, commit};
use crate::store::edits::By;
use crate::store::keys::SHARD_NAMES;
use crate::store::settings::{self, Setup, Versioned};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long the key before still signs beside the new one.
const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// Most deliveries of a page.
pub const MOST_SHOWN: usize = 200;
/// Deliveries looked at of each part of the outbox, from the newest on.
const LOOKED_AT: u32 = 100;

/// A key, and until when it signs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Signing {
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<DateTime<Utc>>,
}

/// The keys of an endpoint. Not printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Secrets(pub(super) Vec<Signing>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

fn secret_name(setup: &Setup, id: &str) -> String {
    format!("webhook.{}.{id}", setup.id())
}

/// The keys of an endpoint.
pub(super) async fn secrets(ports: &Ports, setup: &Setup, id: &str) -> Result<Secrets, Error> {
    let Some(kept) = ports.secrets.get(&secret_name(setup, id)).await? else { return Ok(Secrets::default()) };
    serde_json::from_str(kept.expose()).map_err(|_| Error::Broken("webhook", "sus llaves no se pueden leer".to_owned()))
}

async fn keep(ports: &Ports, setup: &Setup, id: &str, secrets: &Secrets) -> Result<(), Error> {
    let text = serde_json::to_string(secrets).map_err(|e| Error::Broken("webhook", e.to_string()))?;
    Ok(ports.secrets.put(&secret_name(setup, id), &Secret::new(text)).await?)
}

fn checked(ports: &Ports, endpoint: &Endpoint) -> Result<(), Error> {
    if endpoint.families.is_empty() {
        return Err(Error::refused("invalid_value", "families", "elija qué se avisa: communications, events, notes"));
    }
    match ports.outside.refuses(&endpoint.url) {
        Some(why) => Err(Error::refused("bad_url", "url", why)),
        None => Ok(()),
    }
}

/// Makes an endpoint; answers it with its key, which is not shown again.
pub async fn create(ports: &Ports, setup: &Setup, endpoint: Endpoint, by: &By) -> Result<(Endpoint, String), Error> {
    checked(ports, &endpoint)?;
    if setup.endpoints.len() >= MOST_ENDPOINTS {
        return Err(Error::refused("too_many", "url", format!("un proyecto tiene hasta {MOST_ENDPOINTS} webhooks")));
    }
    let text = new_secret(ports);
    keep(ports, setup, &endpoint.id, &Secrets(vec![Signing { text: text.clone(), until: None }])).await?;
    settings::save(ports, by, key(setup, &endpoint.id), None, &endpoint).await?;
    Ok((endpoint, text))
}

fn key(setup: &Setup, id: &str) -> Key {
    settings::place(setup.id(), format!("endpoint#{id}"))
}

/// Finds an endpoint.
pub fn find<'a>(setup: &'a Setup, id: &str) -> Result<&'a Versioned<Endpoint>, Error> {
    setup.endpoints.iter().find(|endpoint| endpoint.value.id == id).ok_or(Error::NotFound("el webhook"))
}

/// Changes an endpoint.
pub async fn change(
    ports: &Ports,
    setup: &Setup,
    before: &Versioned<Endpoint>,
    after: &Endpoint,
    by: &By,
) -> Result<u64, Error> {
    checked(ports, after)?;
    settings::save(ports, by, key(setup, &after.id), Some(before), after).await
}

/// Gives an endpoint a new key; the one before signs beside it for a day.
pub async fn rotate(ports: &Ports, setup: &Setup, id: &str, now: DateTime<Utc>) -> Result<String, Error> {
    find(setup, id)?;
    let Secrets(mut known) = secrets(ports, setup, id).await?;
    known.retain(|secret| secret.until.is_none_or(|until| now < until));
    known.iter_mut().for_each(|secret| secret.until = secret.until.or(Some(now + OVERLAP)));
    let text = new_secret(ports);
    known.push(Signing { text: text.clone(), until: None });
    keep(ports, setup, id, &Secrets(known)).await?;
    Ok(text)
}

/// Stops an endpoint that says it is no more.
pub(super) async fn stop(ports: &Ports, setup: &Setup, id: &str, why: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let Ok(before) = find(setup, id) else { return Ok(()) };
    let after = Endpoint { active: false, stopped: Some(why.to_owned()), ..before.value.clone() };
    match settings::save(ports, &By::cauce(now), key(setup, id), Some(before), &after).await {
        // Somebody else has changed it meanwhile: the next answer tells again.
        Ok(_) | Err(Error::Raced) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Takes an endpoint off, with its keys; what waits for it is told to nobody.
pub async fn remove(ports: &Ports, setup: &Setup, id: &str, by: &By) -> Result<(), Error> {
    let known = find(setup, id)?;
    let last = Endpoint { active: false, stopped: Some("retirado".to_owned()), ..known.value.clone() };
    settings::remove(ports, by, key(setup, id), known, &last).await?;
    keep(ports, setup, id, &Secrets::default()).await
}

/// The newest deliveries of an endpoint, or those of them that were given up on.
pub async fn deliveries(ports: &Ports, setup: &Setup, id: &str, dead: bool) -> Result<Vec<Delivery>, Error> {
    let prefix = if dead { announce::dead(id) } else { announce::TOLD.to_owned() };
    let mut found = Vec::new();
    for shard in SHARD_NAMES {
        let query = Query::table(TableName::Interactions, partition(setup.id(), shard)).prefix(&prefix).descending();
        let page = ports.table.query(&query.limit(LOOKED_AT)).await?;
        for stored in &page.items {
            let delivery: Delivery = decode(&stored.body)?;
            found.extend((delivery.endpoint == id).then_some(delivery));
        }
    }
    found.sort_by(|a, b| b.id.cmp(&a.id));
    found.truncate(MOST_SHOWN);
    Ok(found)
}

/// A delivery, wherever it lies.
async fn delivery(ports: &Ports, setup: &Setup, endpoint: &str, id: &str) -> Result<Option<Delivery>, Error> {
    let there = |shard: &&str| [place(setup.id(), shard, id), grave(setup.id(), endpoint, shard, id)];
    let places: Vec<Key> = SHARD_NAMES.iter().flat_map(there).collect();
    let found = ports.table.get_many(&places).await?.into_iter().flatten().next();
    let delivery: Option<Delivery> = found.map(|stored| decode(&stored.body)).transpose()?;
    Ok(delivery.filter(|delivery| delivery.endpoint == endpoint))
}

/// Has deliveries told again under the same ids, with as many tries before them as at first: one, or the newest of the dead.
/// Answers how many; as long as there are as many as a page, there may be more.
pub async fn replay(
    ports: &Ports,
    setup: &Setup,
    id: &str,
    one: Option<&str>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    find(setup, id)?;
    let wanted = match one {
        Some(one) => vec![delivery(ports, setup, id, one).await?.ok_or(Error::NotFound("la entrega"))?],
        None => deliveries(ports, setup, id, true).await?,
    };
    let mut again = 0;
    for delivery in wanted {
        again += usize::from(tell_again(ports, setup, delivery, now).await?);
    }
    Ok(again)
}

/// Has one delivery told again; one that is still under way is told without anybody asking.
async fn tell_again(ports: &Ports, setup: &Setup, delivery: Delivery, now: DateTime<Utc>) -> Result<bool, Error> {
    let lies = item(setup.id(), &delivery)?.key;
    let waiting = matches!(delivery.state, DeliveryState::Pending { .. });
    let Some(stored) = ports.table.get(&lies).await?.filter(|_| !waiting) else { return Ok(false) };
    let read = Expect::Version(stored.version);
    let next = item(setup.id(), &Delivery { attempts: 0, state: DeliveryState::Pending { at: now }, ..delivery })?;
    let changes = match next.key == lies {
        true => vec![Change::Put(next, read)],
        false => vec![Change::Delete(lies, read), Change::Put(next, Expect::Absent)],
    };
    let announced = told(&changes);
    let made = matches!(commit(ports, changes).await?, Committed::Made);
    if made {
        hurry(ports, setup, announced).await;
    }
    Ok(made)
}
