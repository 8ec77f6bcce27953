//! `Sender`: one message to a provider, which takes it, refuses it, or leaves us not knowing.

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
    Refused(String),
    /// Not taken, and may be asked again: refused connection, too many requests.
    NotNow(String),
    /// Not taken: the provider refuses the project's account, not this message.
    Disconnected(String),
    /// The request left and no answer came.
    Unknown(String),
}

/// Sends by one channel.
#[async_trait]
pub trait Sender: Send + Sync {
    /// The provider's name, under which its ids are kept.
    fn provider(&self) -> &'static str;
    /// Sends one message.
    async fn send(&self, message: &Outgoing) -> Answer;
}

/// A webhook request, before anybody trusts it.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Header names in lower case with their values.
    pub headers: &'a [(String, String)],
    /// Raw body.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// A provider's webhooks: who signed them and what they say.
pub trait Webhook: Send + Sync {
    /// Whether the secret signed exactly these bytes; compared in constant time.
    fn verify(&self, secret: &str, request: &Request<'_>) -> bool;
    /// Reads a verified body; unknown kinds of events are passed over.
    fn parse(&self, body: &[u8]) -> Result<Vec<crate::messages::ProviderEvent>, String>;
}
