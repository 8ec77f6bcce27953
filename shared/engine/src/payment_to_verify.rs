//! A payment the customer says it made: declared, verified, rejected, annulled. Its states are `debt/payment_to_verify.rs` of
//! the domain; the end of the wait for it is in `agenda.rs`.

use crate::Ports;
use crate::dossier::{AtHand, Desk, Dossier, Recorded, change};
use crate::error::Error;
use crate::limits;
use crate::store::edits::By;
use crate::store::settings::Setup;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::debt::event::{About, EventKind};
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::money::Currency;
use cauce_domain::debt::payment::{Movement, MovementKind};
use cauce_domain::debt::payment_to_verify::{PaymentToVerify, Review};
use cauce_domain::ids::{CustomerId, MatterId};
use chrono::NaiveDate;

/// What a customer says it paid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Declared {
    /// When, local; today, when it is not said.
    pub date: Option<NaiveDate>,
    /// How much, minor units.
    pub amount: Option<i64>,
    /// In which currency; the order's, when it is not said.
    pub currency: Option<Currency>,
    /// By which means.
    pub method: Option<String>,
    /// Notes or references.
    pub reference: Option<String>,
    /// Which order; none means the oldest.
    pub order: Option<String>,
    /// Receipts.
    pub files: Vec<MessageFile>,
}

/// What whoever saw the money knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// How much, where it was not declared or is another amount.
    pub amount: Option<i64>,
    /// When, where it is another day.
    pub date: Option<NaiveDate>,
    /// The payment it is, where that was loaded already: no second one is made.
    pub movement: Option<String>,
}

/// Notes a declared payment; the flow waits for somebody to look at it.
pub async fn declare(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    declared: &Declared,
    (by, request): (&By, Option<String>),
) -> Result<PaymentToVerify, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::orders(declared.order.as_slice()), |dossier| note(dossier, declared)).await
}

/// Notes a declared payment in a dossier.
pub(crate) fn note(dossier: &mut Dossier<'_>, declared: &Declared) -> Result<PaymentToVerify, Error> {
    let (project, today) = (dossier.setup().project(), dossier.today());
    let date = declared.date.unwrap_or(today);
    let refused = |code, field, message: &str| Err(Error::refused(code, field, message));
    if date > today {
        return refused("date_in_future", "payment.date", "un pago que ya se hizo no tiene fecha futura");
    }
    if declared.amount.is_some_and(|amount| amount <= 0) {
        return refused("invalid_value", "payment.amount", "el monto es mayor que cero");
    }
    let order = declared.order.as_ref().map(|code| dossier.orders.get(code).map(|kept| &kept.now));
    let currency = match order {
        Some(None) => return refused("invalid_value", "payment.order", "la orden no es de este cliente"),
        Some(Some(order)) if declared.currency.is_some_and(|named| named != order.currency) => {
            return refused("invalid_value", "payment.currency", "la orden está en otra moneda");
        }
        Some(Some(order)) => Some(order.currency),
        None => declared.currency.or_else(|| Some(dossier.account.summary.carrying.as_ref()?.currency)),
    };
    let currency = currency.or_else(|| project.country.currency().parse().ok());
    let currency = currency.ok_or_else(|| Error::refused("invalid_value", "payment.currency", "falta la moneda"))?;
    let open = dossier
        .matters
        .values()
        .filter(|kept| kept.now.payment_to_verify().is_some_and(PaymentToVerify::is_open))
        .count();
    limits::most("payment", open + 1, limits::STANDING / 2)?;
    limits::most("payment.files", declared.files.len(), limits::FILES)?;
    let payment = PaymentToVerify {
        id: dossier.new_matter(),
        date,
        amount: declared.amount,
        currency,
        method: limits::some("payment.method", declared.method.as_deref(), limits::SHORT)?,
        reference: limits::some("payment.reference", declared.reference.as_deref(), limits::LONG)?,
        order: declared.order.clone(),
        files: declared.files.clone(),
        review: Review::ToVerify,
        by: dossier.by().clone(),
        limit: project.calendar.working_days_after(today, project.rules.review_days),
        escalated: false,
    };
    dossier.tell(EventKind::PaymentToVerify, about(&payment, payment.amount));
    dossier.put_matter(Matter::PaymentToVerify(payment.clone()));
    Ok(payment)
}

/// The money was seen: it becomes an effective payment, or is the one that was loaded.
pub async fn verify(
    ports: &Ports,
    setup: &Setup,
    (customer, id): (&CustomerId, &MatterId),
    seen: &Seen,
    (by, request): (&By, Option<String>),
) -> Result<PaymentToVerify, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    let at_hand = AtHand { movement: seen.movement.clone(), ..AtHand::matter(id) };
    change(&desk, customer, &at_hand, |dossier| {
        let payment = open(dossier, id)?;
        if setup.project().rules.four_eyes && payment.by.author == by.author {
            let message = "quien registró el pago no puede verificarlo: pídaselo a otra persona";
            return Err(Error::refused("four_eyes", None, message));
        }
        let movement = match &seen.movement {
            Some(code) => loaded(dossier, code, &payment)?,
            None => pay(dossier, &payment, seen)?,
        };
        let amount = Some(movement.amount);
        let review = Review::Verified { decided: by.clone(), movement: movement.code };
        let payment = PaymentToVerify { review, amount, ..payment };
        decided(dossier, EventKind::PaymentVerified, payment, amount)
    })
    .await
}

