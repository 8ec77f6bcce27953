//! Accounts receivable (*cuentas por cobrar*) in sums: what a portfolio owes by due date, what was paid, what became of promises.
//!
//! A customer's part is worked out by itself and kept; the portfolio's sums are those of the parts. A part that changes is
//! taken off as it was and added as it is, so that the sums cost what changed and equal a recount at any moment. Nothing here
//! depends on today: overdue and arrears are read off the due dates (`standing.rs`).

use crate::debt::account::Account;
use crate::debt::customer::{Portfolio, Status};
use crate::debt::money::Currency;
use crate::debt::order::Order;
use crate::debt::payment::{Movement, MovementKind};
use crate::debt::promise::{Promise, PromiseState};
use crate::ids::{SegmentId, UserId};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What sums are kept by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Group {
    /// Currency of every amount.
    pub currency: Currency,
    /// The adviser in charge now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adviser: Option<UserId>,
    /// The supervisor in charge now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervisor: Option<UserId>,
    /// The segment the customer is in now.
    pub segment: SegmentId,
    /// Its portfolio.
    pub portfolio: Portfolio,
    /// The orders' product; none of payments and promises, which may be of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
}

/// Orders summed up, annulled ones left out. Amounts are minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Orders {
    /// How many.
    #[serde(rename = "n", default)]
    pub count: i64,
    /// How many of them something is still to be collected of.
    #[serde(rename = "o", default, skip_serializing_if = "is_zero")]
    pub open: i64,
    /// What they were made out for, interest and discounts in it.
    #[serde(rename = "t", default)]
    pub total: i64,
    /// What is still to be collected of it.
    #[serde(rename = "b", default)]
    pub balance: i64,
    /// What is owed and was given up on (*incobrable*).
    #[serde(rename = "l", default, skip_serializing_if = "is_zero")]
    pub lost: i64,
}

/// How many, and how much, minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counted {
    /// How many.
    #[serde(rename = "n", default)]
    pub count: i64,
    /// How much.
    #[serde(rename = "a", default)]
    pub amount: i64,
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl Orders {
    /// What came in: all that is neither pending nor given up on.
    pub fn collected(&self) -> i64 {
        self.total - self.balance - self.lost
    }

    /// Adds others, or with −1 takes them off.
    pub fn add(&mut self, other: &Self, sign: i64) {
        self.count += sign * other.count;
        self.open += sign * other.open;
        self.total += sign * other.total;
        self.balance += sign * other.balance;
        self.lost += sign * other.lost;
    }
}

impl Counted {
    /// Adds others, or with −1 takes them off.
    pub fn add(&mut self, other: &Self, sign: i64) {
        self.count += sign * other.count;
        self.amount += sign * other.amount;
    }
}

/// The sums of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Orders by due date.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub due: BTreeMap<NaiveDate, Orders>,
    /// Effective payments by the month of their value date, as its first day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paid: BTreeMap<NaiveDate, Counted>,
    /// Promises by the month they were due, as its first day, and by where they stand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub promised: BTreeMap<NaiveDate, BTreeMap<PromiseState, Counted>>,
}

/// What is of one year of a group: sums are kept a year each, so that none grows for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slice {
    /// The group.
    pub group: Group,
    /// The year orders and promises are due in, and payments were made in.
    pub year: i32,
}

/// A customer's part of the sums.
pub type Part = BTreeMap<Slice, Sums>;

/// The first day of a day's month.
pub fn month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

impl Sums {
    /// Adds others, or with −1 takes them off; what is nothing any more is dropped.
    pub fn add(&mut self, other: &Self, sign: i64) {
        for (day, orders) in &other.due {
            self.due.entry(*day).or_default().add(orders, sign);
        }
        for (month, counted) in &other.paid {
            self.paid.entry(*month).or_default().add(counted, sign);
        }
        for (month, states) in &other.promised {
            let known = self.promised.entry(*month).or_default();
            states.iter().for_each(|(state, counted)| known.entry(*state).or_default().add(counted, sign));
            known.retain(|_, counted| *counted != Counted::default());
        }
        self.due.retain(|_, orders| *orders != Orders::default());
        self.paid.retain(|_, counted| *counted != Counted::default());
        self.promised.retain(|_, states| !states.is_empty());
    }

