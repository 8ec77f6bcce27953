//! Reports (*Descargar reportes*): what a tray shows, in a file that is written at night and found in the process log.
//!
//! A report is asked for by day and written at the next local dawn, once per subject, project and day. It shows what its
//! requester saw when it asked, the columns and filters, and what it may see when it is written, the customers. Rows are
//! gathered a part at a time, each part a file of its own; the parts become the report. A worker that dies, or whose time is up,
//! is followed by another from the last part, and of two that work on one report one gives way at every part.

mod ask;
mod book;
mod file;
mod kept;
mod rows;
mod subject;
mod text;
mod work;

pub use ask::{Asked, Asking, MOST_DAYS, ask};
pub use kept::{Format, Report, ReportState};
pub use subject::Subject;
pub use work::work;

use crate::Ports;
use crate::error::Error;
use crate::messages::WriteReport;
use crate::ports::queue::{Message, QueueName};
use crate::ports::table::{Cursor, Key, Query, TableName};
use crate::store::codec::{Shape, decode, encode, shapes, type_of};
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
