//! Settling: what the provider answered becomes the message's state.

use super::Ended;
use super::claim::{Claimed, WORTH_SAYING, address_day, later};
use crate::Ports;
use crate::alternative;
use crate::apply_event::apply_parked;
use crate::campaign::store::ticket_of;
use crate::drop_channel::drop_channel;
use crate::error::Error;
use crate::ports::channel::{Answer, Refused};
use crate::ports::table::{Change, Expect, Item};
use crate::spend;
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit};
use crate::store::interactions::{self, Receipt};
use crate::store::settings::Setup;
use crate::store::{accounts, keys};
use crate::webhook::announce;
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::{Interaction, Report, State};
use cauce_domain::contact::wish::Source;
use chrono::{DateTime, TimeDelta, Utc};

/// How often a message that was not taken is tried again, inside the day's window.
const MAX_ATTEMPTS: u32 = 6;

/// Ends a claimed message for which the day's budget has no room.
pub(super) async fn over_budget(
    ports: &Ports,
    setup: &Setup,
    claimed: Claimed,
    now: DateTime<Utc>,
) -> Result<Ended, Error> {
    let state = State::NotSent { reason: Reason::BudgetSpent };
    give_back(ports, setup, Interaction { state, ..claimed.message }, claimed.version, now).await
}

pub(super) async fn settle(
    ports: &Ports,
    setup: &Setup,
    claimed: Claimed,
    provider: &str,
    answer: Answer,
    now: DateTime<Utc>,
) -> Result<Ended, Error> {
    let stays = matches!(answer, Answer::Accepted(_) | Answer::Unknown(_));
    if let Some(cost) = claimed.cost.as_ref().filter(|_| !stays) {
        spend::give_back(ports, setup, claimed.message.day, cost).await?;
    }
    match answer {
        Answer::Accepted(id) => accepted(ports, setup, claimed, provider, &id, now).await,
        Answer::Unknown(why) => {
            let text = receipt_of(&claimed);
            let (provider, sending) = (Some(provider.to_owned()), claimed.message.state.clone());
            let unknown = Interaction { state: State::Unknown, provider, detail: Some(why), ..claimed.message };
            // Without a provider's id the text is kept under our own reference.
            let place = keys::receipt(
                setup.id(),
                unknown.provider.as_deref().unwrap_or_default(),
                &interactions::reference(&unknown),
            );
            let text = Change::Put(Item::new(place, encode(&text)?), Expect::Anything);
            let states = (&sending, &unknown);
            // Lost: a report already proved what happened.
            if kept(ports, setup, states, claimed.version, vec![text], now).await? {
                // An alarm counts these lines.
                tracing::warn!(state = "unknown", send = %unknown.id, "el proveedor no respondió: nadie sabe si salió");
            }
            Ok(Ended::Unknown)
        }
        Answer::Refused(why) => refused(ports, setup, claimed, why, now).await,
        Answer::Disconnected { why, wait } => {
            let until = wait.map(|wait| now + TimeDelta::seconds(i64::from(wait)));
            if let Some(channel) = claimed.message.channel {
                drop_channel(ports, setup, channel, &why, until, now).await?;
            }
            // Nothing was asked of the person: the try does not count.
            let waits =
                until.map(|until| until + later(&claimed.message)).filter(|at| is_today(setup, &claimed, *at, now));
            let state = match waits {
                Some(at) => State::Scheduled { at },
                None => State::NotSent { reason: Reason::ChannelDisconnected },
            };
            let attempt = claimed.message.attempt.saturating_sub(1);
            let waiting = Interaction { state, attempt, detail: Some(why), ..claimed.message };
            give_back(ports, setup, waiting, claimed.version, now).await
        }
        Answer::NotNow { why, wait } => {
            let again = now + backoff(claimed.message.attempt).max(TimeDelta::seconds(i64::from(wait)));
            let goes_on = claimed.message.attempt < MAX_ATTEMPTS && is_today(setup, &claimed, again, now);
            let state =
                if goes_on { State::Scheduled { at: again } } else { State::Failed { error: why, bounced: false } };
            give_back(ports, setup, Interaction { state, ..claimed.message }, claimed.version, now).await
        }
    }
}

/// Not taken, for good: the message ends, and what the refusal says of its address and its template is heeded.
async fn refused(
    ports: &Ports,
    setup: &Setup,
    claimed: Claimed,
    why: Refused,
    now: DateTime<Utc>,
) -> Result<Ended, Error> {
    let receipt = receipt_of(&claimed);
    let message = &claimed.message;
    let (channel, send) = (message.channel, message.id.clone());
    let to = message.recipients.iter().flat_map(|r| &r.to).map(|to| to.address.clone()).next();
    let mut failed = Interaction { state: State::Failed { error: why.words, bounced: false }, ..claimed.message };
    failed.times.insert("failed".to_owned(), now);
    // The message first: what follows from the refusal may be told again, its end may not be forgotten.
    let ended = give_back(ports, setup, failed, claimed.version, now).await?;
    if let (Some(refusal), Some(channel)) = (&why.refusal, channel) {
        let evidence = (Source::Provider, send.as_str(), now);
        super::refusal::follow(ports, setup, channel, to.as_deref(), refusal, evidence, now).await?;
    }
    if why.refusal.is_some_and(|refusal| alternative::follows(&refusal)) {
        alternative::offer(ports, setup, &receipt, now).await?;
    }
    Ok(ended)
}

