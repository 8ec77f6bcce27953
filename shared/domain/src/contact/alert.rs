//! Alerts: what whoever works a customer has to see beside its name. Several stand at once, each with its author and date.

use crate::author::By;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an alert says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alert {
    /// *No quiere pagar*.
    WontPay,
    /// *No puede pagar*: nothing automatic is sent.
    CannotPay,
    /// *Compromiso incumplido*.
    BrokenPromise,
    /// *Reestructuración*.
    Restructuring,
    /// *Refinanciación*.
    Refinancing,
    /// *Contacto fallido*: a number is wrong or out of service.
    FailedContact,
    /// *Comunicaciones pausadas*.
    Paused,
    /// *Comunicaciones reanudadas*: a pause ended and nobody has worked the customer since.
    Resumed,
}

impl Alert {
    /// Every alert.
    pub const ALL: [Self; 8] = [
        Self::WontPay,
        Self::CannotPay,
        Self::BrokenPromise,
        Self::Restructuring,
        Self::Refinancing,
        Self::FailedContact,
        Self::Paused,
        Self::Resumed,
    ];

    /// The name in code, files and URLs.
    pub fn code(self) -> &'static str {
        match self {
            Self::WontPay => "wont_pay",
            Self::CannotPay => "cannot_pay",
            Self::BrokenPromise => "broken_promise",
            Self::Restructuring => "restructuring",
            Self::Refinancing => "refinancing",
            Self::FailedContact => "failed_contact",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
        }
    }

    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::WontPay => "No quiere pagar",
            Self::CannotPay => "No puede pagar",
            Self::BrokenPromise => "Compromiso incumplido",
            Self::Restructuring => "Reestructuración",
            Self::Refinancing => "Refinanciación",
            Self::FailedContact => "Contacto fallido",
            Self::Paused => "Comunicaciones pausadas",
            Self::Resumed => "Comunicaciones reanudadas",
        }
    }

    /// The alerts it takes the place of: of two that contradict each other the later one holds.
    fn replaces(self) -> &'static [Self] {
        match self {
            Self::WontPay => &[Self::CannotPay],
            Self::CannotPay => &[Self::WontPay],
            Self::Paused => &[Self::Resumed],
            Self::Resumed => &[Self::Paused],
            _ => &[],
        }
    }

    /// Whether a debt that is paid whole takes it away.
    pub fn ends_with_the_debt(self) -> bool {
        matches!(self, Self::WontPay | Self::CannotPay | Self::BrokenPromise | Self::Restructuring | Self::Refinancing)
    }
}

/// The alerts of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Alerts(BTreeMap<Alert, By>);

impl Alerts {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one stands.
    pub fn has(&self, alert: Alert) -> bool {
        self.0.contains_key(&alert)
    }

    /// Those that stand, with who raised each and when.
    pub fn iter(&self) -> impl Iterator<Item = (Alert, &By)> {
        self.0.iter().map(|(alert, by)| (*alert, by))
    }

    /// Raises one; one that stands keeps its first author, and what it contradicts goes.
    pub fn raise(&mut self, alert: Alert, by: &By) {
        alert.replaces().iter().for_each(|other| self.clear(*other));
        self.0.entry(alert).or_insert_with(|| by.clone());
    }

    /// Takes one away.
    pub fn clear(&mut self, alert: Alert) {
        self.0.remove(&alert);
    }

    /// A promise was made: that the customer will not or cannot pay is no longer so, nor does a broken one stand alone.
    pub fn promised(&mut self) {
        [Alert::WontPay, Alert::CannotPay, Alert::BrokenPromise].into_iter().for_each(|alert| self.clear(alert));
    }

    /// Nothing is owed any more.
    pub fn paid_whole(&mut self) {
        self.0.retain(|alert, _| !alert.ends_with_the_debt());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn of_two_that_contradict_each_other_the_later_one_holds() {
        let by = By::cauce(DateTime::UNIX_EPOCH);
        for (first, second) in [
            (Alert::WontPay, Alert::CannotPay),
            (Alert::CannotPay, Alert::WontPay),
            (Alert::Paused, Alert::Resumed),
            (Alert::Resumed, Alert::Paused),
        ] {
            let mut alerts = Alerts::default();
            alerts.raise(Alert::FailedContact, &by);
            alerts.raise(first, &by);
            alerts.raise(second, &by);
            assert!(alerts.has(second) && !alerts.has(first) && alerts.has(Alert::FailedContact));
        }
    }

    #[test]
    fn what_says_something_of_the_debt_ends_with_it() {
        let by = By::cauce(DateTime::UNIX_EPOCH);
        let mut alerts = Alerts::default();
        Alert::ALL.into_iter().for_each(|alert| alerts.raise(alert, &by));
        alerts.paid_whole();
        let left: Vec<Alert> = alerts.iter().map(|(alert, _)| alert).collect();
        assert_eq!(left, [Alert::FailedContact, Alert::Resumed]);
    }
}
