//! Writing a report: parts of rows one after the other, then the file; and whoever asked is told.

use super::file::NO_BOOK;
use super::rows::Reader;
use super::text::Lines;
use super::{Format, Report, ReportState, TRIED, file, key, queue, read_versioned, waiting};
use crate::Ports;
use crate::columns::Column;
use crate::error::Error;
use crate::interaction_log::Place;
use crate::messages::WriteReport;
use crate::notice::notify;
use crate::ports::PortError;
use crate::ports::files::whole;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::store::accounts::as_read;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use crate::store::jobs;
use crate::store::settings::{Setup, User};
use cauce_domain::ids::{JobId, ProjectId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Bytes of a part, about.
const PART: usize = 4 * 1024 * 1024;

/// How far a report is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Progress {
    /// Where the next part begins; nothing once every row is in one.
    place: Option<Place>,
    /// The parts' files.
    parts: Vec<String>,
    /// Their rows.
    rows: u64,
    /// Some of them were read for somebody who saw every customer.
    #[serde(default)]
    of_all: bool,
    /// Customers that nobody could read.
    #[serde(default)]
    left_out: u64,
}

shapes! { Progress => "report_progress_v1" }

fn progress_key(project: &ProjectId, id: &JobId) -> Key {
    Key::new(TableName::Jobs, format!("{project}#report#{id}"), "p")
}

/// Works on a report until it is written, or the time is nearly up: then it queues itself again.
pub async fn work(
    ports: &Ports,
    setup: &Setup,
    asked: &WriteReport,
    late: &(dyn Fn() -> bool + Sync),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some((report, version)) = begun(ports, setup, &asked.report).await? else { return Ok(()) };
    if report.state.is_over() {
        return tell(ports, setup, report, version, now).await;
    }
    let end = |report, how| end(ports, setup, report, version, how, now);
    let user = match requester(setup, &report) {
        Ok(user) => user,
        Err(why) => return end(report, Err(why)).await,
    };
    if now - report.at > TRIED {
        return end(report, Err("no se pudo escribir en todo el día: pídalo de nuevo".to_owned())).await;
    }
    let columns: Vec<&'static Column> = report.columns.iter().filter_map(|code| report.subject.column(code)).collect();
    let mut reader = Reader::new(ports, setup, &report, (&columns, user), now);
    let Some(progress) = gather(&mut reader, late).await? else { return Ok(()) };
    let written = file::write(ports, setup.id(), &report, &columns, &progress.parts).await;
    let left_out = (progress.left_out > 0).then(|| {
        format!("{} clientes no se pudieron leer y quedan fuera: avise a quien opera Cauce", progress.left_out)
    });
    let report = Report { rows: progress.rows, of_all: progress.of_all, message: left_out, ..report };
    match written {
        Err(Error::Broken(NO_BOOK, why)) => {
            tracing::error!(report = %report.id, why, "un libro no se pudo escribir");
            end(report, Err("no cabe en un libro: pídalo en CSV, o de menos días".to_owned())).await
        }
        Err(error) if !error.is_transient() => {
            tracing::error!(report = %report.id, %error, "un reporte no se pudo escribir");
            end(report, Err("no se pudo escribir: avise a quien opera Cauce".to_owned())).await
        }
        written => end(report, Ok(written?)).await,
    }
}

/// A report that is being written from now on, with its version; nothing where somebody else begins it, or it is over and told of.
async fn begun(ports: &Ports, setup: &Setup, id: &JobId) -> Result<Option<(Report, u64)>, Error> {
    let Some((report, version)) = read_versioned(ports, setup.id(), id).await? else { return Ok(None) };
    if report.state != ReportState::Queued {
        return Ok(Some((report, version)).filter(|(report, _)| !report.told));
    }
    let report = Report { state: ReportState::Writing, ..report };
    let item = Item::new(key(setup.id(), id), encode(&report)?).expiring(jobs::expiry(report.created));
    match commit(ports, vec![Change::Put(item, Expect::Version(version))]).await? {
        Committed::Made => Ok(Some((report, version + 1))),
        Committed::Lost(_) => Ok(None),
    }
}

/// The user a report is written for, none for the project itself; or why it may not have it any more.
fn requester<'a>(setup: &'a Setup, report: &Report) -> Result<Option<&'a User>, String> {
    if report.requester == "api" {
        return Ok(None);
    }
    let found = setup.users.iter().map(|user| &user.value).find(|user| user.id.as_str() == report.requester);
    match found.filter(|user| user.active) {
        None => Err("quien lo pidió ya no es un usuario activo".to_owned()),
        Some(user) if !user.may_report() => Err("quien lo pidió ya no tiene permiso para pedir reportes".to_owned()),
        Some(user) if user.only_assigned && !report.subject.is_of_customers() => {
            Err("quien lo pidió ve solo los clientes que tiene asignados".to_owned())
        }
        Some(user) => Ok(Some(user)),
    }
}

