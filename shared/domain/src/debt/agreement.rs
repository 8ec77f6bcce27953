//! An agreement on other terms: the debt is restructured, or replaced by a new one. The orders stay as they are until the
//! company changes them.

use crate::author::By;
use crate::contact::file::MessageFile;
use crate::debt::money::Currency;
use crate::ids::MatterId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementKind {
    /// The same debt on other terms (*reestructuración*).
    Restructuring,
    /// A new debt in its place (*refinanciación*).
    Refinancing,
}

/// The new terms. Amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What is to be paid in all.
    pub amount: i64,
    /// In which currency.
    pub currency: Currency,
    /// In how many instalments.
    pub instalments: u32,
    /// When the first is due, local.
    pub first_due: NaiveDate,
    /// Yearly rate, in hundredths of a percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yearly_rate: Option<u32>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// An agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Its id.
    pub id: MatterId,
    /// Which of both.
    pub kind: AgreementKind,
    /// The orders it is about; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<String>,
    /// The new terms.
    pub terms: Terms,
    /// The document signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
    /// Who noted it.
    pub by: By,
    /// Who took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annulled: Option<By>,
}
