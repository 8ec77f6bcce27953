//! Over the customers, shard by shard: themselves, or what each has.

use super::{Page, Reader, Row, customers, orders, payments, promises};
use crate::error::{Error, readable};
use crate::interaction_log::Place;
use crate::ports::table::{Index, Query};
use crate::report::Subject;
use crate::store::accounts;
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::whole_account::whole_account;
use cauce_domain::debt::account::Account;
use futures::stream::{self, StreamExt, TryStreamExt};

/// Customers of one page, of a report of customers.
const PAGE: u32 = 200;
/// Customers of one page where the things of each are read, side by side: as much as is held at once.
const AT_ONCE: usize = 16;

pub(super) async fn page(reader: &Reader<'_>, mut place: Place) -> Result<Page, Error> {
    let Some(shard) = SHARD_NAMES.get(place.at) else { return Ok((Vec::new(), None)) };
    let query = Query::index(Index::Customers, keys::customers_shard(reader.setup.id(), shard));
    let limit = if reader.report.subject == Subject::Customers { PAGE } else { AT_ONCE as u32 };
    let listed = reader.ports.table.query(&query.after(place.after.take()).limit(limit)).await?;
    let mut found = Vec::new();
    for stored in &listed.items {
        match readable(accounts::read_account(stored), &stored.key.pk)? {
            Some(account) => found.extend(Some(account).filter(|account| reader.takes(account))),
            None => reader.leave_out(),
        }
    }
    let rows = match reader.report.subject {
        Subject::Customers => found.iter().filter_map(|account| customers::row(reader, account)).collect(),
        _ => of_each(reader, &found).await?,
    };
    match listed.next {
        Some(next) => place.after = Some(next),
        None => place.at += 1,
    }
    Ok((rows, (place.at < SHARD_NAMES.len()).then_some(place)))
}

/// The rows of each customer's things, in the customers' order.
async fn of_each(reader: &Reader<'_>, found: &[Account]) -> Result<Vec<Row>, Error> {
    let reads = found.iter().map(|account| things(reader, account)).collect::<Vec<_>>();
    let rows: Vec<Vec<Row>> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
    Ok(rows.into_iter().flatten().collect())
}

async fn things(reader: &Reader<'_>, account: &Account) -> Result<Vec<Row>, Error> {
    let read = whole_account(reader.ports, reader.setup.id(), &account.id).await;
    let Some(whole) = readable(read, &account.id)? else {
        reader.leave_out();
        return Ok(Vec::new());
    };
    // It may be somebody else's by now.
    let Some(whole) = whole.filter(|whole| reader.takes(&whole.account)) else { return Ok(Vec::new()) };
    Ok(match reader.report.subject {
        Subject::Orders => orders::rows(reader, whole),
        Subject::Payments => payments::rows(reader, whole),
        Subject::Promises => promises::rows(reader, whole),
        Subject::Interactions | Subject::Customers | Subject::Processes => Vec::new(),
    })
}
