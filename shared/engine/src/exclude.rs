//! Not to be contacted: a customer by scope, or an address for everybody who has it or will have it.
//!
//! An address keeps each wish with where it was said: one taken back by a word leaves those that a user, a load or a
//! complaint put there.

use crate::Ports;
use crate::edit_customer::{change, of_address};
use crate::error::Error;
use crate::ports::table::{Change, Item, Key, Query, TableName};
use crate::store::accounts::{AddressNote, as_read};
use crate::store::codec::{decode, encode};
use crate::store::commit::{Committed, commit};
use crate::store::edits::By;
use crate::store::query_all;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::{Channel, Scope};
use cauce_domain::contact::wish::{Source, Wish};
use cauce_domain::debt::customer::OptOut;
use cauce_domain::ids::CustomerId;

/// Excludes a customer; answers whether that is new.
pub async fn customer(
    ports: &Ports,
    setup: &Setup,
    id: &CustomerId,
    scope: Scope,
    said: &OptOut,
    by: Option<&By>,
) -> Result<bool, Error> {
    change(ports, setup, id, by, &|c| {
        c.opt_out(scope, said);
    })
    .await
}

/// The wishes that stand against an address.
pub async fn wishes(ports: &Ports, setup: &Setup, address: &str) -> Result<Vec<Wish>, Error> {
    let noted = Query::table(TableName::Accounts, setup.address_partition(address)).prefix("x#");
    let notes = query_all(ports.table.as_ref(), noted).await?;
    let notes = notes.iter().map(|s| decode::<AddressNote>(&s.body)).collect::<Result<Vec<_>, _>>()?;
    Ok(notes.into_iter().flat_map(|note| note.wishes).collect())
}

/// Whether an address asked not to be written to by a channel, whoever has it.
pub async fn is_silent(ports: &Ports, setup: &Setup, address: &str, channel: Channel) -> Result<bool, Error> {
    Ok(wishes(ports, setup, address).await?.iter().any(|wish| wish.scope.covers(channel)))
}

/// Excludes an address: noted on it for customers to come, then on each customer that has it. Answers whether anything
/// was new.
pub async fn address(ports: &Ports, setup: &Setup, address: &str, wish: &Wish, by: Option<&By>) -> Result<bool, Error> {
    let same = |known: &Wish| known.source == wish.source && known.scope == wish.scope;
    let mut changed = note(ports, setup, address, wish.scope, &|wishes| {
        // The first is kept: it is the proof of when it was said.
        if wishes.iter().any(same) {
            return false;
        }
        wishes.push(wish.clone());
        true
    })
    .await?;
    changed |= of_address(ports, setup, address, by, &|point| {
        point.opted_out.insert(wish.scope);
    })
    .await?;
    Ok(changed)
}

/// Takes wishes for silence back where `taken_back` says so; what other wishes cover stays. Answers whether any was.
pub async fn lift(
    ports: &Ports,
    setup: &Setup,
    address: &str,
    scope: Scope,
    by: Option<&By>,
    taken_back: fn(Source) -> bool,
) -> Result<bool, Error> {
    let mut lifted = note(ports, setup, address, scope, &|wishes| {
        let before = wishes.len();
        wishes.retain(|wish| !taken_back(wish.source));
        wishes.len() < before
    })
    .await?;
    if !wishes(ports, setup, address).await?.iter().any(|wish| wish.scope == scope) {
        lifted |= of_address(ports, setup, address, by, &|point| {
            point.opted_out.remove(&scope);
        })
        .await?;
    }
    Ok(lifted)
}

/// Changes the wishes of a scope that stand against an address.
async fn note(
    ports: &Ports,
    setup: &Setup,
    address: &str,
    scope: Scope,
    change: &(dyn Fn(&mut Vec<Wish>) -> bool + Sync),
) -> Result<bool, Error> {
    let key = Key::new(TableName::Accounts, setup.address_partition(address), format!("x#{}", scope.code()));
    for _ in 0..10 {
        let stored = ports.table.get(&key).await?;
        let mut note = stored.as_ref().map(|s| decode::<AddressNote>(&s.body)).transpose()?.unwrap_or_default();
        if !change(&mut note.wishes) {
            return Ok(false);
        }
        let expect = as_read(stored.map(|s| s.version));
        let changed = match note.wishes.is_empty() {
            true => Change::Delete(key.clone(), expect),
            false => Change::Put(Item::new(key.clone(), encode(&note)?), expect),
        };
        if let Committed::Made = commit(ports, vec![changed]).await? {
            return Ok(true);
        }
    }
    Err(Error::Raced)
}
