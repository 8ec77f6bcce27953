//! The interactions log: everything said or done with a project's customers, day by day, newest first.
//!
//! A page reads the day index from where the page before ended, then the items it names, then their customers: what it costs is
//! what it shows, however much there is. A filter that passes few answers what it found after so many.

mod columns;
mod line;

pub use columns::{COLUMNS, shown};
pub use line::{Direction, Line, NOTE};

use crate::Ports;
use crate::error::{Error, readable};
use crate::ports::table::{Cursor, Index, Key, MAX_KEYS, Query, Stored, TableName};
use crate::store::settings::Setup;
use crate::store::{accounts, interactions, keys};
use cauce_domain::contact::origin::Origin;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Portfolio;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Interactions looked at for one page, at most.
const LOOKED_AT: usize = 5_000;
/// Interactions read at once, at most and at least.
const ROUND: u32 = MAX_KEYS as u32;
const LEAST: u32 = 25;
/// What asking costs, counted in interactions: days on which nothing happened are soon gone through, not for ever.
const A_ROUND: usize = 10;
/// How many days after it was decided something may leave: what an event or a person says waits so long.
const LATER: u64 = 4;

/// Which interactions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// First local day.
    pub from: Option<NaiveDate>,
    /// Last local day.
    pub to: Option<NaiveDate>,
    /// By the day it really was, rather than the one it was decided for.
    pub by_actual: bool,
    /// `outbound`, `inbound` or `internal`.
    pub direction: Option<String>,
    /// `flow`, `event`, `campaign`, `manual`, `call`, `imported`.
    pub origin: Option<String>,
    /// A flow's id, an event's code or a campaign's id.
    pub of: Option<String>,
    /// A template's id.
    pub template: Option<String>,
    /// A channel's code, or `note`.
    pub channel: Option<String>,
    /// A state's code.
    pub state: Option<String>,
    /// The code of why it did not leave.
    pub reason: Option<String>,
    /// With an error, or without.
    pub error: Option<bool>,
    /// The customer's adviser, or `none`.
    pub adviser: Option<String>,
    /// The customer's segment, now.
    pub segment: Option<String>,
    /// The customer's portfolio: `current` or `written_off`.
    pub portfolio: Option<Portfolio>,
}

impl Filter {
    /// Whether a line passes, as far as it tells.
    fn takes(&self, line: &Line, setup: &Setup, (from, to): (NaiveDate, NaiveDate)) -> bool {
        let same = |wanted: &Option<String>, has: Option<&str>| wanted.as_deref().is_none_or(|w| has == Some(w));
        let actual = || line.actual.map_or(line.day, |at| setup.today(at));
        (!self.by_actual || (from..=to).contains(&actual()))
            && same(&self.direction, Some(line.direction.code()))
            && same(&self.origin, line.origin.map(|origin| origin.code()))
            && same(&self.of, line.of.as_deref())
            && same(&self.template, line.template.as_ref().map(|id| id.as_str()))
            && same(&self.channel, line.channel)
            && same(&self.state, Some(&line.state.0))
            && same(&self.reason, line.reason.as_ref().map(|(code, _)| *code))
            && self.error.is_none_or(|wanted| line.error.is_some() == wanted)
    }

    /// Whether a customer passes.
    pub(crate) fn takes_customer(&self, account: Option<&Account>) -> bool {
        let Some(account) = account else {
            return self.is_of_nobody();
        };
        let customer = &account.customer;
        let adviser = customer.adviser.as_ref().map_or("none", |id| id.as_str());
        self.adviser.as_deref().is_none_or(|wanted| wanted == adviser)
            && self.segment.as_deref().is_none_or(|wanted| wanted == account.segment.as_str())
            && self.portfolio.is_none_or(|wanted| wanted == customer.portfolio)
    }

    /// Whether it asks nothing of customers.
    pub(crate) fn is_of_nobody(&self) -> bool {
        self.adviser.is_none() && self.segment.is_none() && self.portfolio.is_none()
    }

    /// The days it covers: up to today where no end is named, one alone where no beginning is.
    pub fn days(&self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let to = self.to.unwrap_or_else(|| self.from.map_or(today, |from| from.max(today)));
        (self.from.unwrap_or(to).min(to), to)
    }
}

/// One interaction of the log.
#[derive(Debug, Clone)]
pub struct Found {
    /// As it is stored.
    pub stored: Stored,
    /// The line.
    pub line: Line,
    /// Its customer, where there is one.
    pub account: Option<Account>,
}

