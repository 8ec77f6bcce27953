//! What a day did, in tables a collections manager understands, or as one JSON document.

use cauce_domain::contact::gate::Reason;
use cauce_engine::Error;
use cauce_engine::import::job::{Kind, Load, LoadState};
use cauce_engine::run_result::{RunResult, States};
use chrono::NaiveDate;
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;
use std::collections::BTreeMap;

/// The demo's document.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// The day that was planned.
    pub date: NaiveDate,
    /// The loads.
    pub imports: Vec<Import>,
    /// What was decided.
    pub plan: Plan,
    /// What became of it.
    pub states: States,
    /// How long it took.
    pub seconds: f64,
}

/// A load's figures.
#[derive(Debug, Clone, Serialize)]
pub struct Import {
    /// Kind.
    pub kind: Kind,
    /// Rows.
    pub rows: u64,
    /// Taken.
    pub accepted: u64,
    /// Rejected.
    pub rejected: u64,
}

/// A plan's figures.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Customers with a decision.
    pub customers_due: u64,
    /// Decided to send.
    pub send: u64,
    /// Decided against, by reason.
    pub not_send: BTreeMap<String, u64>,
    /// Customers by decided step.
    pub by_step: BTreeMap<i32, u64>,
}

/// Puts the figures together.
pub fn document(date: NaiveDate, loads: &[Load], result: &RunResult, seconds: f64) -> Document {
    let import = |l: &Load| Import {
        kind: l.kind,
        rows: l.counts.rows,
        accepted: l.counts.accepted,
        rejected: l.counts.rejected,
    };
    Document {
        date,
        imports: loads.iter().map(import).collect(),
        plan: Plan {
            customers_due: result.plan.customers_due,
            send: result.plan.send,
            not_send: result.plan.not_send.clone(),
            by_step: result.plan.by_step.clone(),
        },
        states: result.states.clone(),
        seconds: (seconds * 100.0).round() / 100.0,
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header.to_vec());
    table
}

fn right(table: &mut Table, columns: std::ops::Range<usize>) {
    for at in columns {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// The figures as a person reads them.
pub fn tables(document: &Document, loads: &[Load], result: &RunResult) -> Result<String, Error> {
    let mut out = format!("Cobranza del {}\n\nCargas\n", cauce_domain::strategy::tag::date(document.date));
    let mut imports = table(&["Archivo", "Estado", "Filas", "Aceptadas", "Rechazadas", "Observaciones"]);
    for load in loads {
        let counts = &load.counts;
        let figures = [counts.rows, counts.accepted, counts.rejected, counts.observations].map(|n| n.to_string());
        imports.add_row(
            [vec![load.kind.spanish().to_owned(), load.state.spanish().to_owned()], figures.to_vec()].concat(),
        );
    }
    right(&mut imports, 2..6);
    out.push_str(&format!("{imports}\n"));
    for load in loads.iter().filter(|l| l.state == LoadState::Failed) {
        out.push_str(&format!("  {}: {}\n", load.kind.spanish(), load.message.as_deref().unwrap_or("")));
    }
    let plan = &result.plan;
    out.push_str(&format!("\nA quién se escribió ({} de {} clientes que tocan hoy)\n", plan.send, plan.customers_due));
    let mut sends = table(&["Canal", "Paso (días de atraso)", "Mensajes"]);
    for (key, n) in &plan.by_channel {
        let (channel, step) = key.split_once('#').unwrap_or((key, ""));
        let channel = channel.parse::<cauce_domain::contact::channel::Channel>().map_or("—", |c| c.spanish());
        sends.add_row([channel.to_owned(), step.to_owned(), n.to_string()]);
    }
    right(&mut sends, 1..3);
    out.push_str(&format!("{sends}\n\nQué pasó con cada mensaje\n"));
    let states = &document.states;
    let mut happened = table(&["Enviado", "Entregado", "Abierto", "Fallido", "No enviado", "Sin confirmar"]);
    let figures = [states.sent, states.delivered, states.opened, states.failed, states.not_sent, states.unknown];
    happened.add_row(figures.map(|n| n.to_string()));
    right(&mut happened, 0..6);
    out.push_str(&format!("{happened}\n\nA quién no se escribió, y por qué\n"));
    let mut reasons = table(&["Motivo", "Clientes"]);
    let all =
        plan.not_send.iter().map(|r| (r, "")).chain(result.stopped.iter().map(|r| (r, " (al momento de enviar)")));
    for ((code, n), when) in all {
        let words = Reason::ALL.iter().find(|r| r.code() == code).map_or(code.as_str(), |r| r.spanish());
        reasons.add_row([format!("{words}{when}"), n.to_string()]);
    }
    right(&mut reasons, 1..2);
    out.push_str(&format!("{reasons}\n"));
    Ok(out)
}
