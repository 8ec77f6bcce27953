//! What became of a message of ours, in the provider's words.

use cauce_domain::contact::disposition::Disposition;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The project, where our own mark of it comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
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
    /// What it is billed as, where the provider says so: a category, or nothing at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billed: Option<Billed>,
}

/// What a message is billed as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billed {
    /// The provider's category.
    pub category: String,
    /// It costs nothing.
    pub free: bool,
}

impl Status {
    /// A status with what every provider gives.
    pub fn of(id: impl Into<String>, state: Reported) -> Self {
        Self {
            project: None,
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
            billed: None,
        }
    }
}

impl std::fmt::Debug for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Status");
        shown.field("id", &self.id).field("state", &self.state).field("refusal", &self.refusal).finish_non_exhaustive()
    }
}

/// Why a message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The provider's code.
    pub code: Option<String>,
    /// What is to be done about it.
    pub disposition: Disposition,
    /// The kind of bounce, of e-mails: type and subtype.
    pub bounce: Option<String>,
}

/// Codes by which Twilio and AWS say that the account may not send to the address's country.
const OF_A_COUNTRY: [&str; 7] = [
    "21408",
    "30034",
    "COUNTRY_NOT_ENABLED",
    "DESTINATION_COUNTRY_BLOCKED",
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION",
    "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY",
    "TEXT_PROTECT_BLOCKED",
];

impl Refusal {
    /// A refusal by its code.
    pub fn of(code: Option<String>, disposition: Disposition) -> Self {
        Self { code, disposition, bounce: None }
    }

    /// What a reader is told, with the provider's code; never the provider's own words, which may hold addresses.
    pub fn words(&self) -> String {
        let what = match self.is_of_a_country() {
            true => "la cuenta no está habilitada para el país del destinatario",
            false => self.disposition.spanish(),
        };
        self.code.as_ref().map_or_else(|| what.to_owned(), |code| format!("{what} ({code})"))
    }

    /// Whether it is the address's country that the account may not send to: the account may go on sending to others.
    pub fn is_of_a_country(&self) -> bool {
        let named = |code: &str| OF_A_COUNTRY.contains(&code) || code.starts_with("SENDER_ID_");
        self.disposition == Disposition::StopAccount && self.code.as_deref().is_some_and(named)
    }
}
