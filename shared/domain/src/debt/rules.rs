//! What a project decides about promises, declared payments, claims and calls.

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
    /// Minutes after which somebody who did not answer is called again.
    pub retry_minutes: u16,
    /// Attempts to reach a customer by telephone in a day; the next is another day's.
    pub attempts_a_day: u8,
    /// Whoever owes only what was given up on is of the written-off portfolio (*cartera castigada*).
    pub write_off_uncollectible: bool,
}

impl Rules {
    /// What keeps these rules from being a project's.
    pub fn validate(&self) -> Result<(), &'static str> {
        let checks = [
            (self.promise_tolerance <= MOST_TOLERANCE, "la tolerancia de un compromiso va de 0 a 5 días hábiles"),
            ((1..=30).contains(&self.review_days), "un pago se verifica en 1 a 30 días hábiles"),
            ((5..=1440).contains(&self.retry_minutes), "se vuelve a llamar después de 5 a 1440 minutos"),
            ((1..=20).contains(&self.attempts_a_day), "los intentos de llamada van de 1 a 20 al día"),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(why))
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            promise_tolerance: 1,
            promise_horizon: None,
            review_days: 5,
            four_eyes: false,
            on_claim: ClaimEffect::ExcludeOrders,
            retry_minutes: 120,
            attempts_a_day: 3,
            write_off_uncollectible: true,
        }
    }
}