/// How far a report is that is being written: its rows.
pub(super) async fn rows_so_far(ports: &Ports, setup_id: &ProjectId, id: &JobId) -> Result<u64, Error> {
    let stored = ports.table.get(&progress_key(setup_id, id)).await?;
    Ok(stored.map(|stored| decode::<Progress>(&stored.body)).transpose()?.map_or(0, |progress| progress.rows))
}

/// Gathers parts until every row is in one, and leaves the file to a call of its own, which has all the time there is. Answers
/// the parts once nothing is left to be gathered.
async fn gather(reader: &mut Reader<'_>, late: &(dyn Fn() -> bool + Sync)) -> Result<Option<Progress>, Error> {
    let (ports, setup, report) = (reader.ports, reader.setup, reader.report);
    let at = progress_key(setup.id(), &report.id);
    let mut gathered = false;
    loop {
        let stored = ports.table.get(&at).await?;
        let begun = Progress { place: Some(Place::default()), ..Progress::default() };
        let mut progress: Progress = stored.as_ref().map(|s| decode(&s.body)).transpose()?.unwrap_or(begun);
        let Some(place) = progress.place.take() else {
            if gathered {
                queue(ports, setup.id(), &report.id).await?;
            }
            return Ok(Some(progress).filter(|_| !gathered));
        };
        if late() {
            queue(ports, setup.id(), &report.id).await?;
            return Ok(None);
        }
        gathered = true;
        let part = format!("{}/part-{}.csv", file::folder(setup.id(), report), ports.new_id().simple());
        let (lines, rows, next) = part_of(reader, place, late).await?;
        if rows > 0 {
            ports.files.write(&part, whole(lines.into_bytes()?)).await?;
            progress.parts.push(part);
        }
        (progress.rows, progress.place) = (progress.rows + rows, next);
        progress.of_all |= reader.sees_all();
        progress.left_out += reader.take_left_out();
        let item = Item::new(at.clone(), encode(&progress)?).expiring(jobs::expiry(report.created));
        if let Committed::Lost(_) = commit(ports, vec![Change::Put(item, as_read(stored.map(|s| s.version)))]).await? {
            return Ok(None);
        }
    }
}

/// The rows of one part, and where the next begins.
async fn part_of(
    reader: &mut Reader<'_>,
    mut place: Place,
    late: &(dyn Fn() -> bool + Sync),
) -> Result<(Lines, u64, Option<Place>), Error> {
    let (mut lines, mut rows) = (Lines::new(reader.report.format == Format::Csv), 0);
    loop {
        let (page, next) = reader.page(place).await?;
        for row in &page {
            lines.push(row)?;
        }
        rows += page.len() as u64;
        match next {
            Some(next) if lines.bytes() < PART && !late() => place = next,
            next => return Ok((lines, rows, next)),
        }
    }
}

/// Ends a report, once, and tells whoever asked.
async fn end(
    ports: &Ports,
    setup: &Setup,
    report: Report,
    version: u64,
    how: Result<String, String>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let state = if how.is_ok() { ReportState::Finished } else { ReportState::Failed };
    let (file, failed) = (how.as_ref().ok().cloned(), how.err());
    let message = failed.or(report.message);
    let report = Report { state, file, message, finished: Some(now), ..report };
    let item = Item::new(key(setup.id(), &report.id), encode(&report)?).expiring(jobs::expiry(report.created));
    match commit(ports, vec![Change::Put(item, Expect::Version(version))]).await? {
        Committed::Made => tell(ports, setup, report, version + 1, now).await,
        Committed::Lost(_) => Ok(()),
    }
}

/// Tells whoever asked, and only then takes the report off those that wait: who dies in between tells again.
async fn tell(ports: &Ports, setup: &Setup, report: Report, version: u64, now: DateTime<Utc>) -> Result<(), Error> {
    let requester = setup.users.iter().find(|user| user.value.id.as_str() == report.requester);
    let subject = report.subject.spanish();
    let why = report.message.as_deref().unwrap_or_default();
    let text = match report.expires() {
        Some(until) => format!(
            "Su reporte de {subject} está en el log de procesos: {} filas. Puede descargarlo hasta el {} en {}/v1/reports/{}/file {why}",
            report.rows,
            setup.today(until),
            ports.public_url,
            report.id
        ),
        None => format!("No se escribió: {why}."),
    };
    let words =
        (format!("Reporte de {subject}: {}", report.state.spanish().to_lowercase()), text.trim_end().to_owned());
    let to = requester.map(|user| user.value.email.clone());
    if !notify(ports, setup, to, report.id.as_str(), words, now).await && now - report.at <= TRIED {
        return Err(PortError::Unavailable("el correo", None).into());
    }
    let report = Report { told: true, ..report };
    let item = Item::new(key(setup.id(), &report.id), encode(&report)?).expiring(jobs::expiry(report.created));
    let place = waiting(setup.id(), &report);
    let changes = vec![Change::Put(item, Expect::Version(version)), Change::Delete(place, Expect::Anything)];
    commit(ports, changes).await.map(drop)
}
