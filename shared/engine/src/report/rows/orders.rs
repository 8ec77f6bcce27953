//! *Órdenes de pago*: open, paid, given up on and annulled, by due date.

use super::{Reader, Row, code_of};
use crate::columns::{Column, customer, joined, may, usual};
use crate::store::whole_account::WholeAccount;
use cauce_domain::debt::money::Money;
use cauce_domain::debt::order::{Order, days_past_due};

/// Every column, in the order they are shown.
pub(in crate::report) const COLUMNS: [Column; 26] = [
    customer::DOCUMENT,
    customer::NAME,
    usual("code", "Código de pago"),
    usual("due", "Fecha de vencimiento").day(),
    usual("currency", "Moneda"),
    usual("amount", "Monto").number(),
    usual("balance", "Saldo pendiente").number(),
    usual("state", "Estado"),
    usual("days_past_due", "Días de mora").number(),
    may("issued", "Fecha de emisión").day(),
    may("interest", "Intereses").number(),
    may("discounts", "Descuentos").number(),
    may("total", "Monto total").number(),
    may("paid", "Pagado").number(),
    may("disputed", "En reclamo"),
    may("product", "Producto"),
    may("instalment", "Número de cuota"),
    may("payment_reference", "Referencia de pago"),
    may("payment_link", "Link de pago"),
    may("document_url", "URL documento"),
    may("variables", "Variables"),
    customer::PORTFOLIO,
    customer::SEGMENT,
    customer::ADVISER,
    customer::SUPERVISOR,
    customer::ID,
];

/// The rows of a customer's orders.
pub(super) fn rows(reader: &Reader<'_>, WholeAccount { account, mut orders, .. }: WholeAccount) -> Vec<Row> {
    orders.retain(|order| reader.within(order.due) && reader.in_state(&code_of(&order.state(reader.today))));
    orders.sort_by(|a, b| (a.due, &a.code).cmp(&(b.due, &b.code)));
    orders.iter().map(|order| reader.row(&account, |code| shown(reader, order, code))).collect()
}

fn shown(reader: &Reader<'_>, order: &Order, code: &str) -> Option<String> {
    let money = |minor: i64| Money::new(minor, order.currency).plain();
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let details = &order.details;
    Some(match code {
        "code" => order.code.clone(),
        "due" => order.due.to_string(),
        "currency" => order.currency.to_string(),
        "amount" => money(order.amount),
        "balance" => money(order.balance()),
        "state" => order.state(reader.today).spanish().to_owned(),
        "days_past_due" if order.is_owed() => days_past_due(order.due, reader.today).to_string(),
        "days_past_due" => String::new(),
        "issued" => order.issued.map_or_else(String::new, |day| day.to_string()),
        "interest" => money(order.interest),
        "discounts" => money(order.discounts),
        "total" => money(order.total()),
        "paid" => money(order.total().saturating_sub(order.balance()).max(0)),
        "disputed" => if order.disputed { "Sí" } else { "No" }.to_owned(),
        "product" => some(&details.product),
        "instalment" => some(&details.instalment),
        "payment_reference" => some(&details.payment_reference),
        "payment_link" => some(&details.payment_link),
        "document_url" => some(&details.document_url),
        "variables" => joined(details.variables.iter().map(|(name, value)| format!("{name}={value}"))),
        _ => return None,
    })
}
