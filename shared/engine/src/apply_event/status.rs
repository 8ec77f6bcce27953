//! What became of a message of ours.
//!
//! A status finds its message by the receipt of the provider's id, else by our reference. One that finds neither is parked,
//! and the receipt looked for once more, so that whichever of settle and status comes second sees the other. Parked ones
//! are kept 30 days. A reference into another project finds nothing: keys begin with the project.

use super::{Post, identity};
use crate::Ports;
use crate::error::Error;
use crate::ports::channel::is_aside;
use crate::ports::table::{Change, Expect, Item, Key, Query, TableName};
use crate::ports::told::{Billed, Engagement, Refusal, Reported, Status};
use crate::send_message::raise;
use crate::send_message::refusal;
use crate::spend;
use crate::store::accounts::as_read;
use crate::store::codec::{decode, encode};
use crate::store::commit::{Committed, commit};
use crate::store::interactions::{self, Parked, Receipt};
use crate::store::settings::Setup;
use crate::store::{keys, query_all};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, Report};
use cauce_domain::contact::price::Cost;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::atomic::{AtomicBool, Ordering};

/// How long a status waits for its message.
const PARKED: TimeDelta = TimeDelta::days(30);
/// The name under which the time is kept at which a way to pay was chosen.
const CHOSEN: &str = "pay_clicked";
/// The name under which the time is kept at which the ways to pay were looked at.
const VISITED: &str = "pay_visited";
/// A link followed so soon after the delivery was followed by the mailbox's own scanner.
const SCANNED: TimeDelta = TimeDelta::seconds(10);

/// Applies a status; `false` when its message is not known yet.
pub(super) async fn apply(post: &Post<'_>, setup: &Setup, status: &Status) -> Result<bool, Error> {
    let (ports, provider) = (post.ports, post.provider);
    // There is no message to wait for.
    if status.reference.as_deref().is_some_and(is_aside) {
        return Ok(true);
    }
    if let Some(receipt) = interactions::receipt(ports, setup.id(), provider, &status.id).await? {
        found(ports, setup, &receipt, status, post.received).await?;
        return Ok(true);
    }
    if let Some(receipt) = by_reference(ports, setup, status).await? {
        if let Some(message) = found(ports, setup, &receipt, status, post.received).await? {
            name(ports, setup, &message, status, &receipt).await?;
        }
        return Ok(true);
    }
    park(ports, setup, provider, status, post.received).await?;
    // The receipt may have been written between the look and the parking.
    match interactions::receipt(ports, setup.id(), provider, &status.id).await? {
        Some(receipt) => apply_parked(ports, setup, provider, &status.id, &receipt, post.received).await.map(|()| true),
        None => Ok(false),
    }
}

async fn park(
    ports: &Ports,
    setup: &Setup,
    provider: &str,
    status: &Status,
    received: DateTime<Utc>,
) -> Result<(), Error> {
    let at = status.at.unwrap_or(received);
    let word = serde_json::to_string(&status.state).unwrap_or_default();
    let about =
        status.address.as_deref().map_or_else(String::new, |address| keys::keyed(&setup.key, "parked", address));
    let sort = format!("e#{}#{}#{about}", word.trim_matches('"'), keys::instant(at));
    let key = Key::new(TableName::Interactions, keys::parked(setup.id(), provider, &status.id), sort);
    let parked = Parked { status: status.clone(), received };
    let item = Item::new(key, encode(&parked)?).expiring((received + PARKED).timestamp());
    commit(ports, vec![Change::Put(item, Expect::Anything)]).await?;
    Ok(())
}

/// Applies statuses that came before their receipt.
pub(crate) async fn apply_parked(
    ports: &Ports,
    setup: &Setup,
    provider: &str,
    id: &str,
    receipt: &Receipt,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let query = Query::table(TableName::Interactions, keys::parked(setup.id(), provider, id));
    for stored in query_all(ports.table.as_ref(), query).await? {
        let parked: Parked = decode(&stored.body)?;
        found(ports, setup, receipt, &parked.status, parked.received.max(now)).await?;
        commit(ports, vec![Change::Delete(stored.key, Expect::Anything)]).await?;
    }
    Ok(())
}

