//! The ports: what the engine needs of the outside, narrow enough to be kept by more than one adapter.

pub mod agent;
pub mod channel;
pub mod files;
pub mod outside;
pub mod provider;
pub mod queue;
pub mod secrets;
pub mod table;
pub mod told;
pub mod webhook;

use cauce_domain::contact::channel::Channel;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// The adapters in use, shared by every use case.
#[derive(Clone)]
pub struct Ports {
    /// Items.
    pub table: Arc<dyn table::Table>,
    /// Messages between functions.
    pub queue: Arc<dyn queue::Queue>,
    /// Streams of bytes.
    pub files: Arc<dyn files::Files>,
    /// Passwords and keys.
    pub secrets: Arc<dyn secrets::Secrets>,
    /// What each channel's messages leave by where a project has no account of its own.
    pub channels: BTreeMap<Channel, Arc<dyn channel::Sender>>,
    /// The providers a project may hold an account at.
    pub providers: BTreeMap<&'static str, Arc<dyn provider::Provider>>,
    /// One reader of webhooks per provider.
    pub webhooks: BTreeMap<&'static str, Arc<dyn webhook::Webhook>>,
    /// Who understands what customers write, by the names projects choose them by.
    pub agents: BTreeMap<&'static str, Arc<dyn agent::Agent>>,
    /// Addresses that users give.
    pub outside: Arc<dyn outside::Outside>,
    /// Where ids come from; time-ordered in use, counted in tests.
    pub ids: Arc<dyn Fn() -> Uuid + Send + Sync>,
    /// The address under which providers and people reach us, such as `https://cobranza.example`, without a slash after it.
    pub public_url: String,
    /// When the store was put back from a copy: no project is active that was not activated since.
    pub restored: Option<DateTime<Utc>>,
}

impl Ports {
    /// A new id.
    pub fn new_id(&self) -> Uuid {
        (self.ids)()
    }
}

/// A port did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Not now; the call may or may not have taken effect. Trying again is right.
    #[error("{0} no está disponible")]
    Unavailable(&'static str, #[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// The request can never be served: a limit, a key, a file that is not there.
    #[error("{0}")]
    Refused(String),
}
