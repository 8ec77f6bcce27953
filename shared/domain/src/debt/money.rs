//! Money in minor units with its currency; never a float.

use crate::country::NumberStyle;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An ISO 4217 currency, such as PEN, COP or CLP.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(&'static str);

/// The text is not a currency of ISO 4217.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' no es una moneda ISO 4217 (ejemplos: PEN, COP, USD)")]
pub struct UnknownCurrency(pub String);

impl Currency {
    /// The three-letter code.
    pub fn code(&self) -> &'static str {
        self.0
    }

    /// How many decimals the currency has: 2 for PEN, 0 for CLP and PYG.
    pub fn decimals(&self) -> u32 {
        iso_currency::Currency::from_code(self.code()).and_then(|c| c.exponent()).map_or(2, u32::from)
    }

    /// The symbol a reader expects before an amount.
    pub fn symbol(&self) -> &str {
        match self.code() {
            "PEN" => "S/",
            "USD" => "US$",
            "EUR" => "€",
            "BRL" => "R$",
            "GTQ" => "Q",
            "PYG" => "₲",
            "CRC" => "₡",
            "BOB" => "Bs",
            "MXN" | "COP" | "CLP" | "ARS" | "UYU" | "DOP" => "$",
            _ => self.code(),
        }
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        match iso_currency::Currency::from_code(&upper) {
            Some(known) if upper.len() == 3 => Ok(Self(known.code())),
            _ => Err(UnknownCurrency(text.trim().to_owned())),
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount of one currency, in its minor units (céntimos, centavos; pesos where there are none).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative only for adjustments that raise a debt.
    pub minor: i64,
    /// The currency the minor units belong to.
    pub currency: Currency,
}

impl Money {
    /// An amount from its minor units.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The amount as a plain decimal with a dot: `1234.50`, `1500`.
    pub fn plain(&self) -> String {
        let decimals = self.currency.decimals();
        let unit = 10_u64.pow(decimals);
        let sign = if self.minor < 0 { "-" } else { "" };
        let abs = self.minor.unsigned_abs();
        match decimals {
            0 => format!("{sign}{abs}"),
            d => format!("{sign}{}.{:0width$}", abs / unit, abs % unit, width = d as usize),
        }
    }

    /// The amount as a reader of the country expects it: `S/ 1,234.50`, `$ 1.500`.
    pub fn display(&self, style: NumberStyle) -> String {
        let plain = self.plain();
        let (whole, cents) = plain.split_once('.').map_or((plain.as_str(), None), |(w, c)| (w, Some(c)));
        let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |d| ("-", d));
        let mut grouped = String::new();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i) % 3 == 0 {
                grouped.push(style.group());
            }
            grouped.push(digit);
        }
        let tail = cents.map_or(String::new(), |c| format!("{}{c}", style.decimal()));
        format!("{} {sign}{grouped}{tail}", self.currency.symbol())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, code.parse().expect("a currency"))
    }

    #[test]
    fn amounts_are_shown_as_the_country_writes_them() {
        assert_eq!(money(123_450, "PEN").display(NumberStyle::DotDecimal), "S/ 1,234.50");
        assert_eq!(money(123_450, "COP").display(NumberStyle::CommaDecimal), "$ 1.234,50");
        assert_eq!(money(1_500, "CLP").display(NumberStyle::CommaDecimal), "$ 1.500");
        assert_eq!(money(-5, "USD").display(NumberStyle::DotDecimal), "US$ -0.05");
        assert_eq!(money(1_234_567_890, "CLP").display(NumberStyle::CommaDecimal), "$ 1.234.567.890");
    }

    #[test]
    fn a_currency_is_known_by_its_code_alone() {
        assert_eq!(" pen".parse::<Currency>().map(|c| c.code().to_owned()), Ok("PEN".to_owned()));
        assert!("soles".parse::<Currency>().is_err());
        assert!("".parse::<Currency>().is_err());
        assert_eq!("CLP".parse::<Currency>().expect("clp").decimals(), 0);
    }
}
