//! Payment news (*novedades de pago*): effective payments, adjustments and annulments, and the orders they touch.

use crate::debt::money::Currency;
use crate::debt::order::Order;
use crate::ids::MatterId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What a movement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Money received (*pago efectivo*).
    Payment,
    /// A correction: positive lowers the debt, negative raises it (*ajuste*).
    Adjustment,
}

/// A payment or adjustment and what it was applied to. Amounts are minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// *Código de movimiento*, unique in the project; derived from the row where the file has none.
    pub code: String,
    /// Payment or adjustment.
    pub kind: MovementKind,
    /// Value date, local.
    pub date: NaiveDate,
    /// Amount.
    pub amount: i64,
    /// Currency of the amount.
    pub currency: Currency,
    /// The order it names, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// *Medio de pago*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// *Referencia*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How much went to each order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<(String, i64)>,
    /// What no order took (*saldo a favor*).
    #[serde(default)]
    pub credit: i64,
    /// Orders it has not reached yet: a payment of many orders takes several transactions, and whoever finds it half
    /// way goes on from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<String>,
    /// The declared payment it was verified from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<MatterId>,
    /// Annulled: its effect was taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub annulled: bool,
}

impl Movement {
    /// An order with what the movement does to it: its part paid, or taken back again.
    pub fn on(&self, order: &Order) -> Order {
        let part: i64 = self.applied.iter().filter(|(code, _)| *code == order.code).map(|(_, part)| part).sum();
        Order { paid: order.paid + self.sign() * part, ..order.clone() }
    }

    /// 1, or −1 of one that is taken back.
    pub fn sign(&self) -> i64 {
        if self.annulled { -1 } else { 1 }
    }
}

/// Splits an amount over orders, oldest due first (ties by code), each up to its balance; those given up on come last.
///
/// Returns what goes to each order and what is left over. Orders of another currency, paid or void, take nothing.
pub fn spread_oldest_first(amount: i64, currency: Currency, orders: &[Order]) -> (Vec<(String, i64)>, i64) {
    let mut owed: Vec<&Order> = orders.iter().filter(|o| o.is_owed() && o.currency == currency).collect();
    owed.sort_by(|a, b| (a.uncollectible, a.due, &a.code).cmp(&(b.uncollectible, b.due, &b.code)));
    let mut left = amount;
    let mut applied = Vec::new();
    for order in owed {
        if left <= 0 {
            break;
        }
        let part = left.min(order.balance());
        applied.push((order.code.clone(), part));
        left -= part;
    }
    (applied, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debt::money::Money;
    use proptest::prelude::*;

    fn orders(balances: &[i64]) -> Vec<Order> {
        let pen: Currency = "PEN".parse().expect("pen");
        let first: NaiveDate = "2026-01-01".parse().expect("a date");
        balances
            .iter()
            .enumerate()
            .map(|(i, b)| Order::new(format!("O{i}"), first + chrono::Days::new(i as u64), Money::new(*b, pen)))
            .collect()
    }

    #[test]
    fn a_payment_without_code_pays_the_oldest_first() {
        let (applied, left) = spread_oldest_first(150, "PEN".parse().expect("pen"), &orders(&[100, 100]));
        assert_eq!(applied, [("O0".to_owned(), 100), ("O1".to_owned(), 50)]);
        assert_eq!(left, 0);
    }

    #[test]
    fn what_was_given_up_on_is_paid_last() {
        let mut orders = orders(&[100, 100]);
        orders[0].uncollectible = true;
        let (applied, _) = spread_oldest_first(150, "PEN".parse().expect("pen"), &orders);
        assert_eq!(applied, [("O1".to_owned(), 100), ("O0".to_owned(), 50)]);
    }

    #[test]
    fn another_currency_is_left_alone() {
        let (applied, left) = spread_oldest_first(150, "USD".parse().expect("usd"), &orders(&[100]));
        assert!(applied.is_empty());
        assert_eq!(left, 150);
    }

    proptest! {
        #[test]
        fn no_cent_is_lost_or_made(amount in 0..10_000_i64, balances in prop::collection::vec(1..2_000_i64, 0..8)) {
            let (applied, left) = spread_oldest_first(amount, "PEN".parse().expect("pen"), &orders(&balances));
            prop_assert_eq!(applied.iter().map(|a| a.1).sum::<i64>() + left, amount);
            prop_assert!(left == 0 || applied.iter().map(|a| a.1).sum::<i64>() == balances.iter().sum::<i64>());
        }
    }
}
