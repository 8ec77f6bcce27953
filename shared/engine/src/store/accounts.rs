//! A customer's account: one partition, whose summary is rewritten in the same transaction as the orders it sums.

use super::codec::{decode, encode, shapes};
use super::{keys, query_all};
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Expect, Index, Item, Key, Query, Stored, TableName};
use crate::trays::{self, Tray};
use cauce_domain::contact::wish::Wish;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Status;
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment::Movement;
use cauce_domain::ids::{CustomerId, MatterId, ProjectId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Whose order or movement a code is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeOwner {
    /// The customer.
    pub customer: CustomerId,
}

/// A customer that has an address, or the wishes that stand against it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AddressNote {
    /// The wishes, of opt-outs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wishes: Vec<Wish>,
    /// When messages were last asked for again: what was said before, and comes later, is taken back already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<DateTime<Utc>>,
}

/// The message that had a shared address today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressDay {
    /// The message.
    pub send: cauce_domain::ids::SendId,
}

shapes! {
    CodeOwner => "code_owner_v1",
    AddressNote => "address_v1",
    AddressDay => "address_day_v1",
}

/// An account with what is owed and what stands over it, as read; versions guard what is written back.
#[derive(Debug, Clone)]
pub struct OpenAccount {
    /// The account.
    pub account: Account,
    /// Its version.
    pub version: u64,
    /// Orders by which something is owed, with their keys and versions.
    pub orders: Vec<(Order, Key, u64)>,
    /// Matters that stand, with their keys and versions.
    pub matters: Vec<(Matter, Key, u64)>,
}

/// The account item with its index places: due while something is chased, carry while a plan owes it a look, agenda on the
/// day after a pause, in the trays while somebody wrote or is to be called, among those touched on the
/// day its part of the portfolio's sums last changed.
pub fn account_item(project: &ProjectId, account: &Account) -> Result<Item, Error> {
    let shard = keys::shard_of(&account.id).to_owned();
    let mut item = Item::new(keys::account(project, &account.id), encode(account)?);
    if let Some(day) = account.touched {
        item = item.indexed(Index::Touched, keys::day_shard(project, day, &shard), account.id.as_str());
    }
    if account.customer.status != Status::Deleted {
        item = item.indexed(Index::Customers, keys::customers_shard(project, &shard), account.id.as_str());
        if let Some(carrying) = &account.summary.carrying {
            item = item.indexed(Index::Due, keys::day_shard(project, carrying.due, &shard), account.id.as_str());
        }
        if let Some(carry) = account.carry {
            item = item.indexed(Index::Carry, keys::day_shard(project, carry.on, &shard), account.id.as_str());
        }
        for (tray, index) in [(Tray::Received, Index::Inbox), (Tray::Calls, Index::Calls)] {
            if let Some((whose, sort)) = trays::place(project, tray, account) {
                item = item.indexed(index, whose, sort);
            }
        }
        if let Some(after) = account.holds.paused_until.and_then(|until| until.succ_opt()) {
            item = on_agenda(item, project, &account.id, after);
        }
    }
    Ok(item)
}

/// The item of a matter: among those that stand, on the agenda of the day it is looked at; or put away.
pub fn matter_item(
    project: &ProjectId,
    customer: &CustomerId,
    matter: &Matter,
    today: NaiveDate,
) -> Result<Item, Error> {
    if !matter.stands(today) {
        return Ok(Item::new(keys::ended_matter(project, customer, matter.id()), encode(matter)?));
    }
    let item = Item::new(keys::standing_matter(project, customer, matter.id()), encode(matter)?);
    Ok(match matter.next_look() {
        Some(day) => on_agenda(item, project, customer, day),
        None => item,
    })
}

/// The item of a movement; one that has not reached all of its orders is on the agenda at once.
pub fn movement_item(
    project: &ProjectId,
    customer: &CustomerId,
    movement: &Movement,
    today: NaiveDate,
) -> Result<Item, Error> {
    let item = Item::new(keys::movement(project, customer, &movement.code), encode(movement)?);
    let sort = format!("{customer}#{}", item.key.sk);
    let left = |item: Item| item.indexed(Index::Agenda, keys::day_shard(project, today, LEFT), sort);
    Ok(if movement.pending.is_empty() { item } else { left(item) })
}

/// The place on a day's agenda of what somebody left half way: there is next to nothing, so one place holds it all.
pub(crate) const LEFT: &str = "left";

/// What is done without anybody asking once a local day has begun. Entries of one customer lie side by side.
fn on_agenda(item: Item, project: &ProjectId, customer: &CustomerId, day: NaiveDate) -> Item {
    let sort = format!("{customer}#{}", item.key.sk);
    item.indexed(Index::Agenda, keys::day_shard(project, day, keys::shard_of(customer)), sort)
}

/// The item of an order: among the open ones by due date, or among the closed.
pub fn order_item(project: &ProjectId, customer: &CustomerId, order: &Order) -> Result<Item, Error> {
    Ok(Item::new(order_key(project, customer, order), encode(order)?))
}

