//! Not to be contacted: a customer by scope, or an address for everybody who has it or will have it.

use crate::Ports;
use crate::edit_customer::{change, owners};
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::store::accounts::AddressNote;
use crate::store::codec::encode;
use crate::store::commit::commit;
use crate::store::edits::By;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Scope;
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
    change(ports, setup, id, by, |c| {
        c.opt_out(scope, said);
    })
    .await
}

/// Excludes an address: noted on it for customers to come, then on each customer that has it.
pub async fn address(
    ports: &Ports,
    setup: &Setup,
    address: &str,
    scope: Scope,
    said: &OptOut,
    by: Option<&By>,
) -> Result<bool, Error> {
    let key = Key::new(TableName::Accounts, setup.address_partition(address), format!("x#{}", scope.code()));
    let known = ports.table.get(&key).await?.is_some();
    let author = by.map(|b| b.author.clone());
    let note = AddressNote { reason: said.reason.clone(), date: said.date, author };
    commit(ports, vec![Change::Put(Item::new(key, encode(&note)?), Expect::Anything)]).await?;
    let mut changed = !known;
    for id in owners(ports, setup, address).await? {
        changed |= change(ports, setup, &id, by, |c| {
            let phones = c.phones.iter_mut().filter(|p| p.address.e164() == address);
            phones.for_each(|p| p.opted_out.extend([scope]));
            let emails = c.emails.iter_mut().filter(|p| p.address.address() == address);
            emails.for_each(|p| p.opted_out.extend([scope]));
        })
        .await?;
    }
    Ok(changed)
}
