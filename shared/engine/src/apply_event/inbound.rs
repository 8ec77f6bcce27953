//! A message of a person: its wish first, then the window it opens, then into the thread it belongs to.
//!
//! Everything here may happen twice: the mark that it was seen is written last, with the message itself.

use super::matching::{self, Match};
use super::{Post, attachments, identity, status, wishes};
use crate::agent;
use crate::edit_customer::{change, of_address};
use crate::error::Error;
use crate::inbox;
use crate::link_contact::link;
use crate::ports::told::Inbound;
use crate::store::interactions::{self, Receipt};
use crate::store::received::{self, Thread};
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::point::Phone;
use cauce_domain::contact::received::{Attachment, Flag, Received};
use cauce_domain::contact::silence::{asks_for_messages, sounds_like_silence};
use cauce_domain::ids::{ReceivedId, derived};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// How long an address is left alone that seems to ask for silence in its own words.
const LEFT_ALONE: TimeDelta = TimeDelta::hours(24);

/// The channel a message came by, and the address it came from as it is compared.
pub(super) fn sender(provider: &str, told: &Inbound) -> (Channel, Option<String>) {
    let from = told.from.as_deref();
    let by_whatsapp = provider == "whatsapp" || from.is_some_and(|from| from.starts_with("whatsapp:"));
    let channel = if by_whatsapp { Channel::Whatsapp } else { Channel::Sms };
    let written = told.wa_id.as_deref().or(from);
    let address = written.map(|written| phone(written).unwrap_or_else(|| written.to_owned()));
    (channel, address.or_else(|| told.user.clone()))
}

/// A number as it is compared: E.164.
pub(super) fn phone(written: &str) -> Option<String> {
    let digits = written.strip_prefix("whatsapp:").unwrap_or(written).trim_start_matches('+');
    Phone::parse(&format!("+{digits}"), None).ok().map(|phone| phone.e164().to_owned())
}

/// The id of a message, the same however often its provider tells it.
pub(super) fn id_of(provider: &str, id: &str) -> ReceivedId {
    ReceivedId::new(derived(&["received", provider, id]))
}

pub(super) async fn apply(post: &Post<'_>, setup: &Setup, told: &Inbound) -> Result<(), Error> {
    let (channel, address) = sender(post.provider, told);
    let Some(address) = address else { return Ok(()) };
    let at = told.at.unwrap_or(post.received);
    let answered = match &told.context {
        Some(id) => interactions::receipt(post.ports, setup.id(), post.provider, id).await?,
        None => None,
    };
    let address = identified(post, setup, told, address, answered.as_ref()).await?;
    let replied = answered.clone();
    let found = matching::find(post.ports, setup, channel, &address, answered, at).await?;
    let mut flags = heed(post, setup, channel, &address, told, &found, at).await?;
    flags.extend(&found.flags);
    if told.opens_window || channel == Channel::Whatsapp {
        note_whatsapp(post, setup, &found, &address, told, at).await?;
    }
    if let Some(receipt) = &replied
        && let Some(message) = interactions::of_receipt(post.ports, setup.id(), receipt).await?
    {
        status::reached(post.ports, setup, &message).await?;
    }
    let message = kept(post, setup, channel, address, told, &found, flags, at);
    let new = received::keep(post.ports, setup, &message, &found.thread).await?;
    for customer in found.customers() {
        inbox::refresh(post.ports, setup, customer).await?;
    }
    // What it wrote while nobody was known to have it, this perhaps too by now.
    link(post.ports, setup, channel, &message.from).await?;
    attachments::fetch(post, setup, &message, &found.thread).await?;
    if new {
        agent::answer(post.ports, setup, &message, &found.thread, post.received).await;
    }
    Ok(())
}

