//! The portfolio's sums, kept by exchanging each touched account's part of them.

use super::Place;
use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Index, Item, Key, MAX_KEYS, Query, TableName};
use crate::store::accounts::{self, as_read};
use crate::store::codec::{Shape, decode, encode, shapes, type_of};
use crate::store::commit::{Committed, commit};
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::query_all;
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment::Movement;
use cauce_domain::debt::receivables::{self, Group, Part, Sums};
use cauce_domain::ids::{CustomerId, ProjectId};
use chrono::NaiveDate;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts of one page.
const PAGE: u32 = 50;
/// Accounts read at once.
const AT_ONCE: usize = 16;
/// Changes of one transaction: parts and the sums they are of.
const MOST_CHANGES: usize = 90;

/// An account's part as it is in the sums.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Kept {
    part: Vec<(Group, Sums)>,
}

/// The sums of a group in a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summed {
    pub(super) group: Group,
    pub(super) sums: Sums,
}

shapes! {
    Kept => "portfolio_part_v1",
    Summed => "portfolio_sums_v1",
}

/// The place of an account's part, between its movements and its closed orders.
fn part_key(project: &ProjectId, customer: &CustomerId) -> Key {
    Key::new(TableName::Accounts, keys::partition(project, customer), "z#n")
}

/// The partition of a shard's sums.
pub(super) fn sums_partition(project: &ProjectId, shard: &str) -> String {
    format!("{project}#sums#{shard}")
}

fn sums_key(project: &ProjectId, shard: &str, group: &Group) -> Key {
    Key::new(TableName::Jobs, sums_partition(project, shard), digest(group))
}

/// A group's name among keys.
pub(super) fn digest(group: &Group) -> String {
    keys::sha256(serde_json::to_string(group).unwrap_or_default().as_bytes())[..32].to_owned()
}

/// An account whose part is another than that in the sums.
struct Exchange {
    customer: CustomerId,
    before: Part,
    version: Option<u64>,
    after: Part,
}

impl Exchange {
    fn groups(&self) -> impl Iterator<Item = &Group> {
        self.before.keys().chain(self.after.keys())
    }
}

/// Takes a page of accounts into the sums; answers the place after it, or nothing where somebody else was faster.
pub(super) async fn page(
    ports: &Ports,
    project: &ProjectId,
    shard: &str,
    mut place: Place,
    today: NaiveDate,
) -> Result<Option<Place>, Error> {
    let day = place.through.and_then(|through| through.succ_opt());
    let partition = match day {
        Some(day) => Query::index(Index::Touched, keys::day_shard(project, day, shard)),
        // The first time every account is taken.
        None => Query::index(Index::Customers, keys::customers_shard(project, shard)),
    };
    let listed = ports.table.query(&partition.after(place.after.take()).limit(PAGE)).await?;
    let ids: Vec<CustomerId> = listed.items.iter().filter_map(|stored| customer_of(&stored.key)).collect();
    let reads = ids.iter().map(|id| exchange(ports, project, id)).collect::<Vec<_>>();
    let read: Vec<Option<Exchange>> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
    for some in in_transactions(read.into_iter().flatten().collect()) {
        if !exchanged(ports, project, shard, &some).await? {
            return Ok(None);
        }
    }
    match listed.next {
        Some(next) => place.after = Some(next),
        // More will be touched today.
        None if day == Some(today) => place.begun = day,
        None => place.through = day.or(today.pred_opt()),
    }
    Ok(Some(place))
}

fn customer_of(key: &Key) -> Option<CustomerId> {
    key.pk.split_once('#').map(|(_, customer)| customer.into())
}

/// What an account was and is in the sums, where that is not the same.
async fn exchange(ports: &Ports, project: &ProjectId, id: &CustomerId) -> Result<Option<Exchange>, Error> {
    let (before, version, after) = parts_of(ports, project, id).await?;
    Ok((before != after).then(|| Exchange { customer: id.clone(), before, version, after }))
}

/// An account's part as it is in the sums, and as it would be now.
async fn parts_of(ports: &Ports, project: &ProjectId, id: &CustomerId) -> Result<(Part, Option<u64>, Part), Error> {
    let Some(open) = accounts::open_account(ports, project, id).await? else {
        return Ok((Part::new(), None, Part::new()));
    };
    let rest = Query::table(TableName::Accounts, keys::partition(project, id)).between("z#m#", "z#p#\u{10FFFF}");
    let (mut kept, mut version, mut movements) = (Kept::default(), None, Vec::new());
    let mut orders: Vec<Order> = open.orders.into_iter().map(|(order, ..)| order).collect();
    let mut matters: Vec<Matter> = open.matters.into_iter().map(|(matter, ..)| matter).collect();
    for stored in query_all(ports.table.as_ref(), rest).await? {
        match type_of(&stored.body) {
            Movement::TYPE => movements.push(decode::<Movement>(&stored.body)?),
            Order::TYPE => orders.push(decode(&stored.body)?),
            Matter::TYPE => matters.push(decode(&stored.body)?),
            Kept::TYPE => (kept, version) = (decode(&stored.body)?, Some(stored.version)),
            _ => {}
        }
    }
    let promises: Vec<_> = matters.iter().filter_map(Matter::promise).collect();
    let now = receivables::part(&open.account, &orders, &movements, &promises);
    Ok((kept.part.into_iter().collect(), version, now))
}

