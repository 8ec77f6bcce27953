//! Rows as text separated by commas, harmless to whoever opens them in a spreadsheet.

use crate::columns::Column;
use crate::error::Error;
use std::borrow::Cow;

/// The mark by which spreadsheets know UTF-8.
pub(super) const MARK: &str = "\u{FEFF}";

/// What a spreadsheet takes for the beginning of a formula, in its wide forms too.
const FORMULAS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// What parts cells in the spreadsheets of some countries, whatever the file says.
const PARTS: [char; 4] = [';', '\t', '\n', '\r'];

/// A cell that no spreadsheet runs: what it would take for a formula is words, at the beginning and after what it may take for the
/// end of a cell. Numbers, telephones among them, stay as they are.
pub(super) fn defused(text: &str) -> Cow<'_, str> {
    let harmless = |part: &str| !part.trim_start().starts_with(FORMULAS) || is_number(part.trim_matches(PARTS).trim());
    if text.split(PARTS).all(harmless) && !text.starts_with(FORMULAS) || is_number(text) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 2);
    for (at, part) in text.split_inclusive(PARTS).enumerate() {
        if !harmless(part) || at == 0 && text.starts_with(FORMULAS) && !is_number(part.trim_matches(PARTS).trim()) {
            safe.push('\'');
        }
        safe.push_str(part);
    }
    Cow::Owned(safe)
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part].iter().all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Rows as they are kept in a part.
pub(super) struct Lines {
    writer: csv::Writer<Vec<u8>>,
    defuse: bool,
    bytes: usize,
}

impl Lines {
    /// None yet; defused, where they are read as they are.
    pub(super) fn new(defuse: bool) -> Self {
        let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        Self { writer, defuse, bytes: 0 }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: &[String]) -> Result<(), Error> {
        self.bytes += row.iter().map(|cell| cell.len() + 1).sum::<usize>();
        let defuse = self.defuse;
        let cells = row.iter().map(|cell| if defuse { defused(cell) } else { Cow::Borrowed(cell.as_str()) });
        self.writer.write_record(cells.map(|cell| cell.into_owned())).map_err(broken)
    }

    /// About how long they are, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// All of them.
    pub(super) fn into_bytes(self) -> Result<Vec<u8>, Error> {
        self.writer.into_inner().map_err(broken)
    }
}

/// The first line of a file.
pub(super) fn titles(columns: &[&Column]) -> Result<Vec<u8>, Error> {
    let mut lines = Lines::new(true);
    lines.push(&columns.iter().map(|column| column.title.to_owned()).collect::<Vec<_>>())?;
    lines.into_bytes()
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Broken("reporte", error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_words_and_numbers_stay_numbers() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("-", "'-"),
            ("+51987650001", "+51987650001"),
            ("-12.50", "-12.50"),
            ("Ana", "Ana"),
            ("Ana;=1+1", "Ana;'=1+1"),
            ("Ana; @x", "Ana;' @x"),
            ("Ana\t=1", "Ana\t'=1"),
            ("+51987650001; +51987650002", "+51987650001; +51987650002"),
            ("PEN 10.00; USD -5.00", "PEN 10.00; USD -5.00"),
            ("", ""),
        ] {
            assert_eq!(defused(text), expected);
        }
    }
}
