//! One chunk of a load: its customers, one by one, with the progress kept so that anybody can go on.
//!
//! A chunk's item says how many of its customers are done and what they counted; it is version-checked, so two workers on
//! one chunk write the same rows and one of them its counts.

use super::job::{self, Counts, Kind, Load, LoadState, Picture};
use super::owners::{bytes_of, id_of};
use super::reading::folder;
use super::row::{Found, RowError};
use super::spill::{self, Runs, SpilledRow};
use super::{communications, customers, exclusions, orders, payments, turn};
use crate::Ports;
use crate::dossier::Desk;
use crate::error::Error;
use crate::messages::Work;
use crate::ports::files::whole;
use crate::ports::table::{Change, Index, Item, Key, MAX_KEYS, Query, TableName};
use crate::store::accounts::{CodeOwner, as_read};
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use crate::store::edits::By;
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::settings::Setup;
use crate::store::{jobs, query_all};
use cauce_domain::debt::money::Currency;
use cauce_domain::debt::order::Order;
use cauce_domain::ids::CustomerId;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Customers worked on at once, so that their writes share a commit.
const TOGETHER: usize = 1024;

/// The mark of a project that has loaded companies: its active flows name contact levels.
pub const COMPANIES: &str = "companies";

/// How far a chunk is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) customers: usize,
    pub(super) counts: Counts,
    pub(super) parts: u32,
    pub(super) done: bool,
}

shapes! { Progress => "chunk_v1" }

/// What every customer of a chunk is worked on with.
pub(super) struct Context<'a> {
    pub(super) desk: Desk<'a>,
    pub(super) found: &'a Found,
    /// Whoever changes by API; loads have the process log instead.
    pub(super) by: Option<&'a By>,
    pub(super) picture: Option<Picture>,
    pub(super) currency: Option<Currency>,
    pub(super) codes: HashMap<String, CustomerId>,
}

impl Context<'_> {
    /// Whose order a code was when the chunk began.
    pub(super) fn code_owner(&self, code: &str) -> Option<&CustomerId> {
        self.codes.get(code)
    }
}

/// What one customer's rows did.
#[derive(Debug, Clone, Default)]
pub(super) struct Effect {
    pub(super) counts: Counts,
    pub(super) notes: Vec<RowError>,
    /// Some customer is a company.
    pub(super) company: bool,
}

impl Effect {
    /// Keeps what the settings ask: whether the project has companies.
    pub(super) async fn remember(&self, context: &Context<'_>, now: DateTime<Utc>) -> Result<(), Error> {
        match self.company && !context.desk.dry {
            true => jobs::set_mark(context.desk.ports, context.desk.setup.id(), COMPANIES, now).await,
            false => Ok(()),
        }
    }
    /// A row is rejected.
    pub(super) fn reject(mut self, error: RowError) -> Self {
        self.counts.rejected += 1;
        self.notes.push(error);
        self
    }
    /// Every row is rejected.
    pub(super) fn reject_all(self, rows: &[SpilledRow], why: impl Fn(&SpilledRow) -> RowError) -> Self {
        rows.iter().fold(self, |effect, row| effect.reject(why(row)))
    }
    /// Rows are taken.
    pub(super) fn take(&mut self, new: bool, changed: bool, rows: usize) {
        self.counts.accepted += rows as u64;
        let slot = match (new, changed) {
            (true, _) => &mut self.counts.new,
            (false, true) => &mut self.counts.changed,
            (false, false) => &mut self.counts.unchanged,
        };
        *slot += 1;
    }
    /// An order as it was.
    pub(super) fn before(&mut self, order: &Order) {
        if order.is_open() {
            *self.counts.balance_before.entry(order.currency).or_default() += order.balance();
        }
    }
    /// An order as it is after.
    pub(super) fn after(&mut self, order: &Order) {
        if order.is_open() {
            *self.counts.balance_after.entry(order.currency).or_default() += order.balance();
        }
    }
    /// Joins another's.
    pub(super) fn add(&mut self, other: Self) {
        self.counts.add(&other.counts);
        self.notes.extend(other.notes);
        self.company |= other.company;
    }
}

pub(super) fn progress_key(setup: &Setup, load: &Load, chunk: u16, write: bool) -> Key {
    let stage = if write { "write" } else { "look" };
    Key::new(TableName::Jobs, job::parts(setup.id(), &load.id), format!("c#{stage}#{chunk:04}"))
}

