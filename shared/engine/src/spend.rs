//! What messages cost: an estimate when they are planned, what is settled as they leave, and the day's budget they stop at.
//!
//! What a message costs is set apart before it leaves and given back if it does not. A day's spending is a statistic all the
//! same: a worker that dies in between leaves it a message's cost too high.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::Key;
use crate::store::jobs;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::contact::price::Cost;
use cauce_domain::debt::money::Currency;
use cauce_domain::ids::TemplateId;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// The field of a day's spending.
const FIELD: &str = "micros";

fn place(setup: &Setup, day: NaiveDate, currency: Currency) -> Key {
    jobs::stat_key(setup.id(), &format!("spend#{day}#{currency}"))
}

/// The category a template of ours is billed as.
fn category<'a>(setup: &'a Setup, template: &TemplateId) -> Option<&'a str> {
    let approval = setup.template(template)?.value.approval.as_ref()?;
    crate::approval::registered(setup, approval).map(|known| known.value.category.as_str())
}

/// What a message that leaves with a text costs by the price book.
pub(crate) fn cost(setup: &Setup, message: &Interaction, text: &str) -> Option<Cost> {
    let channel = message.channel?;
    let category = message.template().and_then(|template| category(setup, template));
    setup.prices.as_ref()?.value.cost(channel, category, setup.project().country, message.day, text)
}

/// Adds to a day's spending; takes from it where a message did not leave, or was free after all. Answers the day's sum.
pub(crate) async fn add(ports: &Ports, setup: &Setup, day: NaiveDate, cost: &Cost) -> Result<i64, Error> {
    Ok(ports.table.add(&place(setup, day, cost.currency), FIELD, cost.micros).await?)
}

/// Sets a message's cost apart before it leaves; `false` where the day's budget has no room for it.
pub(crate) async fn reserve(ports: &Ports, setup: &Setup, day: NaiveDate, cost: &Cost) -> Result<bool, Error> {
    let sum = add(ports, setup, day, cost).await?;
    let budget = setup.project().daily_budget.as_ref().filter(|budget| budget.currency == cost.currency);
    if budget.is_none_or(|budget| sum <= budget.micros || cost.micros == 0) {
        return Ok(true);
    }
    give_back(ports, setup, day, cost).await.map(|()| false)
}

/// Gives back what was set apart for a message that did not leave.
pub(crate) async fn give_back(ports: &Ports, setup: &Setup, day: NaiveDate, cost: &Cost) -> Result<(), Error> {
    let taken = Cost { micros: -cost.micros, ..cost.clone() };
    add(ports, setup, day, &taken).await.map(|_| ())
}

/// What was spent on a day so far, in millionths of the currency's unit.
pub async fn of_day(ports: &Ports, setup: &Setup, day: NaiveDate, currency: Currency) -> Result<i64, Error> {
    let Some(stored) = ports.table.get(&place(setup, day, currency)).await? else { return Ok(0) };
    let sum: serde_json::Value = serde_json::from_str(&stored.body).unwrap_or_default();
    Ok(sum[FIELD].as_i64().unwrap_or(0))
}

/// The channels on which the day's budget is spent: those that cost something in its currency.
pub async fn spent(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<BTreeSet<Channel>, Error> {
    let (Some(budget), Some(book)) = (&setup.project().daily_budget, &setup.prices) else { return Ok(BTreeSet::new()) };
    if of_day(ports, setup, setup.today(now), budget.currency).await? < budget.micros {
        return Ok(BTreeSet::new());
    }
    let costing = book.value.prices.iter().filter(|price| price.currency == budget.currency && price.micros > 0);
    Ok(costing.map(|price| price.channel).collect())
}

/// What a plan's messages are thought to cost, by currency, in millionths: each step's template as it is written, before
/// tags are filled. `by_channel` counts messages by `channel#offset`.
pub fn estimate(setup: &Setup, by_channel: &BTreeMap<String, u64>, day: NaiveDate) -> BTreeMap<Currency, i64> {
    let mut total = BTreeMap::new();
    let Some(book) = &setup.prices else { return total };
    for (place, count) in by_channel {
        let Some((channel, offset)) = place.split_once('#') else { continue };
        let (Ok(channel), Ok(offset)) = (channel.parse::<Channel>(), offset.parse::<i32>()) else { continue };
        let steps = setup.flows.iter().filter(|flow| flow.value.active).flat_map(|flow| flow.value.moments());
        let template = steps.into_iter().find(|(at, _)| *at == offset).and_then(|(_, s)| setup.template(&s.template));
        let text = template.map_or("", |template| template.value.body.as_str());
        let category = template.and_then(|template| category(setup, &template.value.id));
        if let Some(cost) = book.value.cost(channel, category, setup.project().country, day, text) {
            let micros = cost.micros.saturating_mul(i64::try_from(*count).unwrap_or(i64::MAX));
            *total.entry(cost.currency).or_default() += micros;
        }
    }
    total
}
