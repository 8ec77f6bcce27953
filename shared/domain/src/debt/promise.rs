//! A promise to pay (*compromiso de pago*): made here, kept or broken by the payments that come until its limit.
//!
//! While it is live the customer leaves the flow. It is judged by what effective payments dated inside it brought to its
//! orders, whenever they are told: all of it keeps the promise at once; at the close of the limit's day part of it keeps it
//! in part, and nothing breaks it. A payment told later but dated inside corrects the judgement, one taken back does too.

use crate::author::By;
use crate::debt::money::Currency;
use crate::debt::payment::{Movement, MovementKind};
use crate::ids::MatterId;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long after its limit a payment told late may still correct a judgement, in days.
const CORRECTED_FOR: Days = Days::new(60);

/// Where a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromiseState {
    /// Waited for (*vigente*).
    Live,
    /// Paid whole (*cumplido*).
    Kept,
    /// Paid in part (*cumplido parcial*).
    PartlyKept,
    /// Not paid (*incumplido*).
    Broken,
    /// Taken back, or replaced by another (*anulado*).
    Annulled,
}

impl PromiseState {
    /// The state in Spanish.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Live => "vigente",
            Self::Kept => "cumplido",
            Self::PartlyKept => "cumplido parcial",
            Self::Broken => "incumplido",
            Self::Annulled => "anulado",
        }
    }
}

