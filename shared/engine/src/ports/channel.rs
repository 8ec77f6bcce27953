//! `Sender`: one message to a provider, which takes it, refuses it, or leaves us not knowing.

use super::told::Refusal;
use async_trait::async_trait;
use cauce_domain::contact::point::Recipients;
use cauce_domain::ids::ProjectId;
use chrono::{DateTime, Utc};

/// A message ready to leave.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The project it leaves for.
    pub project: ProjectId,
    /// Our reference, which the provider's reports may carry.
    pub reference: String,
    /// Where it goes.
    pub recipients: Recipients,
    /// Subject, of e-mails.
    pub subject: Option<String>,
    /// Text.
    pub text: String,
    /// When it leaves.
    pub at: DateTime<Utc>,
}

impl Outgoing {
    /// The text as a plain HTML page: escaped, lines kept.
    pub fn html(&self) -> String {
        let escaped = self.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>\n");
        format!("<!doctype html><html lang=\"es\"><body style=\"font-family:sans-serif\">{escaped}</body></html>")
    }
}

/// The provider's answer. A call is made at most once per claimed attempt, and never by a client that retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Taken, under the provider's id.
    Accepted(String),
    /// Not taken, for good.
    Refused(Refused),
    /// Not taken, and may be asked again: refused connection, too many requests.
    NotNow {
        /// Why.
        why: String,
        /// Seconds before it is asked again, at least.
        wait: u32,
    },
    /// Not taken: the provider refuses the project's account, not this message.
    Disconnected(String),
    /// The request left and no answer came.
    Unknown(String),
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// In the user's words, without addresses.
    pub words: String,
    /// What it means for the address and the account, where the provider says.
    pub refusal: Option<Refusal>,
}

impl Answer {
    /// Not taken for a reason that says nothing of its address.
    pub fn refused(words: impl Into<String>) -> Self {
        Self::Refused(Refused { words: words.into(), refusal: None })
    }

    /// Not taken now.
    pub fn not_now(why: impl Into<String>) -> Self {
        Self::NotNow { why: why.into(), wait: 0 }
    }
}

/// Sends by one channel.
#[async_trait]
pub trait Sender: Send + Sync {
    /// The provider's name, under which its ids are kept.
    fn provider(&self) -> &'static str;
    /// Sends one message.
    async fn send(&self, message: &Outgoing) -> Answer;
}
