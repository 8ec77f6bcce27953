//! *Clientes*: each as it is known and stands today.

use super::{Reader, Row, code_of};
use crate::columns::{Column, customer, joined, may, usual};
use cauce_domain::contact::point::{Email, Phone};
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Kind;
use cauce_domain::debt::money::Money;
use cauce_domain::debt::order::days_past_due;
use cauce_domain::debt::situation::Situation;

/// Every column, in the order they are shown.
pub(in crate::report) const COLUMNS: [Column; 23] = [
    customer::DOCUMENT,
    customer::NAME,
    Column { usual: true, ..customer::STATUS },
    Column { usual: true, ..customer::PORTFOLIO },
    Column { usual: true, ..customer::SEGMENT },
    Column { usual: true, ..customer::ADVISER },
    customer::SUPERVISOR,
    Column { usual: true, ..customer::BALANCE },
    usual("orders", "Órdenes por cobrar").number(),
    usual("due", "Vencimiento más antiguo por cobrar").day(),
    usual("days_past_due", "Días de mora").number(),
    usual("situation", "Situación"),
    usual("phones", "Celulares"),
    usual("emails", "Correos"),
    may("kind", "Tipo de cliente"),
    may("alerts", "Alertas"),
    may("paused_until", "En pausa hasta").day(),
    may("promise_until", "Compromiso hasta").day(),
    may("opted_out", "No desea recibir"),
    may("disputed", "Saldo en reclamo"),
    may("credit", "Saldo a favor"),
    may("variables", "Variables"),
    customer::ID,
];

/// The row of a customer; nothing where its state is not the filter's.
pub(super) fn row(reader: &Reader<'_>, account: &Account) -> Option<Row> {
    reader
        .in_state(&code_of(&account.customer.status))
        .then(|| reader.row(account, |code| shown(reader, account, code)))
}

fn shown(reader: &Reader<'_>, account: &Account, code: &str) -> Option<String> {
    let (known, summary, holds) = (&account.customer, &account.summary, &account.holds);
    let day = |day: Option<chrono::NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    let carrying = summary.carrying.as_ref();
    Some(match code {
        "orders" => summary.count().to_string(),
        "due" => day(carrying.map(|carrying| carrying.due)),
        "days_past_due" => carrying.map_or_else(String::new, |c| days_past_due(c.due, reader.today).to_string()),
        "situation" => Situation::of(account, reader.today).spanish().to_owned(),
        "phones" => joined(known.phones.iter().map(|it| Phone::e164(&it.address).to_owned())),
        "emails" => joined(known.emails.iter().map(|it| Email::address(&it.address).to_owned())),
        "kind" => if known.kind == Kind::Company { "Empresa" } else { "Persona" }.to_owned(),
        "alerts" => joined(account.alerts.iter().map(|(alert, _)| alert.spanish().to_owned())),
        "paused_until" => day(holds.paused_until),
        "promise_until" => day(holds.promise_until),
        "opted_out" => joined(known.opted_out.iter().map(|scope| scope.spanish().to_owned())),
        "disputed" => joined(summary.disputed.iter().map(|(currency, sum)| amount(sum.balance, *currency))),
        "credit" => joined(account.credit.iter().map(|(currency, sum)| amount(*sum, *currency))),
        "variables" => joined(known.variables.iter().map(|(name, value)| format!("{name}={value}"))),
        _ => return None,
    })
}

fn amount(minor: i64, currency: cauce_domain::debt::money::Currency) -> String {
    format!("{currency} {}", Money::new(minor, currency).plain())
}
