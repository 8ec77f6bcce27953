//! One message leaves, at most once: claim, second look, provider, settle.
//!
//! - **Claim**: the message becomes *sending* under a lease and enters the contact ledger in one transaction, after the
//!   account was read again and the gate asked again. Of two workers one claims; a step key or a day already in the
//!   ledger refuses.
//! - **Provider**: called once per claim, never by a client that retries.
//! - **Settle**: receipt first, then the state, then reports that came early. A definite refusal takes the ledger entry
//!   back in the same transaction; not knowing keeps it.
//!
//! It does not promise delivery: a worker that dies after the request left leaves *unknown*, which is never resent.

mod call;
mod claim;
mod look;
pub(crate) mod refusal;
mod settle;
mod words;

pub(crate) use look::Look;
pub(crate) use settle::raise;

use crate::Ports;
use crate::connect;
use crate::error::Error;
use crate::message_files;
use crate::messages::SendOne;
use crate::ports::channel::{Answer, Outgoing, Sender};
use crate::rates::{self, Pace};
use crate::reply_token;
use crate::spend;
use crate::statement_document;
use crate::store::accounts;
use crate::store::interactions;
use crate::store::keys;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::debt::order::Order;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The provider took it.
    Sent,
    /// It does not leave now, or not at all, or somebody else has it.
    NotSent,
    /// Nobody knows.
    Unknown,
}

/// How often a claim that lost a race is tried again.
const CLAIM_TRIES: u32 = 5;

/// Sends one message if it may leave now.
pub async fn send_message(ports: &Ports, setup: &Setup, one: &SendOne, now: DateTime<Utc>) -> Result<Ended, Error> {
    let key = keys::interaction(setup.id(), &one.customer, one.day, &one.send);
    for _ in 0..CLAIM_TRIES {
        let Some((message, version)) = interactions::read(ports, &key).await? else { return Ok(Ended::NotSent) };
        let had_its_turn = one.place.is_some() && message.place == one.place;
        if had_its_turn && !matches!(message.state, State::Scheduled { .. }) {
            // Told again by the queue: what became of it, its place was used.
            return Ok(Ended::Sent);
        }
        let message = Interaction { place: one.place, ..message };
        match claim::claim(ports, setup, message, version, now).await? {
            claim::Claim::Mine(claimed) => return deliver(ports, setup, *claimed, now).await,
            claim::Claim::NotNow => return Ok(Ended::NotSent),
            claim::Claim::Raced => {}
        }
    }
    Err(Error::Raced)
}

async fn deliver(
    ports: &Ports,
    setup: &Setup,
    mut claimed: claim::Claimed,
    now: DateTime<Utc>,
) -> Result<Ended, Error> {
    if claimed.statement
        && let Err(error) = attach_statement(ports, setup, &mut claimed, now).await
    {
        tracing::warn!(%error, "un estado de cuenta no se pudo escribir y su mensaje espera");
        let answer = Answer::not_now("no se pudo escribir el estado de cuenta");
        return settle::settle(ports, setup, claimed, "", answer, now).await;
    }
    let Ok(_turn) = message_files::turn(&claimed.files).await else {
        // Nobody was asked anything: it waits without having tried.
        claimed.message.attempt = claimed.message.attempt.saturating_sub(1);
        let answer = Answer::NotNow { why: "muchos mensajes llevan archivos a la vez".to_owned(), wait: 0 };
        return settle::settle(ports, setup, claimed, "", answer, now).await;
    };
    let (sender, outgoing) = match prepare(ports, setup, &claimed, now).await {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(answer)) => return settle::settle(ports, setup, claimed, "", answer, now).await,
        // Nothing was asked of anybody yet: it waits, and is not taken for a message nobody knows of.
        Err(error) => {
            tracing::warn!(%error, "un mensaje no se pudo preparar y espera");
            let answer = Answer::NotNow { why: "no se pudo preparar".to_owned(), wait: 0 };
            return settle::settle(ports, setup, claimed, "", answer, now).await;
        }
    };
    if let Some(cost) = spend::cost(setup, &claimed.message, &claimed.text) {
        if !spend::reserve(ports, setup, claimed.message.day, &cost).await? {
            return settle::over_budget(ports, setup, claimed, now).await;
        }
        claimed.cost = Some(cost);
    }
    let answer = sender.send(&outgoing).await;
    settle::settle(ports, setup, claimed, sender.provider(), answer, now).await
}

