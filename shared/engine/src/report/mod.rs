//! Reports (*Descargar reportes*): what a tray shows, in a file that is written at night and found in the process log.
//!
//! A report is asked for by day and written at the next local dawn, once per subject, project and day. It shows what its
//! requester saw when it asked, the columns and filters, and what it may see when it is written, the customers. Rows are
//! gathered a part at a time, each part a file of its own; the parts become the report. A worker that dies, or whose time is up,
//! is followed by another from the last part, and of two that work on one report one gives way at every part.

mod ask;
mod book;
mod file;
mod rows;
mod subject;
mod text;
mod work;

pub use ask::{Asked, Asking, MOST_DAYS, ask};
pub use subject::Subject;
pub use work::work;

use crate::Ports;
use crate::error::Error;
use crate::interaction_log::Filter;
use crate::messages::WriteReport;
use crate::ports::queue::{Message, QueueName};
use crate::ports::table::{Cursor, Key, Query, TableName};
use crate::store::codec::{Shape, decode, encode, shapes, type_of};
use crate::store::edits::By;
use crate::store::settings::Setup;
use crate::store::{keys, query_all};
use cauce_domain::ids::{JobId, ProjectId};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The local hour reports are written from.
pub const DAWN: NaiveTime = match NaiveTime::from_hms_opt(3, 0, 0) {
    Some(dawn) => dawn,
    None => NaiveTime::MIN,
};
/// How long a report can be downloaded once it is written.
pub const KEPT: TimeDelta = TimeDelta::days(7);
/// How long a report is tried to be written.
const TRIED: TimeDelta = TimeDelta::hours(20);

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
    fn asked(id: JobId, asking: Asking, by: &By, at: DateTime<Utc>) -> Self {
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

/// A report that waits for its dawn, or is somebody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Listed {
    report: JobId,
}

shapes! {
    Report => "report_v1",
    Listed => "report_listed_v1",
}

/// The place of a report in the process log.
fn key(project: &ProjectId, id: &JobId) -> Key {
    Key::new(TableName::Jobs, format!("{project}#log"), id.as_str())
}

/// The place of a report among those that are still to be written.
fn waiting(project: &ProjectId, report: &Report) -> Key {
    let sort = format!("{}#{}", keys::instant(report.at), report.id);
    Key::new(TableName::Jobs, format!("{project}#reports"), sort)
}

/// The place of a report among those somebody asked for.
fn owned(project: &ProjectId, report: &Report) -> Key {
    Key::new(TableName::Jobs, format!("{project}#reports-of#{}", report.requester), report.id.as_str())
}

/// Reads a report, with its rows so far.
pub async fn read(ports: &Ports, project: &ProjectId, id: &JobId) -> Result<Option<Report>, Error> {
    let Some((mut report, _)) = read_versioned(ports, project, id).await? else { return Ok(None) };
    if report.state == ReportState::Writing {
        report.rows = work::rows_so_far(ports, project, id).await?;
    }
    Ok(Some(report))
}

async fn read_versioned(ports: &Ports, project: &ProjectId, id: &JobId) -> Result<Option<(Report, u64)>, Error> {
    let Some(stored) = ports.table.get(&key(project, id)).await? else { return Ok(None) };
    // A load or a walk stands in the same log.
    match type_of(&stored.body) == Report::TYPE {
        true => Ok(Some((decode(&stored.body)?, stored.version))),
        false => Ok(None),
    }
}

/// A page of the reports somebody asked for, the last first.
pub async fn of_requester(
    ports: &Ports,
    project: &ProjectId,
    requester: &str,
    (limit, after): (u32, Option<Cursor>),
) -> Result<(Vec<Report>, Option<Cursor>), Error> {
    let place = format!("{project}#reports-of#{requester}");
    let query = Query::table(TableName::Jobs, place).descending().limit(limit).after(after);
    let page = ports.table.query(&query).await?;
    let mut reports = Vec::new();
    for stored in &page.items {
        let Listed { report } = decode(&stored.body)?;
        reports.extend(read(ports, project, &report).await?);
    }
    Ok((reports, page.next))
}

/// Queues the reports whose dawn has come; what was lost of them is queued again by the next hour's call.
pub(crate) async fn begin_due(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<(), Error> {
    let listed = Query::table(TableName::Jobs, format!("{}#reports", setup.id()));
    let due = listed.between("0", format!("{}\u{10FFFF}", keys::instant(now)));
    for stored in query_all(ports.table.as_ref(), due).await? {
        let Listed { report } = decode(&stored.body)?;
        queue(ports, setup.id(), &report).await?;
    }
    Ok(())
}

/// Has somebody work on a report.
async fn queue(ports: &Ports, project: &ProjectId, report: &JobId) -> Result<(), Error> {
    let message = WriteReport { project: project.clone(), report: report.clone() };
    let message = Message::new(project.as_str(), encode(&message)?);
    Ok(ports.queue.send(QueueName::Reports, vec![message]).await?)
}
