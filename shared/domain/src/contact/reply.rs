//! An answer of the team to an address nobody is known to have.

use crate::author::By;
use crate::contact::channel::Channel;
use crate::contact::file::MessageFile;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long a provider may take to answer before nobody knows what became of a reply.
const PATIENCE: TimeDelta = TimeDelta::minutes(5);

/// Where a reply stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ReplyState {
    /// On its way to the provider.
    Sending,
    /// The provider took it.
    Sent,
    /// The provider did not take it.
    Failed {
        /// In the user's words.
        error: String,
    },
    /// The request left and no answer came: never sent again.
    Unknown,
}

/// A reply.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Its id.
    pub id: String,
    /// The local day.
    pub day: NaiveDate,
    /// Who wrote it, and when.
    pub by: By,
    /// The channel the address wrote by.
    pub channel: Channel,
    /// Subject, of e-mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it says.
    pub text: String,
    /// Files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: ReplyState,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Reply {
    /// Where it stands at an instant, from the glossary of states.
    pub fn spanish(&self, now: DateTime<Utc>) -> &'static str {
        match &self.state {
            ReplyState::Sending if now < self.by.at + PATIENCE => "Enviado",
            ReplyState::Sending | ReplyState::Unknown => "Enviado – sin confirmar",
            ReplyState::Sent => "Enviado",
            ReplyState::Failed { .. } => "Fallido",
        }
    }
}
