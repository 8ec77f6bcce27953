//! A customer with everything owed, paid and promised, open and closed, as it stood at one moment.
//!
//! It takes two queries, between which an order may be paid and move from one to the other: the account's version, which every such
//! move changes, tells, and then all is read again.

use super::accounts::{self, OpenAccount};
use super::codec::{Shape, decode, type_of};
use super::{keys, query_all};
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Query, Stored, TableName};
use cauce_domain::debt::account::Account;
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment::Movement;
use cauce_domain::debt::promise::Promise;
use cauce_domain::ids::{CustomerId, ProjectId};

/// How often an account that changes while it is read is read again.
const TRIES: u32 = 5;

/// An account with all that is its own.
#[derive(Debug, Clone)]
pub struct WholeAccount {
    /// The account.
    pub account: Account,
    /// Every order.
    pub orders: Vec<Order>,
    /// Every matter, standing and over.
    pub matters: Vec<Matter>,
    /// Every movement.
    pub movements: Vec<Movement>,
    /// What else lies between movements and ended matters.
    pub others: Vec<Stored>,
}

impl WholeAccount {
    /// Its promises.
    pub fn promises(&self) -> impl Iterator<Item = &Promise> {
        self.matters.iter().filter_map(Matter::promise)
    }

    fn sort(&mut self, stored: Stored) -> Result<(), Error> {
        match type_of(&stored.body) {
            Movement::TYPE => self.movements.push(decode(&stored.body)?),
            Order::TYPE => self.orders.push(decode(&stored.body)?),
            Matter::TYPE => self.matters.push(decode(&stored.body)?),
            _ => self.others.push(stored),
        }
        Ok(())
    }
}

/// Reads a customer whole.
pub async fn whole_account(ports: &Ports, project: &ProjectId, id: &CustomerId) -> Result<Option<WholeAccount>, Error> {
    for _ in 0..TRIES {
        let Some(open) = accounts::open_account(ports, project, id).await? else { return Ok(None) };
        let OpenAccount { account, version, orders, matters } = open;
        let rest = Query::table(TableName::Accounts, keys::partition(project, id)).between("z#m#", "z#p#\u{10FFFF}");
        let mut whole = WholeAccount {
            account,
            orders: orders.into_iter().map(|(order, ..)| order).collect(),
            matters: matters.into_iter().map(|(matter, ..)| matter).collect(),
            movements: Vec::new(),
            others: Vec::new(),
        };
        for stored in query_all(ports.table.as_ref(), rest).await? {
            whole.sort(stored)?;
        }
        if accounts::account(ports, project, id).await?.is_some_and(|(_, now)| now == version) {
            return Ok(Some(whole));
        }
    }
    Err(Error::Raced)
}