/// The file of a part's errors.
pub(super) fn errors_file(setup: &Setup, load: &Load, chunk: u16, part: u32, write: bool) -> String {
    format!("{}/errors-{}-{chunk:04}-{part:04}", folder(setup, load), if write { "write" } else { "look" })
}

/// Works on a chunk from where it stands.
pub(super) async fn work(
    ports: &Ports,
    setup: &Setup,
    load: &Load,
    chunk: u16,
    write: bool,
    now: DateTime<Utc>,
    late: &(dyn Fn() -> bool + Sync),
) -> Result<(), Error> {
    let expected = if write { LoadState::Writing } else { LoadState::Looking };
    if load.state != expected {
        return Ok(());
    }
    let place = progress_key(setup, load, chunk, write);
    let stored = ports.table.get(&place).await?;
    let version = stored.as_ref().map(|s| s.version);
    let mut progress: Progress = stored.map(|s| decode(&s.body)).transpose()?.unwrap_or_default();
    if !progress.done {
        let found: Found = part(ports, setup, load, "found").await?;
        let runs: Runs = part(ports, setup, load, "runs").await?;
        let rows = spill::read_chunk(ports, &folder(setup, load), &runs, chunk, load.chunks).await?;
        let groups = groups(ports, setup, load, chunk, rows).await?;
        let context = gather(ports, setup, load, &found, &groups, write, now).await?;
        let (effect, reached) = run(&context, load.kind, &groups, progress.customers, late).await?;
        effect.remember(&context, now).await?;
        tell_errors(ports, setup, load, chunk, &mut progress, effect, write).await?;
        progress.customers = reached;
        progress.done = reached == groups.len();
        let item = Item::new(place, encode(&progress)?).expiring(jobs::expiry(load.created));
        if let Committed::Lost(_) = commit(ports, vec![Change::Put(item, as_read(version))]).await? {
            return Err(Error::Raced);
        }
        if !progress.done {
            let work = Work::Chunk { chunk, offset: reached, apply: write };
            return turn::queue(ports, setup, load, work).await;
        }
    }
    if done(ports, setup, load, write).await? == usize::from(load.chunks) {
        turn::queue(ports, setup, load, Work::Finish { apply: write }).await?;
    }
    Ok(())
}

/// How many chunks are done.
pub async fn done(ports: &Ports, setup: &Setup, load: &Load, write: bool) -> Result<usize, Error> {
    let parts = progress(ports, setup, load, write).await?;
    Ok(parts.iter().filter(|p| p.done).count())
}

/// The progress of every chunk begun.
pub(super) async fn progress(ports: &Ports, setup: &Setup, load: &Load, write: bool) -> Result<Vec<Progress>, Error> {
    let stage = if write { "c#write#" } else { "c#look#" };
    let query = Query::table(TableName::Jobs, job::parts(setup.id(), &load.id)).prefix(stage);
    query_all(ports.table.as_ref(), query).await?.iter().map(|s| decode(&s.body)).collect()
}

pub(super) async fn part<T: crate::store::codec::Shape>(
    ports: &Ports,
    setup: &Setup,
    load: &Load,
    name: &str,
) -> Result<T, Error> {
    let key = Key::new(TableName::Jobs, job::parts(setup.id(), &load.id), name);
    let stored = ports.table.get(&key).await?.ok_or(Error::NotFound("parte de la carga"))?;
    decode(&stored.body)
}

type Group = ([u8; 16], Vec<SpilledRow>);

/// The chunk's rows by owner; a full picture adds the customers the file does not name.
async fn groups(
    ports: &Ports,
    setup: &Setup,
    load: &Load,
    chunk: u16,
    rows: Vec<SpilledRow>,
) -> Result<Vec<Group>, Error> {
    let mut groups: BTreeMap<[u8; 16], Vec<SpilledRow>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.owner).or_default().push(row);
    }
    if load.kind == Kind::Orders && load.options.picture.is_some() {
        let (from, to) = spill::range(chunk, load.chunks);
        for shard in &SHARD_NAMES[from / 16..to.div_ceil(16)] {
            let query = Query::index(Index::Customers, keys::customers_shard(setup.id(), shard))
                .between(format!("{from:02x}"), format!("{:02x}\u{10FFFF}", to - 1));
            for stored in query_all(ports.table.as_ref(), query).await? {
                if let Some((_, id)) = stored.key.pk.split_once('#') {
                    groups.entry(bytes_of(&id.into())).or_default();
                }
            }
        }
    }
    Ok(groups.into_iter().collect())
}