/// A promise to pay. Amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// Its id.
    pub id: MatterId,
    /// The orders it is about; none means whatever the customer owes in its currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<String>,
    /// What was promised.
    pub amount: i64,
    /// In which currency.
    pub currency: Currency,
    /// The local day it was made on: payments dated before do not count.
    pub made: NaiveDate,
    /// The local day it is due.
    pub date: NaiveDate,
    /// The last local day that counts: the date with the project's tolerance.
    pub limit: NaiveDate,
    /// How often it was promised: 1 at first, one more each time a promise of the same orders was not kept.
    pub level: u32,
    /// Where it stands.
    pub state: PromiseState,
    /// What each movement brought to it, by the movement's code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counted: BTreeMap<String, i64>,
    /// What loaded balances fell by meanwhile, less what they rose by, in projects that load balances instead of payments.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fallen: i64,
    /// Payments that were waiting to be verified when it was made: they are not what it promises.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub besides: Vec<MatterId>,
    /// Local days on which its customer is still to be reminded of it, the first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remind_on: Vec<NaiveDate>,
    /// Who noted it.
    pub by: By,
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl Promise {
    /// What came in for it.
    pub fn received(&self) -> i64 {
        self.counted.values().fold(self.fallen.max(0), |sum, part| sum.saturating_add(*part))
    }

    /// Whether it is about an order.
    pub fn is_about(&self, code: &str) -> bool {
        self.orders.is_empty() || self.orders.iter().any(|order| order == code)
    }

    /// Whether it and another are about the same money.
    pub fn overlaps(&self, other: &Self) -> bool {
        let all = self.orders.is_empty() || other.orders.is_empty();
        self.currency == other.currency && (all || self.orders.iter().any(|code| other.is_about(code)))
    }

    /// Whether a payment of a local day falls inside it.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.state != PromiseState::Annulled && self.made <= day && day <= self.limit
    }

    /// Counts a movement, or no longer; answers whether anything changed.
    pub fn count(&mut self, movement: &Movement) -> bool {
        let counts = movement.kind == MovementKind::Payment
            && !movement.annulled
            && movement.currency == self.currency
            && self.covers(movement.date)
            && !movement.declared.as_ref().is_some_and(|declared| self.besides.contains(declared));
        let applied = movement.applied.iter().filter(|(code, _)| self.is_about(code)).map(|(_, part)| part).sum();
        let part = if self.orders.is_empty() { movement.amount } else { applied };
        let before = match counts && part > 0 {
            true => self.counted.insert(movement.code.clone(), part),
            false => self.counted.remove(&movement.code),
        };
        before != self.counted.get(&movement.code).copied()
    }

    /// Where it stands on a local day, given what came in; a payment under review keeps a live one waiting.
    pub fn judged(&self, today: NaiveDate, under_review: bool) -> PromiseState {
        let waiting = today <= self.limit || under_review && self.state == PromiseState::Live;
        match self.received() {
            _ if self.state == PromiseState::Annulled => PromiseState::Annulled,
            received if received >= self.amount => PromiseState::Kept,
            _ if waiting => PromiseState::Live,
            received if received > 0 => PromiseState::PartlyKept,
            _ => PromiseState::Broken,
        }
    }

    /// The level of a promise that comes after others about the same money.
    pub fn level_after<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> u32 {
        let before = others.into_iter().filter(|other| other.overlaps(self));
        let level = |other: &Self| other.level.saturating_add(u32::from(other.state != PromiseState::Kept));
        before.map(level).max().unwrap_or(1)
    }

    /// The day it is looked at again: when its customer is reminded and after its limit while it is live, then once more to be put away.
    pub fn next_look(&self) -> Option<NaiveDate> {
        match self.state {
            PromiseState::Annulled => None,
            PromiseState::Live => self.remind_on.first().copied().or(self.limit.succ_opt()),
            _ => self.limit.checked_add_days(CORRECTED_FOR),
        }
    }

    /// Whether nothing may change it any more on a local day.
    pub fn is_over(&self, today: NaiveDate) -> bool {
        match self.state {
            PromiseState::Annulled => true,
            PromiseState::Live => false,
            _ => self.next_look().is_none_or(|day| day <= today),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }
    pub(crate) fn promise(amount: i64, orders: &[&str]) -> Promise {
        Promise {
            id: "p".into(),
            orders: orders.iter().map(|o| (*o).to_owned()).collect(),
            amount,
            currency: "PEN".parse().expect("pen"),
            made: day("2026-03-10"),
            date: day("2026-03-13"),
            limit: day("2026-03-16"),
            level: 1,
            state: PromiseState::Live,
            counted: BTreeMap::new(),
            fallen: 0,
            besides: Vec::new(),
            remind_on: Vec::new(),
            by: By::cauce(DateTime::UNIX_EPOCH),
        }
    }
    pub(crate) fn payment(code: &str, date: &str, applied: &[(&str, i64)]) -> Movement {
        Movement {
            code: code.into(),
            kind: MovementKind::Payment,
            date: day(date),
            amount: applied.iter().map(|a| a.1).sum(),
            currency: "PEN".parse().expect("pen"),
            order: None,
            method: None,
            reference: None,
            applied: applied.iter().map(|(code, part)| ((*code).to_owned(), *part)).collect(),
            credit: 0,
            pending: Vec::new(),
            declared: None,
            annulled: false,
        }
    }

    #[test]
    fn what_is_paid_inside_it_on_its_orders_decides() {
        use PromiseState::{Broken, Kept, Live, PartlyKept};
        let inside = payment("m", "2026-03-12", &[("A", 60), ("B", 60)]);
        for (orders, amount, movement, on, expected) in [
            (&["A"][..], 60, inside.clone(), "2026-03-11", Kept),
            (&["A"], 100, inside.clone(), "2026-03-16", Live),
            (&["A"], 100, inside.clone(), "2026-03-17", PartlyKept),
            (&[], 120, inside.clone(), "2026-03-17", Kept),
            (&["C"], 100, inside.clone(), "2026-03-17", Broken),
            (&["A"], 60, payment("m", "2026-03-09", &[("A", 60)]), "2026-03-17", Broken),
            (&["A"], 60, payment("m", "2026-03-16", &[("A", 60)]), "2026-03-20", Kept),
            (&["A"], 60, payment("m", "2026-03-17", &[("A", 60)]), "2026-03-20", Broken),
            (&["A"], 60, Movement { kind: MovementKind::Adjustment, ..inside.clone() }, "2026-03-17", Broken),
        ] {
            let mut promise = promise(amount, orders);
            promise.count(&movement);
            assert_eq!(promise.judged(day(on), false), expected, "{orders:?} {amount} {on}");
        }
    }

    #[test]
    fn a_payment_under_review_keeps_a_live_one_waiting_and_revives_no_broken_one() {
        let mut promise = promise(60, &["A"]);
        assert_eq!(promise.judged(day("2026-03-30"), true), PromiseState::Live);
        promise.state = PromiseState::Broken;
        assert_eq!(promise.judged(day("2026-03-30"), true), PromiseState::Broken);
        promise.count(&payment("m", "2026-03-16", &[("A", 60)]));
        assert_eq!(promise.judged(day("2026-03-30"), false), PromiseState::Kept, "told late, dated inside");
    }

    #[test]
    fn the_level_grows_with_promises_that_were_not_kept() {
        let first = Promise { state: PromiseState::Broken, ..promise(60, &["A"]) };
        let second = promise(60, &["A", "B"]);
        assert_eq!(second.level_after([&first]), 2);
        assert_eq!(second.level_after([&Promise { state: PromiseState::Kept, ..first.clone() }]), 1);
        assert_eq!(promise(60, &["C"]).level_after([&first]), 1, "other money");
    }

    proptest! {
        #[test]
        fn any_order_of_payments_and_annulments_ends_the_same(steps in prop::collection::vec((0..4_usize, any::<bool>()), 1..20)) {
            let mut told = promise(100, &[]);
            let all: Vec<Movement> = (0..4).map(|n| payment(&format!("m{n}"), "2026-03-12", &[("A", 30)])).collect();
            let mut last = BTreeMap::new();
            for (which, annulled) in &steps {
                told.count(&Movement { annulled: *annulled, ..all[*which].clone() });
                last.insert(*which, *annulled);
            }
            let expected: i64 = last.values().filter(|annulled| !**annulled).count() as i64 * 30;
            prop_assert_eq!(told.received(), expected);
        }
    }
}
