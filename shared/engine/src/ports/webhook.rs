//! `Webhook`: what a provider posts to us — whether it is the provider's, and what it says.

use super::PortError;
use super::told::{Letter, Told};
use crate::hooks::Keys;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// A request, before anybody trusts it.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The address as the provider was given it, query included: some sign it.
    pub url: &'a str,
    /// Header names in lower case with their values.
    pub headers: &'a [(String, String)],
    /// Raw body.
    pub body: &'a [u8],
    /// When it came.
    pub at: DateTime<Utc>,
}

impl<'a> Request<'a> {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The part of the address after its question mark, as it came.
    pub fn query(&self) -> &'a str {
        self.url.split_once('?').map_or("", |(_, query)| query)
    }
}

/// What a request is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The provider's own.
    Genuine,
    /// The provider asks whether the address is ours: what it is answered.
    Handshake(String),
    /// Genuine and too old to be acted on.
    Stale,
    /// Somebody else's.
    Forged,
}

/// What a provider is answered once its post is on the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thanks {
    /// The body's type.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}

/// A provider's webhooks.
#[async_trait]
pub trait Webhook: Send + Sync {
    /// Largest body the provider sends, in bytes.
    fn most(&self) -> usize;

    /// What a request is worth, by any of the route's keys; compared in constant time, over the bytes as they came.
    async fn verify(&self, keys: &Keys, request: &Request<'_>) -> Verdict;

    /// Reads a genuine body, with what stood after the question mark. Never fails as a whole: see [`Told`].
    fn read(&self, body: &[u8], query: &str) -> Vec<Told>;

    /// Reads an e-mail that came in for `envelope`; `None` when there is nothing to read.
    fn open(&self, _mail: &[u8], _envelope: &[String]) -> Option<Letter> {
        None
    }

    /// What is answered when it was taken.
    fn thanks(&self) -> Thanks {
        Thanks { content_type: "text/plain", body: "" }
    }

    /// Does what the provider asks for before it goes on telling: confirms a subscription.
    async fn confirm(&self, _body: &[u8]) -> Result<(), PortError> {
        Ok(())
    }
}
