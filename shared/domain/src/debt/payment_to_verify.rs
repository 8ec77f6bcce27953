//! A payment the customer says it made (*pago a verificar*): nothing is paid until somebody of the team has seen the money.
//!
//! Verifying it makes the effective payment; rejecting it sends the customer back to the flow; a verified one is annulled
//! together with its payment. While it is under review the flow waits, up to a limit after which it is the supervisor's and
//! the flow goes on.

use crate::author::By;
use crate::contact::file::MessageFile;
use crate::debt::money::Currency;
use crate::ids::MatterId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Where a declared payment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Review {
    /// Under review (*a verificar*).
    ToVerify,
    /// The money was seen (*verificado*).
    Verified {
        /// Who saw it.
        decided: By,
        /// The code of the payment it became.
        movement: String,
    },
    /// There is no such money (*no verificado*).
    Rejected {
        /// Who looked.
        decided: By,
        /// Why.
        reason: String,
    },
    /// It was verified, and taken back with its payment (*anulado*).
    Annulled {
        /// Who took it back.
        decided: By,
    },
}

impl Review {
    /// The state in Spanish.
    pub fn spanish(&self) -> &'static str {
        match self {
            Self::ToVerify => "a verificar",
            Self::Verified { .. } => "verificado",
            Self::Rejected { .. } => "no verificado",
            Self::Annulled { .. } => "anulado",
        }
    }
}

/// A payment to verify. The amount is in minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentToVerify {
    /// Its id.
    pub id: MatterId,
    /// When the customer says it paid, local.
    pub date: NaiveDate,
    /// How much, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// In which currency.
    pub currency: Currency,
    /// By which means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Notes or references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The order it pays; none pays the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Receipts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
    /// Where it stands.
    #[serde(flatten)]
    pub review: Review,
    /// Who noted it.
    pub by: By,
    /// The last local day the flow waits for it.
    pub limit: NaiveDate,
    /// The limit went by: it is the supervisor's, and the flow goes on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub escalated: bool,
}

impl PaymentToVerify {
    /// Whether somebody has to look at it.
    pub fn is_open(&self) -> bool {
        self.review == Review::ToVerify
    }

    /// Whether the flow waits for it.
    pub fn holds_the_flow(&self) -> bool {
        self.is_open() && !self.escalated
    }

    /// The day it is looked at again.
    pub fn next_look(&self) -> Option<NaiveDate> {
        self.limit.succ_opt().filter(|_| self.holds_the_flow())
    }
}