async fn gather<'a>(
    ports: &'a Ports,
    setup: &'a Setup,
    load: &'a Load,
    found: &'a Found,
    groups: &[Group],
    write: bool,
    now: DateTime<Utc>,
) -> Result<Context<'a>, Error> {
    let by = By { author: load.id.to_string(), at: now };
    let context = context(ports, setup, load.kind, &by, found, groups).await?;
    let desk = Desk { dry: !write, ..context.desk };
    Ok(Context { desk, picture: load.options.picture, ..context })
}

/// What rows are worked on with: whose codes are, and what follows from a change.
pub(super) async fn context<'a>(
    ports: &'a Ports,
    setup: &'a Setup,
    kind: Kind,
    by: &By,
    found: &'a Found,
    groups: &[Group],
) -> Result<Context<'a>, Error> {
    let at = match kind {
        Kind::Orders => Some(2),
        Kind::Payments => Some(0),
        _ => None,
    };
    let mut names: Vec<&str> = Vec::new();
    if let Some(at) = at {
        names.extend(groups.iter().flat_map(|(_, rows)| rows).map(|r| r.cells[at].as_str()).filter(|c| !c.is_empty()));
        names.sort_unstable();
        names.dedup();
    }
    let mut codes = HashMap::new();
    for some in names.chunks(MAX_KEYS) {
        let wanted: Vec<Key> = some.iter().map(|c| keys::order_code(setup.id(), c)).collect();
        for (code, stored) in some.iter().zip(ports.table.get_many(&wanted).await?) {
            if let Some(stored) = stored {
                let owner: CodeOwner = decode(&stored.body)?;
                codes.insert((*code).to_owned(), owner.customer);
            }
        }
    }
    Ok(Context {
        desk: Desk::of(ports, setup, by).await?,
        found,
        by: None,
        picture: None,
        currency: setup.project().country.currency().parse().ok(),
        codes,
    })
}

/// Works on customers from the offset until all are done or the time is nearly out.
async fn run(
    context: &Context<'_>,
    kind: Kind,
    groups: &[Group],
    from: usize,
    late: &(dyn Fn() -> bool + Sync),
) -> Result<(Effect, usize), Error> {
    // While some wait for the disk others read and work out: the writer and this task both stay busy.
    let width = if matches!(kind, Kind::Customers | Kind::Exclusions) { TOGETHER / 4 } else { TOGETHER };
    let mut left = groups[from.min(groups.len())..].iter();
    let mut working = FuturesOrdered::new();
    let (mut total, mut reached, mut begun) = (Effect::default(), from, false);
    loop {
        // Near the deadline nobody new is begun; who is in hand is finished and counted. One at least goes through.
        while working.len() < width && !(begun && late()) {
            let Some((owner, rows)) = left.next() else { break };
            begun = true;
            working.push_back(one(context, kind, id_of(*owner), rows));
        }
        match working.next().await {
            Some(effect) => total.add(effect?),
            None => break,
        }
        reached += 1;
    }
    Ok((total, reached))
}

/// Takes the rows of one customer in.
pub(super) async fn one(
    context: &Context<'_>,
    kind: Kind,
    id: CustomerId,
    rows: &[SpilledRow],
) -> Result<Effect, Error> {
    match kind {
        Kind::Customers => customers::apply(context, rows).await,
        Kind::Orders => orders::apply(context, &id, rows).await,
        Kind::Payments => payments::apply(context, &id, rows).await,
        Kind::Exclusions => exclusions::apply(context, rows).await,
        Kind::Communications => communications::apply(context, &id, rows).await,
    }
}

async fn tell_errors(
    ports: &Ports,
    setup: &Setup,
    load: &Load,
    chunk: u16,
    progress: &mut Progress,
    mut effect: Effect,
    write: bool,
) -> Result<(), Error> {
    effect.counts.observations += effect.notes.iter().filter(|n| !n.rejects).count() as u64;
    progress.counts.add(&effect.counts);
    if effect.notes.is_empty() {
        return Ok(());
    }
    effect.notes.sort();
    let lines: String = effect.notes.iter().map(RowError::line).collect();
    ports.files.write(&errors_file(setup, load, chunk, progress.parts, write), whole(lines)).await?;
    progress.parts += 1;
    Ok(())
}
