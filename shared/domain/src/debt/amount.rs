//! Reading written amounts: `1.234,56` and `1,234.56` mean the same, but never in one file.
//!
//! A single `1.234` may be a thousand or a fraction, so nothing is guessed value by value: [`Evidence`] gathers what a
//! whole file shows, [`Evidence::conclude`] settles the style once, and [`parse`] then reads each value by it.

use crate::country::NumberStyle;
use crate::debt::money::{Currency, Money};

/// The largest amount taken, in minor units: beyond it a typing error is likelier than a debt.
pub const MAX_MINOR: i64 = 1_000_000_000_000_000;

/// What the amounts of a file show about how it writes decimals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    dot: Option<String>,
    comma: Option<String>,
    either_dot: Option<String>,
    either_comma: Option<String>,
}

/// The amounts of a file can be read in two ways; the user has to say which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguous {
    /// Some amounts use the dot for decimals and others the comma.
    #[error(
        "el archivo mezcla dos formas de escribir decimales ('{dot}' y '{comma}'): use una sola, o indique el separador decimal en el mapeo"
    )]
    Mixed {
        /// An amount with a decimal dot.
        dot: String,
        /// An amount with a decimal comma.
        comma: String,
    },
    /// No amount settles whether the separator marks thousands or decimals.
    #[error(
        "no se sabe si '{example}' son miles o decimales: ¿qué separador decimal usa el archivo? Indíquelo en el mapeo (punto o coma) o escriba los montos con dos decimales"
    )]
    Unsettled {
        /// The amount that can be read in two ways.
        example: String,
    },
}

fn core(text: &str) -> &str {
    text.trim()
        .trim_start_matches(|c: char| !c.is_ascii_digit() && c != '-')
        .trim_end_matches(|c: char| !c.is_ascii_digit())
}

impl Evidence {
    /// Takes one written amount into account.
    pub fn see(&mut self, text: &str) {
        let text = core(text);
        let slot = match (text.rfind('.'), text.rfind(',')) {
            (None, None) => return,
            (Some(d), Some(c)) if d > c => &mut self.dot,
            (Some(_), Some(_)) => &mut self.comma,
            (Some(at), None) => match (text.matches('.').count(), text.len() - at - 1) {
                (1, 3) => &mut self.either_dot,
                (1, _) => &mut self.dot,
                _ => &mut self.comma,
            },
            (None, Some(at)) => match (text.matches(',').count(), text.len() - at - 1) {
                (1, 3) => &mut self.either_comma,
                (1, _) => &mut self.comma,
                _ => &mut self.dot,
            },
        };
        if slot.is_none() && text.bytes().any(|b| b.is_ascii_digit()) {
            *slot = Some(text.to_owned());
        }
    }

    /// Settles the style of the file; the project's own style decides only what nothing else can.
    pub fn conclude(&self, project: NumberStyle) -> Result<NumberStyle, Ambiguous> {
        match (&self.dot, &self.comma) {
            (Some(dot), Some(comma)) => Err(Ambiguous::Mixed { dot: dot.clone(), comma: comma.clone() }),
            (Some(_), None) => Ok(NumberStyle::DotDecimal),
            (None, Some(_)) => Ok(NumberStyle::CommaDecimal),
            (None, None) => match (&self.either_dot, &self.either_comma, project) {
                (Some(dot), Some(comma), _) => Err(Ambiguous::Mixed { dot: dot.clone(), comma: comma.clone() }),
                (Some(example), None, NumberStyle::DotDecimal) | (None, Some(example), NumberStyle::CommaDecimal) => {
                    Err(Ambiguous::Unsettled { example: example.clone() })
                }
                _ => Ok(project),
            },
        }
    }
}

/// Why a written amount was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    /// The text is not a number in the file's style.
    #[error("no es un monto válido: escriba solo números, por ejemplo 1234{0}50")]
    NotANumber(char),
    /// The currency has fewer decimals than were written.
    #[error("{currency} admite {decimals} decimales: quite los que sobran")]
    TooManyDecimals {
        /// The currency of the amount.
        currency: Currency,
        /// How many decimals it has.
        decimals: u32,
    },
    /// The amount is beyond [`MAX_MINOR`].
    #[error("el monto es demasiado grande: revise los separadores")]
    TooLarge,
}