/// As many accounts together as one transaction takes with the sums they touch.
fn in_transactions(all: Vec<Exchange>) -> Vec<Vec<Exchange>> {
    let (mut batches, mut groups) = (Vec::<Vec<Exchange>>::new(), BTreeSet::new());
    for one in all {
        let more: BTreeSet<Group> = groups.iter().chain(one.groups()).cloned().collect();
        match batches.last_mut().filter(|batch| batch.len() + 1 + more.len() <= MOST_CHANGES) {
            Some(batch) => {
                batch.push(one);
                groups = more;
            }
            None => {
                groups = one.groups().cloned().collect();
                batches.push(vec![one]);
            }
        }
    }
    batches
}

/// Exchanges the parts of some accounts; `false` where somebody else was faster.
async fn exchanged(ports: &Ports, project: &ProjectId, shard: &str, all: &[Exchange]) -> Result<bool, Error> {
    let groups: BTreeSet<&Group> = all.iter().flat_map(Exchange::groups).collect();
    let places: Vec<Key> = groups.iter().map(|group| sums_key(project, shard, group)).collect();
    let mut sums: BTreeMap<&Group, (Sums, Option<u64>)> = BTreeMap::new();
    for (some, places) in groups.iter().collect::<Vec<_>>().chunks(MAX_KEYS).zip(places.chunks(MAX_KEYS)) {
        for (group, stored) in some.iter().zip(ports.table.get_many(places).await?) {
            let version = stored.as_ref().map(|stored| stored.version);
            let known = stored.map(|stored| decode::<Summed>(&stored.body)).transpose()?;
            sums.insert(group, (known.map(|known| known.sums).unwrap_or_default(), version));
        }
    }
    let mut changes = Vec::new();
    for one in all {
        for (sign, part) in [(-1, &one.before), (1, &one.after)] {
            part.iter().for_each(|(group, more)| {
                if let Some((sums, _)) = sums.get_mut(group) {
                    sums.add(more, sign);
                }
            });
        }
        let kept = Kept { part: one.after.clone().into_iter().collect() };
        changes.push(Change::Put(Item::new(part_key(project, &one.customer), encode(&kept)?), as_read(one.version)));
    }
    for (group, (sums, version)) in sums {
        let body = encode(&Summed { group: group.clone(), sums })?;
        changes.push(Change::Put(Item::new(sums_key(project, shard, group), body), as_read(version)));
    }
    Ok(matches!(commit(ports, changes).await?, Committed::Made))
}

/// The sums as they are kept, over all shards.
pub(super) async fn kept_sums(
    ports: &Ports,
    project: &ProjectId,
    each: &mut (dyn FnMut(Summed) + Send),
) -> Result<(), Error> {
    for shard in SHARD_NAMES {
        let mut after = None;
        loop {
            let query = Query::table(TableName::Jobs, sums_partition(project, shard)).after(after);
            let page = ports.table.query(&query).await?;
            for stored in &page.items {
                each(decode(&stored.body)?);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(())
}

/// The sums counted anew over every account, and as they are kept: the same once every account touched was taken.
pub async fn recount(
    ports: &Ports,
    project: &ProjectId,
) -> Result<(BTreeMap<Group, Sums>, BTreeMap<Group, Sums>), Error> {
    let (mut counted, mut kept): (BTreeMap<Group, Sums>, BTreeMap<Group, Sums>) = Default::default();
    for shard in SHARD_NAMES {
        let listed = Query::index(Index::Customers, keys::customers_shard(project, shard));
        for stored in query_all(ports.table.as_ref(), listed).await? {
            let Some(id) = customer_of(&stored.key) else { continue };
            let (_, _, part) = parts_of(ports, project, &id).await?;
            part.iter().for_each(|(group, sums)| counted.entry(group.clone()).or_default().add(sums, 1));
        }
    }
    kept_sums(ports, project, &mut |it| kept.entry(it.group).or_default().add(&it.sums, 1)).await?;
    kept.retain(|_, sums| !sums.is_empty());
    Ok((counted, kept))
}
