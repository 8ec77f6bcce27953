//! An account's part of the portfolio's sums is exchanged: taken off as it was, added as it is, kept for the next time, all in one
//! transaction.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Item, Key, MAX_KEYS, Query, TableName, check_limits};
use crate::store::accounts::as_read;
use crate::store::codec::{Shape, decode, encode, shapes, type_of};
use crate::store::commit::{Committed, commit};
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::whole_account::WholeAccount;
use cauce_domain::debt::receivables::{Group, Part, Slice, Sums};
use cauce_domain::ids::{CustomerId, ProjectId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Changes of one transaction: parts and the sums they are of.
const MOST_CHANGES: usize = 90;

/// A year of an account's part, as it is in the sums.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct KeptYear {
    year: i32,
    part: Vec<(Group, Sums)>,
}

/// A year of a group's sums in a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Summed {
    #[serde(flatten)]
    slice: Slice,
    sums: Sums,
}

shapes! {
    KeptYear => "portfolio_part_v1",
    Summed => "portfolio_sums_v1",
}

/// The place of a year of an account's part, between its movements and its closed orders.
fn part_key(project: &ProjectId, customer: &CustomerId, year: i32) -> Key {
    Key::new(TableName::Accounts, keys::partition(project, customer), format!("z#n#{year}"))
}

fn sums_partition(project: &ProjectId, shard: &str) -> String {
    format!("{project}#sums#{shard}")
}

fn sums_key(project: &ProjectId, shard: &str, slice: &Slice) -> Key {
    let sort = format!("{}#{}", digest(&slice.group), slice.year);
    Key::new(TableName::Jobs, sums_partition(project, shard), sort)
}

/// A group's name among keys.
pub(super) fn digest(group: &Group) -> String {
    keys::sha256(serde_json::to_string(group).unwrap_or_default().as_bytes())[..32].to_owned()
}

/// An account's part as it is in the sums, a year at a time, with the versions it is kept at.
pub(super) type Kept = BTreeMap<i32, (BTreeMap<Group, Sums>, u64)>;

/// The part an account holds.
pub(super) fn kept_of(whole: &WholeAccount) -> Result<Kept, Error> {
    let mut kept = Kept::new();
    for stored in whole.others.iter().filter(|stored| type_of(&stored.body) == KeptYear::TYPE) {
        let KeptYear { year, part } = decode(&stored.body)?;
        kept.insert(year, (part.into_iter().collect(), stored.version));
    }
    Ok(kept)
}

/// A year of an account's part that is another than that in the sums.
pub(super) struct Exchange {
    customer: CustomerId,
    year: i32,
    before: BTreeMap<Group, Sums>,
    version: Option<u64>,
    after: BTreeMap<Group, Sums>,
}

impl Exchange {
    /// The years of an account's part that are not what they were.
    pub(super) fn of(customer: &CustomerId, mut before: Kept, after: Part) -> Vec<Self> {
        let mut years: BTreeMap<i32, BTreeMap<Group, Sums>> =
            before.keys().map(|year| (*year, BTreeMap::new())).collect();
        for (slice, sums) in after {
            years.entry(slice.year).or_default().insert(slice.group, sums);
        }
        let one = |(year, after)| {
            let (before, version) = before.remove(&year).map_or_else(Default::default, |(it, at)| (it, Some(at)));
            Self { customer: customer.clone(), year, before, version, after }
        };
        years.into_iter().map(one).filter(|it| it.before != it.after).collect()
    }

    /// The slices that change.
    fn slices(&self) -> BTreeSet<Slice> {
        let all = self.before.keys().chain(self.after.keys());
        let changed = all.filter(|group| self.before.get(group) != self.after.get(group));
        changed.map(|group| Slice { group: group.clone(), year: self.year }).collect()
    }

    /// What it is kept as from now on.
    fn kept(&self, project: &ProjectId) -> Result<Change, Error> {
        let kept = KeptYear { year: self.year, part: self.after.clone().into_iter().collect() };
        let item = Item::new(part_key(project, &self.customer, self.year), encode(&kept)?);
        Ok(Change::Put(item, as_read(self.version)))
    }
}

