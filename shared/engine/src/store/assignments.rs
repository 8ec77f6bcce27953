//! Customers given to somebody else by a person or by API: one entry per customer, by when that last happened, so that
//! whoever has a tray before them is told.

use super::codec::{decode, encode, shapes};
use super::commit::written;
use super::keys;
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Change, Expect, Index, Item, Key, Query, TableName};
use cauce_domain::debt::account::Account;
use cauce_domain::ids::{CustomerId, ProjectId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// That a customer was given to somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The customer.
    pub customer: CustomerId,
    /// Whose it was: adviser and supervisor.
    pub before: Vec<UserId>,
}

shapes! { Assignment => "assignment_v1" }

fn partition(project: &ProjectId) -> String {
    format!("{project}#given")
}

/// The entry of a customer, for the transaction that gives it; nothing where it stays whose it was.
pub(crate) fn entry(
    ports: &Ports,
    project: &ProjectId,
    before: &Account,
    after: &Account,
) -> Result<Option<Change>, Error> {
    let whose = |account: &Account| (account.customer.adviser.clone(), account.customer.supervisor.clone());
    if whose(before) == whose(after) {
        return Ok(None);
    }
    let (adviser, supervisor) = whose(before);
    let assignment = Assignment { customer: after.id.clone(), before: adviser.into_iter().chain(supervisor).collect() };
    let key = Key::new(TableName::Accounts, keys::partition(project, &after.id), "z#g");
    let place = format!("{}#{}", keys::instant(written(ports.new_id())), after.id);
    let item = Item::new(key, encode(&assignment)?).indexed(Index::Inbox, partition(project), place);
    Ok(Some(Change::Put(item, Expect::Anything)))
}

/// Customers given to somebody else since, the last first.
pub async fn since(
    ports: &Ports,
    project: &ProjectId,
    since: DateTime<Utc>,
    most: u32,
) -> Result<Vec<Assignment>, Error> {
    let query = Query::index(Index::Inbox, partition(project)).between(keys::instant(since), "9");
    let found = ports.table.query(&query.descending().limit(most)).await?;
    found.items.iter().map(|stored| decode(&stored.body)).collect()
}
