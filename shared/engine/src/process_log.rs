//! The process log (*Log de procesos*): loads, walks over the customers, reports; newest first.
//!
//! Each stands in one partition by its id, as what it is; a line apart has them by time, since ids of dropped files are
//! digests and in no order.

use crate::Ports;
use crate::error::{Error, readable};
use crate::import::job::Load;
use crate::ports::table::{Cursor, Item, Key, MAX_KEYS, Query, Stored, TableName};
use crate::report::Report;
use crate::store::codec::{Shape, decode, encode, shapes, type_of};
use crate::store::{jobs, keys};
use crate::walk::Walk;
use cauce_domain::ids::{JobId, ProjectId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One thing of the process log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Process {
    /// A load.
    Load(Box<Load>),
    /// A walk over the customers.
    Walk(Box<Walk>),
    /// A report.
    Report(Box<Report>),
}

impl Process {
    /// Its id.
    pub fn id(&self) -> &JobId {
        match self {
            Self::Load(load) => &load.id,
            Self::Walk(walk) => &walk.id,
            Self::Report(report) => &report.id,
        }
    }

    /// What it is, as a reader sees it.
    pub fn spanish(&self) -> String {
        match self {
            Self::Load(load) => format!("Carga de {}", load.kind.spanish().to_lowercase()),
            Self::Walk(walk) => walk.task.spanish().to_owned(),
            Self::Report(report) => format!("Reporte de {}", report.subject.spanish().to_lowercase()),
        }
    }

    /// Where it stands, as a reader sees it.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Load(load) => load.state.spanish(),
            Self::Walk(walk) if walk.finished.is_some() => "Finalizado",
            Self::Walk(_) => "En proceso",
            Self::Report(report) => report.state.spanish(),
        }
    }

    /// Who asked for it.
    pub fn requester(&self) -> &str {
        match self {
            Self::Load(load) => &load.requester,
            Self::Walk(walk) => &walk.requester,
            Self::Report(report) => &report.requester,
        }
    }

    /// When it was asked for.
    pub fn created(&self) -> DateTime<Utc> {
        match self {
            Self::Load(load) => load.created,
            Self::Walk(walk) => walk.created,
            Self::Report(report) => report.created,
        }
    }

    /// When it ended.
    pub fn finished(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Load(load) => load.finished,
            Self::Walk(walk) => walk.finished,
            Self::Report(report) => report.finished,
        }
    }

    /// What there is to know of it, in words.
    pub fn message(&self) -> String {
        match self {
            Self::Load(load) => load.message.clone().unwrap_or_default(),
            Self::Walk(walk) => walk.told(),
            Self::Report(report) => report.message.clone().unwrap_or_default(),
        }
    }
}

/// The line of one by time.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    id: JobId,
}

shapes! { Line => "log_line_v1" }

/// The line of something that was asked for at an instant.
pub(crate) fn line(project: &ProjectId, id: &JobId, at: DateTime<Utc>) -> Result<Item, Error> {
    let sort = format!("{}#{id}", keys::instant(at));
    let key = Key::new(TableName::Jobs, format!("{project}#log-by-time"), sort);
    Ok(Item::new(key, encode(&Line { id: id.clone() })?).expiring(jobs::expiry(at)))
}

fn place(project: &ProjectId, id: &JobId) -> Key {
    Key::new(TableName::Jobs, format!("{project}#log"), id.as_str())
}

fn read_stored(stored: &Stored) -> Result<Process, Error> {
    match type_of(&stored.body) {
        Walk::TYPE => Ok(Process::Walk(Box::new(decode(&stored.body)?))),
        Report::TYPE => Ok(Process::Report(Box::new(decode(&stored.body)?))),
        _ => Ok(Process::Load(Box::new(decode(&stored.body)?))),
    }
}

/// A page of the log, newest first.
pub async fn page(
    ports: &Ports,
    project: &ProjectId,
    limit: u32,
    after: Option<Cursor>,
) -> Result<(Vec<Process>, Option<Cursor>), Error> {
    let limit = limit.min(u32::try_from(MAX_KEYS).unwrap_or(limit));
    let query = Query::table(TableName::Jobs, format!("{project}#log-by-time")).descending().limit(limit).after(after);
    let page = ports.table.query(&query).await?;
    let lines = page.items.iter().map(|s| decode::<Line>(&s.body)).collect::<Result<Vec<_>, _>>()?;
    let places: Vec<Key> = lines.iter().map(|line| place(project, &line.id)).collect();
    let found = if places.is_empty() { Vec::new() } else { ports.table.get_many(&places).await? };
    let mut processes = Vec::with_capacity(found.len());
    for stored in found.iter().flatten() {
        processes.extend(readable(read_stored(stored), &stored.key.sk)?);
    }
    Ok((processes, page.next))
}

/// One thing of the log.
pub async fn read(ports: &Ports, project: &ProjectId, id: &JobId) -> Result<Option<Process>, Error> {
    ports.table.get(&place(project, id)).await?.as_ref().map(read_stored).transpose()
}
