//! The account: a customer with the sum of its debt, in which only what time does not change is kept.
//!
//! *Overdue*, *days past due* and *vencida* are computed from today when read.

use crate::author::By;
use crate::contact::alert::{Alert, Alerts};
use crate::contact::call_entry::OpenCall;
use crate::contact::inbox::Inbox;
use crate::debt::claim::Category;
use crate::debt::customer::Customer;
use crate::debt::matter::Matter;
use crate::debt::money::Currency;
use crate::debt::order::Order;
use crate::debt::promise::PromiseState;
use crate::ids::{CustomerId, SegmentId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The one order whose due date decides a customer's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrying {
    /// Its code.
    pub code: String,
    /// Its due date.
    pub due: NaiveDate,
    /// Its balance, minor units.
    pub balance: i64,
    /// Its currency.
    pub currency: Currency,
}

/// What is open in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Open {
    /// Sum of balances, minor units.
    pub balance: i64,
    /// How many orders.
    pub count: u32,
}

/// The sum of a customer's orders by which something is owed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// What is chased, by currency.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub open: BTreeMap<Currency, Open>,
    /// What an open claim takes out of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub disputed: BTreeMap<Currency, Open>,
    /// What was given up on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub uncollectible: BTreeMap<Currency, Open>,
    /// The carrying order, if anything is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrying: Option<Carrying>,
    /// When the oldest order was due by which anything is owed, where that is not the carrying one: it is disputed, or was
    /// given up on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<NaiveDate>,
}

impl Summary {
    /// Sums orders up and chooses the carrying one: the earliest due date among those that are chased; ties go by currency
    /// code, then larger balance, then lower code.
    pub fn of<'a>(orders: impl IntoIterator<Item = &'a Order>) -> Self {
        let mut summary = Self::default();
        let mut best: Option<&Order> = None;
        for order in orders.into_iter().filter(|o| o.is_owed()) {
            let sums = match (order.uncollectible, order.disputed) {
                (true, _) => &mut summary.uncollectible,
                (false, true) => &mut summary.disputed,
                (false, false) => &mut summary.open,
            };
            let sum = sums.entry(order.currency).or_default();
            sum.balance = sum.balance.saturating_add(order.balance());
            sum.count += 1;
            summary.oldest = Some(summary.oldest.map_or(order.due, |oldest| oldest.min(order.due)));
            if !order.is_collectable() {
                continue;
            }
            let rank = |o: &Order| (o.due, o.currency, std::cmp::Reverse(o.balance()), o.code.clone());
            if best.is_none_or(|b| rank(order) < rank(b)) {
                best = Some(order);
            }
        }
        summary.carrying =
            best.map(|o| Carrying { code: o.code.clone(), due: o.due, balance: o.balance(), currency: o.currency });
        summary.oldest = summary.oldest.filter(|oldest| summary.carrying.as_ref().is_none_or(|c| c.due != *oldest));
        summary
    }

    /// How many orders are chased, over all currencies.
    pub fn count(&self) -> u32 {
        self.open.values().map(|o| o.count).sum()
    }

    /// Whether anything is owed that nobody has given up on.
    pub fn is_open(&self) -> bool {
        !self.open.is_empty() || !self.disputed.is_empty()
    }

    /// Whether anything is owed at all.
    pub fn is_owed(&self) -> bool {
        self.is_open() || !self.uncollectible.is_empty()
    }

    /// Whether something owed, chased or not, is past due on a local day.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.oldest.or(self.carrying.as_ref().map(|carrying| carrying.due)).is_some_and(|due| due < today)
    }
}

/// A step that fell on a day already planned, or a send put off past midnight: the plan of `on` looks at it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carry {
    /// The first day whose steps are still to be decided.
    pub from: NaiveDate,
    /// The day whose plan reads this account.
    pub on: NaiveDate,
}

/// What stands over a customer's communications besides its debt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Holds {
    /// No automatic message up to and including this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<NaiveDate>,
    /// A promise to pay is live up to and including this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise_until: Option<NaiveDate>,
    /// A declared payment is waited for up to and including this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_until: Option<NaiveDate>,
    /// The customer said it cannot pay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cannot_pay: bool,
    /// A claim is open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub claim_open: bool,
}

/// A customer's account, one item, with the summary of its orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The customer's id.
    pub id: CustomerId,
    /// Who it is and how it is reached.
    pub customer: Customer,
    /// The sum of its open orders.
    #[serde(default)]
    pub summary: Summary,
    /// The one segment it belongs to.
    pub segment: SegmentId,
    /// What stands over its communications.
    #[serde(default)]
    pub holds: Holds,
    /// Steps still to be decided by a later plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry: Option<Carry>,
    /// What whoever works the customer has to see.
    #[serde(default, skip_serializing_if = "Alerts::is_empty")]
    pub alerts: Alerts,
    /// What its open claims are about.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub claims: BTreeSet<Category>,
    /// The end of its messages to us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<Inbox>,
    /// Calls to make, the first due first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<OpenCall>,
    /// Attempts to reach it by telephone, of the last day there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<(NaiveDate, u32)>,
    /// Money received that no order took, by currency, minor units (*saldo a favor*).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub credit: BTreeMap<Currency, i64>,
    /// The local day on which something last changed that the portfolio's sums are made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<NaiveDate>,
}

