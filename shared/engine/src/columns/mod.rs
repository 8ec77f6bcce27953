//! Columns of trays and of their reports: what each is called, and how its text is to be read.

pub mod customer;
mod names;

pub use names::Names;

use crate::store::settings::Setup;
use chrono::{DateTime, Utc};

/// What the text of a column is, for whoever calculates with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words, codes, addresses.
    Text,
    /// A plain decimal with a dot: an amount, a count.
    Number,
    /// A local day, `aaaa-mm-dd`.
    Day,
    /// A local instant to the second, `aaaa-mm-dd hh:mm:ss`.
    Moment,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in code.
    pub code: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What its text is.
    pub kind: Kind,
    /// Shown unless somebody chooses otherwise.
    pub usual: bool,
}

/// A column that is shown unless somebody chooses otherwise.
pub(crate) const fn usual(code: &'static str, title: &'static str) -> Column {
    Column { code, title, kind: Kind::Text, usual: true }
}

/// A column that is shown where somebody chooses it.
pub(crate) const fn may(code: &'static str, title: &'static str) -> Column {
    Column { usual: false, ..usual(code, title) }
}

impl Column {
    /// The same, of numbers.
    pub(crate) const fn number(self) -> Self {
        Self { kind: Kind::Number, ..self }
    }

    /// The same, of local days.
    pub(crate) const fn day(self) -> Self {
        Self { kind: Kind::Day, ..self }
    }

    /// The same, of local instants.
    pub(crate) const fn moment(self) -> Self {
        Self { kind: Kind::Moment, ..self }
    }
}

/// An instant in the project's zone, to the second.
pub(crate) fn local(setup: &Setup, at: Option<DateTime<Utc>>) -> String {
    let zone = setup.project().calendar.zone;
    at.map_or_else(String::new, |at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string())
}

/// Several things in one cell.
pub(crate) fn joined(all: impl IntoIterator<Item = String>) -> String {
    all.into_iter().collect::<Vec<_>>().join("; ")
}
