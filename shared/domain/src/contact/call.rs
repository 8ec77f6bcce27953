//! A call: the adviser's telephone rings first, and whoever answers is joined with the customer. Its legs' states come late,
//! doubled and out of order; what came of it is told by the customer's leg.

use crate::ids::{CustomerId, SendId, UserId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A conversation shorter than this was none: somebody picked up and hung up.
const SPOKEN_SECONDS: u64 = 5;

/// Which telephone a leg rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The adviser's.
    Adviser,
    /// The customer's.
    Customer,
}

/// Where a leg stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegState {
    /// Waiting to be dialled.
    Queued,
    /// Being dialled.
    Initiated,
    /// Ringing.
    Ringing,
    /// Connected.
    InProgress,
    /// It was connected, and is over.
    Completed,
    /// Busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// It could not be dialled.
    Failed,
    /// Taken back.
    Canceled,
}

impl LegState {
    const ALL: [Self; 9] = [
        Self::Queued,
        Self::Initiated,
        Self::Ringing,
        Self::InProgress,
        Self::Completed,
        Self::Busy,
        Self::NoAnswer,
        Self::Failed,
        Self::Canceled,
    ];

    /// The provider's word for it, and the one its time is kept under.
    pub fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Reads the provider's word.
    pub fn of(word: &str) -> Option<Self> {
        // How dialling ended is told in one word more.
        let word = if word == "answered" { "completed" } else { word };
        Self::ALL.into_iter().find(|state| state.code() == word)
    }

    fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Initiated => 1,
            Self::Ringing => 2,
            Self::InProgress => 3,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => 4,
        }
    }
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallResult {
    /// Somebody spoke.
    Contacted,
    /// A machine answered.
    Voicemail,
    /// Busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// There is no such number.
    InvalidNumber,
    /// The line failed.
    Technical,
    /// Taken back, or the adviser did not pick up.
    Canceled,
}

impl CallResult {
    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Contacted => "Contactado",
            Self::Voicemail => "Buzón de voz",
            Self::Busy => "Ocupado",
            Self::NoAnswer => "No contesta",
            Self::InvalidNumber => "Número no válido",
            Self::Technical => "Falla técnica",
            Self::Canceled => "Cancelada",
        }
    }

    /// Whether the person was rung: only those count as attempts.
    pub fn is_attempt(self) -> bool {
        matches!(self, Self::Contacted | Self::Voicemail | Self::Busy | Self::NoAnswer)
    }
}

/// What is told of a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegReport {
    /// The provider's id of the leg.
    pub id: String,
    /// Its state.
    pub state: LegState,
    /// Its place in the order of what is told of the leg.
    pub sequence: Option<u64>,
    /// Who answered: a person or a machine.
    pub answered_by: Option<String>,
    /// How long it lasted.
    pub seconds: Option<u64>,
    /// The provider's code, of one that failed.
    pub code: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The provider's id of it.
    pub id: String,
    /// Where it stands.
    pub state: LegState,
    /// The place of the last thing told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    /// How long it lasted, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// The provider's code, of one that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When each state was reached, first time.
    pub times: BTreeMap<String, DateTime<Utc>>,
}

/// A call of an adviser's to a customer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its id.
    pub id: SendId,
    /// To whom.
    pub customer: CustomerId,
    /// The local day.
    pub day: NaiveDate,
    /// Who called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The telephone called.
    pub to: String,
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// The legs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub legs: BTreeMap<Side, Leg>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<CallResult>,
    /// The provider did not take it, or nobody knows whether it did: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("id", &self.id).field("result", &self.result).finish_non_exhaustive()
    }
}

/// Codes of numbers that do not exist.
const NO_NUMBER: [&str; 3] = ["13224", "21217", "404"];

impl Call {
    /// Joins what is told of a leg; answers whether anything changed.
    ///
    /// Of two things told of one leg the one with the higher place counts, where they have places; else a leg only goes on.
    pub fn join(&mut self, side: Side, told: &LegReport) -> bool {
        let before = self.clone();
        let leg = self.legs.entry(side).or_insert_with(|| Leg {
            id: told.id.clone(),
            state: told.state,
            sequence: None,
            answered_by: None,
            seconds: None,
            code: None,
            times: BTreeMap::new(),
        });
        leg.times.entry(told.state.code().to_owned()).or_insert(told.at);
        let later = match (leg.sequence, told.sequence) {
            (Some(known), Some(new)) => new > known,
            _ => told.state.rank() >= leg.state.rank(),
        };
        // An end is an end: whoever rings after it was told late.
        if later && (leg.state.rank() < 4 || told.state.rank() == 4) {
            leg.state = told.state;
            leg.sequence = told.sequence.max(leg.sequence);
        }
        leg.seconds = leg.seconds.max(told.seconds);
        leg.answered_by = leg.answered_by.take().or_else(|| told.answered_by.clone());
        leg.code = leg.code.take().or_else(|| told.code.clone());
        self.result = self.judge();
        *self != before
    }

