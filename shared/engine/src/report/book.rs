//! Rows as a workbook, written row by row: what is held is one row, however many there are.

use crate::columns::{Column, Kind};
use bytes::Bytes;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::fs::File;
use std::io::{Seek, SeekFrom};

/// Rows of one sheet, titles included.
const SHEET_ROWS: u32 = 1_048_576;
/// Letters of one cell.
const CELL_LETTERS: usize = 32_767;
/// Widest column, in letters.
const WIDEST: f64 = 40.0;

/// How cells look.
struct Looks {
    title: Format,
    whole: Format,
    cents: Format,
    day: Format,
    moment: Format,
}

/// A workbook that is being written; further sheets follow the first where one is full.
pub(super) struct Book {
    book: Workbook,
    name: &'static str,
    columns: Vec<&'static Column>,
    looks: Looks,
    row: u32,
    sheets: usize,
}

impl Book {
    /// An empty one with its titles.
    pub(super) fn new(name: &'static str, columns: Vec<&'static Column>) -> Result<Self, XlsxError> {
        let format = |shown: &str| Format::new().set_num_format(shown);
        let looks = Looks {
            title: Format::new().set_bold(),
            whole: format("0"),
            cents: format("#,##0.00"),
            day: format("yyyy-mm-dd"),
            moment: format("yyyy-mm-dd hh:mm:ss"),
        };
        let mut book = Workbook::new();
        book.use_zip_large_file(true);
        let mut book = Self { book, name, columns, looks, row: 0, sheets: 0 };
        book.sheet()?;
        Ok(book)
    }

    fn sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        let page = self.book.add_worksheet_with_constant_memory();
        page.set_name(if self.sheets == 1 { self.name.to_owned() } else { format!("{} {}", self.name, self.sheets) })?;
        page.set_freeze_panes(1, 0)?;
        for (at, column) in (0_u16..).zip(&self.columns) {
            let width = if column.kind == Kind::Text { 24.0 } else { 18.0 };
            page.set_column_width(at, (column.title.chars().count() as f64 + 2.0).clamp(width, WIDEST))?;
            page.write_string_with_format(0, at, column.title, &self.looks.title)?;
        }
        self.row = 1;
        Ok(())
    }

    /// Adds the rows of a part.
    pub(super) fn push(&mut self, part: &Bytes) -> Result<(), String> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(part.as_ref());
        for record in reader.records() {
            let record = record.map_err(|e| e.to_string())?;
            if self.row == SHEET_ROWS {
                self.sheet().map_err(|e| e.to_string())?;
            }
            let at = self.sheets - 1;
            let page = self.book.worksheet_from_index(at).map_err(|e| e.to_string())?;
            for ((column, about), text) in (0_u16..).zip(&self.columns).zip(&record) {
                let placed = (self.row, column);
                cell(page, placed, about.kind, text, &self.looks).map_err(|e| e.to_string())?;
            }
            self.row += 1;
        }
        Ok(())
    }

    /// The whole of it, in a file nobody else sees, to be read from its beginning.
    pub(super) fn finish(mut self) -> Result<File, String> {
        let mut file = tempfile::tempfile().map_err(|e| e.to_string())?;
        self.book.save_to_writer(&mut file).map_err(|e| e.to_string())?;
        file.seek(SeekFrom::Start(0)).map_err(|e| e.to_string())?;
        Ok(file)
    }
}

/// Writes a cell as what its column is of; what does not read as that is words. Words are never formulas.
fn cell(
    page: &mut Worksheet,
    (row, column): (u32, u16),
    kind: Kind,
    text: &str,
    looks: &Looks,
) -> Result<(), XlsxError> {
    if text.is_empty() {
        return Ok(());
    }
    let time = || ExcelDateTime::parse_from_str(text).ok();
    match kind {
        Kind::Number => {
            if let Ok(number) = text.parse::<f64>() {
                let look = if text.contains('.') { &looks.cents } else { &looks.whole };
                page.write_number_with_format(row, column, number, look)?;
                return Ok(());
            }
        }
        Kind::Day | Kind::Moment => {
            if let Some(time) = time() {
                let look = if kind == Kind::Day { &looks.day } else { &looks.moment };
                page.write_datetime_with_format(row, column, &time, look)?;
                return Ok(());
            }
        }
        Kind::Text => {}
    }
    match text.char_indices().nth(CELL_LETTERS) {
        Some((end, _)) => page.write_string(row, column, &text[..end])?,
        None => page.write_string(row, column, text)?,
    };
    Ok(())
}
