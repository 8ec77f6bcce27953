//! An account's part of the portfolio's sums is exchanged: taken off as it was, added as it is, kept for the next time, all in one
//! transaction.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Item, Key, MAX_KEYS, Query, TableName};
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

/// An account's part as it is in the sums, with the versions of its years.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    part: Part,
    versions: BTreeMap<i32, u64>,
}

impl Kept {
    /// As an account holds it.
    pub(super) fn of(whole: &WholeAccount) -> Result<Self, Error> {
        let mut kept = Self::default();
        for stored in whole.others.iter().filter(|stored| type_of(&stored.body) == KeptYear::TYPE) {
            let KeptYear { year, part } = decode(&stored.body)?;
            kept.versions.insert(year, stored.version);
            kept.part.extend(part.into_iter().map(|(group, sums)| (Slice { group, year }, sums)));
        }
        Ok(kept)
    }
}

/// An account whose part is another than that in the sums.
pub(super) struct Exchange {
    customer: CustomerId,
    before: Kept,
    after: Part,
}

impl Exchange {
    /// What an account was and is in the sums, where that is not the same.
    pub(super) fn of(customer: &CustomerId, before: Kept, after: Part) -> Option<Self> {
        (before.part != after).then(|| Self { customer: customer.clone(), before, after })
    }

    /// The slices that change.
    fn slices(&self) -> BTreeSet<&Slice> {
        let all = self.before.part.keys().chain(self.after.keys());
        all.filter(|slice| self.before.part.get(slice) != self.after.get(slice)).collect()
    }

    fn years(&self) -> BTreeSet<i32> {
        self.slices().into_iter().map(|slice| slice.year).collect()
    }

    /// What it is kept as from now on.
    fn kept(&self, project: &ProjectId) -> Result<Vec<Change>, Error> {
        let year_of = |year: i32| {
            let own = self.after.iter().filter(|(slice, _)| slice.year == year);
            KeptYear { year, part: own.map(|(slice, sums)| (slice.group.clone(), sums.clone())).collect() }
        };
        let put = |year: i32| {
            let item = Item::new(part_key(project, &self.customer, year), encode(&year_of(year))?);
            Ok(Change::Put(item, as_read(self.before.versions.get(&year).copied())))
        };
        self.years().into_iter().map(put).collect()
    }
}

/// Exchanges the parts of accounts; `false` where somebody else was faster. One that fits no transaction stays as it was, and is
/// told in the log.
pub(super) async fn exchange_all(
    ports: &Ports,
    project: &ProjectId,
    shard: &str,
    all: Vec<Exchange>,
) -> Result<bool, Error> {
    let mut batches = in_transactions(all);
    while let Some(mut batch) = batches.pop() {
        match exchange(ports, project, shard, &batch).await {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) if batch.len() == 1 => {
                let customer = &batch[0].customer;
                tracing::error!(%customer, %error, "los indicadores de una cuenta quedan como estaban");
            }
            Err(_) => {
                let half = batch.split_off(batch.len() / 2);
                batches.extend([half, batch]);
            }
        }
    }
    Ok(true)
}

/// As many accounts together as one transaction takes with the sums they touch.
fn in_transactions(all: Vec<Exchange>) -> Vec<Vec<Exchange>> {
    let (mut batches, mut slices, mut years) = (Vec::<Vec<Exchange>>::new(), BTreeSet::new(), 0);
    for one in all {
        let own: BTreeSet<Slice> = one.slices().into_iter().cloned().collect();
        let more: BTreeSet<Slice> = slices.union(&own).cloned().collect();
        let changes = years + one.years().len() + more.len();
        match batches.last_mut().filter(|_| changes <= MOST_CHANGES) {
            Some(batch) => {
                (slices, years) = (more, years + one.years().len());
                batch.push(one);
            }
            None => {
                (slices, years) = (own, one.years().len());
                batches.push(vec![one]);
            }
        }
    }
    batches
}

/// Exchanges the parts of some accounts; `false` where somebody else was faster.
async fn exchange(ports: &Ports, project: &ProjectId, shard: &str, all: &[Exchange]) -> Result<bool, Error> {
    let slices: Vec<&Slice> = all.iter().flat_map(Exchange::slices).collect::<BTreeSet<_>>().into_iter().collect();
    let mut sums: BTreeMap<&Slice, (Sums, Option<u64>)> = BTreeMap::new();
    for some in slices.chunks(MAX_KEYS) {
        let places: Vec<Key> = some.iter().map(|slice| sums_key(project, shard, slice)).collect();
        for (slice, stored) in some.iter().zip(ports.table.get_many(&places).await?) {
            let version = stored.as_ref().map(|stored| stored.version);
            let known = stored.map(|stored| decode::<Summed>(&stored.body)).transpose()?;
            sums.insert(slice, (known.map(|known| known.sums).unwrap_or_default(), version));
        }
    }
    let mut changes = Vec::new();
    for one in all {
        for (slice, (sums, _)) in &mut sums {
            for (sign, part) in [(-1, &one.before.part), (1, &one.after)] {
                if let Some(more) = part.get(*slice) {
                    sums.add(more, sign);
                }
            }
        }
        changes.extend(one.kept(project)?);
    }
    for (slice, (sums, version)) in sums {
        let body = encode(&Summed { slice: slice.clone(), sums })?;
        changes.push(Change::Put(Item::new(sums_key(project, shard, slice), body), as_read(version)));
    }
    Ok(matches!(commit(ports, changes).await?, Committed::Made))
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
