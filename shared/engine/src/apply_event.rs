//! Provider reports become states, however late, doubled or out of order they come.
//!
//! A report finds its message by the receipt of the provider's id, else by our reference. One that finds neither is
//! parked, and the receipt looked for once more, so that whichever of settle and report comes second sees the other.
//! Parked reports are kept 30 days. A reference into another project finds nothing: keys begin with the project.

use crate::Ports;
use crate::error::Error;
use crate::messages::{ProviderEvent, RawEvent};
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::send_message::{apply_parked, raise};
use crate::store::codec::{decode, encode};
use crate::store::commit::commit;
use crate::store::interactions::{self, Parked, Receipt};
use crate::store::keys;
use crate::store::settings::Setup;
use cauce_domain::contact::interaction::{Interaction, Report};
use futures::TryStreamExt;

/// How long a report waits for its message, in seconds.
const PARKED_SECONDS: i64 = 30 * 86_400;

/// What became of a webhook's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Events that found their message.
    pub applied: usize,
    /// Events that wait for it.
    pub parked: usize,
}

/// Applies every event of a webhook.
pub async fn apply_event(ports: &Ports, setup: &Setup, raw: &RawEvent) -> Result<Applied, Error> {
    let body = match (&raw.body, &raw.file) {
        (Some(body), _) => body.clone().into_bytes(),
        (None, Some(file)) => {
            let pieces: Vec<bytes::Bytes> = ports.files.read(file).await?.try_collect().await?;
            pieces.concat()
        }
        (None, None) => Vec::new(),
    };
    let webhook = ports.webhooks.get(raw.provider.as_str()).ok_or(Error::NotFound("el proveedor"))?;
    let events = webhook.parse(&body).map_err(|e| Error::Broken("event_v1", e))?;
    let mut applied = Applied::default();
    for event in events {
        if apply_one(ports, setup, &raw.provider, &event, raw.received.timestamp()).await? {
            applied.applied += 1;
        } else {
            applied.parked += 1;
        }
    }
    Ok(applied)
}

async fn apply_one(
    ports: &Ports,
    setup: &Setup,
    provider: &str,
    event: &ProviderEvent,
    now: i64,
) -> Result<bool, Error> {
    if let Some(receipt) = find(ports, setup, provider, event).await? {
        join(ports, setup, &receipt, event).await?;
        return Ok(true);
    }
    let parked = Parked { report: event.report.clone(), at: event.at };
    let sort = format!("e#{}#{}", event.report.code(), keys::instant(event.at));
    let key = Key::new(TableName::Interactions, keys::parked(setup.id(), provider, &event.provider_id), sort);
    let item = Item::new(key, encode(&parked)?).expiring(now + PARKED_SECONDS);
    commit(ports, vec![Change::Put(item, Expect::Anything)]).await?;
    // The receipt may have been written between the look and the parking.
    match find(ports, setup, provider, event).await? {
        Some(receipt) => apply_parked(ports, setup, provider, &event.provider_id, &receipt).await.map(|()| true),
        None => Ok(false),
    }
}

async fn find(ports: &Ports, setup: &Setup, provider: &str, event: &ProviderEvent) -> Result<Option<Receipt>, Error> {
    if let Some(stored) = ports.table.get(&keys::receipt(setup.id(), provider, &event.provider_id)).await? {
        return decode(&stored.body).map(Some);
    }
    let Some((customer, day, send)) = event.reference.as_deref().and_then(interactions::parse_reference) else {
        return Ok(None);
    };
    let known = ports.table.get(&keys::interaction(setup.id(), &customer, day, &send)).await?.is_some();
    Ok(known.then_some(Receipt { customer, day, send, subject: None, text: String::new() }))
}

async fn join(ports: &Ports, setup: &Setup, receipt: &Receipt, event: &ProviderEvent) -> Result<(), Error> {
    let joined = raise(ports, setup, receipt, |message| {
        let known = message.provider_id.is_some();
        let joined = message.join(&event.report, event.at);
        if joined && !known {
            message.provider_id = Some(event.provider_id.clone());
        }
        joined
    })
    .await?;
    match joined {
        Some(message) if event.report == Report::Opened => reached(ports, setup, &message).await,
        _ => Ok(()),
    }
}

/// Where the law counts effective contacts, an opened message marks its ledger entry.
async fn reached(ports: &Ports, setup: &Setup, message: &Interaction) -> Result<(), Error> {
    if !setup.project().caps.one_channel_a_week_after_contact {
        return Ok(());
    }
    for _ in 0..5 {
        let (mut week, version, _) = interactions::ledgers(ports, setup.id(), &message.customer, message.day).await?;
        let Some(entry) = week.entries.iter_mut().find(|e| e.send == message.id && !e.reached) else { return Ok(()) };
        entry.reached = true;
        let item = Item::new(keys::ledger(setup.id(), &message.customer, message.day), encode(&week)?);
        let expect = crate::store::accounts::as_read(version);
        if let crate::store::commit::Committed::Made = commit(ports, vec![Change::Put(item, expect)]).await? {
            return Ok(());
        }
    }
    Err(Error::Raced)
}
