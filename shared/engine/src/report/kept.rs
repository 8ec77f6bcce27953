//! A report as it is kept: what was asked for, and where it stands.

use super::{Asking, KEPT, Subject};
use crate::interaction_log::Filter;
use crate::store::edits::By;
use crate::store::settings::Setup;
use cauce_domain::ids::JobId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How a report's file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A workbook.
    #[default]
    Xlsx,
    /// Values separated by commas, in UTF-8 with its mark.
    Csv,
}

impl Format {
    /// The end of its files' names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }
}

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    /// Waiting for its dawn.
    Queued,
    /// It is being written.
    Writing,
    /// It can be downloaded.
    Finished,
    /// It could not be written.
    Failed,
}

impl ReportState {
    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Queued => "En cola",
            Self::Writing => "En proceso",
            Self::Finished => "Finalizado",
            Self::Failed => "Fallido",
        }
    }

    /// Whether nothing more happens to it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Failed)
    }
}

/// A report, as it stands in the process log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its id, in order of time.
    pub id: JobId,
    /// What it is about.
    pub subject: Subject,
    /// How it is written.
    pub format: Format,
    /// Which rows.
    pub filter: Filter,
    /// Which columns, in order.
    pub columns: Vec<String>,
    /// Who asked: a user's id, or `api`.
    pub requester: String,
    /// When it was asked for.
    pub created: DateTime<Utc>,
    /// When it is written.
    pub at: DateTime<Utc>,
    /// Where it stands.
    pub state: ReportState,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<DateTime<Utc>>,
    /// Rows so far.
    #[serde(default)]
    pub rows: u64,
    /// Where its file is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// It was written for somebody who sees every customer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_all: bool,
    /// Whoever asked was told of its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
    /// Why it could not be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Report {
    /// One that waits for its hour.
    pub(super) fn asked(id: JobId, asking: Asking, by: &By, at: DateTime<Utc>) -> Self {
        let Asking { subject, format, filter, columns } = asking;
        let (requester, created) = (by.author.clone(), by.at);
        let state = ReportState::Queued;
        Self {
            id,
            subject,
            format,
            filter,
            columns,
            requester,
            created,
            at,
            state,
            finished: None,
            rows: 0,
            file: None,
            of_all: false,
            told: false,
            message: None,
        }
    }

    /// Until when it can be downloaded.
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        self.file.as_ref().and(self.finished).map(|finished| finished + KEPT)
    }

    /// The name its file is given.
    pub fn file_name(&self, setup: &Setup) -> String {
        format!("{}-{}.{}", self.subject.file_name(), setup.today(self.created), self.format.extension())
    }
}
