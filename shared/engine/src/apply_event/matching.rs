//! Whose a person's message is: the message of ours it answers says it, else the address it came from.

use crate::Ports;
use crate::edit_customer::owners;
use crate::error::Error;
use crate::store::interactions::{self, Receipt};
use crate::store::received::Thread;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::contact::phone::whatsapp_aliases;
use cauce_domain::contact::point::Recipients;
use cauce_domain::contact::received::Flag;
use cauce_domain::ids::{CustomerId, SendId};
use chrono::{DateTime, Days, TimeDelta, Utc};
use std::collections::BTreeSet;

/// Customers of a shared address that are asked for their last message: one with more is nobody's.
const ASKED: usize = 25;

/// Whose a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    /// The thread it stands in.
    pub(super) thread: Thread,
    /// The message of ours it answers.
    pub(super) answers: Option<SendId>,
    /// What a reader has to know of the match.
    pub(super) flags: BTreeSet<Flag>,
}

impl Match {
    /// The customers it stands with.
    pub(super) fn customers(&self) -> &[CustomerId] {
        match &self.thread {
            Thread::Customers(customers) => customers,
            Thread::Unregistered => &[],
        }
    }
}

/// How long a message of ours is what an answer from a shared address answers.
fn remembered(channel: Channel) -> TimeDelta {
    match channel {
        Channel::Sms => TimeDelta::hours(72),
        Channel::Whatsapp | Channel::Email | Channel::Call => TimeDelta::days(7),
    }
}

/// The ways in which an address may be written among the customers'.
pub(crate) fn spellings(channel: Channel, address: &str) -> Vec<String> {
    match channel {
        Channel::Email => vec![address.to_owned()],
        // An id, a short number or a name is written in one way.
        _ if !address.starts_with('+') => vec![address.to_owned()],
        _ => whatsapp_aliases(address).into_iter().map(|digits| format!("+{digits}")).collect(),
    }
}

/// The customers that have an address, however it is written.
pub(crate) async fn holders(
    ports: &Ports,
    setup: &Setup,
    channel: Channel,
    address: &str,
) -> Result<BTreeSet<CustomerId>, Error> {
    let mut found = BTreeSet::new();
    for spelling in spellings(channel, address) {
        found.extend(owners(ports, setup, &spelling).await?);
    }
    Ok(found)
}

/// Finds whose a message is. `answered` is the message of ours it names.
pub(super) async fn find(
    ports: &Ports,
    setup: &Setup,
    channel: Channel,
    address: &str,
    answered: Option<Receipt>,
    at: DateTime<Utc>,
) -> Result<Match, Error> {
    let holders = holders(ports, setup, channel, address).await?;
    if let Some(receipt) = answered {
        let third = !holders.contains(&receipt.customer);
        return Ok(Match {
            thread: Thread::Customers(vec![receipt.customer]),
            answers: Some(receipt.send),
            flags: third.then_some(Flag::ThirdParty).into_iter().collect(),
        });
    }
    if holders.is_empty() {
        return Ok(Match { thread: Thread::Unregistered, answers: None, flags: BTreeSet::new() });
    }
    if holders.len() > ASKED {
        let flags = BTreeSet::from([Flag::Shared]);
        return Ok(Match { thread: Thread::Unregistered, answers: None, flags });
    }
    let last = last_to(ports, setup, channel, address, &holders, at).await?;
    let answers = last.as_ref().map(|message| message.id.clone());
    let (customers, shared) = match (last, holders.len()) {
        (Some(message), _) => (vec![message.customer], false),
        (None, count) => (holders.into_iter().collect(), count > 1),
    };
    let flags = shared.then_some(Flag::Shared).into_iter().collect();
    Ok(Match { thread: Thread::Customers(customers), answers, flags })
}

/// The last message of ours that went to an address by a channel, not long ago.
async fn last_to(
    ports: &Ports,
    setup: &Setup,
    channel: Channel,
    address: &str,
    holders: &BTreeSet<CustomerId>,
    at: DateTime<Utc>,
) -> Result<Option<Interaction>, Error> {
    let spelt = spellings(channel, address);
    let today = setup.today(at);
    let from = today.checked_sub_days(Days::new(8)).unwrap_or(today);
    let mut last: Option<(DateTime<Utc>, Interaction)> = None;
    for customer in holders {
        let sent = interactions::of_customer(ports, setup.id(), customer, Some((from, today)), 50).await?;
        for message in sent.into_iter().filter(|message| message.channel == Some(channel)) {
            let mine = message.recipients.iter().flat_map(Recipients::all).any(|to| spelt.contains(&to.address));
            let Some(left) = message.times.get("sent").copied().filter(|left| mine && *left <= at) else { continue };
            let recent = at - left <= remembered(channel);
            if recent && last.as_ref().is_none_or(|(before, _)| left > *before) {
                last = Some((left, message));
            }
        }
    }
    Ok(last.map(|(_, message)| message))
}
