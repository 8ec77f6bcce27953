//! `Queue`: messages between functions, at least once and in any order.

use super::PortError;
use async_trait::async_trait;
use cauce_domain::contact::channel::Channel;

/// Largest message, in bytes.
pub const MAX_MESSAGE: usize = 256 * 1024;
/// Longest delay, in seconds.
pub const MAX_DELAY: u32 = 900;

/// The queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueueName {
    /// Files that came, and chunks of loads.
    Import,
    /// Shards of a day's plan.
    Plan,
    /// Messages to send, one queue per channel.
    Send(Channel),
    /// What providers reported.
    Events,
    /// What the company's own systems are told.
    Webhooks,
    /// Reports to write.
    Reports,
}

impl QueueName {
    /// Every queue.
    pub const ALL: [Self; 8] = [
        Self::Import,
        Self::Plan,
        Self::Send(Channel::Whatsapp),
        Self::Send(Channel::Sms),
        Self::Send(Channel::Email),
        Self::Events,
        Self::Webhooks,
        Self::Reports,
    ];
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Plan => "plan",
            Self::Send(Channel::Whatsapp) => "send-whatsapp",
            Self::Send(Channel::Sms) => "send-sms",
            // Calls to make are few, and nothing leaves by them: they need no queue of their own.
            Self::Send(Channel::Email | Channel::Call) => "send-email",
            Self::Events => "events",
            Self::Webhooks => "webhooks",
            Self::Reports => "reports",
        }
    }
    /// The queue of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|q| q.name() == name)
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// JSON whose `type` names its shape and version.
    pub body: String,
    /// Messages of one group share the queue fairly with others: the project.
    pub group: String,
    /// Seconds before it is seen, at most [`MAX_DELAY`].
    pub delay: u32,
}

impl Message {
    /// A message to be seen at once.
    pub fn new(group: impl Into<String>, body: String) -> Self {
        Self { body, group: group.into(), delay: 0 }
    }
}

/// Sends messages.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Takes every message, or fails and may have taken some.
    async fn send(&self, queue: QueueName, messages: Vec<Message>) -> Result<(), PortError>;
}