/// Where an order is kept now.
pub fn order_key(project: &ProjectId, customer: &CustomerId, order: &Order) -> Key {
    if order.is_owed() {
        keys::open_order(project, customer, order.due, &order.code)
    } else {
        keys::closed_order(project, customer, &order.code)
    }
}

/// Reads an account item.
pub fn read_account(stored: &Stored) -> Result<Account, Error> {
    decode(&stored.body)
}

/// Reads an account alone.
pub async fn account(ports: &Ports, project: &ProjectId, id: &CustomerId) -> Result<Option<(Account, u64)>, Error> {
    let stored = ports.table.get(&keys::account(project, id)).await?;
    stored.map(|s| Ok((read_account(&s)?, s.version))).transpose()
}

/// Reads an account with what is owed and what stands over it with one query.
pub async fn open_account(ports: &Ports, project: &ProjectId, id: &CustomerId) -> Result<Option<OpenAccount>, Error> {
    let query = Query::table(TableName::Accounts, keys::partition(project, id)).between("a", "p#\u{10FFFF}");
    let items = query_all(ports.table.as_ref(), query).await?;
    let mut found = None;
    let (mut orders, mut matters) = (Vec::new(), Vec::new());
    for stored in items {
        if stored.key.sk == "a" {
            found = Some((read_account(&stored)?, stored.version));
        } else if stored.key.sk.starts_with("o#") {
            orders.push((decode(&stored.body)?, stored.key, stored.version));
        } else if stored.key.sk.starts_with("p#") {
            matters.push((decode(&stored.body)?, stored.key, stored.version));
        }
    }
    Ok(found.map(|(account, version)| OpenAccount { account, version, orders, matters }))
}

/// Reads every order of a customer, open and closed.
pub async fn all_orders(ports: &Ports, project: &ProjectId, id: &CustomerId) -> Result<Vec<Order>, Error> {
    let partition = keys::partition(project, id);
    let mut orders = Vec::new();
    for prefix in ["o#", "z#o#"] {
        let query = Query::table(TableName::Accounts, partition.clone()).prefix(prefix);
        for stored in query_all(ports.table.as_ref(), query).await? {
            orders.push(decode(&stored.body)?);
        }
    }
    Ok(orders)
}

/// Reads every movement of a customer.
pub async fn movements(ports: &Ports, project: &ProjectId, id: &CustomerId) -> Result<Vec<Movement>, Error> {
    let query = Query::table(TableName::Accounts, keys::partition(project, id)).prefix("z#m#");
    query_all(ports.table.as_ref(), query).await?.iter().map(|s| decode(&s.body)).collect()
}

/// Reads every matter of a customer, those that stand and those that are over.
pub async fn matters(ports: &Ports, project: &ProjectId, id: &CustomerId) -> Result<Vec<Matter>, Error> {
    let mut matters = Vec::new();
    for prefix in ["p#", "z#p#"] {
        let query = Query::table(TableName::Accounts, keys::partition(project, id)).prefix(prefix);
        for stored in query_all(ports.table.as_ref(), query).await? {
            matters.push(decode(&stored.body)?);
        }
    }
    Ok(matters)
}

/// Reads a matter, whether it stands or is over.
pub async fn matter(
    ports: &Ports,
    project: &ProjectId,
    customer: &CustomerId,
    id: &MatterId,
) -> Result<Option<Matter>, Error> {
    let places = [keys::standing_matter(project, customer, id), keys::ended_matter(project, customer, id)];
    let found = ports.table.get_many(&places).await?.into_iter().flatten().next();
    found.map(|stored| decode(&stored.body)).transpose()
}

/// Finds an order by its code, open or closed.
pub async fn order_by_code(
    ports: &Ports,
    project: &ProjectId,
    code: &str,
) -> Result<Option<(CustomerId, Order, Key, u64)>, Error> {
    let Some(owner) = ports.table.get(&keys::order_code(project, code)).await? else { return Ok(None) };
    let owner: CodeOwner = decode(&owner.body)?;
    let found = order_of(ports, project, &owner.customer, code).await?;
    Ok(found.map(|(order, key, version)| (owner.customer, order, key, version)))
}

/// Finds a customer's order by its code, open or closed.
pub async fn order_of(
    ports: &Ports,
    project: &ProjectId,
    customer: &CustomerId,
    code: &str,
) -> Result<Option<(Order, Key, u64)>, Error> {
    let closed = keys::closed_order(project, customer, code);
    if let Some(stored) = ports.table.get(&closed).await? {
        return Ok(Some((decode(&stored.body)?, closed, stored.version)));
    }
    let query = Query::table(TableName::Accounts, keys::partition(project, customer)).prefix("o#");
    for stored in query_all(ports.table.as_ref(), query).await? {
        let order: Order = decode(&stored.body)?;
        if order.code == code {
            return Ok(Some((order, stored.key, stored.version)));
        }
    }
    Ok(None)
}

/// The expectation of an item that was read, or was not there.
pub fn as_read(version: Option<u64>) -> Expect {
    version.map_or(Expect::Absent, Expect::Version)
}
