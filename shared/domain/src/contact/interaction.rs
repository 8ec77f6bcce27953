//! One message to one customer, from decision to last state, and how its states join.

use crate::contact::channel::Channel;
use crate::contact::gate::Reason;
use crate::contact::origin::Cause;
use crate::contact::point::Recipients;
use crate::contact::price::Cost;
use crate::ids::TemplateId;
use crate::ids::{CustomerId, SendId};
use crate::strategy::plan::{Facts, Step};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The life of a message. What a provider reports only ever raises it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Waiting for its moment (*Programado*).
    Scheduled {
        /// The moment.
        at: DateTime<Utc>,
    },
    /// Claimed by a worker; past the lease nobody knows what happened to it.
    Sending {
        /// End of the lease.
        lease: DateTime<Utc>,
    },
    /// Decided against, for good (*No enviado*).
    NotSent {
        /// Why.
        reason: Reason,
    },
    /// The request left and no answer came: never resent (*Enviado – sin confirmar*).
    Unknown,
    /// Accepted by the provider (*Enviado*).
    Sent,
    /// At the recipient's (*Entregado*).
    Delivered,
    /// Seen by the recipient (*Abierto*).
    Opened,
    /// A call to make, whose moment has come (*Por gestionar*).
    ToManage,
    /// A call somebody made, and spoke with whom it was for (*Contactado*).
    Contacted,
    /// A call somebody made in vain (*No contactado*).
    NotContacted,
    /// Refused or bounced (*Fallido*).
    Failed {
        /// The provider's words, without addresses.
        error: String,
        /// The mailbox gave it back after its server had taken it: that it was delivered is no longer true.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        bounced: bool,
    },
}

impl State {
    /// The name in code, files and URLs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "scheduled",
            Self::Sending { .. } => "sending",
            Self::NotSent { .. } => "not_sent",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::ToManage => "to_manage",
            Self::Contacted => "contacted",
            Self::NotContacted => "not_contacted",
            Self::Failed { .. } => "failed",
        }
    }

    /// The name a reader sees, from the glossary of states.
    pub fn spanish(&self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "Programado",
            Self::Sending { .. } | Self::Sent => "Enviado",
            Self::NotSent { .. } => "No enviado",
            Self::Unknown => "Enviado – sin confirmar",
            Self::Delivered => "Entregado",
            Self::Opened => "Abierto",
            Self::ToManage => "Por gestionar",
            Self::Contacted => "Contactado",
            Self::NotContacted => "No contactado",
            Self::Failed { .. } => "Fallido",
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Scheduled { .. } | Self::NotSent { .. } | Self::ToManage | Self::Contacted | Self::NotContacted => 0,
            Self::Sending { .. } => 1,
            Self::Unknown => 2,
            Self::Sent => 3,
            Self::Failed { bounced: false, .. } => 4,
            Self::Delivered => 5,
            Self::Failed { bounced: true, .. } => 6,
            Self::Opened => 7,
        }
    }
}

/// What a provider reports of a message it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Report {
    /// Taken, or on its way.
    Sent,
    /// Delivered.
    Delivered,
    /// Seen.
    Opened,
    /// Not delivered.
    Failed {
        /// The provider's words.
        error: String,
    },
    /// Given back by the mailbox, perhaps after it was delivered.
    Bounced {
        /// The server's words.
        error: String,
    },
}

impl Report {
    fn state(&self) -> State {
        match self {
            Self::Sent => State::Sent,
            Self::Delivered => State::Delivered,
            Self::Opened => State::Opened,
            Self::Failed { error } => State::Failed { error: error.clone(), bounced: false },
            Self::Bounced { error } => State::Failed { error: error.clone(), bounced: true },
        }
    }
    /// The name under which its time is kept.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bounced { .. } => "bounced",
            other => other.state().code(),
        }
    }
}

