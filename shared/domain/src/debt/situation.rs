//! What a reader is told of a customer's debt as a whole, on a given day.

use crate::debt::account::Account;
use crate::debt::order::days_past_due;
use chrono::NaiveDate;
use serde::Serialize;

/// A customer's situation (*situación*): the first that fits, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Situation {
    /// Nothing is owed (*finalizado*).
    Finished,
    /// A claim is open (*con reclamo*).
    Disputed,
    /// Everything owed was given up on (*incobrable*).
    Uncollectible,
    /// Ninety days late or more.
    Late90,
    /// Sixty days late or more.
    Late60,
    /// Thirty days late or more.
    Late30,
    /// Late by less (*mora temprana*).
    LateEarly,
    /// Nothing is past due (*al día*).
    UpToDate,
}

impl Situation {
    /// The situation of an account on a local day: the oldest order that is chased decides how late it is.
    pub fn of(account: &Account, today: NaiveDate) -> Self {
        let summary = &account.summary;
        let late = summary.carrying.as_ref().map(|carrying| days_past_due(carrying.due, today));
        match late {
            _ if !summary.is_open() && summary.uncollectible.is_empty() => Self::Finished,
            _ if !account.claims.is_empty() => Self::Disputed,
            None => Self::Uncollectible,
            Some(90..) => Self::Late90,
            Some(60..) => Self::Late60,
            Some(30..) => Self::Late30,
            Some(1..) => Self::LateEarly,
            Some(_) => Self::UpToDate,
        }
    }

    /// The situation in Spanish.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Finished => "finalizado",
            Self::Disputed => "con reclamo",
            Self::Uncollectible => "incobrable",
            Self::Late90 => "más de 90 días",
            Self::Late60 => "mora de 60",
            Self::Late30 => "mora de 30",
            Self::LateEarly => "mora temprana",
            Self::UpToDate => "al día",
        }
    }

    /// What the debt is called as a whole (*estado general de la deuda*): of its orders' states the one that decides.
    pub fn debt_state(self) -> &'static str {
        match self {
            Self::Finished => "pagada",
            Self::Disputed => "en reclamo",
            Self::Uncollectible => "incobrable",
            Self::UpToDate => "vigente",
            Self::Late90 | Self::Late60 | Self::Late30 | Self::LateEarly => "vencida",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debt::claim::Category;
    use crate::strategy::plan::tests::account;
    use chrono::Days;

    #[test]
    fn the_oldest_order_decides_how_late_a_customer_is() {
        let mut account = account();
        let due = account.summary.carrying.as_ref().map(|c| c.due).expect("a due date");
        for (days, expected) in [
            (0, Situation::UpToDate),
            (1, Situation::LateEarly),
            (29, Situation::LateEarly),
            (30, Situation::Late30),
            (60, Situation::Late60),
            (90, Situation::Late90),
        ] {
            assert_eq!(Situation::of(&account, due + Days::new(days)), expected, "{days}");
        }
        account.claims.insert(Category::Billing);
        assert_eq!(Situation::of(&account, due), Situation::Disputed);
        account.summary = Default::default();
        assert_eq!(Situation::of(&account, due), Situation::Finished, "nothing is owed, claim or not");
    }
}
