//! A wish for silence, or for messages again: what it covers, where it was said, and what proves it.

use crate::contact::channel::Scope;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a wish was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A word in a message.
    Keyword,
    /// A button of a message.
    Button,
    /// The way out in an e-mail's heading, or its page.
    OneClick,
    /// A complaint to the mailbox's provider.
    Complaint,
    /// The provider keeps it and told us.
    Provider,
    /// A user of the project noted it.
    User,
    /// A load brought it.
    Load,
    /// The automatic agent understood it in a message.
    Agent,
}

impl Source {
    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Keyword => "palabra en un mensaje",
            Self::Button => "botón de un mensaje",
            Self::OneClick => "enlace de baja de un correo",
            Self::Complaint => "queja ante el proveedor del buzón",
            Self::Provider => "aviso del proveedor",
            Self::User => "usuario",
            Self::Load => "carga",
            Self::Agent => "agente automático",
        }
    }

    /// Whether a wish for messages said in the same way as people say it takes this one back. What a user or a load noted,
    /// and a complaint, only a person takes back.
    pub fn is_taken_back_by_word(self) -> bool {
        matches!(self, Self::Keyword | Self::Button | Self::OneClick | Self::Provider | Self::Agent)
    }
}

/// A wish for silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What it covers.
    pub scope: Scope,
    /// Where it was said.
    pub source: Source,
    /// What proves it: the provider's id of the message, complaint or event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// When it was last said again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<DateTime<Utc>>,
    /// Why, in somebody's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The user who noted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

impl Wish {
    /// When it was said last.
    pub fn last(&self) -> DateTime<Utc> {
        self.again.map_or(self.at, |again| again.max(self.at))
    }
}