/// Reads an amount written in the given style: digits, group separators in their places, and the currency's decimals.
/// Zeros beyond the currency's decimals lose nothing and are taken (`1500.00` CLP is 1500).
pub fn parse(text: &str, style: NumberStyle, currency: Currency) -> Result<Money, BadAmount> {
    let bad = BadAmount::NotANumber(style.decimal());
    let mut rest = text.trim();
    for symbol in [currency.symbol(), currency.code(), "$"] {
        rest = rest.strip_prefix(symbol).or_else(|| rest.strip_suffix(symbol)).unwrap_or(rest).trim();
    }
    let (negative, rest) = rest.strip_prefix('-').map_or((false, rest), |r| (true, r));
    let (whole, cents) = rest.split_once(style.decimal()).unwrap_or((rest, ""));
    if !grouped_digits(whole, style.group()) || !cents.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad);
    }
    let decimals = currency.decimals() as usize;
    if cents.len() > decimals && cents[decimals..].bytes().any(|b| b != b'0') {
        return Err(BadAmount::TooManyDecimals { currency, decimals: decimals as u32 });
    }
    let mut minor: i64 = 0;
    let fraction = cents.bytes().chain(std::iter::repeat(b'0')).take(decimals);
    for digit in whole.bytes().filter(u8::is_ascii_digit).chain(fraction) {
        minor =
            minor.checked_mul(10).and_then(|m| m.checked_add(i64::from(digit - b'0'))).ok_or(BadAmount::TooLarge)?;
        if minor > MAX_MINOR {
            return Err(BadAmount::TooLarge);
        }
    }
    Ok(Money::new(if negative { -minor } else { minor }, currency))
}

fn grouped_digits(whole: &str, group: char) -> bool {
    let parts: Vec<&str> = whole.split(group).collect();
    let digits = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
    match parts.as_slice() {
        [only] => digits(only),
        [first, rest @ ..] => digits(first) && first.len() <= 3 && rest.iter().all(|p| p.len() == 3 && digits(p)),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NumberStyle::{CommaDecimal, DotDecimal};
    use proptest::prelude::*;

    fn settle(values: &[&str], project: NumberStyle) -> Result<NumberStyle, Ambiguous> {
        let mut evidence = Evidence::default();
        values.iter().for_each(|v| evidence.see(v));
        evidence.conclude(project)
    }

    #[test]
    fn the_whole_file_settles_what_one_value_cannot() {
        for (values, project, expected) in [
            (vec!["1.234", "1.234,56"], DotDecimal, Some(CommaDecimal)),
            (vec!["1,234", "1,234.56"], CommaDecimal, Some(DotDecimal)),
            (vec!["1.234.567"], DotDecimal, Some(CommaDecimal)),
            (vec!["12.5"], CommaDecimal, Some(DotDecimal)),
            (vec!["100", "200"], CommaDecimal, Some(CommaDecimal)),
            (vec!["1.234"], CommaDecimal, Some(CommaDecimal)),
            (vec!["1,234"], DotDecimal, Some(DotDecimal)),
            (vec!["1.234"], DotDecimal, None),
            (vec!["1,234"], CommaDecimal, None),
            (vec!["1.5", "2,5"], DotDecimal, None),
            (vec!["1.500", "2,500"], DotDecimal, None),
        ] {
            assert_eq!(settle(&values, project).ok(), expected, "{values:?} with {project:?}");
        }
    }

    #[test]
    fn an_amount_is_read_exactly_or_refused() {
        let pen: Currency = "PEN".parse().expect("pen");
        let clp: Currency = "CLP".parse().expect("clp");
        for (text, style, currency, expected) in [
            ("1.234,56", CommaDecimal, pen, Some(123_456)),
            ("1,234.56", DotDecimal, pen, Some(123_456)),
            ("S/ 10", DotDecimal, pen, Some(1_000)),
            ("10.5", DotDecimal, pen, Some(1_050)),
            ("1500.00", DotDecimal, clp, Some(1_500)),
            ("-3.10", DotDecimal, pen, Some(-310)),
            ("1500.50", DotDecimal, clp, None),
            ("1.234", DotDecimal, pen, None),
            ("12,34,56", DotDecimal, pen, None),
            ("abc", DotDecimal, pen, None),
            ("", DotDecimal, pen, None),
            ("1e5", DotDecimal, pen, None),
            ("99999999999999999999", DotDecimal, pen, None),
        ] {
            assert_eq!(parse(text, style, currency).ok().map(|m| m.minor), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_plainly_is_read_back(minor in 0..MAX_MINOR) {
            let pen: Currency = "PEN".parse().expect("pen");
            let written = Money::new(minor, pen);
            prop_assert_eq!(parse(&written.plain(), DotDecimal, pen), Ok(written));
            prop_assert_eq!(parse(&written.display(CommaDecimal), CommaDecimal, pen), Ok(written));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let mut evidence = Evidence::default();
            evidence.see(&text);
            let _ = parse(&text, DotDecimal, "PEN".parse().expect("pen"));
        }
    }
}
