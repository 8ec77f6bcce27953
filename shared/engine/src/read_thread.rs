//! A customer's thread is read: what came in is marked with who read it, and people who have read receipts see it.

use crate::Ports;
use crate::apply_event::holders;
use crate::connect;
use crate::error::Error;
use crate::inbox;
use crate::ports::table::{Change, Expect};
use crate::store::codec::decode;
use crate::store::commit::{Committed, commit};
use crate::store::edits::By;
use crate::store::keys;
use crate::store::received::{item, last_of};
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::received::{Flag, Read, Received};
use cauce_domain::ids::{CustomerId, SendId};

/// As many messages as are looked at: a thread is read from its end.
const LOOKED_AT: u32 = 100;

/// Marks what a customer wrote as read; answers how many messages were not. Each is marked once, by whoever read it first.
pub async fn read_thread(ports: &Ports, setup: &Setup, customer: &CustomerId, by: &By) -> Result<usize, Error> {
    let (mut marked, mut last): (usize, Option<Received>) = (0, None);
    for (message, stored) in last_of(ports, setup, customer, LOOKED_AT).await? {
        if message.read.is_some() {
            continue;
        }
        let read = Received { read: Some(Read { by: by.author.clone(), at: by.at }), ..message };
        let change = Change::Put(item(setup, stored.key.pk, &read)?, Expect::Version(stored.version));
        if read.flags.contains(&Flag::Shared) {
            read_elsewhere(ports, setup, customer, &read).await?;
        }
        if let Committed::Made = commit(ports, vec![change]).await? {
            marked += 1;
            // Messages of one day are stored in no order.
            let by_whatsapp = Some(read).filter(|read| read.channel == Channel::Whatsapp);
            last = last.into_iter().chain(by_whatsapp).max_by_key(|message| message.at);
        }
    }
    inbox::refresh(ports, setup, customer).await?;
    if let Some(message) = last {
        tell(ports, setup, &message).await;
    }
    Ok(marked)
}

/// What came from an address that several customers have stands in each one's thread, and is read in all of them at once.
async fn read_elsewhere(ports: &Ports, setup: &Setup, customer: &CustomerId, read: &Received) -> Result<(), Error> {
    for other in holders(ports, setup, read.channel, &read.from).await?.iter().filter(|other| *other != customer) {
        let place = keys::interaction(setup.id(), other, read.day, &SendId::new(read.id.as_str()));
        let Some(stored) = ports.table.get(&place).await? else { continue };
        let copy: Received = decode(&stored.body)?;
        if copy.read.is_none() {
            let copy = Received { read: read.read.clone(), ..copy };
            let change = Change::Put(item(setup, stored.key.pk, &copy)?, Expect::Version(stored.version));
            commit(ports, vec![change]).await?;
        }
        inbox::refresh(ports, setup, other).await?;
    }
    Ok(())
}

/// Tells WhatsApp that a message was read, and with it those before. One that is not told is told with the next.
async fn tell(ports: &Ports, setup: &Setup, message: &Received) {
    let told = match connect::account(ports, setup, message.channel).await {
        Ok((provider, account)) => provider.mark_read(&account, &message.provider.1).await,
        // Without an account of its own there is nobody to tell.
        Err(_) => Ok(()),
    };
    if let Err(why) = told {
        tracing::info!(project = %setup.id(), why, "no se avisó la lectura");
    }
}
