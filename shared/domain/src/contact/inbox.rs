//! What of a customer's messages waits to be read: enough to show a tray without opening a thread.

use crate::contact::channel::Channel;
use crate::contact::received::{Flag, Received};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The end of a customer's messages to us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// When the last one was written.
    pub last: DateTime<Utc>,
    /// By which channel.
    pub channel: Channel,
    /// How many nobody has read, as far back as a tray counts.
    pub unread: u32,
    /// When the last of them came to stand here, by our clock, which trays go by: what a provider held back is new when it comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came: Option<DateTime<Utc>>,
}

impl Inbox {
    /// What messages leave in the tray; nothing where nobody wrote. What a machine wrote asks nobody to read it.
    pub fn of<'a>(messages: impl IntoIterator<Item = &'a Received>) -> Option<Self> {
        let mut found: Option<Self> = None;
        for message in messages.into_iter().filter(|message| !message.flags.contains(&Flag::Automatic)) {
            let new = Self { last: message.at, channel: message.channel, unread: 0, came: None };
            let inbox = found.get_or_insert_with(|| new.clone());
            if new.last > inbox.last {
                (inbox.last, inbox.channel) = (new.last, new.channel);
            }
            inbox.unread += u32::from(message.read.is_none());
        }
        found
    }

    /// The same as it is stored over what was there: what is new in it came now.
    pub fn over(self, before: Option<&Self>, now: DateTime<Utc>) -> Self {
        let new = before.is_none_or(|before| self.last > before.last || self.unread > before.unread);
        Self { came: if new { Some(now) } else { before.and_then(|before| before.came) }, ..self }
    }
}
