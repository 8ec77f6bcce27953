//! After the store was put back from a copy: what left since is entered in the contact ledger from the providers' logs, so
//! that nobody is written to twice, before a project is activated again.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Item};
use crate::store::accounts::as_read;
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit};
use crate::store::interactions::{ledgers, parse_reference};
use crate::store::keys;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::ledger::Entry;
use cauce_domain::contact::origin::Origin;

/// A message a provider took, as its log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Our reference, which the provider was given with it.
    pub reference: String,
    /// Channel.
    pub channel: Channel,
}

/// Enters what left in the ledger of its customer and week; answers whether the ledger did not know it.
pub async fn enter(ports: &Ports, setup: &Setup, left: &Left) -> Result<bool, Error> {
    let unknown = || Error::refused("bad_reference", "reference", "no es una referencia de un envío de Cauce");
    let (customer, day, send) = parse_reference(&left.reference).ok_or_else(unknown)?;
    for _ in 0..10 {
        let (mut week, version, _) = ledgers(ports, setup.id(), &customer, day).await?;
        if week.entries.iter().any(|e| e.send == send) {
            return Ok(false);
        }
        // Neither step nor order is known: the day and the message are what keeps it from leaving again.
        week.entries.push(Entry {
            send: send.clone(),
            step: String::new(),
            day,
            channel: left.channel,
            debt: String::new(),
            origin: Origin::Restored,
            exempt: false,
            reached: false,
        });
        let item = Item::new(keys::ledger(setup.id(), &customer, day), encode(&week)?);
        if let Committed::Made = commit(ports, vec![Change::Put(item, as_read(version))]).await? {
            return Ok(true);
        }
    }
    Err(Error::Raced)
}
