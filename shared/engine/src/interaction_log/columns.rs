//! The columns of the interactions tray and of its report, and what of a line each shows.

use super::line::Line;
use crate::columns::{Column, Names, customer, local, may, usual};
use cauce_domain::contact::origin::Origin;
use cauce_domain::debt::account::Account;

/// Every column, in the order they are shown.
pub const COLUMNS: [Column; 28] = [
    customer::DOCUMENT,
    customer::NAME,
    usual("day", "Fecha").day(),
    usual("scheduled", "Fecha programada").moment(),
    usual("direction", "Tipo"),
    usual("origin", "Origen"),
    usual("of", "Flujo, evento o campaña"),
    usual("template", "Plantilla utilizada"),
    usual("channel", "Canal"),
    usual("state", "Estado"),
    may("actual", "Fecha de envío real").moment(),
    customer::PORTFOLIO,
    customer::SEGMENT,
    may("segment_then", "Segmento al decidirse"),
    customer::ADVISER,
    customer::SUPERVISOR,
    may("author", "Realizado por"),
    may("associated", "Última comunicación asociada"),
    may("error", "Mensaje de error"),
    may("reason", "Motivo de no envío"),
    may("reason_code", "Código del motivo"),
    may("address", "Destinatario"),
    may("what", "Detalle"),
    may("state_code", "Código del estado"),
    may("id", "ID de la interacción"),
    customer::ID,
    customer::STATUS,
    customer::BALANCE,
];

/// What a column shows of a line.
pub fn shown(column: &Column, line: &Line, account: Option<&Account>, names: &Names<'_>) -> String {
    let some = |text: Option<String>| text.unwrap_or_default();
    match column.code {
        "day" => line.day.to_string(),
        "scheduled" => local(names.setup, line.scheduled),
        "actual" => local(names.setup, line.actual),
        "direction" => line.direction.spanish().to_owned(),
        "origin" => some(line.origin.map(|origin| origin.spanish().to_owned())),
        "of" => some(of(line, names)),
        "template" => some(line.template.as_ref().map(|id| names.template(id))),
        "channel" => line.channel_name.unwrap_or_default().to_owned(),
        "state" => line.state.1.clone(),
        "state_code" => line.state.0.clone(),
        "segment_then" => some(line.segment.as_ref().map(|id| names.segment(id))),
        "author" => some(line.author.as_ref().map(|id| names.user(id))),
        "associated" => some(line.associated.clone()),
        "error" => some(line.error.clone()),
        "reason" => some(line.reason.as_ref().map(|(_, words)| words.clone())),
        "reason_code" => some(line.reason.as_ref().map(|(code, _)| (*code).to_owned())),
        "address" => some(line.address.clone()),
        "what" => some(line.what.clone()),
        "id" => line.id.clone(),
        code => some(account.and_then(|account| customer::shown(code, account, names))),
    }
}

/// The name of the flow, event or campaign a line is of.
fn of(line: &Line, names: &Names<'_>) -> Option<String> {
    let id = line.of.as_ref()?;
    match line.origin? {
        Origin::Flow => Some(names.flow(id)),
        Origin::Event => Some(names.event(id)),
        Origin::Campaign => Some(names.campaign(id)),
        Origin::Manual | Origin::Call | Origin::Imported | Origin::Restored => None,
    }
}
