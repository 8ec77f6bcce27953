//! *Compromisos de pago*: by the day they are due, with what came in for each.

use super::{Reader, Row, code_of};
use crate::columns::{Column, customer, joined, may, usual};
use crate::store::whole_account::WholeAccount;
use cauce_domain::debt::money::Money;
use cauce_domain::debt::promise::Promise;

/// Every column, in the order they are shown.
pub(in crate::report) const COLUMNS: [Column; 18] = [
    customer::DOCUMENT,
    customer::NAME,
    usual("made", "Registrado el").day(),
    usual("date", "Fecha comprometida").day(),
    usual("currency", "Moneda"),
    usual("amount", "Monto comprometido").number(),
    usual("received", "Recibido").number(),
    usual("state", "Estado"),
    usual("orders", "Órdenes de pago"),
    usual("level", "Nivel").number(),
    may("limit", "Último día que cuenta").day(),
    may("author", "Registrado por"),
    may("id", "ID del compromiso"),
    customer::PORTFOLIO,
    customer::SEGMENT,
    customer::ADVISER,
    customer::SUPERVISOR,
    customer::ID,
];

/// The rows of a customer's promises.
pub(super) fn rows(reader: &Reader<'_>, whole: WholeAccount) -> Vec<Row> {
    let wanted = |it: &&Promise| reader.within(it.date) && reader.in_state(&code_of(&it.state));
    let mut promises: Vec<&Promise> = whole.promises().filter(wanted).collect();
    promises.sort_by_key(|it| (it.date, it.id.to_string()));
    promises.iter().map(|promise| reader.row(&whole.account, |code| shown(reader, promise, code))).collect()
}

fn shown(reader: &Reader<'_>, promise: &Promise, code: &str) -> Option<String> {
    let money = |minor: i64| Money::new(minor, promise.currency).plain();
    Some(match code {
        "made" => promise.made.to_string(),
        "date" => promise.date.to_string(),
        "currency" => promise.currency.to_string(),
        "amount" => money(promise.amount),
        "received" => money(promise.received()),
        "state" => promise.state.spanish().to_owned(),
        "orders" => joined(promise.orders.iter().cloned()),
        "level" => promise.level.to_string(),
        "limit" => promise.limit.to_string(),
        "author" => reader.names.user(&promise.by.author),
        "id" => promise.id.to_string(),
        _ => return None,
    })
}
