//! Customers given to somebody else by a person or by API: an entry each time, by when that happened, so that whoever has a tray
//! before them is told, whoever it was given to meanwhile.

use super::codec::{decode, encode, shapes};
use super::commit::written;
use super::keys;
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Change, Expect, Index, Item, Key, Query, TableName};
use cauce_domain::debt::account::Account;
use cauce_domain::ids::{CustomerId, ProjectId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long whoever has a tray before them may be away and still be told.
const KEPT: TimeDelta = TimeDelta::days(7);

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
    let now = written(ports.new_id());
    let key = Key::new(TableName::Accounts, keys::partition(project, &after.id), format!("z#g#{}", keys::instant(now)));
    let place = format!("{}#{}", keys::instant(now), after.id);
    let item = Item::new(key, encode(&assignment)?).indexed(Index::Inbox, partition(project), place);
    let item = item.expiring((now + KEPT).timestamp());
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
