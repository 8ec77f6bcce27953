//! A promise to pay is made or taken back. Where it is kept or broken: `dossier/matters.rs` as payments come, `agenda.rs` at
//! the close of its limit's day; the rule itself is `debt/promise.rs` of the domain.

use crate::Ports;
use crate::dossier::{AtHand, Desk, Dossier, about_promise, change};
use crate::error::Error;
use crate::limits;
use crate::store::edits::By;
use crate::store::settings::Setup;
use cauce_domain::debt::event::EventKind;
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::money::{Currency, Money};
use cauce_domain::debt::promise::{Promise, PromiseState};
use cauce_domain::ids::{CustomerId, MatterId};
use cauce_domain::strategy::trigger::Trigger;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a customer promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// By when, local.
    pub date: NaiveDate,
    /// How much, minor units.
    pub amount: i64,
    /// In which currency; the orders', when it is not said.
    pub currency: Option<Currency>,
    /// For which orders; none means whatever is owed.
    pub orders: Vec<String>,
}

/// A promise that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The promise.
    pub promise: Promise,
    /// What whoever noted it should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// Notes a promise; the customer leaves the flow until it is judged.
pub async fn make(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    asked: &Asked,
    (by, request): (&By, Option<String>),
) -> Result<Made, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    let at_hand = AtHand { ended_promises: true, ..AtHand::orders(&asked.orders) };
    change(&desk, customer, &at_hand, |dossier| note(dossier, asked)).await
}

/// A payment that waits to be verified.
fn waiting(matter: &Matter) -> Option<MatterId> {
    match matter {
        Matter::PaymentToVerify(payment) if payment.is_open() => Some(payment.id.clone()),
        _ => None,
    }
}

/// Takes a promise back; the flow goes on with the next day's plan.
pub async fn annul(
    ports: &Ports,
    setup: &Setup,
    (customer, id): (&CustomerId, &MatterId),
    (by, request): (&By, Option<String>),
) -> Result<Promise, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::matter(id), |dossier| {
        let promise = dossier.matter(id, "el compromiso", Matter::promise)?;
        if promise.state != PromiseState::Live {
            let message = format!("el compromiso está {}: solo se anula uno vigente", promise.state.spanish());
            return Err(Error::refused("promise_not_live", None, message));
        }
        dossier.turn_promise(promise, PromiseState::Annulled);
        dossier.matter(id, "el compromiso", Matter::promise)
    })
    .await
}

/// Notes a promise in a dossier. One about the same money is replaced.
pub(crate) fn note(dossier: &mut Dossier<'_>, asked: &Asked) -> Result<Made, Error> {
    let (rules, today) = (dossier.setup().project().rules, dossier.today());
    let refused = |code, field, message: &str| Err(Error::refused(code, field, message));
    if asked.date < today {
        return refused("date_in_past", "promise.date", "la fecha del compromiso es hoy o después");
    }
    let horizon = rules.promise_horizon.and_then(|days| today.checked_add_days(Days::new(u64::from(days))));
    if let Some(last) = horizon.filter(|last| asked.date > *last) {
        let message = format!("el compromiso es a más tardar para el {last}");
        return Err(Error::refused("date_too_far", "promise.date", message));
    }
    if asked.amount <= 0 {
        return refused("invalid_value", "promise.amount", "el monto es mayor que cero");
    }
    let (currency, owed) = owed(dossier, asked)?;
    let promise = Promise {
        id: dossier.new_matter(),
        orders: limits::codes("promise.orders", &asked.orders)?,
        amount: asked.amount,
        currency,
        made: today,
        date: asked.date,
        limit: dossier.setup().project().calendar.working_days_after(asked.date, rules.promise_tolerance),
        level: 1,
        state: PromiseState::Live,
        counted: BTreeMap::new(),
        fallen: 0,
        remind_on: reminders(dossier, asked.date),
        besides: dossier.matters.values().filter_map(|kept| waiting(&kept.now)).collect(),
        by: dossier.by().clone(),
    };
    let others = dossier.promises();
    limits::most("promise", others.len() + 1, limits::STANDING)?;
    let promise = Promise { level: promise.level_after(others.iter().chain(&dossier.ended)), ..promise };
    for other in others.into_iter().filter(|other| other.state == PromiseState::Live && other.overlaps(&promise)) {
        dossier.turn_promise(other, PromiseState::Annulled);
    }
    dossier.account.alerts.promised();
    dossier.tell(EventKind::PromiseMade, about_promise(&promise));
    dossier.put_matter(Matter::Promise(promise.clone()));
    let more = || {
        let owed = Money::new(owed, currency).display(dossier.setup().project().number_style);
        format!("el compromiso supera lo que debe ({owed})")
    };
    Ok(Made { warning: (asked.amount > owed).then(more), promise })
}

/// The days on which a promise is spoken of beforehand: those its event says, and its own.
fn reminders(dossier: &Dossier<'_>, date: NaiveDate) -> Vec<NaiveDate> {
    let days = dossier.setup().event(Trigger::PromiseUpcoming).days_before.unwrap_or(1);
    let before = date.checked_sub_days(Days::new(u64::from(days)));
    before.into_iter().chain([date]).filter(|day| *day > dossier.today()).collect()
}

/// In which currency a promise is, and what is owed in it.
fn owed(dossier: &Dossier<'_>, asked: &Asked) -> Result<(Currency, i64), Error> {
    let refused = |message: String| Err(Error::refused("invalid_value", "promise.orders", message));
    for code in &asked.orders {
        match dossier.orders.get(code) {
            None => return refused(format!("la orden {code} no es de este cliente")),
            Some(kept) if !kept.now.is_owed() => return refused(format!("la orden {code} no tiene saldo por pagar")),
            Some(_) => {}
        }
    }
    let named =
        || dossier.current().filter(|o| o.is_owed() && (asked.orders.is_empty() || asked.orders.contains(&o.code)));
    let carrying = dossier.account.summary.carrying.as_ref().filter(|_| asked.orders.is_empty()).map(|c| c.currency);
    let Some(currency) = asked.currency.or(carrying).or_else(|| named().map(|o| o.currency).next()) else {
        return refused("el cliente no tiene saldo por pagar".to_owned());
    };
    if !asked.orders.is_empty() && named().any(|o| o.currency != currency) {
        return refused(format!("hay órdenes que no están en {currency}: un compromiso tiene una sola moneda"));
    }
    match named().filter(|o| o.currency == currency).map(|o| o.balance()).sum() {
        0 => refused(format!("el cliente no tiene saldo por pagar en {currency}")),
        owed => Ok((currency, owed)),
    }
}
