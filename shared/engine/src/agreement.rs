//! Agreements on other terms are noted and taken back; the orders stay as they are, unless the agreement says that new ones
//! take their place. Those stay when it is taken back: what was paid by them was paid.

use crate::Ports;
use crate::dossier::{AtHand, Desk, Dossier, change};
use crate::error::Error;
use crate::limits;
use crate::order_standing::{self, Standing};
use crate::store::edits::By;
use crate::store::settings::Setup;
use cauce_domain::contact::alert::Alert;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::debt::agreement::{Agreement, AgreementKind, Terms};
use cauce_domain::debt::claim::Claim;
use cauce_domain::debt::event::{About, EventKind};
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment_to_verify::PaymentToVerify;
use cauce_domain::ids::{CustomerId, MatterId};

/// Most orders an agreement replaces, and instalments it makes: what one transaction takes.
const MOST_REPLACED: usize = 10;
const MOST_INSTALMENTS: u32 = 24;

/// What was agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The orders it is about; none means all.
    pub orders: Vec<String>,
    /// The new terms.
    pub terms: Terms,
    /// The document signed.
    pub files: Vec<MessageFile>,
    /// The orders are annulled, and the terms' own take their place.
    pub replaces: bool,
}

fn alert_of(kind: AgreementKind) -> Alert {
    match kind {
        AgreementKind::Restructuring => Alert::Restructuring,
        AgreementKind::Refinancing => Alert::Refinancing,
    }
}

/// Notes an agreement in a dossier.
pub(crate) fn note(dossier: &mut Dossier<'_>, kind: AgreementKind, asked: &Asked) -> Result<Agreement, Error> {
    let refused = |field, message: &str| Err(Error::refused("invalid_value", field, message));
    if asked.terms.amount <= 0 || asked.terms.instalments == 0 {
        return refused("terms.amount", "indique un monto mayor que cero y al menos una cuota");
    }
    if let Some(code) = asked.orders.iter().find(|code| !dossier.orders.contains_key(*code)) {
        return refused("terms.orders", &format!("la orden {code} no es de este cliente"));
    }
    limits::some("terms.comment", asked.terms.comment.as_deref(), limits::LONG)?;
    limits::most("terms.files", asked.files.len(), limits::FILES)?;
    let standing = dossier.matters.values().filter(|kept| kept.now.agreement().is_some()).count();
    limits::most("terms", standing + 1, limits::STANDING)?;
    let id = dossier.new_matter();
    let (orders, new_orders) = match asked.replaces {
        true => replace(dossier, &id, asked)?,
        false => (limits::codes("terms.orders", &asked.orders)?, Vec::new()),
    };
    let agreement = Agreement {
        id,
        kind,
        new_orders,
        orders,
        terms: asked.terms.clone(),
        files: asked.files.clone(),
        by: dossier.by().clone(),
        annulled: None,
    };
    let by = dossier.by().clone();
    dossier.account.alerts.raise(alert_of(kind), &by);
    dossier.tell(EventKind::AgreementMade, about(&agreement));
    dossier.put_matter(Matter::Agreement(agreement.clone()));
    Ok(agreement)
}

/// Annuls the orders it is about, all that are owed in its currency where none is named, and adds those of its terms.
/// Answers the codes of both.
fn replace(dossier: &mut Dossier<'_>, id: &MatterId, asked: &Asked) -> Result<(Vec<String>, Vec<String>), Error> {
    let refused = |message: String| Err(Error::refused("invalid_value", "terms.replace_orders", message));
    let about = |order: &&Order| match asked.orders.is_empty() {
        true => order.is_owed() && order.currency == asked.terms.currency,
        false => asked.orders.contains(&order.code),
    };
    let old: Vec<Order> = dossier.current().filter(about).cloned().collect();
    if let Some(other) = old.iter().find(|order| !order.is_owed() || order.currency != asked.terms.currency) {
        return refused(format!("la orden {} no tiene saldo en {}", other.code, asked.terms.currency));
    }
    if old.is_empty() || old.len() > MOST_REPLACED || asked.terms.instalments > MOST_INSTALMENTS {
        let message = format!("se reemplazan de 1 a {MOST_REPLACED} órdenes por hasta {MOST_INSTALMENTS} cuotas");
        return refused(message);
    }
    let touched = |matter: &Matter| {
        let open = matter.payment_to_verify().is_some_and(PaymentToVerify::is_open)
            || matter.claim().is_some_and(Claim::is_open);
        open && (matter.orders().is_empty() || old.iter().any(|order| matter.orders().contains(&order.code)))
    };
    if dossier.matters.values().any(|kept| touched(&kept.now)) {
        return refused("hay un pago por verificar o un reclamo sobre esas órdenes: decídalo primero".to_owned());
    }
    if asked.terms.amount < i64::from(asked.terms.instalments) {
        return refused("el monto no alcanza para tantas cuotas".to_owned());
    }
    if asked.terms.first_due < dossier.today() {
        return refused("la primera cuota vence hoy o después".to_owned());
    }
    for order in &old {
        order_standing::one(dossier, &order.code, Standing::Annulled, Some("reemplazada por un acuerdo"))?;
    }
    // The end of an id is nobody else's; its beginning is the time.
    let prefix = format!("ACU-{}", id.as_str().get(20..).unwrap_or(id.as_str()));
    let new = asked.terms.orders(&prefix);
    let codes = new.iter().map(|order| order.code.clone()).collect();
    new.into_iter().for_each(|order| dossier.put_order(order));
    Ok((old.into_iter().map(|order| order.code).collect(), codes))
}

/// Takes an agreement back; its alert goes with the last of its kind.
pub async fn annul(
    ports: &Ports,
    setup: &Setup,
    (customer, id): (&CustomerId, &MatterId),
    (by, request): (&By, Option<String>),
) -> Result<Agreement, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::matter(id), |dossier| {
        let known = dossier.matter(id, "el acuerdo", Matter::agreement)?;
        if known.annulled.is_some() {
            return Err(Error::refused("agreement_annulled", None, "el acuerdo ya está anulado"));
        }
        let agreement = Agreement { annulled: Some(by.clone()), ..known };
        dossier.put_matter(Matter::Agreement(agreement.clone()));
        let stands = |agreement: &Agreement, kind| agreement.annulled.is_none() && agreement.kind == kind;
        let mut left = dossier.matters.values().filter_map(|kept| kept.now.agreement());
        if !left.any(|other| stands(other, agreement.kind)) {
            dossier.account.alerts.clear(alert_of(agreement.kind));
        }
        dossier.tell(EventKind::AgreementAnnulled, about(&agreement));
        Ok(agreement)
    })
    .await
}

fn about(agreement: &Agreement) -> About {
    About {
        subject: agreement.id.to_string(),
        orders: agreement.orders.clone(),
        date: Some(agreement.terms.first_due),
        amount: Some(agreement.terms.amount),
        currency: Some(agreement.terms.currency),
        detail: agreement.terms.comment.clone(),
    }
}
