//! Storing a customer: its account, the addresses that lead to it, and the guard on addresses several customers share.

pub mod by_hand;

use crate::Ports;
use crate::error::Error;
use crate::link_contact::link_customer;
use crate::ports::table::{Change, Expect, Item, Key, Query, TableName};
use crate::search;
use crate::store::accounts::{self, AddressNote, as_read};
use crate::store::assignments;
use crate::store::codec::{decode, encode};
use crate::store::commit::{Committed, commit};
use crate::store::edits::{self, By};
use crate::store::query_all;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Scope;
use cauce_domain::contact::point::{Known, Point};
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::{Customer, MAX_POINTS, Status};
use cauce_domain::ids::CustomerId;
use std::collections::BTreeSet;

/// Every address of a customer; one that was deleted has none: what comes from them is nobody's.
pub fn addresses(customer: &Customer) -> BTreeSet<String> {
    if customer.status == Status::Deleted {
        return BTreeSet::new();
    }
    let phones = customer.phones.iter().map(|p| p.address.e164().to_owned());
    phones.chain(customer.emails.iter().map(|p| p.address.address().to_owned())).collect()
}

fn place(setup: &Setup, address: &str, customer: &CustomerId) -> Key {
    Key::new(TableName::Accounts, setup.address_partition(address), format!("c#{customer}"))
}

/// What came of looking at the addresses new to a customer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals {
    /// Addresses that other customers have too.
    pub(crate) shared: Vec<String>,
    /// Guards to be written with the customer: two customers that take one address at once cannot both miss the other.
    guards: Vec<Guard>,
}

/// An address's guard, as it was read.
#[derive(Debug, Clone)]
struct Guard {
    key: Key,
    read: Option<u64>,
    /// It is written, not only looked at.
    moves: bool,
}

/// Looks at addresses new to this customer: marks those that others have too, here and there, and takes over opt-outs.
pub(crate) async fn arrive(
    ports: &Ports,
    setup: &Setup,
    before: Option<&Account>,
    account: &mut Account,
    write: bool,
) -> Result<Arrivals, Error> {
    if let Some(before) = before {
        account.customer.phones.iter_mut().for_each(|p| p.keep_marks(&before.customer.phones));
        account.customer.emails.iter_mut().for_each(|p| p.keep_marks(&before.customer.emails));
    }
    let old = before.map(|a| addresses(&a.customer)).unwrap_or_default();
    let mut arrivals = Arrivals::default();
    for address in addresses(&account.customer).difference(&old) {
        let partition = setup.address_partition(address);
        let known = query_all(ports.table.as_ref(), Query::table(TableName::Accounts, partition.clone())).await?;
        let mut others = Vec::new();
        let mut opted = BTreeSet::new();
        for stored in &known {
            match stored.key.sk.split_once('#') {
                Some(("c", id)) if id != account.id.as_str() => others.push(CustomerId::from(id)),
                Some(("x", scope)) if !decode::<AddressNote>(&stored.body)?.wishes.is_empty() => {
                    opted.extend(scope.parse::<Scope>());
                }
                _ => {}
            }
        }
        note(&mut account.customer, address, !others.is_empty(), &opted);
        if let ([other], true) = (others.as_slice(), write) {
            share_with(ports, setup, other, address).await?;
        }
        // From the third owner on all are marked already, and a guard that each moves would only make them wait for each
        // other: that it stands still shows that no wish came meanwhile.
        let guard = known.iter().find(|s| s.key.sk == GUARD).map(|s| s.version);
        arrivals.guards.push(Guard {
            key: Key::new(TableName::Accounts, partition, GUARD),
            read: guard,
            moves: others.len() < 2,
        });
        if !others.is_empty() {
            arrivals.shared.push(address.clone());
        }
    }
    Ok(arrivals)
}

/// The sort key of an address's guard, which moves with its first owners and with every wish.
pub(crate) const GUARD: &str = "g";

fn note(customer: &mut Customer, address: &str, shared: bool, opted: &BTreeSet<Scope>) {
    customer.known(address, &|known| {
        *known.shared |= shared;
        known.opted_out.extend(opted);
    });
}

/// Somebody made sure of an address.
pub async fn verify(ports: &Ports, setup: &Setup, address: &str, by: &By) -> Result<bool, Error> {
    of_address(ports, setup, address, Some(by), &|known| {
        *known.invalid = false;
        known.marks.verify(by.at);
    })
    .await
}

