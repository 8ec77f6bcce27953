//! The close of a local day: the agenda of the new one, yesterday's counts, a plan that did not run, loads left waiting.

use crate::Ports;
use crate::agenda;
use crate::campaign;
use crate::error::{Error, readable};
use crate::import::turn;
use crate::indicators;
use crate::notice::alert;
use crate::ports::table::{Change, Expect, Index, Item, Key, Query, TableName};
use crate::reconcile::reconcile;
use crate::report;
use crate::store::accounts;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::commit;
use crate::store::jobs;
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::settings::Setup;
use crate::walk;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::money::Currency;
use cauce_domain::debt::order::days_past_due;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A project's dated counts: what no screen may compute while somebody waits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DayCounts {
    /// Customers.
    pub customers: u64,
    /// By segment.
    #[serde(default)]
    pub by_segment: BTreeMap<String, u64>,
    /// Open orders.
    pub open_orders: u64,
    /// Open balance, minor units.
    #[serde(default)]
    pub balance: BTreeMap<Currency, i64>,
    /// Customers with debt past their flow's last step: nothing more will be sent to them.
    pub past_last_step: u64,
}

shapes! { DayCounts => "day_counts_v1" }

/// The place of a day's counts.
pub fn counts_key(setup: &Setup, day: NaiveDate) -> Key {
    Key::new(TableName::Jobs, format!("{}#counts", setup.id()), day.to_string())
}

/// Reads a day's counts.
pub async fn counts(ports: &Ports, setup: &Setup, day: NaiveDate) -> Result<Option<DayCounts>, Error> {
    let stored = ports.table.get(&counts_key(setup, day)).await?;
    stored.map(|s| decode(&s.body)).transpose()
}

/// Closes yesterday, once.
pub async fn close_day(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<(), Error> {
    let turned = turn::next(ports, setup, now).await;
    let today = setup.today(now);
    let Some(yesterday) = today.pred_opt() else { return Ok(()) };
    let agenda = agenda::work_off(ports, setup, now).await;
    let campaigns = campaign::close(ports, setup, now).await;
    let walks = walk::resume(ports, setup).await;
    let reports = report::begin_due(ports, setup, now).await;
    let indicators = indicators::begin(ports, setup, now).await;
    let closed = close(ports, setup, yesterday, now).await;
    turned.and(agenda).and(campaigns).and(walks).and(reports).and(indicators).and(closed)
}

/// What is told of the day that went by.
async fn close(ports: &Ports, setup: &Setup, yesterday: NaiveDate, now: DateTime<Utc>) -> Result<(), Error> {
    reconcile(ports, setup, yesterday, now).await?;
    if ports.table.get(&counts_key(setup, yesterday)).await?.is_some() {
        return Ok(());
    }
    let counted = count(ports, setup, yesterday).await?;
    let item = Item::new(counts_key(setup, yesterday), encode(&counted)?).expiring(jobs::expiry(now));
    commit(ports, vec![Change::Put(item, Expect::Anything)]).await?;
    let project = setup.project();
    let watched = project.active && project.active_since.is_some_and(|since| since <= yesterday);
    if watched && project.calendar.allows_day(yesterday) && jobs::run(ports, setup.id(), yesterday).await?.is_none() {
        let text = format!("El plan del {yesterday} no se ejecutó. El siguiente plan retoma hasta tres días.");
        alert(ports, setup, "El plan del día no se ejecutó", text, now).await;
    }
    Ok(())
}

async fn count(ports: &Ports, setup: &Setup, day: NaiveDate) -> Result<DayCounts, Error> {
    let mut counts = DayCounts::default();
    let last_step = |account: &Account| {
        let flow = setup.active_flow(&account.segment);
        flow.and_then(|flow| flow.moments().last().map(|(offset, _)| i64::from(*offset)))
    };
    for shard in SHARD_NAMES {
        let mut after = None;
        loop {
            let query = Query::index(Index::Customers, keys::customers_shard(setup.id(), shard)).after(after);
            let page = ports.table.query(&query).await?;
            for stored in &page.items {
                let Some(account) = readable(accounts::read_account(stored), &stored.key.pk)? else { continue };
                counts.customers += 1;
                *counts.by_segment.entry(account.segment.to_string()).or_default() += 1;
                counts.open_orders += u64::from(account.summary.count());
                for (currency, open) in &account.summary.open {
                    *counts.balance.entry(*currency).or_default() += open.balance;
                }
                let late = account.summary.carrying.as_ref().map(|c| days_past_due(c.due, day));
                counts.past_last_step += u64::from(late > last_step(&account) && late.is_some());
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(counts)
}