/// Whether an instant lies in what is left of a step's day; what an event or a person says is worth saying for longer.
fn is_today(setup: &Setup, claimed: &Claimed, at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    if let Some(said) = claimed.message.cause.said() {
        return at < said + WORTH_SAYING;
    }
    let calendar = setup.project().calendar.lived_in(claimed.message.facts.zone);
    calendar.local_day(at) == claimed.message.day && calendar.close_of_day(now).is_some_and(|end| at < end)
}

/// Doubles from half a minute to a quarter of an hour.
fn backoff(attempt: u32) -> TimeDelta {
    TimeDelta::seconds((30_i64 << attempt.min(5)).min(900))
}

/// Whose message it is, and its text as sent.
pub(super) fn receipt_of(claimed: &Claimed) -> Receipt {
    let message = &claimed.message;
    Receipt {
        customer: message.customer.clone(),
        day: message.day,
        send: message.id.clone(),
        subject: claimed.subject.clone(),
        text: claimed.text.clone(),
        files: claimed.files.clone(),
    }
}

async fn accepted(
    ports: &Ports,
    setup: &Setup,
    claimed: Claimed,
    provider: &str,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Ended, Error> {
    let receipt = receipt_of(&claimed);
    let cost = claimed.cost.clone();
    let message = Interaction { cost: cost.clone(), ..claimed.message };
    let item = Item::new(keys::receipt(setup.id(), provider, id), encode(&receipt)?);
    commit(ports, vec![Change::Put(item, Expect::Anything)]).await?;
    let sent = |mut m: Interaction| {
        m.provider_id = Some(id.to_owned());
        m.provider = Some(provider.to_owned());
        m.join(&Report::Sent, now);
        m
    };
    let settled = sent(message.clone());
    if !kept(ports, setup, (&message.state, &settled), claimed.version, Vec::new(), now).await? {
        // A report was faster, or the lease ran out: join with what is there now.
        raise(ports, setup, &receipt, now, |m| {
            let known = m.provider_id.replace(id.to_owned()).is_some();
            m.provider = Some(provider.to_owned());
            m.cost = m.cost.take().or_else(|| cost.clone());
            m.join(&Report::Sent, now) || !known
        })
        .await?;
    }
    apply_parked(ports, setup, provider, id, &receipt, now).await?;
    Ok(Ended::Sent)
}

/// Takes the ledger entry back together with the state: the message did not leave.
async fn give_back(
    ports: &Ports,
    setup: &Setup,
    message: Interaction,
    version: u64,
    now: DateTime<Utc>,
) -> Result<Ended, Error> {
    let lease = State::Sending { lease: now };
    for _ in 0..super::CLAIM_TRIES {
        let (mut week, week_version, _) =
            interactions::ledgers(ports, setup.id(), &message.customer, message.contact_day()).await?;
        week.entries.retain(|e| e.send != message.id);
        let key = keys::ledger(setup.id(), &message.customer, message.contact_day());
        let mut changes = vec![
            Change::Put(interactions::item(setup.id(), &message, true)?, Expect::Version(version)),
            Change::Put(Item::new(key, encode(&week)?), accounts::as_read(week_version)),
        ];
        let addresses = message.recipients.iter().flat_map(|r| r.shared());
        changes
            .extend(addresses.map(|a| Change::Delete(address_day(setup, a, message.contact_day()), Expect::Anything)));
        let announced = announce::of_message(ports, setup, &lease, &message, now)?;
        let told = announce::told(&announced);
        changes.extend(announced);
        changes.extend(ticket_of(ports, setup.id(), &message)?);
        match commit(ports, changes).await? {
            Committed::Made => {
                announce::hurry(ports, setup, told).await;
                return Ok(Ended::NotSent);
            }
            // The message itself moved on: the lease ran out, or a report came after all.
            Committed::Lost(lost) if lost.iter().any(|(at, _)| *at == 0) => return Ok(Ended::NotSent),
            Committed::Lost(_) => {}
        }
    }
    Err(Error::Raced)
}

/// Keeps a message as it stands now, with what else goes with it and what the company's systems are told; `false` when
/// somebody was faster.
async fn kept(
    ports: &Ports,
    setup: &Setup,
    (before, message): (&State, &Interaction),
    version: u64,
    more: Vec<Change>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let mut changes = vec![Change::Put(interactions::item(setup.id(), message, true)?, Expect::Version(version))];
    changes.extend(more);
    changes.extend(ticket_of(ports, setup.id(), message)?);
    let announced = announce::of_message(ports, setup, before, message, now)?;
    let told = announce::told(&announced);
    changes.extend(announced);
    let made = matches!(commit(ports, changes).await?, Committed::Made);
    if made {
        announce::hurry(ports, setup, told).await;
    }
    Ok(made)
}

/// Changes a message by a rule that only raises it, as often as others get in between.
pub(crate) async fn raise(
    ports: &Ports,
    setup: &Setup,
    receipt: &Receipt,
    now: DateTime<Utc>,
    change: impl Fn(&mut Interaction) -> bool,
) -> Result<Option<Interaction>, Error> {
    let key = keys::interaction(setup.id(), &receipt.customer, receipt.day, &receipt.send);
    for _ in 0..10 {
        let Some((mut message, version)) = interactions::read(ports, &key).await? else { return Ok(None) };
        let before = message.state.clone();
        if !change(&mut message) {
            return Ok(Some(message));
        }
        if kept(ports, setup, (&before, &message), version, Vec::new(), now).await? {
            return Ok(Some(message));
        }
    }
    Err(Error::Raced)
}
