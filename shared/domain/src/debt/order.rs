//! A payment order (*orden de pago*): an instalment, invoice or any document that says a customer owes something.

use crate::debt::money::{Currency, Money};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why an order is void (*anulada*); always reversible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Annulment {
    /// A load or a person annulled it.
    Asked,
    /// A full picture of the portfolio did not bring it; it returns when the order does.
    Absent,
}

/// What a reader sees of an order on a given day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Not due yet, or due today (*vigente*).
    Current,
    /// Past due with a balance (*vencida*).
    PastDue,
    /// Nothing left to pay (*pagada*).
    Paid,
    /// Void: never owed (*anulada*).
    Annulled,
    /// Given up on, balance kept (*incobrable*).
    Uncollectible,
}

impl OrderState {
    /// The state in Spanish.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Current => "vigente",
            Self::PastDue => "vencida",
            Self::Paid => "pagada",
            Self::Annulled => "anulada",
            Self::Uncollectible => "incobrable",
        }
    }
}

/// A payment order. Amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// *Código de pago*, unique in the project.
    pub code: String,
    /// Due date, local.
    pub due: NaiveDate,
    /// Issue date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<NaiveDate>,
    /// Currency of every amount here.
    pub currency: Currency,
    /// Face amount.
    pub amount: i64,
    /// Interest added.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interest: i64,
    /// Discounts taken off.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub discounts: i64,
    /// What effective movements paid so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub paid: i64,
    /// The balance as loaded, in projects that load balances instead of movements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loaded_balance: Option<i64>,
    /// Set while the order is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annulled: Option<Annulment>,
    /// Given up on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncollectible: bool,
    /// Made here by an agreement: no file of the company's knows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agreed: bool,
    /// An open claim takes it out of collection.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disputed: bool,
    /// Optional descriptive fields.
    #[serde(default, skip_serializing_if = "Details::is_empty")]
    pub details: Details,
}

/// What describes an order without changing what is owed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Details {
    /// Product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Instalment number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instalment: Option<String>,
    /// Where the document can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_url: Option<String>,
    /// Where this order can be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_link: Option<String>,
    /// What to quote when paying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_reference: Option<String>,
    /// Auxiliary variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

impl Details {
    /// Whether nothing is described.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl Order {
    /// An order with nothing but what is owed.
    pub fn new(code: impl Into<String>, due: NaiveDate, amount: Money) -> Self {
        Self {
            code: code.into(),
            due,
            issued: None,
            currency: amount.currency,
            amount: amount.minor,
            interest: 0,
            discounts: 0,
            paid: 0,
            loaded_balance: None,
            annulled: None,
            uncollectible: false,
            agreed: false,
            disputed: false,
            details: Details::default(),
        }
    }

    /// *Monto total*: amount + interest − discounts, before payments.
    pub fn total(&self) -> i64 {
        self.amount.saturating_add(self.interest).saturating_sub(self.discounts)
    }

    /// What is left to pay, never below zero: the loaded balance where there is one, else total − paid.
    pub fn balance(&self) -> i64 {
        self.loaded_balance.unwrap_or_else(|| self.total().saturating_sub(self.paid)).max(0)
    }

    /// What was paid beyond the total (*saldo a favor*).
    pub fn excess(&self) -> i64 {
        match self.loaded_balance {
            Some(_) => 0,
            None => self.paid.saturating_sub(self.total().max(0)).max(0),
        }
    }

    /// Whether something is owed by it, collected or not.
    pub fn is_owed(&self) -> bool {
        self.balance() > 0 && self.annulled.is_none()
    }

    /// Whether it is owed and nobody has given up on it.
    pub fn is_open(&self) -> bool {
        self.is_owed() && !self.uncollectible
    }

    /// Whether it is chased: open, and no claim stands against it.
    pub fn is_collectable(&self) -> bool {
        self.is_open() && !self.disputed
    }

    /// The state a reader sees today; *vencida* is computed, never stored.
    pub fn state(&self, today: NaiveDate) -> OrderState {
        match (self.annulled, self.uncollectible, self.balance(), self.due < today) {
            (Some(_), ..) => OrderState::Annulled,
            (None, _, 0, _) => OrderState::Paid,
            (None, true, ..) => OrderState::Uncollectible,
            (None, false, _, true) => OrderState::PastDue,
            (None, false, _, false) => OrderState::Current,
        }
    }
}

/// Days past due: negative before, 0 on the due date itself.
pub fn days_past_due(due: NaiveDate, today: NaiveDate) -> i64 {
    (today - due).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }
    fn order(amount: i64) -> Order {
        Order::new("F-1", day("2026-03-10"), Money::new(amount, "PEN".parse().expect("pen")))
    }

    #[test]
    fn an_order_is_past_due_from_the_next_day() {
        let order = order(100);
        assert_eq!(order.state(day("2026-03-09")), OrderState::Current);
        assert_eq!(order.state(day("2026-03-10")), OrderState::Current);
        assert_eq!(order.state(day("2026-03-11")), OrderState::PastDue);
        assert_eq!(days_past_due(order.due, day("2026-03-08")), -2);
    }

    #[test]
    fn a_paid_void_or_given_up_order_is_not_open() {
        let paid = Order { paid: 100, ..order(100) };
        let void = Order { annulled: Some(Annulment::Asked), ..order(100) };
        let given_up = Order { uncollectible: true, ..order(100) };
        let settled = Order { loaded_balance: Some(0), ..order(100) };
        for (order, state) in [
            (paid, OrderState::Paid),
            (void, OrderState::Annulled),
            (given_up, OrderState::Uncollectible),
            (settled, OrderState::Paid),
        ] {
            assert!(!order.is_open());
            assert_eq!(order.state(day("2026-03-12")), state);
        }
    }

    proptest! {
        #[test]
        fn balance_and_excess_account_for_every_cent(amount in 0..1_000_000_i64, interest in 0..1_000_i64, discounts in 0..1_000_i64, paid in 0..2_000_000_i64) {
            let order = Order { interest, discounts, paid, ..order(amount) };
            let total = order.total().max(0);
            prop_assert_eq!(order.balance() - order.excess(), total - paid);
            prop_assert!(order.balance() >= 0 && order.excess() >= 0);
            prop_assert!(order.balance() == 0 || order.excess() == 0);
        }
    }
}
