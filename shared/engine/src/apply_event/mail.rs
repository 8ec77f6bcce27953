//! An e-mail that came in: read where it lies, taken for what it is, and kept in the thread it belongs to.
//!
//! Routed by the recipients of its envelope, never by what its headings say. A wish for silence is heeded even of a sender
//! nobody can vouch for, where the address it was sent to is one that only we can make: that harms nobody.

use super::{Post, attachments, inbound, matching};
use crate::agent;
use crate::error::Error;
use crate::exclude;
use crate::inbox;
use crate::link_contact::link;
use crate::notice::alert_once;
use crate::ports::told::{Class, Delivery, Letter, Mail, Refusal};
use crate::reply_token::{self, ReplyToken};
use crate::send_message::refusal;
use crate::store::interactions::{self, Receipt};
use crate::store::received;
use crate::store::settings::Setup;
use crate::store::setups::Setups;
use cauce_domain::contact::channel::{Channel, Scope};
use cauce_domain::contact::disposition::Disposition;
use cauce_domain::contact::point::Recipients;
use cauce_domain::contact::received::{Attachment, Flag, Received};
use cauce_domain::contact::silence::{asks_for_messages, sounds_like_silence};
use cauce_domain::contact::wish::{Source, Wish};
use cauce_domain::ids::ProjectId;
use chrono::TimeDelta;
use futures::TryStreamExt;
use std::collections::BTreeSet;

/// Where the mailbox keeps what comes.
const KEPT: &str = "mail/";
/// Wrote once a rule of the mailbox was made; nobody's mail.
const SETUP: &str = "AMAZON_SES_SETUP_NOTIFICATION";

/// The project whose message the envelope's token names, where our key made it; else the one that answers come to under the
/// recipient's domain.
pub(super) async fn project_of(post: &Post<'_>, setups: &Setups<'_>, mail: &Mail) -> Result<Option<ProjectId>, Error> {
    let tokens: Vec<ReplyToken> = mail.recipients.iter().filter_map(|address| ReplyToken::of(address)).collect();
    for token in tokens {
        if let Some((project, _)) = reply_token::follow(post.ports, &token).await? {
            return Ok(Some(project));
        }
    }
    for recipient in &mail.recipients {
        let domain = recipient.rsplit('@').next().unwrap_or_default();
        if let Some(project) = setups.owner(post.provider, domain).await? {
            return Ok(Some(project));
        }
    }
    Ok(None)
}

pub(super) async fn apply(post: &Post<'_>, setup: &Setup, told: &Mail) -> Result<(), Error> {
    let Some(id) = told.id.as_deref().filter(|id| *id != SETUP) else { return Ok(()) };
    let raw = match (&told.content, &told.place) {
        (Some(content), _) => content.clone(),
        // Of AWS's own events alone: a topic of a project's may name any file.
        (None, Some(_)) if !post.of_platform => return Ok(()),
        (None, Some(place)) => {
            let key = place.split_once('/').map_or(place.as_str(), |(_, key)| key);
            if !key.starts_with(KEPT) {
                return Ok(());
            }
            let pieces: Vec<bytes::Bytes> = post.ports.files.read(key).await?.try_collect().await?;
            pieces.concat()
        }
        (None, None) => return Ok(()),
    };
    let Some(letter) = post.webhook.open(&raw, &told.recipients) else {
        tracing::error!(state = "unreadable", provider = post.provider, "un correo no se puede leer");
        return Ok(());
    };
    if letter.is_loop || letter.class == Class::DsnDelayed || letter.class == Class::Mdn {
        return Ok(());
    }
    let named = answered(post, setup, &letter).await?;
    match letter.class {
        Class::DsnFailed => bounced(post, setup, named.as_ref(), &letter.deliveries).await,
        Class::ComplaintArf => complained(post, setup, named.as_ref()).await,
        _ => keep(post, setup, told, id, letter, named).await,
    }
}

/// The message of ours a letter names: by a token only we can make, else by the provider's id it answers.
struct Named {
    receipt: Receipt,
    /// By a token: nobody can have guessed it.
    by_token: bool,
}

async fn answered(post: &Post<'_>, setup: &Setup, letter: &Letter) -> Result<Option<Named>, Error> {
    if let Some(token) = &letter.token
        && let Some((project, receipt)) = reply_token::follow(post.ports, token).await?
        && project == *setup.id()
    {
        return Ok(Some(Named { receipt, by_token: true }));
    }
    for id in &letter.answers {
        if let Some(receipt) = interactions::receipt(post.ports, setup.id(), post.provider, id).await? {
            return Ok(Some(Named { receipt, by_token: false }));
        }
    }
    Ok(None)
}

/// What a server says of our message at our own address is believed where it names a message only we can name.
async fn bounced(post: &Post<'_>, setup: &Setup, named: Option<&Named>, all: &[Delivery]) -> Result<(), Error> {
    let Some(named) = named.filter(|named| named.by_token) else { return Ok(()) };
    let Some(message) = interactions::of_receipt(post.ports, setup.id(), &named.receipt).await? else { return Ok(()) };
    // Whoever holds one of our addresses may write what it likes there, of its own message alone.
    let ours: BTreeSet<String> =
        message.recipients.iter().flat_map(Recipients::all).map(|to| to.address.to_lowercase()).collect();
    for one in all {
        if one.action != "failed" || !ours.contains(&one.recipient.to_lowercase()) {
            continue;
        }
        let code = one.status.clone();
        let full = |code: &str| code.starts_with("5.2.2") || code.starts_with("5.3.4") || code.starts_with("5.7.");
        let hard = code.as_deref().is_some_and(|code| code.starts_with('5') && !full(code));
        let disposition = if hard { Disposition::Suppress } else { Disposition::Soft };
        let refusal = Refusal::of(code, disposition);
        let evidence = (Source::Provider, named.receipt.send.as_str(), post.received);
        let (channel, to) = (Channel::Email, Some(one.recipient.as_str()));
        refusal::follow(post.ports, setup, channel, to, &refusal, evidence, post.received).await?;
    }
    Ok(())
}

