//! A message of a person, as it is kept: whose it is, what it says, what it answers, and what it was taken for.

use crate::contact::channel::Channel;
use crate::ids::{ReceivedId, SendId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What a reader of a message has to know before acting on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// A plain wish for silence: it is in force.
    OptOut,
    /// A plain wish for messages again.
    OptIn,
    /// It seems to ask for silence in its own words: read it first.
    MaybeOptOut,
    /// Several customers have the address, and nothing tells which of them wrote: it stands in each one's thread.
    Shared,
    /// It came from an address that is not the customer's: no debt is told to it.
    ThirdParty,
    /// Nobody knows whether its sender is who it says.
    Untrusted,
    /// A machine wrote it.
    Automatic,
    /// It carries a virus: its files were not taken.
    Quarantined,
    /// Its sender's number or id is not known to be the same person's as before.
    Unverified,
}

/// A file a message brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What its sender says it is: never trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Where it is kept, once it was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The provider's id or address of it, until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_provider: Option<String>,
}

/// A message of a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Its id, the same however often it is told.
    pub id: ReceivedId,
    /// The local day it came.
    pub day: NaiveDate,
    /// When it was written, by the provider's clock.
    pub at: DateTime<Utc>,
    /// When it came to us.
    pub received: DateTime<Utc>,
    /// By which channel.
    pub channel: Channel,
    /// By which provider, and its id there.
    pub provider: (String, String),
    /// The address of ours it came to, as the provider names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The address it came from.
    pub from: String,
    /// The name its sender gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Text, image, button reply…
    pub kind: String,
    /// Subject, of e-mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it says, without what it quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What its button stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// The files it brings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The message of ours it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<SendId>,
    /// What a reader has to know.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub flags: BTreeSet<Flag>,
    /// Who of the team read it first, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Read>,
}

/// That somebody read a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Received {
    /// The subject of an answer to it, of an e-mail.
    pub fn reply_subject(&self) -> Option<String> {
        let subject = self.subject.as_deref().map(str::trim).filter(|subject| !subject.is_empty())?;
        let again = if subject.to_lowercase().starts_with("re:") { "" } else { "Re: " };
        Some(format!("{again}{subject}").chars().take(200).collect())
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("id", &self.id).field("flags", &self.flags).finish_non_exhaustive()
    }
}
