//! What a user does with addresses nobody is known to have: links one to a customer, or takes it off the tray.

use crate::Ports;
use crate::dossier::{AtHand, Desk, change};
use crate::edit_customer::by_hand::Edit;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item};
use crate::store::accounts;
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit};
use crate::store::edits::By;
use crate::store::received::{self, Unregistered};
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::MAX_POINTS;
use cauce_domain::ids::CustomerId;
use std::collections::BTreeMap;

/// Takes an address off the tray; a new message brings it back.
pub async fn hide(ports: &Ports, setup: &Setup, mark: &str) -> Result<(), Error> {
    let (contact, stored) = received::marked(ports, setup, mark).await?.ok_or(Error::NotFound("el contacto"))?;
    let item = Item::new(stored.key, encode(&Unregistered { hidden: true, ..contact })?);
    match commit(ports, vec![Change::Put(item, Expect::Version(stored.version))]).await? {
        Committed::Made => Ok(()),
        // It wrote again meanwhile: nobody has seen that yet.
        Committed::Lost(_) => Err(Error::Raced),
    }
}

/// Moves what an address wrote into a customer's thread; the address becomes one of the customer's where that is asked for.
pub async fn link(
    ports: &Ports,
    setup: &Setup,
    contact: &Unregistered,
    (customer, add_address): (&CustomerId, bool),
    by: &By,
) -> Result<(), Error> {
    if add_address {
        let (account, _) =
            accounts::account(ports, setup.id(), customer).await?.ok_or(Error::NotFound("el cliente"))?;
        if let Some(edit) = adding(&account, contact)? {
            let desk = Desk::of(ports, setup, by).await?;
            let at_hand = AtHand { edit: Some(edit), ..AtHand::default() };
            change(&desk, customer, &at_hand, |_| Ok(())).await?;
        }
    }
    received::move_to(ports, setup, contact, customer).await
}

/// The edit that puts the address into the customer's first free slot; none where it is there already.
fn adding(account: &Account, contact: &Unregistered) -> Result<Option<Edit>, Error> {
    let customer = &account.customer;
    let email = contact.channel == Channel::Email;
    let has = match email {
        true => customer.emails.iter().any(|point| point.address.address() == contact.address),
        false => customer.phones.iter().any(|point| point.address.e164() == contact.address),
    };
    if has {
        return Ok(None);
    }
    let taken: Vec<u8> = match email {
        true => customer.emails.iter().map(|point| point.slot).collect(),
        false => customer.phones.iter().map(|point| point.slot).collect(),
    };
    let free = (1..=MAX_POINTS).filter_map(|slot| u8::try_from(slot).ok()).find(|slot| !taken.contains(slot));
    let message = format!("el cliente ya tiene {MAX_POINTS} direcciones de ese tipo: libere una");
    let slot = free.ok_or_else(|| Error::refused("no_room", "add_address", message))?;
    let points = BTreeMap::from([(slot, contact.address.clone())]);
    Ok(Some(match email {
        true => Edit { emails: points, ..Edit::default() },
        false => Edit { phones: points, ..Edit::default() },
    }))
}