/// The campaigns that some interactions are of.
pub fn campaigns(found: &[Found]) -> Vec<String> {
    let of_campaign = |found: &&Found| found.line.origin == Some(Origin::Campaign);
    found.iter().filter(of_campaign).filter_map(|found| found.line.of.clone()).collect()
}

/// Whether whoever asks sees a customer's interactions.
pub type Sees<'a> = dyn Fn(Option<&Account>) -> bool + Sync + 'a;

/// Where a page ended: how many days back from the last, in which shard, after what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// Days and shards gone through, in one number.
    pub at: usize,
    /// After which item of the shard.
    pub after: Option<Cursor>,
}

/// A page of the log: what passes, and where the next begins, if there may be one.
pub async fn page(
    ports: &Ports,
    setup: &Setup,
    filter: &Filter,
    (mut place, limit): (Place, usize),
    (sees, now): (&Sees<'_>, DateTime<Utc>),
) -> Result<(Vec<Found>, Option<Place>), Error> {
    let (from, to) = filter.days(setup.today(now));
    let oldest = if filter.by_actual { from.checked_sub_days(Days::new(LATER)).unwrap_or(from) } else { from };
    let places = usize::try_from((to - oldest).num_days() + 1).unwrap_or(0) * keys::SHARDS;
    let (mut found, mut looked) = (Vec::new(), 0);
    while place.at < places && found.len() < limit && looked < LOOKED_AT {
        let day = to.checked_sub_days(Days::new((place.at / keys::SHARDS) as u64)).unwrap_or(oldest);
        let partition = interactions::day_partition(setup.id(), day, keys::SHARD_NAMES[place.at % keys::SHARDS]);
        let round = u32::try_from(limit).unwrap_or(ROUND).clamp(LEAST, ROUND);
        let query = Query::index(Index::Day, partition).after(place.after.take()).limit(round);
        let listed = ports.table.query(&query).await?;
        looked += listed.items.len() + A_ROUND;
        let at: Vec<Key> = listed.items.iter().map(|stored| stored.key.clone()).collect();
        let passed = read(ports, setup, filter, (at, (from, to)), (sees, now)).await?;
        let (room, fit) = (limit - found.len(), passed.len());
        found.extend(passed.into_iter().take(room));
        place.after = match found.last().filter(|_| fit >= room) {
            // The next page begins after the last that is shown.
            Some(last) => listed.place_of(&last.stored.key),
            None => listed.next,
        };
        if place.after.is_none() {
            place.at += 1;
        }
    }
    Ok((found, (place.at < places).then_some(place)))
}

/// The interactions at some places that pass, with their customers.
async fn read(
    ports: &Ports,
    setup: &Setup,
    filter: &Filter,
    (places, days): (Vec<Key>, (NaiveDate, NaiveDate)),
    (sees, now): (&Sees<'_>, DateTime<Utc>),
) -> Result<Vec<Found>, Error> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = Vec::new();
    for stored in ports.table.get_many(&places).await?.into_iter().flatten() {
        let line = readable(Line::read(&stored, now), &stored.key.sk)?.flatten();
        if let Some(line) = line.filter(|line| filter.takes(line, setup, days)) {
            lines.push((stored, line));
        }
    }
    let customers = customers(ports, lines.iter().map(|(stored, _)| stored.key.pk.clone()).collect()).await?;
    let with = lines.into_iter().map(|(stored, line)| {
        let account = customers.get(&stored.key.pk).cloned();
        Found { stored, line, account }
    });
    let passes = |found: &Found| filter.takes_customer(found.account.as_ref()) && sees(found.account.as_ref());
    Ok(with.filter(passes).collect())
}

/// The accounts of some partitions.
async fn customers(ports: &Ports, mut partitions: Vec<String>) -> Result<BTreeMap<String, Account>, Error> {
    partitions.sort();
    partitions.dedup();
    let places: Vec<Key> = partitions.into_iter().map(|pk| Key::new(TableName::Accounts, pk, "a")).collect();
    let mut found = BTreeMap::new();
    if !places.is_empty() {
        for stored in ports.table.get_many(&places).await?.into_iter().flatten() {
            if let Some(account) = readable(accounts::read_account(&stored), &stored.key.pk)? {
                found.insert(stored.key.pk.clone(), account);
            }
        }
    }
    Ok(found)
}
