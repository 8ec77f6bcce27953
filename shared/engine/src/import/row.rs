//! A row's values read by the file's conventions, and what is said of a row that is wrong.

use super::columns::{Column, fold};
use super::dates::{self, DateStyle};
use super::spill::SpilledRow;
use cauce_domain::contact::calendar::Calendar;
use cauce_domain::country::NumberStyle;
use cauce_domain::debt::amount;
use cauce_domain::debt::money::Currency;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What dates and amounts of a file mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conventions {
    /// Decimals.
    pub number: NumberStyle,
    /// Dates.
    pub date: DateStyle,
}

/// What the pass over the file found, for its chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Conventions.
    pub conventions: Conventions,
    /// Names of the variables, whose cells follow the columns'.
    pub variables: Vec<String>,
    /// Columns the file has.
    pub present: Vec<String>,
    /// Rows rejected while reading.
    pub reading_rejected: u64,
    /// Rows were rejected: what seems absent may be theirs, so a full picture annuls nothing.
    #[serde(default)]
    pub incomplete: bool,
}

crate::store::codec::shapes! { Found => "found_v1" }

/// Something wrong with a row: an error rejects it, an observation leaves a value out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowError {
    /// Line of the file, header is 1.
    pub line: u32,
    /// Whether the row is rejected.
    pub rejects: bool,
    /// Column.
    pub column: String,
    /// Value as written.
    pub value: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl RowError {
    /// An error: the row is rejected.
    pub fn error(line: u32, column: &str, value: &str, message: &str) -> Self {
        Self { line, rejects: true, column: column.into(), value: shortened(value), message: message.into() }
    }
    /// An observation: the value is left out, the row is taken.
    pub fn observation(line: u32, column: &str, value: &str, message: &str) -> Self {
        Self { rejects: false, ..Self::error(line, column, value, message) }
    }
    /// One line of JSON.
    pub fn line(&self) -> String {
        serde_json::to_string(self).map(|j| j + "\n").unwrap_or_default()
    }
    /// The sentence a user reads.
    pub fn sentence(&self) -> String {
        match (self.column.as_str(), self.value.as_str()) {
            ("", _) => self.message.clone(),
            (column, "") => format!("{column}: {}", self.message),
            (column, value) => format!("{column} '{value}': {}", self.message),
        }
    }
}

fn shortened(value: &str) -> String {
    value.chars().take(80).collect()
}

/// What a cell asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// The column is absent or the cell empty: keep what is stored.
    Keep,
    /// `-`: erase.
    Erase,
    /// A value.
    Set(&'a str),
}

/// A spilled row seen through the columns of its kind.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// The row.
    pub spilled: &'a SpilledRow,
    columns: &'static [Column],
    found: &'a Found,
}

impl<'a> Row<'a> {
    /// Looks at a row.
    pub fn new(spilled: &'a SpilledRow, columns: &'static [Column], found: &'a Found) -> Self {
        Self { spilled, columns, found }
    }
    /// Its line.
    pub fn line(&self) -> u32 {
        self.spilled.line
    }
    /// The text of a column; empty when absent.
    pub fn text(&self, name: &str) -> &'a str {
        let at = self.columns.iter().position(|c| c.name == name);
        at.and_then(|at| self.spilled.cells.get(at)).map_or("", |c| c.trim())
    }
    /// Whether the file has the column.
    pub fn has(&self, name: &str) -> bool {
        self.found.present.iter().any(|p| p == name)
    }
    /// What a cell asks for.
    pub fn ask(&self, name: &str) -> Ask<'a> {
        match self.text(name) {
            "" => Ask::Keep,
            "-" => Ask::Erase,
            value => Ask::Set(value),
        }
    }
    /// Variables by name with what they ask for.
    pub fn variables(&self) -> impl Iterator<Item = (&'a str, Ask<'a>)> {
        let cells = &self.spilled.cells[self.columns.len().min(self.spilled.cells.len())..];
        self.found.variables.iter().zip(cells).map(|(name, cell)| {
            let ask = match cell.trim() {
                "" => Ask::Keep,
                "-" => Ask::Erase,
                value => Ask::Set(value),
            };
            (name.as_str(), ask)
        })
    }
    /// An error about a column.
    pub fn error(&self, name: &str, message: &str) -> RowError {
        RowError::error(self.line(), name, self.text(name), message)
    }
    /// An observation about a column.
    pub fn observe(&self, name: &str, message: &str) -> RowError {
        RowError::observation(self.line(), name, self.text(name), message)
    }
    /// A date that has to be one, when there is one.
    pub fn date(&self, name: &str) -> Result<Option<NaiveDate>, RowError> {
        match self.ask(name) {
            Ask::Set(text) => {
                let read = dates::parse(text, self.found.conventions.date);
                read.map(Some).ok_or_else(|| self.error(name, "no es una fecha: escriba dd/mm/aaaa o aaaa-mm-dd"))
            }
            _ => Ok(None),
        }
    }
    /// An instant that has to be one, when there is one; noon of a date without hour.
    pub fn moment(&self, name: &str, calendar: &Calendar) -> Result<Option<DateTime<Utc>>, RowError> {
        let Ask::Set(text) = self.ask(name) else { return Ok(None) };
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Some(at.to_utc()));
        }
        let wrong = || self.error(name, "no es una fecha: escriba dd/mm/aaaa hh:mm o aaaa-mm-dd hh:mm");
        let date = self.date(name)?.ok_or_else(wrong)?;
        let time = dates::time(text).ok_or_else(wrong)?;
        Ok(Some(calendar.instant(date.and_time(time))))
    }
    /// An amount that has to be one, when there is one.
    pub fn amount(&self, name: &str, currency: Currency) -> Result<Option<i64>, RowError> {
        match self.ask(name) {
            Ask::Set(text) => {
                let read = amount::parse(text, self.found.conventions.number, currency);
                read.map(|m| Some(m.minor)).map_err(|e| self.error(name, &e.to_string()))
            }
            _ => Ok(None),
        }
    }
    /// The currency of the row, if it names one.
    pub fn currency(&self) -> Result<Option<Currency>, RowError> {
        match self.ask("Moneda") {
            Ask::Set(text) => text
                .parse()
                .map(Some)
                .map_err(|_| self.error("Moneda", "no es una moneda ISO 4217: use PEN, COP, MXN, CLP, ARS o USD")),
            _ => Ok(None),
        }
    }
    /// Sí or No, when there is one; anything else is observed and left out.
    pub fn yes(&self, name: &str, notes: &mut Vec<RowError>) -> Option<bool> {
        let Ask::Set(text) = self.ask(name) else { return None };
        match fold(text).as_str() {
            "si" | "s" | "1" | "true" | "x" | "verdadero" => Some(true),
            "no" | "n" | "0" | "false" | "falso" => Some(false),
            _ => {
                notes.push(self.observe(name, "se esperaba Sí o No; se dejó como estaba"));
                None
            }
        }
    }
}
