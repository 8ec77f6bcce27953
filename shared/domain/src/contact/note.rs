//! An internal note: what somebody of the team writes for the others. It is seen by the team alone and is in no export.

use crate::author::By;
use crate::contact::file::MessageFile;
use crate::ids::CustomerId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the note comes from (*canal de origen*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A call.
    Call,
    /// A message received.
    MessageReceived,
    /// A message sent.
    MessageSent,
    /// A visit.
    Visit,
    /// Nothing of these.
    Other,
}

/// What kind of management it tells of (*tipo de gestión*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManagementKind {
    /// We reached out and spoke.
    OutboundContact,
    /// We reached out and did not.
    OutboundNoContact,
    /// The customer reached out and we spoke.
    InboundContact,
    /// The customer reached out and we did not speak.
    InboundNoContact,
}

/// A note, as it stands in the customer's thread.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its id, in order of time.
    pub id: String,
    /// About whom.
    pub customer: CustomerId,
    /// The local day.
    pub day: NaiveDate,
    /// Who wrote it, and when.
    pub by: By,
    /// What it comes from.
    pub origin: Origin,
    /// What kind of management it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ManagementKind>,
    /// The payment, order or invoice it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What happened.
    pub comment: String,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Note").field("id", &self.id).finish_non_exhaustive()
    }
}