/// Changes what is known of an address on each customer that has it; answers whether anything changed.
pub(crate) async fn of_address(
    ports: &Ports,
    setup: &Setup,
    address: &str,
    by: Option<&By>,
    how: &(dyn Fn(&mut Known<'_>) + Sync),
) -> Result<bool, Error> {
    let mut changed = false;
    for id in owners(ports, setup, address).await? {
        changed |= change(ports, setup, &id, by, &|customer| customer.known(address, how)).await?;
    }
    Ok(changed)
}

/// Marks the address as shared on another customer that has it.
async fn share_with(ports: &Ports, setup: &Setup, other: &CustomerId, address: &str) -> Result<(), Error> {
    change(ports, setup, other, None, &|customer| note(customer, address, true, &BTreeSet::new())).await.map(|_| ())
}

/// Changes a stored customer in a way that leaves its addresses alone; answers whether anything changed.
pub(crate) async fn change(
    ports: &Ports,
    setup: &Setup,
    id: &CustomerId,
    by: Option<&By>,
    change: &(dyn Fn(&mut Customer) + Sync),
) -> Result<bool, Error> {
    for _ in 0..10 {
        let Some((before, version)) = accounts::account(ports, setup.id(), id).await? else { return Ok(false) };
        let mut after = before.clone();
        change(&mut after.customer);
        if after == before {
            return Ok(false);
        }
        let mut changes = vec![Change::Put(accounts::account_item(setup.id(), &after)?, Expect::Version(version))];
        if let Some(by) = by {
            changes.extend(edit(ports, setup, by, Some(&before), &after)?);
        }
        if let Committed::Made = commit(ports, changes).await? {
            return Ok(true);
        }
    }
    Err(Error::Raced)
}

/// Stores an account with the addresses that came and went, all or nothing; `false` when somebody was faster.
pub(crate) async fn store(
    ports: &Ports,
    setup: &Setup,
    before: Option<&Account>,
    account: &Account,
    version: Option<u64>,
    arrivals: &Arrivals,
    by: Option<&By>,
) -> Result<bool, Error> {
    let mut changes = changes(ports, setup, before, account, arrivals, by)?;
    changes.push(Change::Put(accounts::account_item(setup.id(), account)?, as_read(version)));
    Ok(matches!(commit(ports, changes).await?, Committed::Made))
}

/// What is written together with a customer whose addresses came and went, besides its account.
pub(crate) fn changes(
    ports: &Ports,
    setup: &Setup,
    before: Option<&Account>,
    account: &Account,
    arrivals: &Arrivals,
    by: Option<&By>,
) -> Result<Vec<Change>, Error> {
    let old = before.map(|a| addresses(&a.customer)).unwrap_or_default();
    let new = addresses(&account.customer);
    let edited = by.map(|by| edit(ports, setup, by, before, account)).transpose()?;
    let mut changes: Vec<Change> = edited.into_iter().flatten().collect();
    let name =
        |account: &Account| Some(account.customer.name.clone()).filter(|_| account.customer.status != Status::Deleted);
    let (old_name, new_name) = (before.and_then(name), name(account));
    changes.extend(search::renamed(setup, &account.id, old_name.as_deref(), new_name.as_deref())?);
    for address in new.difference(&old) {
        let item = Item::new(place(setup, address, &account.id), encode(&AddressNote::default())?);
        changes.push(Change::Put(item, Expect::Anything));
    }
    for guard in &arrivals.guards {
        let item = Item::new(guard.key.clone(), encode(&AddressNote::default())?);
        changes.push(match guard.moves {
            true => Change::Put(item, as_read(guard.read)),
            false => Change::Check(guard.key.clone(), as_read(guard.read)),
        });
    }
    for address in old.difference(&new) {
        changes.push(Change::Delete(place(setup, address, &account.id), Expect::Anything));
    }
    Ok(changes)
}

/// The log entries of a change to a customer: what was changed, and that it was given to somebody else.
fn edit(
    ports: &Ports,
    setup: &Setup,
    by: &By,
    before: Option<&Account>,
    after: &Account,
) -> Result<Vec<Change>, Error> {
    let state = |a: &Account| serde_json::json!({ "customer": a.customer, "holds": a.holds });
    let mut fields = edits::differences(before.map(state).as_ref(), &state(after))?;
    fields.retain(|f| !f.starts_with("customer.edited"));
    let entry = edits::of_customer(ports, by, (setup.id(), &after.id), "customer", fields)?;
    let given = before.map(|before| assignments::entry(ports, setup.id(), before, after)).transpose()?.flatten();
    Ok(std::iter::once(entry).chain(given).collect())
}

/// Saves a person's edit with everything that follows from it; answers the addresses other customers have too.
pub async fn save(
    ports: &Ports,
    setup: &Setup,
    before: &Account,
    after: &mut Account,
    version: u64,
    by: &By,
) -> Result<Vec<String>, Error> {
    let arrivals = arrive(ports, setup, Some(before), after, true).await?;
    match store(ports, setup, Some(before), after, Some(version), &arrivals, Some(by)).await? {
        true => {
            // One that was taken away may be another customer's alone now.
            for customer in [&before.customer, &after.customer] {
                link_customer(ports, setup, customer).await;
            }
            Ok(arrivals.shared)
        }
        false => Err(Error::Raced),
    }
}

/// Puts an address in a slot, or frees it; answers what was there. A new address starts with nothing known against it.
pub fn put_point<A: Clone>(points: &mut Vec<Point<A>>, slot: u8, address: Option<A>) -> Result<Option<A>, String> {
    if !(1..=MAX_POINTS).contains(&usize::from(slot)) {
        return Err(format!("la posición va de 1 a {MAX_POINTS}"));
    }
    let before = points.iter().find(|p| p.slot == slot).map(|p| p.address.clone());
    points.retain(|p| p.slot != slot);
    points.extend(address.map(|a| Point::new(slot, a)));
    points.sort_by_key(|p| p.slot);
    Ok(before)
}

/// The customers that have an address.
pub async fn owners(ports: &Ports, setup: &Setup, address: &str) -> Result<Vec<CustomerId>, Error> {
    let query = Query::table(TableName::Accounts, setup.address_partition(address)).prefix("c#");
    let found = query_all(ports.table.as_ref(), query).await?;
    Ok(found.iter().filter_map(|s| s.key.sk.strip_prefix("c#").map(CustomerId::from)).collect())
}
