//! How a portfolio stands on a day: what its sums tell once it is said which day it is.

use crate::debt::promise::PromiseState;
use crate::debt::receivables::{Counted, Orders, Sums, month};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    use crate::debt::order::{Annulment, Order};
    use crate::debt::receivables::part;
    use crate::debt::receivables::tests::{account, day, order};
    use std::collections::BTreeSet;

    #[test]
    fn a_portfolio_stands_by_how_late_it_is_on_the_day_it_is_looked_at() {
        let orders = [
            order("A", "2026-03-10", 100, 0),
            order("B", "2026-02-09", 200, 50),
            order("C", "2026-02-09", 70, 70),
            order("D", "2025-01-01", 40, 0),
            Order { uncollectible: true, ..order("E", "2026-01-20", 30, 10) },
            Order { annulled: Some(Annulment::Asked), ..order("F", "2026-03-01", 999, 0) },
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
}
