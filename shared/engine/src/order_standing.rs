//! Orders by hand: given up on and chased again, annulled and brought back.

use crate::Ports;
use crate::dossier::{AtHand, Desk, Dossier, change};
use crate::error::Error;
use crate::limits;
use crate::store::edits::By;
use crate::store::settings::Setup;
use cauce_domain::debt::event::{About, EventKind};
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::{Annulment, Order};
use cauce_domain::ids::CustomerId;
use serde::Deserialize;

/// What becomes of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Given up on: the balance is kept and no longer chased (*incobrable*).
    Uncollectible,
    /// Chased again.
    Collectible,
    /// Void: never owed (*anulada*).
    Annulled,
    /// No longer void.
    Restored,
}

impl Standing {
    fn event(self) -> EventKind {
        match self {
            Self::Uncollectible => EventKind::OrderUncollectible,
            Self::Collectible => EventKind::OrderCollectible,
            Self::Annulled => EventKind::OrderAnnulled,
            Self::Restored => EventKind::OrderRestored,
        }
    }

    /// The order as it then stands, or why it may not.
    fn of(self, order: &Order) -> Result<Order, &'static str> {
        let order = order.clone();
        match self {
            Self::Uncollectible if order.uncollectible => Err("ya está marcada como incobrable"),
            Self::Uncollectible if !order.is_owed() => Err("no tiene saldo por pagar"),
            Self::Uncollectible => Ok(Order { uncollectible: true, ..order }),
            Self::Collectible if !order.uncollectible => Err("no está marcada como incobrable"),
            Self::Collectible => Ok(Order { uncollectible: false, ..order }),
            Self::Annulled if order.annulled.is_some() => Err("ya está anulada"),
            Self::Annulled => Ok(Order { annulled: Some(Annulment::Asked), ..order }),
            Self::Restored if order.annulled.is_none() => Err("no está anulada"),
            Self::Restored => Ok(Order { annulled: None, ..order }),
        }
    }
}

/// Changes how orders of a customer's stand, all of them or none.
pub async fn set(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    (codes, standing, reason): (&[String], Standing, Option<&str>),
    (by, request): (&By, Option<String>),
) -> Result<Vec<Order>, Error> {
    let codes = limits::codes("orders", codes)?;
    limits::most("orders", codes.len(), limits::ORDERS)?;
    let reason = limits::some("reason", reason, limits::SHORT)?;
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::orders(&codes), |dossier| {
        let changed =
            codes.iter().map(|code| one(dossier, code, standing, reason.as_deref())).collect::<Result<_, _>>()?;
        if dossier.setup().project().rules.write_off_uncollectible {
            write_off(dossier, standing);
        }
        Ok(changed)
    })
    .await
}

/// Whoever owes only what was given up on is of the written-off portfolio, until something is chased again.
fn write_off(dossier: &mut Dossier<'_>, standing: Standing) {
    let owed: Vec<&Order> = dossier.current().filter(|order| order.is_owed()).collect();
    let given_up = !owed.is_empty() && owed.iter().all(|order| order.uncollectible);
    match standing {
        Standing::Uncollectible if given_up => dossier.account.customer.write_off(true),
        Standing::Collectible => dossier.account.customer.write_off(false),
        _ => {}
    }
}

pub(crate) fn one(
    dossier: &mut Dossier<'_>,
    code: &str,
    standing: Standing,
    reason: Option<&str>,
) -> Result<Order, Error> {
    let refused = |why: &str| Error::refused("order_standing", "orders", format!("la orden {code} {why}"));
    let order = dossier.orders.get(code).ok_or_else(|| refused("no es de este cliente"))?.now.clone();
    let reviewed = |matter: &Matter| match matter {
        Matter::PaymentToVerify(payment) => payment.is_open() && payment.order.as_deref() == Some(code),
        _ => false,
    };
    if standing == Standing::Uncollectible && dossier.matters.values().any(|kept| reviewed(&kept.now)) {
        return Err(refused("tiene un pago por verificar: decídalo primero"));
    }
    let order = standing.of(&order).map_err(refused)?;
    dossier.put_order(order.clone());
    let about = About {
        subject: code.to_owned(),
        orders: vec![code.to_owned()],
        date: Some(order.due),
        amount: Some(order.balance()),
        currency: Some(order.currency),
        detail: reason.map(str::to_owned),
    };
    dossier.tell(standing.event(), about);
    Ok(order)
}
