//! Campaigns (*Campañas*): one communication to a chosen group of customers, on one day, besides the flow.
//!
//! A campaign is a draft until it is scheduled; at its hour its audience is frozen and it runs; it is executed when nothing of it
//! can leave any more. Whom it reaches is decided by the gate as each message leaves, not by the campaign.

use crate::author::By;
use crate::contact::gate::Reason;
use crate::contact::point::Levels;
use crate::debt::account::Account;
use crate::debt::customer::Status;
use crate::ids::{CampaignId, CustomerId, SegmentId, SendId, TemplateId, derived};
use crate::strategy::segment::Predicate;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Hours after a recipient's first message within which contact, actions and payments count.
pub const WINDOW_HOURS: u16 = 72;
/// Longest window.
pub const MOST_WINDOW_HOURS: u16 = 24 * 30;
/// Most messages of one campaign to one customer.
pub const MOST_MESSAGES: usize = 5;
/// Largest share of an audience that may be held out, percent.
pub const MOST_HELD_OUT: u8 = 50;

/// Whom a campaign is for: active customers in one of the segments, where any is named, for whom the condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Audience {
    /// Segments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentId>,
    /// A condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Predicate>,
}

impl Audience {
    /// Whether a customer belongs, on a local day.
    pub fn takes(&self, account: &Account, today: NaiveDate) -> bool {
        account.customer.status == Status::Active
            && (self.segments.is_empty() || self.segments.contains(&account.segment))
            && self.filter.as_ref().is_none_or(|filter| filter.holds(account, today))
    }

    /// Whether nobody was chosen.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.filter.is_none()
    }
}

/// One message of a campaign: its template says to whom of a customer's people and by which channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Communication {
    /// The template, of type campaign.
    pub template: TemplateId,
    /// Contact levels of companies it is written to, and those copied.
    #[serde(default)]
    pub levels: Levels,
}

/// Customers a campaign leaves out besides those the law, a pause or *No puede pagar* leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// With a promise that lives.
    PromiseLive,
    /// With a payment to be verified.
    PaymentUnderReview,
    /// With an open claim.
    ClaimOpen,
    /// Whose debt was given up on.
    Uncollectible,
    /// Who owe nothing.
    NothingDue,
}

impl Exclusion {
    /// The gate's name of it.
    pub fn reason(self) -> Reason {
        match self {
            Self::PromiseLive => Reason::PromiseLive,
            Self::PaymentUnderReview => Reason::PaymentUnderReview,
            Self::ClaimOpen => Reason::ClaimOpen,
            Self::Uncollectible => Reason::Uncollectible,
            Self::NothingDue => Reason::NothingDue,
        }
    }
}

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// *Borrador*.
    Draft,
    /// *Programada*.
    Scheduled,
    /// *En proceso*.
    Running,
    /// *Ejecutada*: nothing of it can leave any more.
    Executed,
}

impl Standing {
    /// The name in code, files and URLs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Executed => "executed",
        }
    }

    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Draft => "Borrador",
            Self::Scheduled => "Programada",
            Self::Running => "En proceso",
            Self::Executed => "Ejecutada",
        }
    }
}

/// What a person writes of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its name.
    pub name: String,
    /// Whom it is for.
    #[serde(default)]
    pub audience: Audience,
    /// What it says.
    #[serde(default)]
    pub communications: Vec<Communication>,
    /// Whom it leaves out besides.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exclusions: BTreeSet<Exclusion>,
    /// The share of its audience that is not written to, so that what it brings can be told, percent.
    #[serde(default)]
    pub hold_out: u8,
    /// Hours within which contact, actions and payments count.
    pub window_hours: u16,
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id, in order of time.
    pub id: CampaignId,
    /// What a person wrote of it.
    #[serde(flatten)]
    pub content: Content,
    /// Where it stands.
    pub standing: Standing,
    /// Who made it, and when.
    pub created: By,
    /// When it is to leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// When its audience began to be frozen: what it does counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<DateTime<Utc>>,
    /// Somebody holds it up, since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<DateTime<Utc>>,
    /// Somebody stopped the rest of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<By>,
    /// When nothing of it could leave any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executed: Option<DateTime<Utc>>,
}

