//! Not to be contacted: a customer by scope, or an address for everybody who has it or will have it.
//!
//! An address keeps each wish with where it was said: one taken back by a word leaves those that a user, a load or a
//! complaint put there.

use crate::Ports;
use crate::edit_customer::{GUARD, change, of_address};
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
use chrono::{DateTime, Utc};

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
/// was new. One that was said before messages were asked for again, and comes late, changes nothing.
pub async fn address(ports: &Ports, setup: &Setup, address: &str, wish: &Wish, by: Option<&By>) -> Result<bool, Error> {
    let same = |known: &&mut Wish| known.source == wish.source && known.scope == wish.scope;
    let late = |note: &AddressNote| {
        wish.source.is_taken_back_by_word() && note.lifted.is_some_and(|lifted| wish.last() < lifted)
    };
    let (noted, new) = note(ports, setup, address, wish.scope, &|note| {
        if late(note) {
            return false;
        }
        match note.wishes.iter_mut().find(same) {
            // The first is kept, as the proof of when it was said.
            Some(known) if known.last() < wish.last() => known.again = Some(wish.last()),
            Some(_) => return false,
            None => note.wishes.push(wish.clone()),
        }
        true
    })
    .await?;
    match late(&noted) {
        true => Ok(false),
        false => Ok(mirror(ports, setup, address, wish.scope, by).await? || new),
    }
}

/// Takes back the wishes for silence said before an instant, where `taken_back` says so; what other wishes cover stays, and
/// of two said at one instant silence is kept. Answers whether the address may be written to again.
pub async fn lift(
    ports: &Ports,
    setup: &Setup,
    address: &str,
    scope: Scope,
    (said, by): (DateTime<Utc>, Option<&By>),
    taken_back: fn(Source) -> bool,
) -> Result<bool, Error> {
    let (_, lifted) = note(ports, setup, address, scope, &|note| {
        let before = (note.wishes.len(), note.lifted);
        note.wishes.retain(|wish| !taken_back(wish.source) || wish.last() >= said);
        note.lifted = note.lifted.max(Some(said));
        (note.wishes.len(), note.lifted) != before
    })
    .await?;
    Ok(mirror(ports, setup, address, scope, by).await? || lifted)
}

/// Has each customer that has an address show what stands against it, until what stands is what was shown: wishes for
/// silence and for messages may come side by side. Answers whether anything changed.
async fn mirror(ports: &Ports, setup: &Setup, address: &str, scope: Scope, by: Option<&By>) -> Result<bool, Error> {
    let mut changed = false;
    for _ in 0..10 {
        let stands = stands(ports, setup, address, scope).await?;
        changed |= of_address(ports, setup, address, by, &|point| {
            match stands {
                true => point.opted_out.insert(scope),
                false => point.opted_out.remove(&scope),
            };
        })
        .await?;
        if self::stands(ports, setup, address, scope).await? == stands {
            return Ok(changed);
        }
    }
    Err(Error::Raced)
}

async fn stands(ports: &Ports, setup: &Setup, address: &str, scope: Scope) -> Result<bool, Error> {
    Ok(wishes(ports, setup, address).await?.iter().any(|wish| wish.scope == scope))
}

/// Changes what was said of a scope about an address, together with the address's guard: a customer that is being stored
/// with it is stored after, or not at all. Answers what is noted now, and whether there are wishes more or fewer than before.
async fn note(
    ports: &Ports,
    setup: &Setup,
    address: &str,
    scope: Scope,
    change: &(dyn Fn(&mut AddressNote) -> bool + Sync),
) -> Result<(AddressNote, bool), Error> {
    let key = Key::new(TableName::Accounts, setup.address_partition(address), format!("x#{}", scope.code()));
    let guard = Key::new(TableName::Accounts, setup.address_partition(address), GUARD);
    for _ in 0..10 {
        let stored = ports.table.get(&key).await?;
        let mut note = stored.as_ref().map(|s| decode::<AddressNote>(&s.body)).transpose()?.unwrap_or_default();
        let before = note.wishes.len();
        if !change(&mut note) {
            return Ok((note, false));
        }
        let guarded = ports.table.get(&guard).await?.map(|s| s.version);
        let changes = vec![
            Change::Put(Item::new(key.clone(), encode(&note)?), as_read(stored.map(|s| s.version))),
            Change::Put(Item::new(guard.clone(), encode(&AddressNote::default())?), as_read(guarded)),
        ];
        if let Committed::Made = commit(ports, changes).await? {
            let differs = note.wishes.len() != before;
            return Ok((note, differs));
        }
    }
    Err(Error::Raced)
}
