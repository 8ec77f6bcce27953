//! *Pagos*: payments and adjustments by value date, those taken back marked so.

use super::{Reader, Row};
use crate::columns::{Column, customer, joined, may, usual};
use crate::store::whole_account::WholeAccount;
use cauce_domain::debt::money::Money;
use cauce_domain::debt::payment::{Movement, MovementKind};

/// Every column, in the order they are shown.
pub(in crate::report) const COLUMNS: [Column; 17] = [
    customer::DOCUMENT,
    customer::NAME,
    usual("code", "Código de movimiento"),
    usual("kind", "Tipo"),
    usual("date", "Fecha").day(),
    usual("currency", "Moneda"),
    usual("amount", "Monto").number(),
    usual("applied", "Aplicado a"),
    usual("method", "Medio de pago"),
    usual("reference", "Referencia"),
    usual("state", "Estado"),
    may("credit", "Saldo a favor").number(),
    customer::PORTFOLIO,
    customer::SEGMENT,
    customer::ADVISER,
    customer::SUPERVISOR,
    customer::ID,
];

/// The rows of a customer's movements.
pub(super) fn rows(reader: &Reader<'_>, WholeAccount { account, mut movements, .. }: WholeAccount) -> Vec<Row> {
    movements.retain(|movement| reader.within(movement.date) && reader.in_state(state(movement).0));
    movements.sort_by(|a, b| (a.date, &a.code).cmp(&(b.date, &b.code)));
    movements.iter().map(|movement| reader.row(&account, |code| shown(movement, code))).collect()
}

fn state(movement: &Movement) -> (&'static str, &'static str) {
    if movement.annulled { ("annulled", "anulado") } else { ("effective", "efectivo") }
}

fn shown(movement: &Movement, code: &str) -> Option<String> {
    let money = |minor: i64| Money::new(minor, movement.currency).plain();
    Some(match code {
        "code" => movement.code.clone(),
        "kind" => match movement.kind {
            MovementKind::Payment => "Pago",
            MovementKind::Adjustment => "Ajuste",
        }
        .to_owned(),
        "date" => movement.date.to_string(),
        "currency" => movement.currency.to_string(),
        "amount" => money(movement.amount),
        "applied" => joined(movement.applied.iter().map(|(order, part)| format!("{order}: {}", money(*part)))),
        "method" => movement.method.clone().unwrap_or_default(),
        "reference" => movement.reference.clone().unwrap_or_default(),
        "state" => state(movement).1.to_owned(),
        "credit" => money(movement.credit),
        _ => return None,
    })
}