    /// Whether nothing is left in them.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Works a customer's part out; one that was deleted has none. Products are told apart that the project's list has.
pub fn part<'a>(
    account: &Account,
    orders: &[Order],
    movements: &[Movement],
    promises: impl IntoIterator<Item = &'a Promise>,
    products: &BTreeSet<String>,
) -> Part {
    let mut part = Part::new();
    if account.customer.status == Status::Deleted {
        return part;
    }
    let mut sums = |currency, product, day: NaiveDate, add: &dyn Fn(&mut Sums)| {
        let slice = Slice { group: group(account, currency, product), year: day.year() };
        add(part.entry(slice).or_default());
    };
    for order in orders.iter().filter(|order| order.annulled.is_none()) {
        let product = order.details.product.clone().filter(|product| products.contains(product));
        sums(order.currency, product, order.due, &|it| it.due.entry(order.due).or_default().add(&summed(order), 1));
    }
    for it in movements.iter().filter(|it| it.kind == MovementKind::Payment && !it.annulled) {
        let one = Counted { count: 1, amount: it.amount };
        sums(it.currency, None, it.date, &|sums| sums.paid.entry(month(it.date)).or_default().add(&one, 1));
    }
    for it in promises {
        let one = Counted { count: 1, amount: it.amount };
        sums(it.currency, None, it.date, &|sums| {
            sums.promised.entry(month(it.date)).or_default().entry(it.state).or_default().add(&one, 1);
        });
    }
    part
}

/// Whether a change of an account moves what it has from one group to another.
pub fn is_regrouped(before: &Account, after: &Account) -> bool {
    let of = |it: &Account| {
        let customer = &it.customer;
        (it.segment.clone(), customer.adviser.clone(), customer.supervisor.clone(), customer.portfolio, customer.status)
    };
    of(before) != of(after)
}

fn group(account: &Account, currency: Currency, product: Option<String>) -> Group {
    let customer = &account.customer;
    Group {
        currency,
        adviser: customer.adviser.clone(),
        supervisor: customer.supervisor.clone(),
        segment: account.segment.clone(),
        portfolio: customer.portfolio,
        product,
    }
}

fn summed(order: &Order) -> Orders {
    let balance = order.balance();
    let (balance, lost) = if order.uncollectible { (0, balance) } else { (balance, 0) };
    // What balances were loaded above their order's total is owed all the same.
    let total = order.total().max(balance + lost);
    Orders { count: 1, open: i64::from(balance > 0), total, balance, lost }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::debt::customer::Customer;
    use crate::debt::document::Document;
    use crate::debt::money::Money;
    use proptest::prelude::*;

    pub(crate) fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }
    fn pen() -> Currency {
        "PEN".parse().expect("pen")
    }
    pub(crate) fn account(adviser: Option<&str>) -> Account {
        let mut customer = Customer::new(Document::parse("DNI", "100").expect("a document"), "Ana");
        customer.adviser = adviser.map(Into::into);
        Account::new("c".into(), customer, "default".into())
    }
    pub(crate) fn order(code: &str, due: &str, amount: i64, paid: i64) -> Order {
        Order { paid, ..Order::new(code, day(due), Money::new(amount, pen())) }
    }

    proptest! {
        #[test]
        fn parts_that_are_taken_off_and_added_again_leave_the_sums_of_a_recount(
            steps in prop::collection::vec((0..3_usize, 0..4_i64, 0..3_usize, any::<bool>()), 1..40)
        ) {
            let advisers = [None, Some("luis"), Some("rosa")];
            let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
            let mut sums = Part::new();
            for (customer, paid, adviser, deleted) in steps {
                let mut account = account(advisers[adviser]);
                if deleted {
                    account.customer.status = Status::Deleted;
                }
                let orders = [order("A", "2026-03-01", 3, paid.min(3)), order("B", "2026-04-01", 5, paid)];
                let now = part(&account, &orders, &[], [], &BTreeSet::new());
                let before = parts.insert(customer, now.clone()).unwrap_or_default();
                for (sign, part) in [(-1, before), (1, now)] {
                    part.iter().for_each(|(slice, it)| sums.entry(slice.clone()).or_default().add(it, sign));
                }
            }
            sums.retain(|_, it| !it.is_empty());
            let mut counted = Part::new();
            parts.values().flatten().for_each(|(slice, it)| counted.entry(slice.clone()).or_default().add(it, 1));
            prop_assert_eq!(sums, counted);
        }
    }
}
