//! What a provider tells, in one shape whatever its protocol: statuses of our messages, messages of people, wishes,
//! changes of identity, news of the account.
//!
//! A parser never fails as a whole: what it cannot read of a body is a [`Told::DeadLetter`] or a [`Told::Ignored`] beside
//! everything it could. Times are the provider's; where it gives none, the time of receipt stands in.

use cauce_domain::contact::disposition::Disposition;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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
    Call(Call),
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

/// A message's state in the provider's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// Taken.
    Accepted,
    /// Taken for later.
    Scheduled,
    /// Waiting at the provider.
    Queued,
    /// Leaving.
    Sending,
    /// Left.
    Sent,
    /// Taken by the carrier, the last some of them tell.
    DeliveredToCarrier,
    /// It reached the handset or the mailbox.
    Delivered,
    /// It was read.
    Read,
    /// A voice message was heard.
    Played,
    /// The mailbox's server asks for patience.
    Delayed,
    /// It did not leave.
    Failed,
    /// It left and did not arrive.
    Undelivered,
    /// The mailbox's server gave it back.
    Bounced,
    /// The person complained of it.
    Complained,
    /// It was taken back.
    Canceled,
}

impl Reported {
    /// How far along its way a message in this state is; what comes later and stands lower is history.
    pub fn rank(self) -> u8 {
        match self {
            Self::Accepted | Self::Scheduled | Self::Queued => 0,
            Self::Sending => 1,
            Self::Sent | Self::Delayed => 2,
            Self::DeliveredToCarrier => 3,
            Self::Delivered => 4,
            Self::Read | Self::Played => 5,
            Self::Failed | Self::Undelivered | Self::Bounced | Self::Complained | Self::Canceled => 9,
        }
    }
}

/// What became of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The account or number it left from.
    pub account: Option<String>,
    /// The provider's id of the message.
    pub id: String,
    /// Its state.
    pub state: Reported,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// Whom it is about: a number or an e-mail address.
    pub address: Option<String>,
    /// Whom it is about, as the provider names people.
    pub user: Option<String>,
    /// Our reference, where it comes back.
    pub reference: Option<String>,
    /// Why it did not arrive.
    pub refusal: Option<Refusal>,
    /// More of it, in the provider's words.
    pub reason: Option<String>,
    /// Whether nothing more will be told, where the provider says so.
    pub last: Option<bool>,
}

impl Status {
    /// A status with what every provider gives.
    pub fn of(id: impl Into<String>, state: Reported) -> Self {
        Self {
            account: None,
            id: id.into(),
            state,
            at: None,
            address: None,
            user: None,
            reference: None,
            refusal: None,
            reason: None,
            last: None,
        }
    }
}

/// Why a message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The provider's code.
    pub code: Option<String>,
    /// What is to be done about it.
    pub disposition: Disposition,
    /// The kind of bounce, of e-mails: type and subtype.
    pub bounce: Option<String>,
}

/// A message of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inbound {
    /// The account or number it came to, as the provider names it.
    pub account: Option<String>,
    /// The provider's id.
    pub id: String,
    /// The number it came from, as the provider writes it.
    pub from: Option<String>,
    /// The number it came to.
    pub to: Option<String>,
    /// The number as WhatsApp knows it.
    pub wa_id: Option<String>,
    /// The person as the provider names them.
    pub user: Option<String>,
    /// The name they gave themselves.
    pub name: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// Text, image, button reply…; `unsupported` where nobody knows.
    pub kind: String,
    /// The message of ours it answers.
    pub context: Option<String>,
    /// Whether it opens the day in which free text may be written.
    pub opens_window: bool,
    /// What it says.
    pub text: Option<String>,
    /// What its button stands for.
    pub payload: Option<String>,
    /// What is to be fetched from the provider.
    pub media: Vec<Media>,
    /// The provider's own word of silence or consent that it has already answered.
    pub handled: Option<String>,
    /// Whether it is a plain wish for silence.
    pub opt_out: bool,
}

/// Something to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// The provider's id or address of it.
    pub id: String,
    /// What the sender says it is: never trusted.
    pub mime: Option<String>,
    /// Its name.
    pub file_name: Option<String>,
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
}

/// An e-mail was looked at, or a link of it followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engagement {
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

/// What was learnt of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A leg's state.
    Leg {
        /// The leg.
        id: String,
        /// The leg it was dialled from.
        parent: Option<String>,
        /// Its state, in the provider's words.
        state: String,
        /// Its place in the order of what is told of the leg.
        sequence: Option<u64>,
        /// When.
        at: Option<DateTime<Utc>>,
        /// Who answered: a person or a machine.
        answered_by: Option<String>,
        /// How long it lasted, in seconds.
        seconds: Option<u64>,
    },
    /// Who answered, told apart later.
    AnsweredBy {
        /// The leg.
        id: String,
        /// A person or a machine.
        by: String,
    },
    /// How dialling the customer ended.
    Dialled {
        /// The adviser's leg.
        id: String,
        /// The customer's leg.
        leg: Option<String>,
        /// How, in the provider's words.
        result: String,
    },
    /// A recording.
    Recording {
        /// The leg.
        id: String,
        /// Its state.
        state: String,
        /// How long, in seconds.
        seconds: Option<u64>,
    },
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