/// How an exchange went.
enum Exchanged {
    Made,
    /// Somebody else was faster.
    Lost,
    /// More than one transaction takes.
    TooMuch,
}

/// Exchanges parts; `false` where somebody else was faster. One that fits no transaction stays as it was, and is told in the log.
pub(super) async fn exchange_all(
    ports: &Ports,
    project: &ProjectId,
    shard: &str,
    all: Vec<Exchange>,
) -> Result<bool, Error> {
    let mut batches = in_transactions(all);
    while let Some(mut batch) = batches.pop() {
        match exchange(ports, project, shard, &batch).await? {
            Exchanged::Made => {}
            Exchanged::Lost => return Ok(false),
            Exchanged::TooMuch if batch.len() == 1 => {
                let customer = &batch[0].customer;
                tracing::error!(%customer, "los indicadores de una cuenta no caben y quedan como estaban");
            }
            Exchanged::TooMuch => {
                let half = batch.split_off(batch.len() / 2);
                batches.extend([half, batch]);
            }
        }
    }
    Ok(true)
}

/// As many together as one transaction takes with the sums they touch.
fn in_transactions(all: Vec<Exchange>) -> Vec<Vec<Exchange>> {
    let (mut batches, mut slices) = (Vec::<Vec<Exchange>>::new(), BTreeSet::new());
    for one in all {
        let own = one.slices();
        let more: BTreeSet<Slice> = slices.union(&own).cloned().collect();
        match batches.last_mut().filter(|batch| batch.len() + 1 + more.len() <= MOST_CHANGES) {
            Some(batch) => {
                slices = more;
                batch.push(one);
            }
            None => {
                slices = own;
                batches.push(vec![one]);
            }
        }
    }
    batches
}

/// Exchanges some parts in one transaction.
async fn exchange(ports: &Ports, project: &ProjectId, shard: &str, all: &[Exchange]) -> Result<Exchanged, Error> {
    let slices: Vec<Slice> = all.iter().flat_map(Exchange::slices).collect::<BTreeSet<_>>().into_iter().collect();
    let mut sums: BTreeMap<Slice, (Sums, Option<u64>)> = BTreeMap::new();
    for some in slices.chunks(MAX_KEYS) {
        let places: Vec<Key> = some.iter().map(|slice| sums_key(project, shard, slice)).collect();
        for (slice, stored) in some.iter().zip(ports.table.get_many(&places).await?) {
            let version = stored.as_ref().map(|stored| stored.version);
            let known = stored.map(|stored| decode::<Summed>(&stored.body)).transpose()?;
            sums.insert(slice.clone(), (known.map(|known| known.sums).unwrap_or_default(), version));
        }
    }
    let mut changes = Vec::new();
    for one in all {
        for (slice, (sums, _)) in sums.iter_mut().filter(|(slice, _)| slice.year == one.year) {
            one.before.get(&slice.group).into_iter().for_each(|it| sums.add(it, -1));
            one.after.get(&slice.group).into_iter().for_each(|it| sums.add(it, 1));
        }
        changes.push(one.kept(project)?);
    }
    for (slice, (sums, version)) in sums {
        let place = sums_key(project, shard, &slice);
        changes.push(Change::Put(Item::new(place, encode(&Summed { slice, sums })?), as_read(version)));
    }
    if check_limits(&changes).is_err() {
        return Ok(Exchanged::TooMuch);
    }
    Ok(match commit(ports, changes).await? {
        Committed::Made => Exchanged::Made,
        Committed::Lost(_) => Exchanged::Lost,
    })
}

/// The sums as they are kept, over all shards.
pub(super) async fn kept_sums(
    ports: &Ports,
    project: &ProjectId,
    each: &mut (dyn FnMut(Slice, Sums) + Send),
) -> Result<(), Error> {
    for shard in SHARD_NAMES {
        let mut after = None;
        loop {
            let query = Query::table(TableName::Jobs, sums_partition(project, shard)).after(after);
            let page = ports.table.query(&query).await?;
            for stored in &page.items {
                let Summed { slice, sums } = decode(&stored.body)?;
                each(slice, sums);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(())
}