/// The payment that was loaded already, and was not taken for another declared one.
fn loaded(dossier: &mut Dossier<'_>, code: &str, payment: &PaymentToVerify) -> Result<Movement, Error> {
    let refused = |why: &str| Error::refused("invalid_value", "movement", why);
    let found = dossier.movements.get(code).map(|read| read.movement.clone());
    let fits = |m: &Movement| m.kind == MovementKind::Payment && !m.annulled && m.currency == payment.currency;
    let movement = found.filter(fits).ok_or_else(|| refused("no hay un pago de este cliente con ese código"))?;
    if movement.declared.is_some() {
        return Err(refused("ese pago ya verificó otro"));
    }
    let movement = Movement { declared: Some(payment.id.clone()), ..movement };
    dossier.put_movement(&movement)?;
    // A promise of the rest, made while this one waited, has counted it for its own perhaps.
    dossier.count_movement(&movement);
    Ok(movement)
}

/// The effective payment, recorded.
fn pay(dossier: &mut Dossier<'_>, payment: &PaymentToVerify, seen: &Seen) -> Result<Movement, Error> {
    let amount = seen.amount.or(payment.amount).filter(|amount| *amount > 0);
    let missing = || Error::refused("invalid_value", "amount", "indique el monto que se pagó");
    let (amount, date) = (amount.ok_or_else(missing)?, seen.date.unwrap_or(payment.date));
    if date > dossier.today() {
        return Err(Error::refused("date_in_future", "date", "un pago que ya se hizo no tiene fecha futura"));
    }
    let (applied, credit) = match &payment.order {
        Some(code) => (vec![(code.clone(), amount)], 0),
        None => dossier.spread(amount, payment.currency),
    };
    let movement = Movement {
        code: format!("verificado-{}", payment.id),
        kind: MovementKind::Payment,
        date,
        amount,
        currency: payment.currency,
        order: payment.order.clone(),
        method: payment.method.clone(),
        reference: payment.reference.clone(),
        applied,
        credit,
        pending: Vec::new(),
        declared: Some(payment.id.clone()),
        annulled: false,
    };
    dossier.record(movement.clone(), Recorded::New)?;
    Ok(movement)
}

/// There is no such money: the customer returns to the flow.
pub async fn reject(
    ports: &Ports,
    setup: &Setup,
    (customer, id): (&CustomerId, &MatterId),
    reason: &str,
    (by, request): (&By, Option<String>),
) -> Result<PaymentToVerify, Error> {
    let reason = limits::text("reason", reason, limits::LONG)?;
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::matter(id), |dossier| {
        let payment = open(dossier, id)?;
        let review = Review::Rejected { decided: by.clone(), reason: reason.clone() };
        let amount = payment.amount;
        decided(dossier, EventKind::PaymentRejected, PaymentToVerify { review, ..payment }, amount)
    })
    .await
}

/// A verified payment is taken back together with the payment it became.
pub async fn annul(
    ports: &Ports,
    setup: &Setup,
    (customer, id): (&CustomerId, &MatterId),
    (by, request): (&By, Option<String>),
) -> Result<PaymentToVerify, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    let code = format!("verificado-{id}");
    let at_hand = AtHand { movement: Some(code.clone()), ..AtHand::matter(id) };
    change(&desk, customer, &at_hand, |dossier| {
        let payment = dossier.matter(id, "el pago a verificar", Matter::payment_to_verify)?;
        let refused = |message: String| Err(Error::refused("payment_not_verified", None, message));
        match &payment.review {
            Review::Verified { movement, .. } if *movement == code => {}
            Review::Verified { movement, .. } => {
                return refused(format!("anule el pago {movement}, que se cargó aparte"));
            }
            other => return refused(format!("el pago está {}: solo se anula uno verificado", other.spanish())),
        }
        let movement =
            dossier.movements.get(&code).map(|read| read.movement.clone()).ok_or(Error::NotFound("el pago"))?;
        if !movement.pending.is_empty() {
            return Err(Error::Raced);
        }
        dossier.record(movement, Recorded::Annulled)?;
        dossier.matter(id, "el pago a verificar", Matter::payment_to_verify)
    })
    .await
}

/// The payment a movement was verified from goes with it, whoever takes the movement back.
pub(crate) fn taken_back(dossier: &mut Dossier<'_>, movement: &Movement) {
    let Some(Ok(payment)) =
        movement.declared.as_ref().map(|id| dossier.matter(id, "el pago a verificar", Matter::payment_to_verify))
    else {
        return;
    };
    let review = Review::Annulled { decided: dossier.by().clone() };
    dossier.put_matter(Matter::PaymentToVerify(PaymentToVerify { review, ..payment }));
}

fn open(dossier: &Dossier<'_>, id: &MatterId) -> Result<PaymentToVerify, Error> {
    let payment = dossier.matter(id, "el pago a verificar", Matter::payment_to_verify)?;
    if payment.is_open() {
        return Ok(payment);
    }
    let message = format!("el pago ya está {}", payment.review.spanish());
    Err(Error::refused("payment_not_open", None, message))
}

fn decided(
    dossier: &mut Dossier<'_>,
    event: EventKind,
    payment: PaymentToVerify,
    amount: Option<i64>,
) -> Result<PaymentToVerify, Error> {
    dossier.tell(event, about(&payment, amount));
    dossier.put_matter(Matter::PaymentToVerify(payment.clone()));
    dossier.judge_promises();
    Ok(payment)
}

/// What an event says of a declared payment.
pub(crate) fn about(payment: &PaymentToVerify, amount: Option<i64>) -> About {
    About {
        subject: payment.id.to_string(),
        orders: payment.order.iter().cloned().collect(),
        date: Some(payment.date),
        amount,
        currency: Some(payment.currency),
        detail: payment.method.clone(),
    }
}