impl Campaign {
    /// A draft.
    pub fn draft(id: CampaignId, content: Content, created: By) -> Self {
        Self {
            id,
            content,
            standing: Standing::Draft,
            created,
            at: None,
            started: None,
            paused: None,
            cancelled: None,
            executed: None,
        }
    }

    /// Whether it may still be changed or deleted.
    pub fn is_open(&self) -> bool {
        matches!(self.standing, Standing::Draft | Standing::Scheduled)
    }

    /// Whether messages of it may leave: a provider may give one back that is to be tried again after everything had left.
    pub fn goes_on(&self) -> bool {
        !self.is_open() && self.paused.is_none() && self.cancelled.is_none()
    }

    /// How long after a recipient's first message things count.
    pub fn window(&self) -> TimeDelta {
        TimeDelta::hours(i64::from(self.content.window_hours))
    }

    /// Whether a customer of its audience is held out: always the same ones, however often it is asked.
    pub fn holds_out(&self, customer: &CustomerId) -> bool {
        let mark = derived(&["held_out", self.id.as_str(), customer.as_str()]);
        let drawn = u32::from_str_radix(mark.get(..6).unwrap_or("0"), 16).unwrap_or(0);
        drawn % 100 < u32::from(self.content.hold_out)
    }

    /// The id of one of its messages to a customer, the same whoever starts it and however often.
    pub fn send_id(&self, customer: &CustomerId, communication: usize) -> SendId {
        SendId::new(derived(&["campaign", self.id.as_str(), customer.as_str(), &communication.to_string()]))
    }

    /// What it leaves out besides, as the gate calls it.
    pub fn excluded(&self) -> Vec<Reason> {
        self.content.exclusions.iter().map(|exclusion| exclusion.reason()).collect()
    }
}

/// Which message of which campaign one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The campaign.
    pub id: CampaignId,
    /// Which of its communications, the first 0.
    pub communication: u8,
    /// Its template.
    pub template: TemplateId,
    /// When its audience was frozen.
    pub at: DateTime<Utc>,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::strategy::plan::tests::account;

    pub(crate) fn campaign(hold_out: u8) -> Campaign {
        let content = Content {
            name: "Marzo".into(),
            audience: Audience::default(),
            communications: Vec::new(),
            exclusions: BTreeSet::new(),
            hold_out,
            window_hours: WINDOW_HOURS,
        };
        Campaign::draft("k".into(), content, By::cauce(DateTime::UNIX_EPOCH))
    }

    #[test]
    fn a_stable_share_is_held_out() {
        let customer = |n: usize| CustomerId::new(derived(&["c", &n.to_string()]));
        let held = |campaign: &Campaign| (0..2_000).filter(|n| campaign.holds_out(&customer(*n))).count();
        let tenth = campaign(10);
        assert!((150..250).contains(&held(&tenth)), "{}", held(&tenth));
        assert_eq!(held(&tenth), held(&tenth));
        assert_eq!(held(&campaign(0)), 0);
    }

    #[test]
    fn an_audience_is_active_customers_of_its_segments_for_whom_its_condition_holds() {
        let today = "2026-03-10".parse().expect("a date");
        let mut account = account();
        let of = |segments: &[&str]| Audience {
            segments: segments.iter().map(|id| SegmentId::from(*id)).collect(),
            filter: None,
        };
        let own = account.segment.as_str().to_owned();
        assert!(of(&[&own]).takes(&account, today) && of(&[]).takes(&account, today));
        assert!(!of(&["otro"]).takes(&account, today));
        account.customer.status = Status::Inactive;
        assert!(!of(&[]).takes(&account, today));
    }
}
