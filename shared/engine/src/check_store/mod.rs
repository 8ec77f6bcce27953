//! The store's invariants, recomputed from what is stored: a list of what does not hold, empty when all is well.

mod matters;

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Index, Query};
use crate::store::codec::decode;
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::settings::Setup;
use crate::store::{accounts, interactions};
use cauce_domain::contact::interaction::State;
use cauce_domain::debt::account::{Account, Summary};
use cauce_domain::debt::payment::Movement;
use std::collections::{BTreeMap, BTreeSet};

/// What was looked at and what does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Customers looked at.
    pub customers: u64,
    /// Orders looked at.
    pub orders: u64,
    /// Messages looked at.
    pub messages: u64,
    /// What does not hold.
    pub broken: Vec<String>,
}

/// Checks every customer of a project: summaries, balances, code owners, what stands over the debt, one message a day, the
/// ledger.
pub async fn check_store(ports: &Ports, setup: &Setup) -> Result<Checked, Error> {
    let mut checked = Checked::default();
    for shard in SHARD_NAMES {
        let mut after = None;
        loop {
            let query = Query::index(Index::Customers, keys::customers_shard(setup.id(), shard)).after(after);
            let page = ports.table.query(&query).await?;
            for stored in page.items {
                customer(ports, setup, &decode(&stored.body)?, &mut checked).await?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(checked)
}

async fn customer(ports: &Ports, setup: &Setup, account: &Account, checked: &mut Checked) -> Result<(), Error> {
    checked.customers += 1;
    let id = &account.id;
    let orders = accounts::all_orders(ports, setup.id(), id).await?;
    checked.orders += orders.len() as u64;
    if Summary::of(&orders) != account.summary {
        checked.broken.push(format!("cliente {id}: el resumen no es la suma de sus órdenes"));
    }
    let mut paid: BTreeMap<&str, i64> = BTreeMap::new();
    let movements: Vec<Movement> = accounts::movements(ports, setup.id(), id).await?;
    for (code, part) in movements.iter().filter(|m| !m.annulled).flat_map(|m| &m.applied) {
        *paid.entry(code).or_default() += part;
    }
    for order in &orders {
        if order.paid != paid.get(order.code.as_str()).copied().unwrap_or(0) {
            checked.broken.push(format!("orden {}: lo pagado no es la suma de sus movimientos", order.code));
        }
        let owner = ports.table.get(&keys::order_code(setup.id(), &order.code)).await?;
        let owner = owner.map(|o| decode::<accounts::CodeOwner>(&o.body)).transpose()?;
        if owner.is_none_or(|o| o.customer != *id) {
            checked.broken.push(format!("orden {}: su código no lleva a su cliente", order.code));
        }
    }
    matters::check(ports, setup, account, (&orders, &movements), checked).await?;
    messages(ports, setup, account, checked).await
}

/// Every message that left, or may have, stands in the ledger once; a day has one, a step key has one.
async fn messages(ports: &Ports, setup: &Setup, account: &Account, checked: &mut Checked) -> Result<(), Error> {
    let id = &account.id;
    let messages = interactions::of_customer(ports, setup.id(), id, None, 5_000).await?;
    checked.messages += messages.len() as u64;
    let (mut steps, mut days) = (BTreeSet::new(), BTreeSet::new());
    let left = messages.iter().filter(|m| match m.state {
        State::Scheduled { .. } | State::NotSent { .. } => false,
        // A call stands there as whoever made it did.
        State::ToManage | State::Contacted | State::NotContacted => false,
        // Refused at the door: it never left, and its ledger entry was given back.
        // What another followed gave its place there to it.
        State::Failed { .. } => m.provider_id.is_some() && m.followed_by.is_none(),
        _ => true,
    });
    for message in left {
        if !steps.insert(message.key().to_owned()) {
            checked.broken.push(format!("cliente {id}: un paso salió dos veces ({})", message.id));
        }
        if message.step().is_some() && !days.insert(message.day) {
            checked.broken.push(format!("cliente {id}: dos mensajes de flujo el {}", message.day));
        }
        let (week, ..) = interactions::ledgers(ports, setup.id(), id, message.contact_day()).await?;
        if week.entries.iter().filter(|e| e.send == message.id).count() != 1 {
            checked.broken.push(format!("mensaje {}: no está una vez en el libro de contactos", message.id));
        }
    }
    Ok(())
}
