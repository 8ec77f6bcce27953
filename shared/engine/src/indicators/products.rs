//! The products a project's sums are told apart by: the first that its orders have, so many and no more.
//!
//! Some portfolios have the number of a contract for a product: told apart they would be as many groups as orders. The list only
//! grows, so that a product that is on it stays, and one that found it full never comes.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Item};
use crate::store::accounts::as_read;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use crate::store::jobs;
use cauce_domain::debt::order::Order;
use cauce_domain::ids::ProjectId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Products of a project that are told apart; what is of others is of none.
///
/// A year of a customer's that changes hands moves from as many groups to as many: with three currencies they fit a transaction.
const MOST: usize = 15;
/// Longest name of one, in bytes.
const LONGEST: usize = 100;
/// How often a list that others change too is tried.
const TRIES: u32 = 20;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Products {
    names: BTreeSet<String>,
}

shapes! { Products => "products_v1" }

/// The project's list.
pub(super) async fn known(ports: &Ports, project: &ProjectId) -> Result<BTreeSet<String>, Error> {
    let stored = ports.table.get(&jobs::stat_key(project, "products")).await?;
    Ok(stored.map(|stored| decode::<Products>(&stored.body)).transpose()?.unwrap_or_default().names)
}

/// The project's list with the products of some orders on it, as far as they fit.
pub(super) async fn learnt<'a>(
    ports: &Ports,
    project: &ProjectId,
    orders: impl Iterator<Item = &'a Order>,
) -> Result<BTreeSet<String>, Error> {
    let met: BTreeSet<String> = orders.filter_map(|order| order.details.product.clone()).collect();
    let at = jobs::stat_key(project, "products");
    for _ in 0..TRIES {
        let stored = ports.table.get(&at).await?;
        let known = stored.as_ref().map(|stored| decode::<Products>(&stored.body)).transpose()?.unwrap_or_default();
        let mut names = known.names.clone();
        let new = met.iter().filter(|name| name.len() <= LONGEST && !known.names.contains(*name));
        names.extend(new.take(MOST.saturating_sub(known.names.len())).cloned());
        if names == known.names {
            return Ok(names);
        }
        let item = Item::new(at.clone(), encode(&Products { names: names.clone() })?);
        if let Committed::Made = commit(ports, vec![Change::Put(item, as_read(stored.map(|s| s.version)))]).await? {
            return Ok(names);
        }
    }
    Err(Error::Raced)
}
