//! A customer's place in the tray of received messages: told anew from its thread whenever that changes, so that telling it
//! twice, or late, changes nothing.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Expect};
use crate::store::accounts;
use crate::store::commit::{Committed, commit, written};
use crate::store::received::last_of;
use crate::store::settings::Setup;
use cauce_domain::contact::inbox::Inbox;
use cauce_domain::contact::received::Received;
use cauce_domain::debt::account::Account;
use cauce_domain::ids::CustomerId;

/// How far back a tray counts what nobody has read.
const LOOKED_AT: u32 = 100;
/// How often a lost race is run again.
const TRIES: u32 = 10;

/// Tells a customer's place anew.
pub(crate) async fn refresh(ports: &Ports, setup: &Setup, id: &CustomerId) -> Result<(), Error> {
    for _ in 0..TRIES {
        // The account first: whoever writes to the thread after this refreshes after it too.
        let Some((account, version)) = accounts::account(ports, setup.id(), id).await? else { return Ok(()) };
        let messages: Vec<Received> =
            last_of(ports, setup, id, LOOKED_AT).await?.into_iter().map(|(message, _)| message).collect();
        // What lies too far back to be found asks nobody to read it.
        let inbox = Inbox::of(&messages).map(|new| new.over(account.inbox.as_ref(), written(ports.new_id())));
        let inbox = inbox.or_else(|| Some(Inbox { unread: 0, ..account.inbox.clone()? }));
        if inbox == account.inbox {
            return Ok(());
        }
        let item = accounts::account_item(setup.id(), &Account { inbox, ..account })?;
        if let Committed::Made = commit(ports, vec![Change::Put(item, Expect::Version(version))]).await? {
            return Ok(());
        }
    }
    Err(Error::Raced)
}