/// A person told by WhatsApp's id alone is who wrote under that id before, or whom the message went to that is answered.
async fn identified(
    post: &Post<'_>,
    setup: &Setup,
    told: &Inbound,
    address: String,
    answered: Option<&Receipt>,
) -> Result<String, Error> {
    let Some(user) = &told.user else { return Ok(address) };
    if told.wa_id.is_some() || told.from.is_some() {
        identity::remember(post.ports, setup, user, &address).await?;
        return Ok(address);
    }
    // The telephone, or the name that came after this one.
    let known = identity::known_by(post.ports, setup, user).await?.pop();
    if let Some(phone) = known.as_ref().filter(|known| known.starts_with('+')) {
        return Ok(phone.clone());
    }
    let address = known.unwrap_or(address);
    let Some(receipt) = answered else { return Ok(address) };
    let message = interactions::of_receipt(post.ports, setup.id(), receipt).await?;
    let Some(phone) = message.as_ref().and_then(|message| identity::sole_phone(message)) else { return Ok(address) };
    for name in [user, &address] {
        identity::remember(post.ports, setup, name, phone).await?;
    }
    Ok(phone.to_owned())
}

/// Does at once what the message wishes; answers what a reader has to know of it.
async fn heed(
    post: &Post<'_>,
    setup: &Setup,
    channel: Channel,
    address: &str,
    told: &Inbound,
    found: &Match,
    at: DateTime<Utc>,
) -> Result<BTreeSet<Flag>, Error> {
    let text = told.text.as_deref().unwrap_or_default();
    let consents = told.handled.as_deref() == Some("START") || asks_for_messages(text);
    let flag = if told.opt_out {
        wishes::silence(post, setup, channel, address, told, at).await?;
        Flag::OptOut
    } else if consents {
        wishes::consent(post, setup, channel, address, at).await?;
        Flag::OptIn
    } else if sounds_like_silence(text) {
        for spelling in matching::spellings(channel, address) {
            let until = Some(at + LEFT_ALONE);
            of_address(post.ports, setup, &spelling, None, &|known| {
                known.marks.silent_until = known.marks.silent_until.max(until);
            })
            .await?;
        }
        tracing::info!(project = %setup.id(), customers = found.customers().len(), "un mensaje parece pedir silencio");
        Flag::MaybeOptOut
    } else {
        return Ok(BTreeSet::new());
    };
    Ok(BTreeSet::from([flag]))
}

/// Keeps how WhatsApp writes the number, and until when free text may be written to it.
async fn note_whatsapp(
    post: &Post<'_>,
    setup: &Setup,
    found: &Match,
    address: &str,
    told: &Inbound,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let account = told.account.clone().or_else(|| told.to.clone()).unwrap_or_default();
    for customer in found.customers() {
        for spelling in matching::spellings(Channel::Whatsapp, address) {
            change(post.ports, setup, customer, None, &|customer| {
                customer.known(&spelling, &|known| {
                    let seen = known.marks.whatsapp.get_or_insert_default();
                    seen.wa_id = told.wa_id.clone().or_else(|| seen.wa_id.take());
                    seen.user = told.user.clone().or_else(|| seen.user.take());
                    if told.opens_window {
                        let wrote = seen.wrote.entry(account.clone()).or_insert(at);
                        *wrote = at.max(*wrote);
                    }
                    known.marks.proved(Channel::Whatsapp);
                });
            })
            .await?;
        }
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the message is made of what each step before it found")]
fn kept(
    post: &Post<'_>,
    setup: &Setup,
    channel: Channel,
    from: String,
    told: &Inbound,
    found: &Match,
    flags: BTreeSet<Flag>,
    at: DateTime<Utc>,
) -> Received {
    let file = |media: &crate::ports::told::Media| Attachment {
        name: media.file_name.clone(),
        mime: media.mime.clone(),
        file: None,
        at_provider: Some(media.id.clone()),
    };
    Received {
        id: id_of(post.provider, &told.id),
        // By the provider's clock, where it has one: told again tomorrow it is of the same day.
        day: setup.today(at),
        at,
        received: post.received,
        channel,
        provider: (post.provider.to_owned(), told.id.clone()),
        to: told.account.clone().or_else(|| told.to.clone()),
        from,
        name: told.name.clone(),
        kind: told.kind.clone(),
        subject: None,
        text: told.text.clone(),
        payload: told.payload.clone(),
        attachments: told.media.iter().map(file).collect(),
        answers: found.answers.clone().filter(|_| found.thread != Thread::Unregistered),
        flags,
        read: None,
    }
}