/// What a message is, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    /// Its id, the same however often the day is planned.
    pub id: SendId,
    /// To whom.
    pub customer: CustomerId,
    /// The local day it was decided for.
    pub day: NaiveDate,
    /// What it comes from.
    #[serde(flatten)]
    pub cause: Cause,
    /// By which channel; none when the step had no template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
    /// Whether the plan decided to send it.
    pub planned: bool,
    /// The message it follows: that one could not reach its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<SendId>,
    /// The message that follows it on another channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed_by: Option<SendId>,
    /// The local day it leaves on, where that is not the one it was decided for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_on: Option<NaiveDate>,
    /// How often a worker claimed it.
    #[serde(default)]
    pub attempt: u32,
    /// Its place in its account's row, as it was last worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<DateTime<Utc>>,
    /// The provider it was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's id, once it took the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// Where it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Recipients>,
    /// The provider's ids of tries that it took and then could not deliver, and after which the message is tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<String>,
    /// What it cost, once it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// When each state was reached, first time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub times: BTreeMap<String, DateTime<Utc>>,
    /// What the plan's decision saw: a replay decides from these again.
    pub facts: Facts,
    /// What the second look, just before sending, saw that was otherwise by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts_at_claim: Option<Facts>,
    /// What an adviser is to say, of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// What stood against it beyond the reason's name: the missing tag, the promise's date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Interaction {
    /// A message that waits for its moment, or is decided against.
    pub fn new(id: SendId, customer: CustomerId, day: NaiveDate, cause: Cause, state: State, facts: Facts) -> Self {
        Self {
            id,
            customer,
            day,
            cause,
            channel: None,
            state,
            planned: false,
            follows: None,
            followed_by: None,
            left_on: None,
            attempt: 0,
            place: None,
            provider: None,
            provider_id: None,
            recipients: None,
            tries: Vec::new(),
            cost: None,
            times: BTreeMap::new(),
            facts,
            facts_at_claim: None,
            script: None,
            detail: None,
        }
    }

    /// The local day whose limits it counts against.
    pub fn contact_day(&self) -> NaiveDate {
        self.left_on.unwrap_or(self.day)
    }

    /// The step it is, of a flow's.
    pub fn step(&self) -> Option<&Step> {
        self.cause.step()
    }

    /// The template it is written by, unless a person wrote it anew.
    pub fn template(&self) -> Option<&TemplateId> {
        self.cause.template()
    }

    /// What fires once: a step as often as it is planned, anything else as itself.
    pub fn key(&self) -> &str {
        self.step().map_or(self.id.as_str(), |step| &step.key)
    }

    /// Joins a provider's report into the message; returns whether anything changed.
    ///
    /// States only rise, in any order of arrival. *Failed* is corrected by a later *delivered* or *opened*, and does not
    /// take those back; a mailbox that gives a message back does take *delivered* back. *Opened* implies *delivered*. A
    /// report proves that an unconfirmed message was taken, and ends the wait for another try.
    pub fn join(&mut self, report: &Report, at: DateTime<Utc>) -> bool {
        let first = !self.times.contains_key(report.code());
        let new = report.state();
        let rises = new.rank() > self.state.rank();
        let never_left = self.state.rank() == 0 && self.tries.is_empty();
        let tries_again = matches!(self.state, State::Scheduled { .. });
        if never_left || tries_again && !matches!(report, Report::Delivered | Report::Opened) || !(rises || first) {
            return false;
        }
        if first {
            self.times.insert(report.code().to_owned(), at);
        }
        if *report == Report::Opened {
            self.times.entry("delivered".to_owned()).or_insert(at);
        }
        if rises {
            self.state = new;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn failed() -> Report {
        Report::Failed { error: "131026".into() }
    }
    fn bounced() -> Report {
        Report::Bounced { error: "5.1.1".into() }
    }
    fn gone(bounced: bool) -> State {
        State::Failed { error: if bounced { "5.1.1" } else { "131026" }.into(), bounced }
    }
    fn after(reports: &[Report]) -> State {
        let mut message = crate::strategy::plan::tests::message(State::Sent);
        for report in reports {
            message.join(report, DateTime::UNIX_EPOCH);
        }
        message.state
    }

    #[test]
    fn states_never_go_down() {
        for (reports, expected) in [
            (vec![Report::Opened, Report::Delivered, Report::Sent], State::Opened),
            (vec![Report::Delivered, failed()], State::Delivered),
            (vec![failed(), Report::Sent], gone(false)),
            (vec![Report::Delivered, bounced()], gone(true)),
            (vec![bounced(), Report::Delivered], gone(true)),
            (vec![bounced(), Report::Opened], State::Opened),
            (vec![failed(), Report::Delivered], State::Delivered),
            (vec![failed(), Report::Opened, failed()], State::Opened),
        ] {
            assert_eq!(after(&reports), expected, "{reports:?}");
        }
    }

    #[test]
    fn a_report_proves_an_unconfirmed_message_left() {
        let mut message = crate::strategy::plan::tests::message(State::Unknown);
        assert!(message.join(&Report::Delivered, DateTime::UNIX_EPOCH));
        assert_eq!(message.state, State::Delivered);
    }

    #[test]
    fn a_message_that_never_left_takes_no_report() {
        let mut message = crate::strategy::plan::tests::message(State::NotSent { reason: Reason::Paused });
        assert!(!message.join(&Report::Delivered, DateTime::UNIX_EPOCH));
    }

    proptest! {
        #[test]
        fn any_order_and_any_doubling_ends_the_same(order in prop::collection::vec(0..5_usize, 1..12)) {
            let all = [Report::Sent, Report::Delivered, Report::Opened, failed(), bounced()];
            let reports: Vec<Report> = order.iter().map(|i| all[*i].clone()).collect();
            let mut sorted = reports.clone();
            sorted.sort_by_key(|r| r.code());
            sorted.dedup();
            prop_assert_eq!(after(&reports), after(&sorted));
        }
    }
}
