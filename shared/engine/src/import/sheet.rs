//! XLSX, a row at a time: typed cells become the texts a CSV would hold, so both are read by the same rules.

use super::Refused;
use super::dates::serial;
use super::job::Kind;
use calamine::{DataRef, Reader, Xlsx};
use chrono::NaiveTime;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Largest file, compressed.
pub const MAX_FILE: u64 = 100 * 1024 * 1024;
/// Most rows; larger portfolios come as CSV.
pub const MAX_ROWS: u32 = 200_000;
/// Largest content, uncompressed, and largest ratio to the file: beyond them it is a bomb.
const MAX_CONTENT: u64 = 1024 * 1024 * 1024;
const MAX_RATIO: u64 = 200;

/// Whether a file begins as a zip does.
pub fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// What becomes of the hour of a date: most files mean the day alone, whatever their spreadsheet noted with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// It is kept, where there is one.
    Kept,
    /// It is cut.
    Cut,
}

impl Hours {
    /// What a kind of file means.
    pub fn of(kind: Kind) -> Self {
        if kind == Kind::Communications { Self::Kept } else { Self::Cut }
    }
}

/// Reads the first sheet and gives each row to `each`.
pub fn read(bytes: Vec<u8>, hours: Hours, each: impl FnMut(Vec<String>) -> Result<(), Refused>) -> Result<(), Refused> {
    refuse_bomb(&bytes)?;
    // The library panics on some broken cells: that is the file's end, not the function's.
    catch_unwind(AssertUnwindSafe(|| rows(bytes, hours, each))).unwrap_or(Err(Refused::BadSheet))
}

fn rows(bytes: Vec<u8>, hours: Hours, mut each: impl FnMut(Vec<String>) -> Result<(), Refused>) -> Result<(), Refused> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| Refused::BadSheet)?;
    let name = book.sheet_names().first().cloned().ok_or(Refused::BadSheet)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|_| Refused::BadSheet)?;
    let mut row: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(cell) = cells.next_cell().map_err(|_| Refused::BadSheet)? {
        let (line, column) = cell.get_position();
        if line > MAX_ROWS || column as usize >= 512 {
            return Err(if line > MAX_ROWS { Refused::ManyRows(MAX_ROWS) } else { Refused::ManyColumns(512) });
        }
        while at < line {
            each(std::mem::take(&mut row))?;
            at += 1;
        }
        row.resize(row.len().max(column as usize + 1), String::new());
        row[column as usize] = text(cell.get_value(), hours);
    }
    if row.is_empty() { Ok(()) } else { each(row) }
}

/// The text of a typed cell: numbers in full with a dot, dates in ISO.
fn text(value: &DataRef<'_>, hours: Hours) -> String {
    match value {
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => number(*n),
        DataRef::String(s) => s.clone(),
        DataRef::SharedString(s) => (*s).to_owned(),
        DataRef::Bool(b) => if *b { "Sí" } else { "No" }.to_owned(),
        DataRef::DateTime(d) => moment(d.as_f64(), hours).unwrap_or_else(|| number(d.as_f64())),
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => s.clone(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// The date of a serial, with its hour where it has one and that is kept.
fn moment(days: f64, hours: Hours) -> Option<String> {
    let date = serial(days.floor().abs() as u64)?;
    let seconds = (days.fract().abs() * 86_400.0).round() as u32;
    Some(
        match NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).filter(|_| seconds > 0 && hours == Hours::Kept)
        {
            Some(time) => format!("{date} {time}"),
            None => date.to_string(),
        },
    )
}

/// Excel keeps fifteen digits: what binary fractions add beyond them is noise.
fn number(n: f64) -> String {
    if n.fract() == 0.0 && n.abs() < 1e15 {
        return format!("{n:.0}");
    }
    let rounded = format!("{n:.6}");
    rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Adds up what the archive says it will unpack to, from its directory.
fn refuse_bomb(bytes: &[u8]) -> Result<(), Refused> {
    let tail = bytes.len().saturating_sub(66_000);
    let end =
        bytes[tail..].windows(4).rposition(|w| w == b"PK\x05\x06").map(|at| at + tail).ok_or(Refused::BadSheet)?;
    let u16_at = |at: usize| bytes.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
    let u32_at = |at: usize| bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let mut at = u32_at(end + 16) as usize;
    let mut content = 0;
    for _ in 0..u16_at(end + 10) {
        if bytes.get(at..at + 4) != Some(b"PK\x01\x02") {
            return Err(Refused::BadSheet);
        }
        content += u64::from(u32_at(at + 24));
        at += 46 + usize::from(u16_at(at + 28)) + usize::from(u16_at(at + 30)) + usize::from(u16_at(at + 32));
    }
    if content > MAX_CONTENT || content > (bytes.len() as u64).saturating_mul(MAX_RATIO) {
        return Err(Refused::Bomb);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_keep_their_hour_where_it_is_meant() {
        assert_eq!(moment(46_022.0, Hours::Kept).as_deref(), Some("2025-12-31"));
        assert_eq!(moment(46_022.645_833_333, Hours::Kept).as_deref(), Some("2025-12-31 15:30:00"));
        assert_eq!(moment(46_022.645_833_333, Hours::Cut).as_deref(), Some("2025-12-31"));
    }

    #[test]
    fn numbers_come_out_as_they_were_typed() {
        for (n, expected) in
            [(1234.56, "1234.56"), (0.1 + 0.2, "0.3"), (45_678.0, "45678"), (12_345_678_901.0, "12345678901")]
        {
            assert_eq!(number(n), expected);
        }
    }

    #[test]
    fn what_is_no_workbook_is_refused() {
        assert_eq!(read(b"PK\x03\x04 nothing".to_vec(), Hours::Cut, |_| Ok(())), Err(Refused::BadSheet));
    }
}