/// A complaint forwarded to us: of the message it names.
async fn complained(post: &Post<'_>, setup: &Setup, named: Option<&Named>) -> Result<(), Error> {
    let Some(named) = named.filter(|named| named.by_token) else { return Ok(()) };
    if !super::unsubscribe(post.ports, setup, &named.receipt, Source::Complaint, post.received).await? {
        let text =
            "Un destinatario se quejó de un correo que fue a varias personas y no se sabe cuál. Revise a quién se \
                    escribe en esa empresa."
                .to_owned();
        alert_once(post.ports, setup, "queja-correo", "Queja por un correo", text, post.received).await?;
    }
    Ok(())
}

async fn keep(
    post: &Post<'_>,
    setup: &Setup,
    told: &Mail,
    id: &str,
    letter: Letter,
    named: Option<Named>,
) -> Result<(), Error> {
    let from = letter.from.clone().unwrap_or_else(|| told.source.clone());
    let by_token = named.as_ref().is_some_and(|named| named.by_token);
    let receipt = named.map(|named| named.receipt);
    let found = matching::find(post.ports, setup, Channel::Email, &from, receipt.clone(), post.received).await?;
    let automatic = matches!(letter.class, Class::AutoReply | Class::Bulk);
    let mut flags: BTreeSet<Flag> = found.flags.clone();
    flags.extend(automatic.then_some(Flag::Automatic));
    flags.extend((!told.trusted).then_some(Flag::Untrusted));
    flags.extend(told.quarantine.then_some(Flag::Quarantined));
    flags.extend(heed(post, setup, &letter, &from, told.trusted, by_token.then_some(receipt).flatten()).await?);
    let attachments = if told.quarantine { Vec::new() } else { files(post, setup, id, &letter).await? };
    let message = Received {
        id: inbound::id_of(post.provider, id),
        day: setup.today(post.received),
        at: post.received,
        received: post.received,
        channel: Channel::Email,
        provider: (post.provider.to_owned(), id.to_owned()),
        to: told.recipients.first().cloned(),
        from,
        name: None,
        kind: "email".to_owned(),
        subject: Some(letter.subject).filter(|subject| !subject.is_empty()),
        text: Some(letter.text).filter(|text| !text.is_empty()),
        payload: None,
        attachments,
        answers: found.answers.clone(),
        flags,
        read: None,
    };
    let new = received::keep(post.ports, setup, &message, &found.thread).await?;
    for customer in found.customers() {
        inbox::refresh(post.ports, setup, customer).await?;
    }
    link(post.ports, setup, Channel::Email, &message.from).await?;
    if new {
        agent::answer(post.ports, setup, &message, &found.thread, post.received).await;
    }
    Ok(())
}

/// Does what a letter wishes: silence of its sender always, of the message's own recipients by its token; consent only of
/// a sender who is who it says.
async fn heed(
    post: &Post<'_>,
    setup: &Setup,
    letter: &Letter,
    from: &str,
    trusted: bool,
    named: Option<Receipt>,
) -> Result<Option<Flag>, Error> {
    let (ports, at) = (post.ports, post.received);
    if letter.class != Class::Reply {
        return Ok(None);
    }
    if letter.opt_out {
        let source = Source::Keyword;
        let evidence = letter.token.as_ref().map(|token| token.ulid.clone());
        let wish = Wish { scope: Scope::Email, source, evidence, at, again: None, reason: None, author: None };
        if trusted || named.is_some() {
            exclude::address(ports, setup, from, &wish, None).await?;
            if let Some(receipt) = named {
                super::unsubscribe(ports, setup, &receipt, Source::OneClick, at).await?;
            }
            return Ok(Some(Flag::OptOut));
        }
    }
    if trusted && asks_for_messages(&letter.text) {
        exclude::lift(ports, setup, from, Scope::Email, (at, None), Source::is_taken_back_by_word).await?;
        return Ok(Some(Flag::OptIn));
    }
    // A wish of somebody nobody can vouch for is a person's to judge, and the address is left alone meanwhile.
    if letter.opt_out || sounds_like_silence(&letter.text) {
        let until = Some(at + TimeDelta::hours(24));
        crate::edit_customer::of_address(ports, setup, from, None, &|known| {
            known.marks.silent_until = known.marks.silent_until.max(until);
        })
        .await?;
        return Ok(Some(Flag::MaybeOptOut));
    }
    Ok(None)
}

/// Keeps the files that are what collections need.
async fn files(post: &Post<'_>, setup: &Setup, id: &str, letter: &Letter) -> Result<Vec<Attachment>, Error> {
    let mut kept = Vec::new();
    let message = inbound::id_of(post.provider, id);
    for (at, file) in letter.attachments.iter().enumerate() {
        let place = attachments::keep(post, setup, &message, at, file.bytes.clone()).await?;
        let (name, mime) = (Some(file.name.clone()), Some(file.mime.clone()));
        kept.push(Attachment { name, mime, file: place, at_provider: None });
    }
    Ok(kept)
}
