//! Wishes for silence and for messages again: by word, button, one click, complaint or provider; in force at once.

use super::{Post, identity, matching};
use crate::Ports;
use crate::connect;
use crate::error::Error;
use crate::exclude;
use crate::ports::channel::Outgoing;
use crate::ports::told::{Inbound, Preference};
use crate::store::interactions::{self, Receipt};
use crate::store::settings::Setup;
use cauce_domain::contact::channel::{Channel, Scope};
use cauce_domain::contact::marks::free_until;
use cauce_domain::contact::point::{Destination, Recipients};
use cauce_domain::contact::wish::{Source, Wish};
use chrono::{DateTime, Utc};

fn wish(scope: Scope, source: Source, evidence: &str, at: DateTime<Utc>) -> Wish {
    Wish { scope, source, evidence: Some(evidence.to_owned()), at, again: None, reason: None, author: None }
}

/// A person's word or button asks for silence on the channel it came by.
pub(super) async fn silence(
    post: &Post<'_>,
    setup: &Setup,
    channel: Channel,
    address: &str,
    told: &Inbound,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let source = match (&told.handled, &told.payload) {
        (Some(_), _) => Source::Provider,
        (None, Some(_)) => Source::Button,
        (None, None) => Source::Keyword,
    };
    let wish = wish(channel.into(), source, &told.id, at);
    let mut new = false;
    if channel == Channel::Whatsapp {
        new = identity::wish(post.ports, setup, address, &wish).await?;
    } else {
        for spelling in matching::spellings(channel, address) {
            new |= exclude::address(post.ports, setup, &spelling, &wish, None).await?;
        }
    }
    // Told days later, WhatsApp would take no free text any more.
    let may_answer = channel != Channel::Whatsapp || post.received < free_until(at);
    if new && told.handled.is_none() && may_answer {
        confirm(post, setup, channel, address, &told.id).await?;
    }
    Ok(())
}

/// Tells the person once that the wish was heeded, where it just wrote. The provider does so itself where it keeps the wish.
async fn confirm(post: &Post<'_>, setup: &Setup, channel: Channel, address: &str, about: &str) -> Result<(), Error> {
    let Some(line) = connect::line(post.ports, setup, channel).await? else { return Ok(()) };
    let to = vec![Destination { address: address.to_owned(), shared: false }];
    let text = format!(
        "{}: no le enviaremos más mensajes por este medio. Si cambia de opinión, responda ALTA.",
        setup.project().name
    );
    let (recipients, words) = (Recipients { to, cc: Vec::new() }, (None, text));
    let reference = format!("{CONFIRMATION}{about}");
    let reply = Outgoing::plain(setup.id().clone(), reference, recipients, words, post.received, line.account);
    // One that does not leave is not tried again: the wish is in force all the same.
    line.sender.send(&reply).await;
    Ok(())
}

/// How references of confirmations begin.
const CONFIRMATION: &str = "confirmacion-";

/// A person's word asks for messages again: wishes that were said by word, button, click or provider are taken back.
pub(super) async fn consent(
    post: &Post<'_>,
    setup: &Setup,
    channel: Channel,
    address: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    for spelling in matching::spellings(channel, address) {
        let taken_back = Source::is_taken_back_by_word;
        exclude::lift(post.ports, setup, &spelling, channel.into(), (at, None), taken_back).await?;
    }
    Ok(())
}

/// A wish made at the provider: of WhatsApp's, about what it counts as marketing alone.
pub(super) async fn preference(post: &Post<'_>, setup: &Setup, told: &Preference) -> Result<(), Error> {
    let at = told.at.unwrap_or(post.received);
    let phone = told.wa_id.as_deref().and_then(super::inbound::phone);
    let phone = match (&phone, &told.user) {
        (None, Some(user)) => super::identity::phone_of(post.ports, setup, user).await?,
        _ => phone,
    };
    if let Some(address) = &told.address {
        // A contact list of SES's, which only its own pages change.
        let wish = wish(Scope::Email, Source::Provider, told.id.as_deref().unwrap_or("lista"), at);
        exclude::address(post.ports, setup, address, &wish, None).await?;
    }
    let Some(person) = phone.or_else(|| told.user.clone()) else { return Ok(()) };
    let scope = setup.project().marketing_scope();
    if told.value.as_deref() == Some("stop") {
        let wish = wish(scope, Source::Provider, "user_preferences", at);
        identity::wish(post.ports, setup, &person, &wish).await?;
    } else {
        for spelling in matching::spellings(Channel::Whatsapp, &person) {
            let from_provider = |source| source == Source::Provider;
            exclude::lift(post.ports, setup, &spelling, Scope::WhatsappMarketing, (at, None), from_provider).await?;
        }
    }
    Ok(())
}

/// The way out in an e-mail's heading, or the button of its page: of the address the e-mail went to. One that went to several
/// has no such way out: nobody's click may silence another.
/// Answers whether it was.
pub async fn unsubscribe(
    ports: &Ports,
    setup: &Setup,
    receipt: &Receipt,
    source: Source,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let key = crate::store::keys::interaction(setup.id(), &receipt.customer, receipt.day, &receipt.send);
    let Some((message, _)) = interactions::read(ports, &key).await? else { return Ok(false) };
    let wish = wish(Scope::Email, source, &interactions::reference(&message), at);
    let mut all = message.recipients.iter().flat_map(Recipients::all);
    if let (Some(only), None) = (all.next(), all.next()) {
        return exclude::address(ports, setup, &only.address, &wish, None).await.map(|_| true);
    }
    Ok(false)
}
