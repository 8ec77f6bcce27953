//! Accounts receivable (*cuentas por cobrar*) in sums: what a portfolio owes by due date, what was paid, what became of promises.
//!
//! A customer's part is worked out by itself and kept; the portfolio's sums are those of the parts. A part that changes is
//! taken off as it was and added as it is, so that the sums cost what changed and equal a recount at any moment. Nothing here
//! depends on today: overdue and arrears are read off the due dates.

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

/// How late what is to be collected is, on a local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrears {
    /// Not past due (*por vencer*).
    NotDue,
    /// 1 to 30 days past due.
    UpTo30,
    /// 31 to 60.
    UpTo60,
    /// 61 to 90.
    UpTo90,
    /// More than 90.
    Over90,
}

impl Arrears {
    /// Every one, in order.
    pub const ALL: [Self; 5] = [Self::NotDue, Self::UpTo30, Self::UpTo60, Self::UpTo90, Self::Over90];

    /// Of a due date on a local day.
    pub fn of(due: NaiveDate, today: NaiveDate) -> Self {
        match (today - due).num_days() {
            ..=0 => Self::NotDue,
            1..=30 => Self::UpTo30,
            31..=60 => Self::UpTo60,
            61..=90 => Self::UpTo90,
            _ => Self::Over90,
        }
    }

    /// The name in code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotDue => "not_due",
            Self::UpTo30 => "up_to_30",
            Self::UpTo60 => "up_to_60",
            Self::UpTo90 => "up_to_90",
            Self::Over90 => "over_90",
        }
    }

    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::NotDue => "Por vencer",
            Self::UpTo30 => "0 a 30 días",
            Self::UpTo60 => "31 a 60 días",
            Self::UpTo90 => "61 a 90 días",
            Self::Over90 => "Más de 90 días",
        }
    }
}

/// Days back over which what fell due is compared with what is overdue.
const DSO_DAYS: i64 = 90;

/// A group's sums as they stand on a local day, by what is drawn of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// What is to be collected, by how late it is: how many orders, how much.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arrears: BTreeMap<Arrears, Counted>,
    /// Orders by the month they were or will be due, as its first day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub months: BTreeMap<NaiveDate, Orders>,
    /// What is overdue, by the month it was due.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overdue: BTreeMap<NaiveDate, i64>,
    /// What fell due in the last ninety days, collected or not.
    #[serde(default)]
    pub fell_due: i64,
    /// Payments by month.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paid: BTreeMap<NaiveDate, Counted>,
    /// Promises by month and where they stand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub promised: BTreeMap<NaiveDate, BTreeMap<PromiseState, Counted>>,
}

impl Standing {
    /// How sums stand on a local day.
    pub fn of(sums: &Sums, today: NaiveDate) -> Self {
        let mut standing = Self { paid: sums.paid.clone(), promised: sums.promised.clone(), ..Self::default() };
        for (due, orders) in &sums.due {
            standing.months.entry(month(*due)).or_default().add(orders, 1);
            let open = Counted { count: orders.open, amount: orders.balance };
            if open != Counted::default() {
                standing.arrears.entry(Arrears::of(*due, today)).or_default().add(&open, 1);
            }
            if *due < today && orders.balance != 0 {
                *standing.overdue.entry(month(*due)).or_default() += orders.balance;
            }
            let ago = (today - *due).num_days();
            if (1..=DSO_DAYS).contains(&ago) {
                standing.fell_due += orders.total;
            }
        }
        standing
    }

    /// Adds another group's.
    pub fn add(&mut self, other: &Self) {
        other.arrears.iter().for_each(|(arrears, it)| self.arrears.entry(*arrears).or_default().add(it, 1));
        other.months.iter().for_each(|(month, it)| self.months.entry(*month).or_default().add(it, 1));
        other.overdue.iter().for_each(|(month, it)| *self.overdue.entry(*month).or_default() += it);
        other.paid.iter().for_each(|(month, it)| self.paid.entry(*month).or_default().add(it, 1));
        for (month, states) in &other.promised {
            let known = self.promised.entry(*month).or_default();
            states.iter().for_each(|(state, it)| known.entry(*state).or_default().add(it, 1));
        }
        self.fell_due += other.fell_due;
    }

    /// The orders of every month.
    pub fn orders(&self) -> Orders {
        self.months.values().fold(Orders::default(), |mut sum, month| {
            sum.add(month, 1);
            sum
        })
    }

    /// What is overdue.
    pub fn overdue(&self) -> i64 {
        self.overdue.values().sum()
    }

    /// The mean time to collect (*período medio de cobro*), in days: what is overdue over what fell due in ninety days, times
    /// ninety; nothing where nothing fell due.
    pub fn dso(&self) -> Option<f64> {
        (self.fell_due > 0).then(|| self.overdue() as f64 / self.fell_due as f64 * DSO_DAYS as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debt::customer::Customer;
    use crate::debt::document::Document;
    use crate::debt::money::Money;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }
    fn pen() -> Currency {
        "PEN".parse().expect("pen")
    }
    fn account(adviser: Option<&str>) -> Account {
        let mut customer = Customer::new(Document::parse("DNI", "100").expect("a document"), "Ana");
        customer.adviser = adviser.map(Into::into);
        Account::new("c".into(), customer, "default".into())
    }
    fn order(code: &str, due: &str, amount: i64, paid: i64) -> Order {
        Order { paid, ..Order::new(code, day(due), Money::new(amount, pen())) }
    }

    #[test]
    fn a_portfolio_stands_by_how_late_it_is_on_the_day_it_is_looked_at() {
        let orders = [
            order("A", "2026-03-10", 100, 0),
            order("B", "2026-02-09", 200, 50),
            order("C", "2026-02-09", 70, 70),
            order("D", "2025-01-01", 40, 0),
            Order { uncollectible: true, ..order("E", "2026-01-20", 30, 10) },
            Order { annulled: Some(crate::debt::order::Annulment::Asked), ..order("F", "2026-03-01", 999, 0) },
        ];
        let part = part(&account(None), &orders, &[], [], &BTreeSet::new());
        let at = |today: &str| {
            let mut standing = Standing::default();
            part.values().for_each(|sums| standing.add(&Standing::of(sums, day(today))));
            standing
        };
        let late = |today: &str| -> Vec<(&str, i64, i64)> {
            let all = at(today).arrears;
            all.iter().map(|(arrears, it)| (arrears.code(), it.count, it.amount)).collect()
        };
        assert_eq!(late("2026-03-10"), [("not_due", 1, 100), ("up_to_30", 1, 150), ("over_90", 1, 40)]);
        assert_eq!(late("2026-03-11"), [("up_to_30", 2, 250), ("over_90", 1, 40)]);
        assert_eq!(late("2026-03-12"), [("up_to_30", 1, 100), ("up_to_60", 1, 150), ("over_90", 1, 40)]);
        let standing = at("2026-03-10");
        let all = standing.orders();
        assert_eq!((all.total, all.balance, all.lost, all.collected()), (440, 290, 20, 130));
        assert_eq!(standing.overdue(), 190);
        assert_eq!(standing.dso(), Some(190.0 / 300.0 * 90.0), "of 200, 70 and 30 that fell due in ninety days");
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