    /// Who answered, told apart later.
    pub fn answered(&mut self, by: &str) -> bool {
        let Some(leg) = self.legs.get_mut(&Side::Customer) else { return false };
        let changed = leg.answered_by.replace(by.to_owned()).as_deref() != Some(by);
        self.result = self.judge();
        changed
    }

    fn judge(&self) -> Option<CallResult> {
        let Some(leg) = self.legs.get(&Side::Customer) else {
            let adviser = self.legs.get(&Side::Adviser)?;
            // Nobody was joined with anybody.
            return (adviser.state.rank() == 4).then_some(CallResult::Canceled);
        };
        let machine = leg.answered_by.as_deref().is_some_and(|by| by.starts_with("machine") || by == "fax");
        Some(match leg.state {
            LegState::Completed if machine => CallResult::Voicemail,
            LegState::Completed if leg.seconds.is_some_and(|seconds| seconds >= SPOKEN_SECONDS) => {
                CallResult::Contacted
            }
            LegState::Completed => CallResult::NoAnswer,
            LegState::Busy => CallResult::Busy,
            LegState::NoAnswer => CallResult::NoAnswer,
            LegState::Failed if leg.code.as_deref().is_some_and(|c| NO_NUMBER.contains(&c)) => {
                CallResult::InvalidNumber
            }
            LegState::Failed => CallResult::Technical,
            LegState::Canceled => CallResult::Canceled,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn call() -> Call {
        Call {
            id: "c".into(),
            customer: "x".into(),
            day: NaiveDate::default(),
            user: None,
            to: "+51987650000".into(),
            at: DateTime::UNIX_EPOCH,
            legs: BTreeMap::new(),
            result: None,
            refused: None,
        }
    }
    fn told(state: LegState, sequence: u64, seconds: Option<u64>) -> LegReport {
        let at = DateTime::UNIX_EPOCH;
        LegReport { id: "CA1".into(), state, sequence: Some(sequence), answered_by: None, seconds, code: None, at }
    }

    #[test]
    fn what_came_of_it_is_told_by_the_customers_leg() {
        let ends = [
            (told(LegState::Completed, 3, Some(40)), CallResult::Contacted),
            (told(LegState::Completed, 3, Some(2)), CallResult::NoAnswer),
            (
                LegReport { answered_by: Some("machine_start".into()), ..told(LegState::Completed, 3, Some(40)) },
                CallResult::Voicemail,
            ),
            (told(LegState::Busy, 3, None), CallResult::Busy),
            (LegReport { code: Some("13224".into()), ..told(LegState::Failed, 3, None) }, CallResult::InvalidNumber),
            (told(LegState::Failed, 3, None), CallResult::Technical),
        ];
        for (end, expected) in ends {
            let mut call = call();
            call.join(Side::Adviser, &told(LegState::InProgress, 2, None));
            call.join(Side::Customer, &end);
            call.join(Side::Customer, &told(LegState::InProgress, 2, None));
            call.join(Side::Adviser, &told(LegState::Completed, 3, Some(60)));
            assert_eq!(call.result, Some(expected));
        }
        let mut unanswered = call();
        unanswered.join(Side::Adviser, &told(LegState::NoAnswer, 2, None));
        assert_eq!(unanswered.result, Some(CallResult::Canceled), "the adviser did not pick up");
    }

    proptest! {
        #[test]
        fn any_order_and_any_doubling_ends_the_same(order in prop::collection::vec(0..4_usize, 1..12)) {
            let all = [
                told(LegState::Initiated, 0, None),
                told(LegState::Ringing, 1, None),
                told(LegState::InProgress, 2, None),
                told(LegState::Completed, 3, Some(40)),
            ];
            let end = |order: &[usize]| {
                let mut call = call();
                for at in order {
                    call.join(Side::Customer, &all[*at]);
                }
                (call.result, call.legs[&Side::Customer].state)
            };
            let mut sorted = order.clone();
            sorted.sort_unstable();
            sorted.dedup();
            prop_assert_eq!(end(&order), end(&sorted));
        }
    }
}