/// Writes the statement of account as it is now, among the message's files.
async fn attach_statement(
    ports: &Ports,
    setup: &Setup,
    claimed: &mut claim::Claimed,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let found = accounts::open_account(ports, setup.id(), &claimed.message.customer).await?;
    let open = found.ok_or(Error::NotFound("el cliente"))?;
    let orders: Vec<Order> = open.orders.into_iter().map(|(order, ..)| order).collect();
    let file = statement_document::keep(ports, setup, &open.account, &orders, setup.today(now)).await?;
    claimed.files.push(file);
    Ok(())
}

/// What leaves and by whom, or why it does not leave now.
async fn prepare(
    ports: &Ports,
    setup: &Setup,
    claimed: &claim::Claimed,
    now: DateTime<Utc>,
) -> Result<Result<(Arc<dyn Sender>, Outgoing), Answer>, Error> {
    let message = &claimed.message;
    let channel = message.channel.ok_or_else(|| Error::Broken("interaction_v1", "sin canal".to_owned()))?;
    let Some(line) = connect::line(ports, setup, channel).await? else {
        return Ok(Err(Answer::disconnected("el canal no tiene una cuenta con la que enviar".to_owned())));
    };
    let names = match channel {
        Channel::Email if line.account.is_some() => {
            reply_token::issue(ports, setup.id(), &settle::receipt_of(claimed)).await?
        }
        _ => None,
    };
    let Some(files) = message_files::read(ports, &claimed.files).await? else {
        return Ok(Err(Answer::refused("falta un archivo de la plantilla: adjúntelo de nuevo")));
    };
    let outgoing = Outgoing {
        project: setup.id().clone(),
        reference: interactions::reference(message),
        recipients: message.recipients.clone().unwrap_or_default(),
        subject: claimed.subject.clone(),
        text: claimed.text.clone(),
        files,
        choices: Vec::new(),
        approved: claimed.approved.clone(),
        wa_id: claimed.wa_id.clone(),
        names,
        at: now,
        until: setup.project().calendar.lived_in(message.facts.zone).close_of_day(now),
        account: line.account,
    };
    if let Some(wait) = pair_waits(ports, claimed, &outgoing, now).await? {
        return Ok(Err(Answer::NotNow { why: "la persona recibió otro mensaje hace un momento".to_owned(), wait }));
    }
    Ok(Ok((line.sender, outgoing)))
}

/// How long a second message of the day to one person by WhatsApp waits: the provider counts them by pair of numbers. The
/// first of a day has nothing to wait for, and costs no look.
async fn pair_waits(
    ports: &Ports,
    claimed: &claim::Claimed,
    outgoing: &Outgoing,
    now: DateTime<Utc>,
) -> Result<Option<u32>, Error> {
    let by_whatsapp = claimed.message.channel == Some(Channel::Whatsapp);
    let (Some(account), Some(to)) = (&outgoing.account, outgoing.recipients.to.first()) else { return Ok(None) };
    if !(by_whatsapp && claimed.again_today) {
        return Ok(None);
    }
    let pair = format!("{}#{}", account.setting("phone_number_id"), keys::sha256(to.address.as_bytes()));
    let place = rates::take(ports, &pair, Pace::PAIR, (1, TimeDelta::hours(1)), now).await?;
    let wait = place.first().map_or(0, |place| (*place - now).num_seconds());
    Ok(u32::try_from(wait).ok().filter(|wait| *wait > 0))
}
