//! A conversation opens with two queries: one of the account with what is owed and what stands over it, one of the newest of
//! its thread. A customer of very many orders takes a third, for what stands.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Query, Stored, TableName};
use crate::store::accounts::read_account;
use crate::store::codec::decode;
use crate::store::keys;
use crate::store::settings::Setup;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::Order;
use cauce_domain::ids::CustomerId;

/// Items of an account that are read.
const OF_ACCOUNT: u32 = 100;
/// Items of a thread that are read.
const OF_THREAD: u32 = 50;

/// A conversation as it opens.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The account.
    pub account: Account,
    /// Orders by which something is owed, the first due first.
    pub orders: Vec<Order>,
    /// Matters that stand.
    pub matters: Vec<Matter>,
    /// Whether there are orders or matters more.
    pub more_orders: bool,
    /// The newest of the thread, as it is stored, newest day first.
    pub thread: Vec<Stored>,
    /// Whether the thread goes on before.
    pub more_thread: bool,
}

/// Opens a customer's conversation.
pub async fn open_conversation(ports: &Ports, setup: &Setup, id: &CustomerId) -> Result<Option<Conversation>, Error> {
    let partition = keys::partition(setup.id(), id);
    let account = Query::table(TableName::Accounts, partition.clone()).between("a", "p#\u{10FFFF}").limit(OF_ACCOUNT);
    let thread = Query::table(TableName::Interactions, partition).prefix("i#").descending().limit(OF_THREAD);
    let (account, thread) = tokio::try_join!(ports.table.query(&account), ports.table.query(&thread))?;
    let (mut found, mut orders, mut matters) = (None, Vec::new(), Vec::new());
    let mut items = account.items;
    // A page full of orders says nothing of the matters after them.
    if account.next.is_some() && items.last().is_some_and(|stored| stored.key.sk.starts_with("o#")) {
        let standing =
            Query::table(TableName::Accounts, keys::partition(setup.id(), id)).prefix("p#").limit(OF_ACCOUNT);
        items.extend(ports.table.query(&standing).await?.items);
    }
    for stored in &items {
        match stored.key.sk.as_str() {
            "a" => found = Some(read_account(stored)?),
            sk if sk.starts_with("o#") => orders.push(decode(&stored.body)?),
            _ => matters.push(decode(&stored.body)?),
        }
    }
    Ok(found.map(|found| Conversation {
        account: found,
        orders,
        matters,
        more_orders: account.next.is_some(),
        thread: thread.items,
        more_thread: thread.next.is_some(),
    }))
}