/// A message whose id leads nowhere yet: its answer was lost, or is on its way.
async fn by_reference(ports: &Ports, setup: &Setup, status: &Status) -> Result<Option<Receipt>, Error> {
    let Some((customer, day, send)) = status.reference.as_deref().and_then(interactions::parse_reference) else {
        return Ok(None);
    };
    let known = ports.table.get(&keys::interaction(setup.id(), &customer, day, &send)).await?.is_some();
    Ok(known.then_some(Receipt::of(customer, day, send)))
}

/// What a status says of its message; a complaint says nothing of it.
fn report(status: &Status) -> Option<Report> {
    let said = || status.reason.clone().unwrap_or_else(|| "el proveedor no dijo por qué".to_owned());
    let words = || status.refusal.as_ref().map_or_else(said, Refusal::words);
    Some(match status.state {
        Reported::Accepted | Reported::Scheduled | Reported::Queued | Reported::Sending => Report::Sent,
        Reported::Sent | Reported::Delayed | Reported::DeliveredToCarrier => Report::Sent,
        Reported::Delivered => Report::Delivered,
        Reported::Read | Reported::Played => Report::Opened,
        Reported::Failed | Reported::Undelivered | Reported::Canceled => Report::Failed { error: words() },
        Reported::Bounced => Report::Bounced { error: words() },
        Reported::Complained => return None,
    })
}

/// Whether a status of one address speaks for the whole message: of several recipients' no.
fn speaks_for(message: &Interaction, status: &Status, report: &Report) -> bool {
    let failure = matches!(report, Report::Failed { .. } | Report::Bounced { .. });
    let earlier_try = message.tries.contains(&status.id);
    let several = message.recipients.as_ref().is_some_and(|r| r.to.len() + r.cc.len() > 1);
    !(failure && (earlier_try || several && status.address.is_some()))
}

/// Joins a status into its message, and does what follows from it.
pub(crate) async fn found(
    ports: &Ports,
    setup: &Setup,
    receipt: &Receipt,
    status: &Status,
    now: DateTime<Utc>,
) -> Result<Option<Interaction>, Error> {
    let at = status.at.unwrap_or(now);
    let message = raise(ports, setup, receipt, now, |message| {
        let Some(report) = report(status).filter(|report| speaks_for(message, status, report)) else { return false };
        let known = message.provider_id.is_some();
        let joined = message.join(&report, at);
        if joined && !known {
            message.provider_id = Some(status.id.clone());
        }
        joined
    })
    .await?;
    let Some(message) = message else { return Ok(None) };
    // Whoever has a name there instead of a number is known by what went to the number.
    let phone = identity::sole_phone(&message).filter(|_| !message.tries.contains(&status.id));
    if let (Some(user), None, Some(phone)) = (&status.user, &status.address, phone) {
        identity::remember(ports, setup, user, phone).await?;
    }
    if let Some(billed) = &status.billed {
        settle_cost(ports, setup, receipt, &message, (billed, now)).await?;
    }
    if matches!(status.state, Reported::Read | Reported::Played) {
        reached(ports, setup, &message).await?;
    }
    if let Some(told) = &status.refusal {
        refusal::told_later(ports, setup, receipt, &message, status, told, now).await?;
    } else if status.state == Reported::Delivered && message.channel == Some(Channel::Email) {
        refusal::proved(ports, setup, &message, Channel::Email).await?;
    }
    Ok(Some(message))
}

/// Has the id of a message whose answer was lost lead to it, as it would have: for answers to it, and for looks at it.
async fn name(
    ports: &Ports,
    setup: &Setup,
    message: &Interaction,
    status: &Status,
    receipt: &Receipt,
) -> Result<(), Error> {
    let mine = message.provider_id.as_ref() == Some(&status.id);
    // One that is being sent is named by its sender.
    let Some(provider) = message.provider.as_deref().filter(|_| mine) else { return Ok(()) };
    let kept = interactions::receipt(ports, setup.id(), provider, &interactions::reference(message)).await?;
    let item = Item::new(keys::receipt(setup.id(), provider, &status.id), encode(kept.as_ref().unwrap_or(receipt))?);
    commit(ports, vec![Change::Put(item, Expect::Absent)]).await?;
    Ok(())
}

