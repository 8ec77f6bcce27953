//! An agreement on other terms: the debt is restructured, or replaced by a new one. The orders stay as they are until the
//! company changes them, or asks for it with the agreement.

use crate::author::By;
use crate::contact::file::MessageFile;
use crate::debt::money::{Currency, Money};
use crate::debt::order::Order;
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

impl Terms {
    /// The orders they make: equal instalments a month apart, the last with what does not divide.
    pub fn orders(&self, prefix: &str) -> Vec<Order> {
        let count = i64::from(self.instalments.max(1));
        let each = self.amount / count;
        let order = |n: i64| {
            let amount = if n + 1 == count { self.amount - each * (count - 1) } else { each };
            let months = chrono::Months::new(u32::try_from(n).unwrap_or(0));
            let due = self.first_due.checked_add_months(months).unwrap_or(self.first_due);
            let mut order = Order::new(format!("{prefix}-{}", n + 1), due, Money::new(amount, self.currency));
            order.details.instalment = Some((n + 1).to_string());
            order.agreed = true;
            order
        };
        (0..count).map(order).collect()
    }
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
    /// The orders that took the old ones' place, where it was agreed on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_orders: Vec<String>,
    /// Who noted it.
    pub by: By,
    /// Who took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annulled: Option<By>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instalments_are_a_month_apart_and_add_up() {
        let terms = Terms {
            amount: 10_000,
            currency: "PEN".parse().expect("a currency"),
            instalments: 3,
            first_due: "2026-01-31".parse().expect("a date"),
            yearly_rate: None,
            comment: None,
        };
        let orders = terms.orders("ACU");
        let told: Vec<String> = orders.iter().map(|o| format!("{} {} {}", o.code, o.due, o.amount)).collect();
        assert_eq!(told, ["ACU-1 2026-01-31 3333", "ACU-2 2026-02-28 3333", "ACU-3 2026-03-31 3334"]);
    }
}
