//! The columns of the interactions tray and of its report: what each is called, and what of a line it shows.

use super::line::Line;
use super::names::Names;
use crate::store::settings::Setup;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::money::Money;
use chrono::{DateTime, Utc};

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in code.
    pub code: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Shown unless somebody chooses otherwise.
    pub usual: bool,
}

const fn usual(code: &'static str, title: &'static str) -> Column {
    Column { code, title, usual: true }
}
const fn may(code: &'static str, title: &'static str) -> Column {
    Column { code, title, usual: false }
}

/// Every column, in the order they are shown.
pub const COLUMNS: [Column; 28] = [
    usual("document", "Documento del cliente"),
    usual("customer", "Cliente"),
    usual("day", "Fecha"),
    usual("scheduled", "Fecha programada"),
    usual("direction", "Tipo"),
    usual("origin", "Origen"),
    usual("of", "Flujo, evento o campaña"),
    usual("template", "Plantilla utilizada"),
    usual("channel", "Canal"),
    usual("state", "Estado"),
    may("actual", "Fecha de envío real"),
    may("portfolio", "Cartera"),
    may("segment", "Segmento"),
    may("segment_then", "Segmento al decidirse"),
    may("adviser", "Asesor asignado"),
    may("supervisor", "Supervisor asignado"),
    may("author", "Realizado por"),
    may("associated", "Última comunicación asociada"),
    may("error", "Mensaje de error"),
    may("reason", "Motivo de no envío"),
    may("reason_code", "Código del motivo"),
    may("address", "Destinatario"),
    may("what", "Detalle"),
    may("state_code", "Código del estado"),
    may("id", "ID de la interacción"),
    may("customer_id", "ID del cliente"),
    may("status", "Estado del cliente"),
    may("balance", "Saldo por cobrar"),
];

/// The column of a name.
pub fn column(code: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.code == code)
}

/// An instant in the project's zone, to the second.
fn local(setup: &Setup, at: Option<DateTime<Utc>>) -> String {
    let zone = setup.project().calendar.zone;
    at.map_or_else(String::new, |at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string())
}

/// What a column shows of a line.
pub fn shown(column: &Column, line: &Line, account: Option<&Account>, names: &Names<'_>) -> String {
    let customer = account.map(|account| &account.customer);
    let some = |text: Option<String>| text.unwrap_or_default();
    match column.code {
        "document" => some(customer.map(|it| format!("{} {}", it.document.kind, it.document.number))),
        "customer" => some(customer.map(|it| it.name.clone())),
        "day" => line.day.to_string(),
        "scheduled" => local(names.setup, line.scheduled),
        "actual" => local(names.setup, line.actual),
        "direction" => line.direction.spanish().to_owned(),
        "origin" => some(line.origin.map(|origin| origin.spanish().to_owned())),
        "of" => some(names.of(line)),
        "template" => some(line.template.as_ref().map(|id| names.template(id))),
        "channel" => line.channel_name.unwrap_or_default().to_owned(),
        "state" => line.state.1.clone(),
        "state_code" => line.state.0.clone(),
        "portfolio" => some(customer.map(|it| it.portfolio.spanish().to_owned())),
        "segment" => some(account.map(|it| names.segment(&it.segment))),
        "segment_then" => some(line.segment.as_ref().map(|id| names.segment(id))),
        "adviser" => some(customer.and_then(|it| it.adviser.as_ref()).map(|id| names.user(id.as_str()))),
        "supervisor" => some(customer.and_then(|it| it.supervisor.as_ref()).map(|id| names.user(id.as_str()))),
        "author" => some(line.author.as_ref().map(|id| names.user(id))),
        "associated" => some(line.associated.clone()),
        "error" => some(line.error.clone()),
        "reason" => some(line.reason.as_ref().map(|(_, words)| words.clone())),
        "reason_code" => some(line.reason.as_ref().map(|(code, _)| (*code).to_owned())),
        "address" => some(line.address.clone()),
        "what" => some(line.what.clone()),
        "id" => line.id.clone(),
        "customer_id" => some(account.map(|it| it.id.to_string())),
        "status" => some(customer.map(|it| it.status.spanish().to_owned())),
        "balance" => some(account.map(|account| {
            let open = account.summary.open.iter();
            let sums =
                open.map(|(currency, open)| format!("{currency} {}", Money::new(open.balance, *currency).plain()));
            sums.collect::<Vec<_>>().join("; ")
        })),
        _ => String::new(),
    }
}
