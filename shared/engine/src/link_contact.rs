//! An address nobody was known to have becomes a customer's: what it wrote moves into that customer's thread.
//!
//! Asked for wherever it may have become true: after a person's edit, a row by API, a load of customers, and when the address
//! writes again. One that several customers have stays where it is. Whatever dies on the way is done by whoever asks next.

use crate::Ports;
use crate::apply_event::{holders, spellings};
use crate::error::Error;
use crate::store::received::{self, Unregistered};
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::debt::customer::Customer;

/// Moves what an address wrote, however it is written, to the one customer that has it.
pub(crate) async fn link(ports: &Ports, setup: &Setup, channel: Channel, address: &str) -> Result<(), Error> {
    for spelling in spellings(channel, address) {
        if let Some(contact) = received::contact_of(ports, setup, channel, &spelling).await? {
            link_known(ports, setup, &contact, address).await?;
        }
    }
    Ok(())
}

/// Moves what a person wrote under WhatsApp's id to the one customer that has the telephone behind it.
pub(crate) async fn link_person(ports: &Ports, setup: &Setup, user: &str, phone: &str) -> Result<(), Error> {
    match received::contact_of(ports, setup, Channel::Whatsapp, user).await? {
        Some(contact) => link_known(ports, setup, &contact, phone).await,
        None => Ok(()),
    }
}

async fn link_known(ports: &Ports, setup: &Setup, contact: &Unregistered, address: &str) -> Result<(), Error> {
    let mut holders = holders(ports, setup, contact.channel, address).await?.into_iter();
    match (holders.next(), holders.next()) {
        (Some(customer), None) => received::move_to(ports, setup, contact, &customer).await,
        _ => Ok(()),
    }
}

/// The same for every address of a customer that was just stored. What does not move now moves with the next load, or when
/// the address writes again: the customer is stored all the same.
pub async fn link_customer(ports: &Ports, setup: &Setup, customer: &Customer) {
    if let Err(error) = link_each(ports, setup, customer).await {
        tracing::warn!(project = %setup.id(), %error, "mensajes de no registrados quedan por mover");
    }
}

async fn link_each(ports: &Ports, setup: &Setup, customer: &Customer) -> Result<(), Error> {
    let phones = customer.phones.iter().map(|point| point.address.e164().to_owned());
    let phones = phones.flat_map(|phone| [Channel::Whatsapp, Channel::Sms].map(|channel| (channel, phone.clone())));
    let emails = customer.emails.iter().map(|point| (Channel::Email, point.address.address().to_owned()));
    for (channel, address) in phones.chain(emails) {
        link(ports, setup, channel, &address).await?;
    }
    Ok(())
}

/// The same for every address nobody is known to have: after a load, of which there are fewer than there are customers.
pub(crate) async fn link_all(ports: &Ports, setup: &Setup) -> Result<(), Error> {
    for contact in received::unregistered(ports, setup).await? {
        link_known(ports, setup, &contact, &contact.address).await?;
    }
    Ok(())
}
