//! Asking for a report: what may be asked, once a day, and when it is written.

use super::{DAWN, Format, Listed, Report, Subject, key, owned, read, waiting};
use crate::Ports;
use crate::error::Error;
use crate::interaction_log::{Filter, NOTE};
use crate::limits;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::process_log;
use crate::store::codec::{decode, encode};
use crate::store::commit::{Committed, commit};
use crate::store::edits::By;
use crate::store::jobs;
use crate::store::settings::Setup;
use chrono::{DateTime, NaiveDate, Utc};

/// Days of interactions in one report, the first and the last included.
pub const MOST_DAYS: i64 = 45;

/// A report somebody asks for.
#[derive(Debug, Clone)]
pub struct Asking {
    /// What about.
    pub subject: Subject,
    /// How it is written.
    pub format: Format,
    /// Which rows.
    pub filter: Filter,
    /// Which columns.
    pub columns: Vec<String>,
}

/// What became of it.
#[derive(Debug, Clone)]
pub enum Asked {
    /// It will be written.
    Scheduled(Box<Report>),
    /// One of this subject was asked for today already.
    Already(Box<Report>),
}

/// Asks for a report.
pub async fn ask(ports: &Ports, setup: &Setup, asking: Asking, by: &By) -> Result<Asked, Error> {
    let today = setup.today(by.at);
    let report = Report::asked(jobs::new_job(ports), checked_asking(asking, today)?, by, dawn_after(setup, today));
    let slot = Key::new(
        TableName::Jobs,
        format!("{}#report-of-day", setup.id()),
        format!("{today}#{}", report.subject.code()),
    );
    let listed = encode(&Listed { report: report.id.clone() })?;
    let expiry = jobs::expiry(by.at);
    let changes = vec![
        Change::Put(Item::new(slot.clone(), listed.clone()).expiring(expiry), Expect::Absent),
        Change::Put(Item::new(key(setup.id(), &report.id), encode(&report)?).expiring(expiry), Expect::Absent),
        Change::Put(process_log::line(setup.id(), &report.id, by.at)?, Expect::Absent),
        Change::Put(Item::new(waiting(setup.id(), &report), listed.clone()), Expect::Absent),
        Change::Put(Item::new(owned(setup.id(), &report), listed).expiring(expiry), Expect::Absent),
    ];
    if let Committed::Made = commit(ports, changes).await? {
        return Ok(Asked::Scheduled(Box::new(report)));
    }
    let Some(stored) = ports.table.get(&slot).await? else { return Err(Error::Raced) };
    let Listed { report } = decode(&stored.body)?;
    let known = read(ports, setup.id(), &report).await?;
    known.map(|known| Asked::Already(Box::new(known))).ok_or(Error::Raced)
}

fn checked_asking(asking: Asking, today: NaiveDate) -> Result<Asking, Error> {
    Ok(Asking { filter: checked(asking.subject, asking.filter, today)?, ..asking })
}

/// The dawn of the day after a local day.
fn dawn_after(setup: &Setup, today: NaiveDate) -> DateTime<Utc> {
    let tomorrow = today.succ_opt().unwrap_or(today);
    setup.project().calendar.instant(tomorrow.and_time(DAWN))
}

/// The filter as it is kept: days named, nothing in it that does not go with its subject.
fn checked(subject: Subject, mut filter: Filter, today: NaiveDate) -> Result<Filter, Error> {
    if let (Some(from), None) = (filter.from, filter.to) {
        filter.to = Some(from.max(today));
    }
    if filter.from > filter.to && filter.from.is_some() {
        return refused("invalid_value", "to", "el rango termina antes de empezar");
    }
    for (field, text) in texts(&filter) {
        limits::some(field, text, limits::SHORT)?;
    }
    match subject {
        Subject::Interactions => days(&filter)?,
        _ => fits(subject, &filter)?,
    }
    Ok(filter)
}

fn refused<T>(code: &'static str, field: &'static str, message: impl Into<String>) -> Result<T, Error> {
    Err(Error::refused(code, field, message))
}

/// What a report of interactions may be asked of: some days, and no notes.
fn days(filter: &Filter) -> Result<(), Error> {
    if filter.channel.as_deref() == Some(NOTE) {
        let message = "las notas internas no se descargan: léalas en la conversación del cliente";
        return refused("notes_not_exported", "channel", message);
    }
    let (Some(from), Some(to)) = (filter.from, filter.to) else {
        return refused("invalid_value", "from", "indique desde qué día");
    };
    let days = (to - from).num_days() + 1;
    if days > MOST_DAYS {
        let message = format!(
            "el rango tiene {days} días y un reporte de interacciones abarca hasta {MOST_DAYS}: acórtelo o pida varios, uno por día"
        );
        return refused("range_too_long", "from", message);
    }
    Ok(())
}

/// Whether a filter goes with a subject that is not interactions.
fn fits(subject: Subject, filter: &Filter) -> Result<(), Error> {
    if let Some(field) = of_interactions_alone(filter) {
        return refused("invalid_value", field, format!("un reporte de {} no se filtra por esto", subject.spanish()));
    }
    if subject == Subject::Processes && (filter.state.is_some() || !filter.is_of_nobody()) {
        return refused("invalid_value", "filter", "un reporte del log de procesos se filtra solo por fechas");
    }
    if subject == Subject::Customers && (filter.from.is_some() || filter.to.is_some()) {
        let message = "un reporte de clientes no lleva fechas: muestra a todos como están";
        return refused("invalid_value", "from", message);
    }
    match filter.state.as_deref().filter(|state| !subject.states().contains(state)) {
        Some(_) => refused("invalid_value", "state", format!("use uno de: {}", subject.states().join(", "))),
        None => Ok(()),
    }
}

/// The filter's texts, by field.
fn texts(filter: &Filter) -> [(&'static str, Option<&str>); 9] {
    [
        ("direction", filter.direction.as_deref()),
        ("origin", filter.origin.as_deref()),
        ("of", filter.of.as_deref()),
        ("template", filter.template.as_deref()),
        ("channel", filter.channel.as_deref()),
        ("state", filter.state.as_deref()),
        ("reason", filter.reason.as_deref()),
        ("adviser", filter.adviser.as_deref()),
        ("segment", filter.segment.as_deref()),
    ]
}

/// A field of the filter that only interactions have.
fn of_interactions_alone(filter: &Filter) -> Option<&'static str> {
    let fields = [
        ("dates", filter.by_actual),
        ("direction", filter.direction.is_some()),
        ("origin", filter.origin.is_some() || filter.of.is_some()),
        ("template", filter.template.is_some()),
        ("channel", filter.channel.is_some()),
        ("reason", filter.reason.is_some()),
        ("error", filter.error.is_some()),
    ];
    fields.into_iter().find(|(_, named)| *named).map(|(field, _)| field)
}
