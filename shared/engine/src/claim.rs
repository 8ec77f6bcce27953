//! Claims: opened, changed, closed, with what they do to the collection.

use crate::Ports;
use crate::dossier::{AtHand, Desk, Dossier, change};
use crate::error::Error;
use crate::limits;
use crate::store::edits::By;
use crate::store::settings::Setup;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::debt::claim::{Category, Claim, MOST_OPEN};
use cauce_domain::debt::event::{About, EventKind};
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::Order;
use cauce_domain::ids::{CustomerId, MatterId};

/// What a customer objects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What it is about.
    pub category: Category,
    /// The orders it is about; none means all.
    pub orders: Vec<String>,
    /// What the customer says.
    pub description: String,
    /// What shows it.
    pub files: Vec<MessageFile>,
}

/// Opens a claim.
pub async fn open(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    asked: &Asked,
    (by, request): (&By, Option<String>),
) -> Result<Claim, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::orders(&asked.orders), |dossier| note(dossier, asked)).await
}

/// Opens a claim in a dossier.
pub(crate) fn note(dossier: &mut Dossier<'_>, asked: &Asked) -> Result<Claim, Error> {
    check(dossier, asked, None)?;
    let claim = Claim {
        id: dossier.new_matter(),
        category: asked.category,
        orders: limits::codes("claim.orders", &asked.orders)?,
        description: asked.description.trim().to_owned(),
        files: asked.files.clone(),
        effect: dossier.setup().project().rules.on_claim,
        by: dossier.by().clone(),
        closed: None,
        resolution: None,
    };
    put(dossier, EventKind::ClaimOpened, &claim);
    Ok(claim)
}

/// Changes an open claim.
pub async fn edit(
    ports: &Ports,
    setup: &Setup,
    (customer, id): (&CustomerId, &MatterId),
    asked: &Asked,
    (by, request): (&By, Option<String>),
) -> Result<Claim, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    let at_hand = AtHand { orders: asked.orders.clone(), ..AtHand::matter(id) };
    change(&desk, customer, &at_hand, |dossier| {
        let known = still_open(dossier, id)?;
        check(dossier, asked, Some(id))?;
        let mut files: Vec<MessageFile> = known.files.iter().chain(&asked.files).cloned().collect();
        files.dedup();
        limits::most("claim.files", files.len(), limits::FILES)?;
        let description = asked.description.trim().to_owned();
        let orders = limits::codes("claim.orders", &asked.orders)?;
        let claim = Claim { category: asked.category, orders, description, files, ..known };
        put(dossier, EventKind::ClaimEdited, &claim);
        Ok(claim)
    })
    .await
}

/// Closes a claim.
pub async fn close(
    ports: &Ports,
    setup: &Setup,
    (customer, id): (&CustomerId, &MatterId),
    resolution: Option<&str>,
    (by, request): (&By, Option<String>),
) -> Result<Claim, Error> {
    let resolution = limits::some("resolution", resolution, limits::LONG)?;
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::matter(id), |dossier| {
        let known = still_open(dossier, id)?;
        let claim = Claim { closed: Some(by.clone()), resolution: resolution.clone(), ..known };
        put(dossier, EventKind::ClaimClosed, &claim);
        Ok(claim)
    })
    .await
}

/// What a claim may be, besides those that are open already.
fn check(dossier: &Dossier<'_>, asked: &Asked, itself: Option<&MatterId>) -> Result<(), Error> {
    let refused = |code, field, message: String| Err(Error::refused(code, field, message));
    limits::text("claim.description", &asked.description, limits::LONG)?;
    limits::codes("claim.orders", &asked.orders)?;
    limits::most("claim.files", asked.files.len(), limits::FILES)?;
    if let Some(code) = asked.orders.iter().find(|code| !dossier.orders.contains_key(*code)) {
        return refused("invalid_value", "claim.orders", format!("la orden {code} no es de este cliente"));
    }
    let others: Vec<Claim> = open_claims(dossier).into_iter().filter(|claim| Some(&claim.id) != itself).collect();
    if others.iter().any(|claim| claim.category == asked.category) {
        let message = format!("ya hay un reclamo abierto de {}: edítelo o ciérrelo", asked.category.spanish());
        return refused("claim_category_taken", "claim.category", message);
    }
    if others.len() >= MOST_OPEN {
        let message = format!("el cliente ya tiene {MOST_OPEN} reclamos abiertos: cierre uno");
        return refused("too_many_claims", "claim.category", message);
    }
    Ok(())
}

/// Keeps a claim, and whether each order it names or named is chased.
fn put(dossier: &mut Dossier<'_>, event: EventKind, claim: &Claim) {
    dossier.put_matter(Matter::Claim(claim.clone()));
    let about = About {
        subject: claim.id.to_string(),
        orders: claim.orders.clone(),
        detail: Some(claim.category.spanish().to_owned()),
        ..About::default()
    };
    dossier.tell(event, about);
    let claims = open_claims(dossier);
    let disputed = |order: &Order| claims.iter().any(|claim| claim.disputes(&order.code));
    let changed: Vec<Order> = dossier.current().filter(|order| order.disputed != disputed(order)).cloned().collect();
    for order in changed {
        dossier.put_order(Order { disputed: !order.disputed, ..order });
    }
}

fn open_claims(dossier: &Dossier<'_>) -> Vec<Claim> {
    let claims = dossier.matters.values().filter_map(|kept| kept.now.claim());
    claims.filter(|claim| claim.is_open()).cloned().collect()
}

fn still_open(dossier: &Dossier<'_>, id: &MatterId) -> Result<Claim, Error> {
    let claim = dossier.matter(id, "el reclamo", Matter::claim)?;
    match claim.is_open() {
        true => Ok(claim),
        false => Err(Error::refused("claim_closed", None, "el reclamo ya está cerrado")),
    }
}
