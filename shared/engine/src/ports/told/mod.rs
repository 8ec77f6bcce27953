//! What a provider tells, in one shape whatever its protocol: statuses of our messages, messages of people, wishes,
//! changes of identity, news of the account.
//!
//! A parser never fails as a whole: what it cannot read of a body is a [`Told::DeadLetter`] or a [`Told::Ignored`] beside
//! everything it could. Times are the provider's; where it gives none, the time of receipt stands in.

mod call;
mod inbound;
mod letter;
mod status;

pub use call::{Call, Called};
pub use inbound::{Inbound, Media};
pub use letter::{Attachment, Class, Delivery, Letter};
pub use status::{Billed, Refusal, Reported, Status};

use chrono::{DateTime, Utc};

/// One thing a provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What became of a message of ours.
    Status(Status),
    /// A message of a person.
    Inbound(Inbound),
    /// A wish about messages, made at the provider.
    Preference(Preference),
    /// A person's number or id became another.
    Identity(Identity),
    /// News of the account, its templates, its numbers.
    Account(Account),
    /// An e-mail was looked at, or a link of it followed.
    Engagement(Engagement),
    /// A leg of a call, or what was learnt of it.
    Call(Called),
    /// An e-mail that came in, by its notification.
    Mail(Mail),
    /// Nothing is to be done.
    Ignored {
        /// Why.
        reason: String,
        /// The provider's id of it.
        id: Option<String>,
    },
    /// Genuine and unreadable: kept for a person.
    DeadLetter {
        /// Why.
        reason: &'static str,
    },
}

impl Told {
    /// The account or number of ours it is about, as the provider names it.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Status(told) => told.account.as_deref(),
            Self::Inbound(told) => told.account.as_deref(),
            Self::Preference(told) => told.account.as_deref(),
            Self::Identity(told) => told.account.as_deref(),
            Self::Account(told) => told.account.as_deref().or(told.waba.as_deref()),
            Self::Call(told) => told.call.account(),
            Self::Engagement(_) | Self::Mail(_) | Self::Ignored { .. } | Self::DeadLetter { .. } => None,
        }
    }

    /// The project, where our own mark of it came back.
    pub fn project(&self) -> Option<&str> {
        match self {
            Self::Status(told) => told.project.as_deref(),
            Self::Engagement(told) => told.project.as_deref(),
            _ => None,
        }
    }

    /// Whether it is a wish for silence: those come first, whatever else of a post goes wrong.
    pub fn is_wish(&self) -> bool {
        match self {
            Self::Inbound(told) => told.opt_out,
            Self::Preference(_) => true,
            Self::Status(told) => told.state == Reported::Complained,
            _ => false,
        }
    }
}

/// A wish about messages, made at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preference {
    /// The account or number it concerns.
    pub account: Option<String>,
    /// The provider's id of the message it came from.
    pub id: Option<String>,
    /// The number.
    pub wa_id: Option<String>,
    /// The person.
    pub user: Option<String>,
    /// The e-mail address.
    pub address: Option<String>,
    /// What it is about.
    pub category: Option<String>,
    /// `stop`, `resume` or `signup`.
    pub value: Option<String>,
    /// Where it was said.
    pub source: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// A person's number or id became another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The account or number that was told.
    pub account: Option<String>,
    /// The provider's id.
    pub id: Option<String>,
    /// When, where the provider says so.
    pub at: Option<DateTime<Utc>>,
    /// What changed.
    pub change: String,
    /// The number before.
    pub old_wa_id: Option<String>,
    /// The number now.
    pub new_wa_id: Option<String>,
    /// The id before.
    pub old_user: Option<String>,
    /// The id now.
    pub new_user: Option<String>,
}

/// News of the account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// What it is about.
    pub field: Option<String>,
    /// What happened.
    pub event: Option<String>,
    /// The business account.
    pub waba: Option<String>,
    /// The number.
    pub account: Option<String>,
    /// The provider's code.
    pub code: Option<i64>,
    /// The template it is about: its name and its language.
    pub template: Option<(String, String)>,
    /// The template's category now.
    pub category: Option<String>,
    /// Why, in the provider's words.
    pub reason: Option<String>,
    /// People a day that may be written to first; fewer than none is no limit.
    pub people_a_day: Option<i64>,
}

/// An e-mail was looked at, or a link of it followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engagement {
    /// The project, where our own mark of it comes back.
    pub project: Option<String>,
    /// The provider's id of the message.
    pub id: String,
    /// `open` or `click`.
    pub what: &'static str,
    /// The link.
    pub link: Option<String>,
    /// A machine did it.
    pub bot: bool,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// An e-mail that came in, by its notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Bucket and key of the mail itself.
    pub place: Option<String>,
    /// The mail itself, where the notification carries it.
    pub content: Option<Vec<u8>>,
    /// The provider's id.
    pub id: Option<String>,
    /// Envelope recipients of ours.
    pub recipients: Vec<String>,
    /// Envelope sender.
    pub source: String,
    /// Whether the sender is who it says.
    pub trusted: bool,
    /// It carries a virus.
    pub quarantine: bool,
}
