//! Endpoints: made with a key that is shown once, changed, given a new key beside the old, stopped, and told again what they
//! missed.

use super::announce::{hurry, item, partition, place, told};
use super::sign::new_secret;
use super::{Delivery, DeliveryState, Endpoint, MOST_ENDPOINTS};
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::secrets::Secret;
use crate::ports::table::{Change, Expect, Query, TableName};
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

fn key(setup: &Setup, id: &str) -> crate::ports::table::Key {
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

/// The newest deliveries of an endpoint; of the dead ones alone where that is asked for.
pub async fn deliveries(ports: &Ports, setup: &Setup, id: &str, dead: bool) -> Result<Vec<Delivery>, Error> {
    let mut found = Vec::new();
    for shard in SHARD_NAMES {
        let query = Query::table(TableName::Interactions, partition(setup.id(), shard)).prefix("d#").descending();
        let (mut after, mut of_shard) = (None, 0);
        // Looked at from the newest on, as far as a page can need.
        loop {
            let page = ports.table.query(&query.clone().after(after).limit(100)).await?;
            for stored in &page.items {
                let delivery: Delivery = decode(&stored.body)?;
                if delivery.endpoint == id && (!dead || delivery.state == DeliveryState::Dead) {
                    (of_shard, _) = (of_shard + 1, found.push(delivery));
                }
            }
            match page.next {
                Some(next) if of_shard < MOST_SHOWN => after = Some(next),
                _ => break,
            }
        }
    }
    found.sort_by(|a, b| b.id.cmp(&a.id));
    found.truncate(MOST_SHOWN);
    Ok(found)
}

/// Has deliveries told again under the same ids, with as many tries before them as at first: one, or every dead one.
pub async fn replay(
    ports: &Ports,
    setup: &Setup,
    id: &str,
    one: Option<&str>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    find(setup, id)?;
    let all = deliveries(ports, setup, id, one.is_none()).await?;
    let wanted: Vec<Delivery> = all.into_iter().filter(|it| one.is_none_or(|one| it.id == one)).collect();
    if one.is_some() && wanted.is_empty() {
        return Err(Error::NotFound("la entrega"));
    }
    let mut again = 0;
    for delivery in wanted {
        let key = place(setup.id(), &delivery.shard, &delivery.id);
        let Some(stored) = ports.table.get(&key).await? else { continue };
        let delivery = Delivery { attempts: 0, state: DeliveryState::Pending { at: now }, ..delivery };
        let changes = vec![Change::Put(item(setup.id(), &delivery)?, Expect::Version(stored.version))];
        if let Committed::Made = commit(ports, changes.clone()).await? {
            hurry(ports, setup, told(&changes)).await;
            again += 1;
        }
    }
    Ok(again)
}
