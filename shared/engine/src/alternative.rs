//! The alternative channel (*oportunidad de contacto*): a message that could not reach its address is followed, once, by a
//! standard text on the channel that last worked for the customer, through the same gate.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item};
use crate::ports::told::Refusal;
use crate::store::accounts::as_read;
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit};
use crate::store::interactions::{self, Receipt};
use crate::store::keys;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::disposition::Disposition;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::origin::Cause;
use cauce_domain::ids::{SendId, derived};
use cauce_domain::strategy::plan::Step;
use cauce_domain::strategy::starter;
use chrono::{DateTime, TimeDelta, Utc};

/// How many messages back a channel that worked is looked for.
const LOOKED_AT: u32 = 50;
/// After the failure; the release of this minute may have passed by.
const WAIT: TimeDelta = TimeDelta::minutes(1);

/// Whether a failure says that the address does not work from this account: only those are followed.
pub(crate) fn follows(refusal: &Refusal) -> bool {
    matches!(refusal.disposition, Disposition::DeadRecipient | Disposition::Suppress) || refusal.is_of_a_country()
}

/// Has a failed message followed, where the project wants it and something else has worked.
pub(crate) async fn offer(ports: &Ports, setup: &Setup, receipt: &Receipt, now: DateTime<Utc>) -> Result<(), Error> {
    if !setup.project().alternative_channel {
        return Ok(());
    }
    let key = keys::interaction(setup.id(), &receipt.customer, receipt.day, &receipt.send);
    for _ in 0..5 {
        let Some((failed, version)) = interactions::read(ports, &key).await? else { return Ok(()) };
        let ended = matches!(failed.state, State::Failed { .. });
        // What acknowledges a payment, or what a person wrote, is not followed by a reminder.
        let Some(step) = failed.step() else { return Ok(()) };
        // What follows a failure is itself not followed.
        if !ended || failed.follows.is_some() || failed.followed_by.is_some() {
            return Ok(());
        }
        let Some(channel) = that_worked(ports, setup, &failed).await? else { return Ok(()) };
        let next = following((&failed, step), channel, now);
        let failed = Interaction { followed_by: Some(next.id.clone()), ..failed };
        let mut changes = vec![
            Change::Put(interactions::item(setup.id(), &failed, true)?, Expect::Version(version)),
            Change::Put(interactions::item(setup.id(), &next, true)?, Expect::Absent),
        ];
        // It reached nobody: the contact it stood for is what follows it.
        let (mut week, week_version, _) =
            interactions::ledgers(ports, setup.id(), &failed.customer, failed.day).await?;
        let before = week.entries.len();
        week.entries.retain(|entry| entry.send != failed.id);
        if week.entries.len() < before {
            let item = Item::new(keys::ledger(setup.id(), &failed.customer, failed.day), encode(&week)?);
            changes.push(Change::Put(item, as_read(week_version)));
        }
        match commit(ports, changes).await? {
            Committed::Made => return Ok(()),
            Committed::Lost(lost) if lost.iter().any(|(at, _)| *at == 1) => return Ok(()),
            Committed::Lost(_) => {}
        }
    }
    Err(Error::Raced)
}

/// The channel by which a message last reached the customer, another than the one that failed.
async fn that_worked(ports: &Ports, setup: &Setup, failed: &Interaction) -> Result<Option<Channel>, Error> {
    let before = interactions::of_customer(ports, setup.id(), &failed.customer, None, LOOKED_AT).await?;
    let arrived = |m: &&Interaction| matches!(m.state, State::Delivered | State::Opened);
    let reached = |m: &Interaction| m.times.get("delivered").copied();
    let worked = before.iter().filter(arrived).filter(|m| m.channel.is_some() && m.channel != failed.channel);
    Ok(worked.max_by_key(|m| reached(m)).and_then(|m| m.channel))
}

/// The standard text's message, due at once.
fn following((failed, step): (&Interaction, &Step), channel: Channel, now: DateTime<Utc>) -> Interaction {
    let id = SendId::new(derived(&["alternative", failed.id.as_str()]));
    let step =
        Step { key: format!("{}#alternative", step.key), template: starter::alternative(channel), ..step.clone() };
    let (state, facts) = (State::Scheduled { at: now + WAIT }, failed.facts.clone());
    let next = Interaction::new(id, failed.customer.clone(), failed.day, Cause::Step(step), state, facts);
    Interaction { channel: Some(channel), follows: Some(failed.id.clone()), ..next }
}
