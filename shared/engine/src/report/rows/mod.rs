//! The rows of each subject, a page at a time, as whoever asked for them may see them.

pub(super) mod customers;
mod interactions;
pub(super) mod orders;
pub(super) mod payments;
pub(super) mod processes;
pub(super) mod promises;
mod walk;

use super::{Report, Subject};
use crate::Ports;
use crate::columns::{Column, Names, customer};
use crate::error::Error;
use crate::interaction_log::Place;
use crate::store::settings::{Setup, User};
use cauce_domain::debt::account::Account;
use chrono::{DateTime, NaiveDate, Utc};
use std::sync::atomic::{AtomicU64, Ordering};

/// The cells of a row, in the order of the columns.
pub(super) type Row = Vec<String>;
/// Rows, and where those after them begin.
pub(super) type Page = (Vec<Row>, Option<Place>);

/// Whoever reads a report's rows.
pub(super) struct Reader<'a> {
    pub(super) ports: &'a Ports,
    pub(super) setup: &'a Setup,
    pub(super) report: &'a Report,
    columns: &'a [&'static Column],
    user: Option<&'a User>,
    names: Names<'a>,
    now: DateTime<Utc>,
    today: NaiveDate,
    left_out: AtomicU64,
}

impl<'a> Reader<'a> {
    /// A reader for a user, or for the project itself.
    pub(super) fn new(
        ports: &'a Ports,
        setup: &'a Setup,
        report: &'a Report,
        (columns, user): (&'a [&'static Column], Option<&'a User>),
        now: DateTime<Utc>,
    ) -> Self {
        let names = Names::of_setup(setup);
        let left_out = AtomicU64::new(0);
        Self { ports, setup, report, columns, user, names, now, today: setup.today(now), left_out }
    }

    /// A customer that nobody can read is in no row.
    fn leave_out(&self) {
        self.left_out.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were left out since it was asked last.
    pub(super) fn take_left_out(&self) -> u64 {
        self.left_out.swap(0, Ordering::Relaxed)
    }

    /// Whether whoever asked sees every customer.
    pub(super) fn sees_all(&self) -> bool {
        self.user.is_none_or(|user| !user.only_assigned)
    }

    /// The rows from a place on: a page of them, maybe none, and where it ends.
    pub(super) async fn page(&mut self, place: Place) -> Result<Page, Error> {
        match self.report.subject {
            Subject::Interactions => interactions::page(self, place).await,
            Subject::Processes => processes::page(self, place).await,
            Subject::Customers | Subject::Orders | Subject::Payments | Subject::Promises => {
                walk::page(self, place).await
            }
        }
    }

    /// Whether the filter and the rights of whoever asked let a customer pass.
    fn takes(&self, account: &Account) -> bool {
        self.report.filter.takes_customer(Some(account)) && self.user.is_none_or(|user| user.sees(account))
    }

    /// Whether a day is in the filter's range.
    fn within(&self, day: NaiveDate) -> bool {
        let filter = &self.report.filter;
        filter.from.is_none_or(|from| from <= day) && filter.to.is_none_or(|to| day <= to)
    }

    /// Whether a state's code is the filter's.
    fn in_state(&self, code: &str) -> bool {
        self.report.filter.state.as_deref().is_none_or(|wanted| wanted == code)
    }

    /// A row: each column's text, or what it tells of the customer.
    fn row(&self, account: &Account, of: impl Fn(&str) -> Option<String>) -> Row {
        let text = |column: &&Column| {
            of(column.code).or_else(|| customer::shown(column.code, account, &self.names)).unwrap_or_default()
        };
        self.columns.iter().map(text).collect()
    }
}

/// The code of a state as it is stored and asked for.
fn code_of(state: &impl serde::Serialize) -> String {
    serde_json::to_value(state).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
