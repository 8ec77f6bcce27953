//! The columns that tell whose something is.

use super::{Column, Names, joined, may, usual};
use cauce_domain::debt::account::Account;
use cauce_domain::debt::money::Money;

/// The customer's document.
pub const DOCUMENT: Column = usual("document", "Documento del cliente");
/// The customer's name.
pub const NAME: Column = usual("customer", "Cliente");
/// The portfolio it belongs to.
pub const PORTFOLIO: Column = may("portfolio", "Cartera");
/// The segment it is in now.
pub const SEGMENT: Column = may("segment", "Segmento");
/// The adviser in charge.
pub const ADVISER: Column = may("adviser", "Asesor asignado");
/// The supervisor in charge.
pub const SUPERVISOR: Column = may("supervisor", "Supervisor asignado");
/// Its id.
pub const ID: Column = may("customer_id", "ID del cliente");
/// Whether it takes part in collections.
pub const STATUS: Column = may("status", "Estado del cliente");
/// What is chased of it, by currency.
pub const BALANCE: Column = may("balance", "Saldo por cobrar");

/// What a column shows of a customer; nothing where it is about something else.
pub fn shown(code: &str, account: &Account, names: &Names<'_>) -> Option<String> {
    let customer = &account.customer;
    let user = |id: &Option<_>| id.as_ref().map_or_else(String::new, |id| names.user(&format!("{id}")));
    Some(match code {
        "document" => format!("{} {}", customer.document.kind, customer.document.number),
        "customer" => customer.name.clone(),
        "portfolio" => customer.portfolio.spanish().to_owned(),
        "segment" => names.segment(&account.segment),
        "adviser" => user(&customer.adviser),
        "supervisor" => user(&customer.supervisor),
        "customer_id" => account.id.to_string(),
        "status" => customer.status.spanish().to_owned(),
        "balance" => joined(
            account
                .summary
                .open
                .iter()
                .map(|(currency, open)| format!("{currency} {}", Money::new(open.balance, *currency).plain())),
        ),
        _ => return None,
    })
}
