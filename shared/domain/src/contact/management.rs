//! A management (*gestión*): what came of a call, as whoever made or took it registered it.

use crate::author::By;
use crate::contact::file::MessageFile;
use crate::contact::outcome::{Outcome, Situation};
use crate::ids::{CustomerId, MatterId, SendId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A management, as it stands in the customer's thread.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Management {
    /// Its id, in order of time.
    pub id: SendId,
    /// With whom.
    pub customer: CustomerId,
    /// The local day.
    pub day: NaiveDate,
    /// Who, and when.
    pub by: By,
    /// Who called whom, and whether they spoke.
    pub situation: Situation,
    /// What came of it.
    pub outcome: Outcome,
    /// The number called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The call it was, where the telephone was dialled from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<SendId>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The payment, order or invoice it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who answered, to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
    /// The promise, payment, claim, agreement or reminder that was noted by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noted: Vec<MatterId>,
    /// The day of the next call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_call: Option<NaiveDate>,
    /// The last day of the pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<NaiveDate>,
}

impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management").field("id", &self.id).field("outcome", &self.outcome).finish_non_exhaustive()
    }
}
