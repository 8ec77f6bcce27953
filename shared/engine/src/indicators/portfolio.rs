//! Which accounts are taken into the portfolio's sums, and what each is of them.

use super::exchange::{Exchange, exchange_all, kept_of, kept_sums};
use super::{Stage, products};
use crate::Ports;
use crate::error::{Error, readable};
use crate::ports::table::{Cursor, Index, Key, Query};
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::query_all;
use crate::store::whole_account::{WholeAccount, whole_account};
use cauce_domain::debt::receivables::{self, Part};
use cauce_domain::ids::{CustomerId, ProjectId};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeSet;

/// Accounts of one page.
const PAGE: u32 = 50;
/// Accounts read at once.
const AT_ONCE: usize = 16;

/// Takes a page of accounts into the sums; answers where the next begins, if there is one, or nothing where somebody else was
/// faster.
pub(super) async fn page(
    ports: &Ports,
    project: &ProjectId,
    shard: &str,
    (stage, after): (Stage, Option<Cursor>),
) -> Result<Option<Option<Cursor>>, Error> {
    let query = match stage {
        Stage::Touched(day) => Query::index(Index::Touched, keys::day_shard(project, day, shard)),
        Stage::All | Stage::Sends(_) => Query::index(Index::Customers, keys::customers_shard(project, shard)),
    };
    let listed = ports.table.query(&query.after(after).limit(PAGE)).await?;
    let ids: Vec<CustomerId> = listed.items.iter().filter_map(|stored| customer_of(&stored.key)).collect();
    let reads = ids.iter().map(|id| read(ports, project, id)).collect::<Vec<_>>();
    let read: Vec<Option<WholeAccount>> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
    let read: Vec<WholeAccount> = read.into_iter().flatten().collect();
    let products = products::learnt(ports, project, read.iter().flat_map(|whole| &whole.orders)).await?;
    let mut exchanges = Vec::new();
    for whole in &read {
        let id = &whole.account.id;
        if let Some(before) = readable(kept_of(whole), id)? {
            exchanges.extend(Exchange::of(id, before, part_of(whole, &products)));
        }
    }
    Ok(exchange_all(ports, project, shard, exchanges).await?.then_some(listed.next))
}

fn customer_of(key: &Key) -> Option<CustomerId> {
    key.pk.split_once('#').map(|(_, customer)| customer.into())
}

/// An account; nothing of one that cannot be read, whose part of the sums stays as it is.
async fn read(ports: &Ports, project: &ProjectId, id: &CustomerId) -> Result<Option<WholeAccount>, Error> {
    Ok(readable(whole_account(ports, project, id).await, id)?.flatten())
}

fn part_of(whole: &WholeAccount, products: &BTreeSet<String>) -> Part {
    receivables::part(&whole.account, &whole.orders, &whole.movements, whole.promises(), products)
}

/// The sums counted anew over every account, and as they are kept: the same once every account touched was taken.
pub async fn recount(ports: &Ports, project: &ProjectId) -> Result<(Part, Part), Error> {
    let (mut counted, mut kept) = (Part::new(), Part::new());
    let products = products::known(ports, project).await?;
    for shard in SHARD_NAMES {
        let listed = Query::index(Index::Customers, keys::customers_shard(project, shard));
        for stored in query_all(ports.table.as_ref(), listed).await? {
            let Some(id) = customer_of(&stored.key) else { continue };
            let whole = whole_account(ports, project, &id).await?;
            let part = whole.map(|whole| part_of(&whole, &products)).unwrap_or_default();
            part.iter().for_each(|(slice, sums)| counted.entry(slice.clone()).or_default().add(sums, 1));
        }
    }
    kept_sums(ports, project, &mut |slice, sums| kept.entry(slice).or_default().add(&sums, 1)).await?;
    kept.retain(|_, sums| !sums.is_empty());
    Ok((counted, kept))
}