impl Account {
    /// A customer that owes nothing yet.
    pub fn new(id: CustomerId, customer: Customer, segment: SegmentId) -> Self {
        Self {
            id,
            customer,
            summary: Summary::default(),
            segment,
            holds: Holds::default(),
            carry: None,
            alerts: Alerts::default(),
            claims: BTreeSet::new(),
            inbox: None,
            calls: Vec::new(),
            attempts: None,
            credit: BTreeMap::new(),
            touched: None,
        }
    }

    /// Draws from the matters that stand what holds its communications; a pause is its own.
    pub fn hold<'a>(&mut self, matters: impl IntoIterator<Item = &'a Matter>) {
        self.holds = Holds {
            paused_until: self.holds.paused_until,
            cannot_pay: self.alerts.has(Alert::CannotPay),
            ..Holds::default()
        };
        self.claims.clear();
        for matter in matters {
            match matter {
                Matter::Promise(it) if it.state == PromiseState::Live => {
                    self.holds.promise_until = self.holds.promise_until.max(Some(it.limit));
                }
                Matter::PaymentToVerify(it) if it.holds_the_flow() => {
                    self.holds.review_until = self.holds.review_until.max(Some(it.limit));
                }
                Matter::Claim(it) if it.is_open() => {
                    self.claims.insert(it.category);
                    self.holds.claim_open |= it.holds_the_customer();
                }
                _ => {}
            }
        }
    }

    /// Has the alerts follow the debt: those that say something of it go with it, and who could not pay can once nothing
    /// is past due any more.
    pub fn follow_the_debt(&mut self, before: &Summary, today: NaiveDate) {
        if before.is_owed() && !self.summary.is_owed() {
            self.alerts.paid_whole();
        }
        if before.is_overdue(today) && !self.summary.is_overdue(today) {
            self.alerts.clear(Alert::CannotPay);
        }
        self.holds.cannot_pay = self.alerts.has(Alert::CannotPay);
    }

    /// Counts an attempt to reach it by telephone; answers how many there were that day.
    pub fn attempted(&mut self, today: NaiveDate) -> u32 {
        let before = self.attempts.filter(|(day, _)| *day == today).map_or(0, |(_, count)| count);
        self.attempts = Some((today, before + 1));
        before + 1
    }

    /// Pauses everything automatic up to and including a local day.
    pub fn pause(&mut self, until: NaiveDate, by: &By) {
        self.holds.paused_until = Some(until);
        self.alerts.clear(Alert::Paused);
        self.alerts.raise(Alert::Paused, by);
    }

    /// Ends a pause, on its day or by hand.
    pub fn resume(&mut self, by: &By) {
        if self.holds.paused_until.take().is_some() {
            self.alerts.raise(Alert::Resumed, by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debt::money::Money;
    use proptest::prelude::*;

    fn order(code: &str, due: &str, balance: i64, currency: &str) -> Order {
        Order::new(code, due.parse().expect("a date"), Money::new(balance, currency.parse().expect("a currency")))
    }
    fn carrying(orders: &[Order]) -> Option<String> {
        Summary::of(orders).carrying.map(|c| c.code)
    }

    #[test]
    fn the_earliest_open_order_carries_and_ties_are_settled() {
        let a = order("A", "2026-03-01", 10, "PEN");
        let b = order("B", "2026-02-01", 10, "PEN");
        assert_eq!(carrying(&[a.clone(), b.clone()]).as_deref(), Some("B"));
        let paid = Order { paid: 10, ..b };
        assert_eq!(carrying(&[a.clone(), paid]).as_deref(), Some("A"));
        assert_eq!(
            carrying(&[a.clone(), order("C", "2026-03-01", 90, "COP")]).as_deref(),
            Some("C"),
            "currency code first"
        );
        assert_eq!(
            carrying(&[a.clone(), order("D", "2026-03-01", 11, "PEN")]).as_deref(),
            Some("D"),
            "then larger balance"
        );
        assert_eq!(carrying(&[order("E", "2026-03-01", 10, "PEN"), a]).as_deref(), Some("A"), "then lower code");
        assert_eq!(carrying(&[]), None);
    }

    #[test]
    fn what_is_disputed_or_given_up_on_is_summed_apart_and_never_carries() {
        let disputed = Order { disputed: true, ..order("A", "2026-01-01", 10, "PEN") };
        let given_up = Order { uncollectible: true, ..order("B", "2026-01-02", 20, "PEN") };
        let summary = Summary::of(&[disputed, given_up, order("C", "2026-03-01", 30, "PEN")]);
        let pen: Currency = "PEN".parse().expect("pen");
        assert_eq!(summary.carrying.as_ref().map(|c| c.code.as_str()), Some("C"));
        let balances = [&summary.open, &summary.disputed, &summary.uncollectible].map(|sums| sums[&pen].balance);
        assert_eq!(balances, [30, 10, 20]);
    }

    proptest! {
        #[test]
        fn the_order_of_orders_does_not_matter(balances in prop::collection::vec((0..50_i64, 0..4_u64), 0..12)) {
            let base: NaiveDate = "2026-01-01".parse().expect("a date");
            let pen = "PEN".parse().expect("pen");
            let mut orders: Vec<Order> = balances.iter().enumerate()
                .map(|(i, (b, d))| Order::new(format!("O{i:02}"), base + chrono::Days::new(*d), Money::new(*b, pen))).collect();
            let forward = Summary::of(&orders);
            orders.reverse();
            prop_assert_eq!(&forward, &Summary::of(&orders));
            prop_assert_eq!(forward.open.values().map(|o| o.balance).sum::<i64>(), balances.iter().map(|b| b.0).sum::<i64>());
        }
    }
}