/// What the provider bills a message as is what it cost, whatever it was thought to.
async fn settle_cost(
    ports: &Ports,
    setup: &Setup,
    receipt: &Receipt,
    message: &Interaction,
    (billed, at): (&Billed, DateTime<Utc>),
) -> Result<(), Error> {
    let (Some(thought), Some(channel), Some(book)) = (&message.cost, message.channel, &setup.prices) else {
        return Ok(());
    };
    if thought.settled {
        return Ok(());
    }
    let country = setup.project().country;
    let named = book.value.cost(channel, Some(&billed.category), country, message.day, &receipt.text);
    let micros = if billed.free {
        0
    } else {
        named.filter(|c| c.currency == thought.currency).map_or(thought.micros, |c| c.micros)
    };
    let settled = Cost { micros, settled: true, ..thought.clone() };
    let mine = AtomicBool::new(false);
    raise(ports, setup, receipt, at, |message| {
        let open = message.cost.as_ref().is_some_and(|cost| !cost.settled);
        mine.store(open, Ordering::Relaxed);
        if open {
            message.cost = Some(settled.clone());
        }
        open
    })
    .await?;
    match mine.load(Ordering::Relaxed) {
        true => {
            let more = Cost { micros: micros - thought.micros, ..settled };
            spend::add(ports, setup, message.day, &more).await.map(|_| ())
        }
        false => Ok(()),
    }
}

/// The link of a message was followed to the ways to pay, or one of them chosen, by a person as far as anybody can tell.
pub(crate) async fn seen_by_link(
    ports: &Ports,
    setup: &Setup,
    receipt: &Receipt,
    chose: bool,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let message = raise(ports, setup, receipt, at, |message| {
        let delivered = message.times.get("delivered");
        let by_scanner = !chose && delivered.is_some_and(|delivered| at < *delivered + SCANNED);
        if by_scanner {
            return false;
        }
        let seen = message.join(&Report::Opened, at);
        let what = if chose { CHOSEN } else { VISITED };
        let first = !message.times.contains_key(what);
        if first {
            message.times.insert(what.to_owned(), at);
        }
        seen || first
    })
    .await?;
    match message {
        Some(message) => reached(ports, setup, &message).await,
        None => Ok(()),
    }
}

/// An e-mail was looked at or a link of it followed, by a person as far as anybody can tell.
pub(super) async fn engaged(post: &Post<'_>, setup: &Setup, told: &Engagement) -> Result<bool, Error> {
    let found = interactions::receipt(post.ports, setup.id(), post.provider, &told.id).await?;
    let Some(receipt) = found.filter(|_| !told.bot) else { return Ok(true) };
    let at = told.at.unwrap_or(post.received);
    let message = raise(post.ports, setup, &receipt, post.received, |message| {
        let delivered = message.times.get("delivered");
        let by_scanner = told.what == "click" && delivered.is_none_or(|delivered| at < *delivered + SCANNED);
        !by_scanner && message.join(&Report::Opened, at)
    })
    .await?;
    if let Some(message) = message {
        reached(post.ports, setup, &message).await?;
    }
    Ok(true)
}

/// Where the law counts effective contacts, an opened or answered message marks its ledger entry.
pub(super) async fn reached(ports: &Ports, setup: &Setup, message: &Interaction) -> Result<(), Error> {
    if !setup.project().caps.one_channel_a_week_after_contact {
        return Ok(());
    }
    for _ in 0..5 {
        let (mut week, version, _) =
            interactions::ledgers(ports, setup.id(), &message.customer, message.contact_day()).await?;
        let Some(entry) = week.entries.iter_mut().find(|e| e.send == message.id && !e.reached) else { return Ok(()) };
        entry.reached = true;
        let item = Item::new(keys::ledger(setup.id(), &message.customer, message.contact_day()), encode(&week)?);
        if let Committed::Made = commit(ports, vec![Change::Put(item, as_read(version))]).await? {
            return Ok(());
        }
    }
    Err(Error::Raced)
}
