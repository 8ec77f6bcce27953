//! Template files: an empty workbook of a kind with a help sheet, ready to be filled in and loaded.

use super::columns;
use super::job::Kind;
use crate::error::Error;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// Writes the template of a kind.
pub fn template_file(kind: Kind) -> Result<Vec<u8>, Error> {
    build(kind).map_err(|e| Error::Broken("plantilla", e.to_string()))
}

fn build(kind: Kind) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let text = Format::new().set_num_format("@");
    let page = book.add_worksheet();
    page.set_name(kind.spanish())?;
    for (at, column) in (0_u16..).zip(columns::of(kind)) {
        page.write_string_with_format(0, at, column.name, &bold)?;
        // Keys and phones as text: a number format would lose their zeros.
        page.set_column_format(at, &text)?;
        page.set_column_width(at, 22)?;
    }
    let help = book.add_worksheet();
    help.set_name("Ayuda")?;
    for (at, title) in (0_u16..).zip(["Columna", "Obligatoria", "Qué escribir"]) {
        help.write_string_with_format(0, at, title, &bold)?;
    }
    for (row, column) in (1_u32..).zip(columns::of(kind)) {
        help.write_string(row, 0, column.name)?;
        help.write_string(row, 1, if column.mandatory { "Sí" } else { "No" })?;
        help.write_string(row, 2, column.help)?;
    }
    help.set_column_width(0, 28)?;
    help.set_column_width(2, 70)?;
    book.save_to_buffer()
}
