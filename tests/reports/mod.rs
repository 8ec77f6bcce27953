//! Reports: asked for by day, written at dawn, kept for a week.

mod asked;
mod content;
mod rights;
mod written;

use crate::world::World;
use axum::http::{Method, StatusCode};
use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};
use std::io::Cursor;

/// When the reports asked for on the tenth of March are written: the first hour's close after three in Lima.
pub(crate) const DAWN: &str = "2026-03-11T08:10:00Z";

impl World {
    /// Asks for a report.
    pub(crate) async fn ask_report(&self, subject: &str, more: Value) -> (StatusCode, Value) {
        let mut body = json!({ "subject": subject, "format": "csv" });
        more.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
        self.call(Method::POST, "/v1/reports", Some(body)).await
    }

    /// Asks for a report that is taken; answers its path.
    pub(crate) async fn report(&self, subject: &str, more: Value) -> String {
        let (status, asked) = self.ask_report(subject, more).await;
        assert_eq!((status, &asked["state_name"]), (StatusCode::ACCEPTED, &json!("En cola")), "{asked}");
        format!("/v1/reports/{}", asked["id"].as_str().expect("an id"))
    }

    /// A report that is there, as the rows of its table.
    pub(crate) async fn rows(&self, path: &str) -> Vec<Vec<String>> {
        let content = self.downloaded(&format!("{path}/file")).await;
        table(content.strip_prefix("\u{FEFF}".as_bytes()).expect("the mark of UTF-8"))
    }

    /// The rows of a report of some columns, asked for and written.
    pub(crate) async fn reported(&self, subject: &str, columns: &[&str], filter: Value) -> Vec<Vec<String>> {
        let path = self.report(subject, json!({ "columns": columns, "filter": filter })).await;
        self.until(DAWN).await;
        let mut rows = self.rows(&path).await;
        rows.remove(0);
        rows.sort();
        rows
    }
}

fn table(content: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(content);
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

/// The cells of a workbook's first sheet, and its name.
pub(crate) fn sheet(content: Vec<u8>) -> (String, Vec<Vec<Data>>) {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(content)).expect("a workbook");
    let name = book.sheet_names()[0].clone();
    let range = book.worksheet_range(&name).expect("a sheet");
    (name, range.rows().map(<[Data]>::to_vec).collect())
}
