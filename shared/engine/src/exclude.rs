//! Not to be contacted: a customer by scope, or an address for everybody who has it or will have it.

use crate::Ports;
use crate::edit_customer::{change, owners};
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key, Query, TableName};
use crate::store::accounts::AddressNote;
use crate::store::codec::encode;
use crate::store::commit::commit;
use crate::store::edits::By;
use crate::store::query_all;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::{Channel, Scope};
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

/// Whether an address asked not to be written to by a channel, whoever has it.
pub async fn is_silent(ports: &Ports, setup: &Setup, address: &str, channel: Channel) -> Result<bool, Error> {
    let noted = Query::table(TableName::Accounts, setup.address_partition(address)).prefix("x#");
    let scopes = query_all(ports.table.as_ref(), noted).await?;
    let scopes = scopes.iter().filter_map(|s| s.key.sk.strip_prefix("x#")?.parse::<Scope>().ok());
    Ok(scopes.into_iter().any(|scope| scope.covers(channel)))
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
