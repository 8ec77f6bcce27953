//! An answer to an address nobody is known to have, by the channel it wrote by and no other: e-mail, or WhatsApp within the day
//! after it wrote. Nothing of any debt is in it: it takes no tags.
//!
//! It is kept before it leaves and leaves at most once. Who dies in between leaves it *sin confirmar*.

use crate::Ports;
use crate::connect;
use crate::error::Error;
use crate::exclude;
use crate::limits;
use crate::message_files;
use crate::ports::channel::{Answer, Outgoing};
use crate::ports::table::{Change, Expect, Item};
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit};
use crate::store::edits::By;
use crate::store::received::{self, Unregistered};
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::marks::free_until;
use cauce_domain::contact::point::{Destination, Recipients};
use cauce_domain::contact::reply::{Reply, ReplyState};
use cauce_domain::ids::derived;

/// Most characters of a reply.
const MOST_TEXT: usize = 4000;

/// What somebody answers.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Subject, of e-mails; that of what is answered, when it is not said.
    pub subject: Option<String>,
    /// What it says.
    pub text: String,
    /// Files.
    pub files: Vec<MessageFile>,
}

/// Answers an address.
pub async fn reply(
    ports: &Ports,
    setup: &Setup,
    contact: &Unregistered,
    asked: &Asked,
    (by, request): (&By, Option<String>),
) -> Result<Reply, Error> {
    may(ports, setup, contact, by).await?;
    let subject = match contact.channel {
        Channel::Email => Some(subject(ports, setup, contact, asked).await?),
        _ => None,
    };
    limits::most("files", asked.files.len(), if contact.channel == Channel::Email { limits::FILES } else { 1 })?;
    let id = request.map_or_else(
        || ports.new_id().simple().to_string(),
        |request| derived(&["reply", &received::mark(setup, contact.channel, &contact.address), &request]),
    );
    let reply = Reply {
        id,
        day: setup.today(by.at),
        by: by.clone(),
        channel: contact.channel,
        subject,
        text: limits::text("text", &asked.text, MOST_TEXT)?,
        files: asked.files.clone(),
        state: ReplyState::Sending,
    };
    let key = received::place_of_reply(setup, contact, &reply);
    let kept = Item::new(key.clone(), encode(&reply)?);
    if let Committed::Lost(lost) = commit(ports, vec![Change::Put(kept, Expect::Absent)]).await? {
        // Asked before: it has left, or nobody knows.
        let stored = lost.into_iter().find_map(|(_, stored)| stored).ok_or(Error::Raced)?;
        return crate::store::codec::decode(&stored.body);
    }
    let state = leave(ports, setup, contact, &reply).await?;
    let reply = Reply { state, ..reply };
    // One that was linked to a customer meanwhile has moved away with the rest.
    commit(ports, vec![Change::Put(Item::new(key, encode(&reply)?), Expect::Version(1))]).await?;
    Ok(reply)
}

/// Finds what keeps an address from being answered.
async fn may(ports: &Ports, setup: &Setup, contact: &Unregistered, by: &By) -> Result<(), Error> {
    let refused = |reason: Reason| Err(Error::refused(reason.code(), None, reason.spanish()));
    let flags = setup.project().channels.get(&contact.channel);
    if contact.channel == Channel::Sms {
        let message = "a un SMS de alguien no registrado no se responde: vincúlelo a un cliente primero";
        return Err(Error::refused("reply_by_sms", None, message));
    }
    if !setup.project().active {
        return refused(Reason::PlatformInactive);
    }
    if !flags.is_some_and(|flags| flags.active) {
        return refused(Reason::ChannelInactive);
    }
    if !flags.is_some_and(|flags| flags.connected) {
        return refused(Reason::ChannelDisconnected);
    }
    if contact.channel == Channel::Whatsapp && by.at >= free_until(contact.last) {
        return refused(Reason::WindowClosed);
    }
    match exclude::is_silent(ports, setup, &contact.address, contact.channel).await? {
        true => refused(Reason::OptedOut),
        false => Ok(()),
    }
}

async fn subject(ports: &Ports, setup: &Setup, contact: &Unregistered, asked: &Asked) -> Result<String, Error> {
    if let Some(subject) = limits::some("subject", asked.subject.as_deref(), limits::SHORT)? {
        return Ok(subject);
    }
    let wrote = received::of_address(ports, setup, contact.channel, &contact.address).await?;
    let last = wrote.iter().rev().find_map(received::Received::reply_subject);
    Ok(last.unwrap_or_else(|| setup.project().name.clone()))
}

async fn leave(ports: &Ports, setup: &Setup, contact: &Unregistered, reply: &Reply) -> Result<ReplyState, Error> {
    let failed = |error: &str| Ok(ReplyState::Failed { error: error.to_owned() });
    let Some(line) = connect::line(ports, setup, contact.channel).await? else {
        return failed("el canal no tiene una cuenta con la que enviar");
    };
    let Some(files) = message_files::read(ports, &reply.files).await? else {
        return failed("falta un archivo: adjúntelo de nuevo");
    };
    let to = vec![Destination { address: contact.address.clone(), shared: false }];
    let (recipients, words) = (Recipients { to, cc: Vec::new() }, (reply.subject.clone(), reply.text.clone()));
    let reference = format!("respuesta-{}", reply.id);
    let plain = Outgoing::plain(setup.id().clone(), reference, recipients, words, reply.by.at, line.account);
    Ok(match line.sender.send(&Outgoing { files, ..plain }).await {
        Answer::Accepted(_) => ReplyState::Sent,
        Answer::Refused(why) => ReplyState::Failed { error: why.words },
        Answer::NotNow { why, .. } | Answer::Disconnected { why, .. } => ReplyState::Failed { error: why },
        Answer::Unknown(_) => ReplyState::Unknown,
    })
}
