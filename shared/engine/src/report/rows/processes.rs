//! *Log de procesos*: what loads, updates of segments, counts and reports came to, newest first.

use super::{Page, Reader};
use crate::columns::{Column, local, may, usual};
use crate::error::Error;
use crate::interaction_log::Place;
use crate::process_log::{self, Process};
use chrono::{DateTime, Utc};

/// Every column, in the order they are shown.
pub(in crate::report) const COLUMNS: [Column; 12] = [
    usual("created", "Pedido el").moment(),
    usual("process", "Proceso"),
    usual("file_name", "Archivo"),
    usual("requester", "Pedido por"),
    usual("state", "Estado"),
    usual("finished", "Terminado el").moment(),
    usual("rows", "Filas").number(),
    usual("accepted", "Aceptadas").number(),
    usual("rejected", "Rechazadas").number(),
    usual("message", "Resultado"),
    may("observations", "Observaciones").number(),
    may("id", "ID del proceso"),
];

/// Processes of one page.
const PAGE: u32 = 100;

pub(super) async fn page(reader: &Reader<'_>, place: Place) -> Result<Page, Error> {
    let (found, next) = process_log::page(reader.ports, reader.setup.id(), PAGE, place.after).await?;
    let asked = found.iter().filter(|process| reader.within(reader.setup.today(process.created())));
    let row = |process: &Process| reader.columns.iter().map(|column| shown(reader, process, column.code)).collect();
    let rows = asked.filter(|process| process.id() != &reader.report.id).map(row).collect();
    let from = reader.report.filter.from;
    let older = |process: &Process| from.is_some_and(|from| reader.setup.today(process.created()) < from);
    let next = next.filter(|_| !found.last().is_some_and(older));
    Ok((rows, next.map(|after| Place { at: place.at, after: Some(after) })))
}

fn shown(reader: &Reader<'_>, process: &Process, code: &str) -> String {
    let at = |at: Option<DateTime<Utc>>| local(reader.setup, at);
    let counts = match process {
        Process::Load(load) => Some(&load.counts),
        Process::Walk(_) | Process::Report(_) => None,
    };
    let count = |of: fn(&crate::import::job::Counts) -> u64| counts.map_or_else(String::new, |it| of(it).to_string());
    match code {
        "created" => at(Some(process.created())),
        "process" => process.spanish(),
        "requester" => reader.names.user(process.requester()),
        "state" => process.state().to_owned(),
        "finished" => at(process.finished()),
        "id" => process.id().to_string(),
        "accepted" => count(|it| it.accepted),
        "rejected" => count(|it| it.rejected),
        "observations" => count(|it| it.observations),
        "file_name" => match process {
            Process::Load(load) => load.file_name.clone(),
            Process::Report(report) => report.file_name(reader.setup),
            Process::Walk(_) => String::new(),
        },
        "rows" => match process {
            Process::Load(load) => load.counts.rows.to_string(),
            Process::Report(report) => report.rows.to_string(),
            Process::Walk(walk) => walk.result.customers.to_string(),
        },
        "message" => process.message(),
        _ => String::new(),
    }
}
