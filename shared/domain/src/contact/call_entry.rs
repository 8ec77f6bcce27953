//! A call to make (*por gestionar*): in the tray from its day on, until somebody manages it.

use crate::author::By;
use crate::ids::{CustomerId, SendId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Why a call is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallReason {
    /// A step of a flow.
    Flow,
    /// It was agreed on (*volver a llamar*).
    CallBack,
    /// Nobody answered the last time.
    Retry,
    /// A reminder asks for it.
    Reminder,
    /// The automatic agent is not sure what to answer.
    HandOver,
}

impl CallReason {
    /// The reason in Spanish.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Flow => "Flujo",
            Self::CallBack => "Volver a llamar",
            Self::Retry => "No contestó",
            Self::Reminder => "Recordatorio",
            Self::HandOver => "Derivado por el agente",
        }
    }
}

/// A call to make, as the account keeps it while it is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCall {
    /// The entry in the customer's thread.
    pub id: SendId,
    /// The local day it is due; the entry stands under it.
    pub due: NaiveDate,
    /// Not before this instant, where an hour was agreed on or an attempt was made a while ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<DateTime<Utc>>,
    /// Why.
    pub reason: CallReason,
    /// Who asked for it.
    pub by: By,
}

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EntryState {
    /// Nobody called yet (*Por gestionar*).
    ToManage,
    /// Somebody called, as the management says.
    Managed {
        /// The management.
        management: SendId,
        /// Whether they spoke.
        contacted: bool,
    },
    /// Nobody has to call any more: another took its place.
    Withdrawn,
}

impl EntryState {
    /// The name a reader sees, from the glossary of states.
    pub fn spanish(&self) -> &'static str {
        match self {
            Self::ToManage => "Por gestionar",
            Self::Managed { contacted: true, .. } => "Contactado",
            Self::Managed { contacted: false, .. } => "No contactado",
            Self::Withdrawn => "Retirado",
        }
    }
}

/// A call to make, as it stands in the customer's thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEntry {
    /// Its id.
    pub id: SendId,
    /// Whom to call.
    pub customer: CustomerId,
    /// The local day it is due.
    pub day: NaiveDate,
    /// Why.
    pub reason: CallReason,
    /// Who asked for it.
    pub by: By,
    /// Where it stands.
    #[serde(flatten)]
    pub state: EntryState,
}
