//! What a campaign brought that would not have come without it: those written to beside those held out, with the interval in
//! which the truth lies nineteen times of twenty.
//!
//! Everybody of either side counts, whether its message left or not: whoever could be reached was no matter of chance.

use crate::debt::money::Currency;
use crate::strategy::campaign_result::{Figures, Side};
use serde::Serialize;

/// The normal deviate of nineteen in twenty.
const Z: f64 = 1.959_964;
/// Customers of either side below which nothing is said.
const FEWEST: i64 = 30;

/// A figure and the interval it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// What the campaign added.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lift {
    /// How many more of a hundred paid.
    pub payers_percent: Estimate,
    /// How much more was paid, by all who were written to; minor units.
    pub recovered: Vec<Recovered>,
}

/// What was recovered of one currency.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recovered {
    /// The currency.
    pub currency: Currency,
    /// How much, minor units.
    pub amount: Estimate,
}

/// Compares the two sides; nothing where nobody, or too few, were held out.
pub fn lift(figures: &Figures) -> Option<Lift> {
    let (treated, control) = (&figures.treated, &figures.control);
    if treated.customers < FEWEST || control.customers < FEWEST {
        return None;
    }
    let share = payers(treated, control);
    let payers_percent = Estimate { value: share.value * 100.0, low: share.low * 100.0, high: share.high * 100.0 };
    let mut currencies: Vec<Currency> = treated.amounts.keys().chain(control.amounts.keys()).copied().collect();
    currencies.sort_unstable();
    currencies.dedup();
    let recovered =
        currencies.into_iter().map(|currency| Recovered { currency, amount: paid(treated, control, currency) });
    Some(Lift { payers_percent, recovered: recovered.collect() })
}

/// The difference of two shares, by Newcombe's method of scores: it holds for small and for extreme shares too.
fn payers(treated: &Side, control: &Side) -> Estimate {
    let share = |side: &Side| side.payers as f64 / side.customers as f64;
    let (one, none) = (share(treated), share(control));
    let (one_low, one_high) = score(one, treated.customers as f64);
    let (none_low, none_high) = score(none, control.customers as f64);
    let value = one - none;
    Estimate {
        value,
        low: value - ((one - one_low).powi(2) + (none_high - none).powi(2)).sqrt(),
        high: value + ((one_high - one).powi(2) + (none - none_low).powi(2)).sqrt(),
    }
}

/// Wilson's interval of a share.
fn score(share: f64, of: f64) -> (f64, f64) {
    let middle = share + Z * Z / (2.0 * of);
    let half = Z * (share * (1.0 - share) / of + Z * Z / (4.0 * of * of)).sqrt();
    let whole = 1.0 + Z * Z / of;
    (((middle - half) / whole).max(0.0), ((middle + half) / whole).min(1.0))
}

/// How much more the treated paid in all: the difference of the means, times how many there are.
fn paid(treated: &Side, control: &Side, currency: Currency) -> Estimate {
    let mean = |side: &Side| side.amounts.get(&currency).copied().unwrap_or(0) as f64 / side.customers as f64;
    let spread = |side: &Side| {
        let of = side.customers as f64;
        let squares = side.squares.get(&currency).copied().unwrap_or(0) as f64;
        (squares - of * mean(side).powi(2)).max(0.0) / (of - 1.0) / of
    };
    let each = mean(treated) - mean(control);
    let half = Z * (spread(treated) + spread(control)).sqrt();
    let all = treated.customers as f64;
    Estimate { value: each * all, low: (each - half) * all, high: (each + half) * all }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(customers: i64, payers: i64, each: i64) -> Side {
        let pen: Currency = "PEN".parse().expect("pen");
        Side {
            customers,
            payers,
            amounts: [(pen, payers * each)].into(),
            squares: [(pen, i128::from(payers * each * each))].into(),
        }
    }

    #[test]
    fn newcombes_own_example_comes_out() {
        // R. G. Newcombe, Statistics in Medicine 17 (1998), table II, column (a), method 10: 56/70 against 48/80.
        let share = payers(&side(70, 56, 1), &side(80, 48, 1));
        for (found, told) in [(share.value, 0.2), (share.low, 0.0524), (share.high, 0.3339)] {
            assert!((found - told).abs() < 0.000_05, "{found} {told}");
        }
    }

    #[test]
    fn what_came_without_the_campaign_is_not_its_doing() {
        let figures = |treated, control| Figures { treated, control, ..Figures::default() };
        let same = lift(&figures(side(900, 90, 100), side(100, 10, 100))).expect("a lift");
        assert!(same.payers_percent.value.abs() < 1e-9 && same.recovered[0].amount.value.abs() < 1e-6);
        assert!(same.recovered[0].amount.low < 0.0 && same.recovered[0].amount.high > 0.0);
        let more = lift(&figures(side(900, 270, 100), side(100, 10, 100))).expect("a lift");
        assert!(more.payers_percent.low > 0.0 && more.recovered[0].amount.low > 0.0);
        assert!((more.recovered[0].amount.value - 18_000.0).abs() < 1e-6, "twenty of a hundred, nine hundred times");
        assert_eq!(lift(&figures(side(900, 90, 100), side(10, 1, 100))), None, "ten tell nothing");
    }
}
