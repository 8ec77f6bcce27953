//! What a project decides about promises, declared payments and claims.

use crate::debt::claim::ClaimEffect;
use serde::{Deserialize, Serialize};

/// Most working days a promise may be waited for after its date.
pub const MOST_TOLERANCE: u8 = 5;

/// The rules of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Working days after a promise's date within which a payment still keeps it, up to [`MOST_TOLERANCE`].
    pub promise_tolerance: u8,
    /// How many days ahead a promise may be, if there is a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise_horizon: Option<u16>,
    /// Working days the flow waits for a declared payment to be looked at.
    pub review_days: u8,
    /// Whoever noted a declared payment may not verify it.
    pub four_eyes: bool,
    /// What an open claim does to the collection.
    pub on_claim: ClaimEffect,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            promise_tolerance: 1,
            promise_horizon: None,
            review_days: 5,
            four_eyes: false,
            on_claim: ClaimEffect::ExcludeOrders,
        }
    }
}
