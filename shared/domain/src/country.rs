//! What changes from one country to the next: zone, currency, number style, legal contact windows.
//!
//! The windows are an outer bound that a project may narrow, never widen. Each names the law it comes from; they are
//! configuration to be checked by a lawyer, not advice.

use crate::contact::calendar::Window;
use chrono::Weekday;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How a country writes decimals and thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberStyle {
    /// `1,234.56`
    DotDecimal,
    /// `1.234,56`
    CommaDecimal,
}

impl NumberStyle {
    /// The character before the decimals.
    pub fn decimal(self) -> char {
        match self {
            Self::DotDecimal => '.',
            Self::CommaDecimal => ',',
        }
    }
    /// The character between thousands.
    pub fn group(self) -> char {
        match self {
            Self::DotDecimal => ',',
            Self::CommaDecimal => '.',
        }
    }
}

/// A country Cauce knows the rules of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Country {
    /// Peru.
    Pe,
    /// Colombia.
    Co,
    /// Mexico.
    Mx,
    /// Chile.
    Cl,
    /// Argentina.
    Ar,
    /// Ecuador.
    Ec,
}

/// The text is not the code of a country Cauce knows.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' no es un país disponible: use PE, CO, MX, CL, AR o EC")]
pub struct UnknownCountry(pub String);

impl FromStr for Country {
    type Err = UnknownCountry;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|c| c.code().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| UnknownCountry(text.trim().to_owned()))
    }
}

impl Country {
    /// Every country, Peru first.
    pub const ALL: [Self; 6] = [Self::Pe, Self::Co, Self::Mx, Self::Cl, Self::Ar, Self::Ec];

    /// ISO 3166 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Pe => "PE",
            Self::Co => "CO",
            Self::Mx => "MX",
            Self::Cl => "CL",
            Self::Ar => "AR",
            Self::Ec => "EC",
        }
    }

    /// The IANA zone of the capital.
    pub fn zone(self) -> chrono_tz::Tz {
        match self {
            Self::Pe => chrono_tz::America::Lima,
            Self::Co => chrono_tz::America::Bogota,
            Self::Mx => chrono_tz::America::Mexico_City,
            Self::Cl => chrono_tz::America::Santiago,
            Self::Ar => chrono_tz::America::Argentina::Buenos_Aires,
            Self::Ec => chrono_tz::America::Guayaquil,
        }
    }

    /// The currency most debts are in.
    pub fn currency(self) -> &'static str {
        match self {
            Self::Pe => "PEN",
            Self::Co => "COP",
            Self::Mx => "MXN",
            Self::Cl => "CLP",
            Self::Ar => "ARS",
            Self::Ec => "USD",
        }
    }

    /// How amounts are written.
    pub fn number_style(self) -> NumberStyle {
        match self {
            Self::Pe | Self::Mx => NumberStyle::DotDecimal,
            Self::Co | Self::Cl | Self::Ar | Self::Ec => NumberStyle::CommaDecimal,
        }
    }

    /// The telephone country code.
    pub fn dial_code(self) -> u16 {
        match self {
            Self::Pe => 51,
            Self::Co => 57,
            Self::Mx => 52,
            Self::Cl => 56,
            Self::Ar => 54,
            Self::Ec => 593,
        }
    }

    /// The country of a telephone country code.
    pub fn of_dial_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.dial_code() == code)
    }

    /// The hours of a weekday in which the law lets a debtor be contacted; `None` when it is closed.
    ///
    /// - Peru, Ley 29571 art. 62: not from 20:00 to 07:00, nor on Saturdays, Sundays or holidays.
    /// - Colombia, Ley 2300 de 2023 art. 3: Mon–Fri 07:00–19:00, Sat 08:00–15:00.
    /// - Mexico, Disposiciones de despachos de cobranza (DOF 7-10-2014): 07:00–22:00; working days, the stricter reading.
    /// - Chile, Ley 19.496 art. 37 with CPC art. 59: Mon–Sat 08:00–20:00.
    /// - Argentina, CABA Ley 6171: Mon–Fri 08:00–20:00, Sat 10:00–12:00.
    /// - Ecuador, Ley Orgánica de Defensa del Consumidor art. 49: Mon–Fri 07:00–20:00.
    pub fn legal_window(self, day: Weekday) -> Option<Window> {
        let (weekday, saturday) = match self {
            Self::Pe | Self::Ec => ((7, 20), None),
            Self::Co => ((7, 19), Some((8, 15))),
            Self::Mx => ((7, 22), None),
            Self::Cl => ((8, 20), Some((8, 20))),
            Self::Ar => ((8, 20), Some((10, 12))),
        };
        let hours = match day {
            Weekday::Sun => None,
            Weekday::Sat => saturday,
            _ => Some(weekday),
        };
        hours.map(|(from, to)| Window::hours(from, to))
    }

    /// Whether one channel alone may be used in the week after a contact (Colombia, Ley 2300 de 2023 art. 3).
    pub fn one_channel_a_week_after_contact(self) -> bool {
        self == Self::Co
    }
}
