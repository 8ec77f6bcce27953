//! What is kept of campaigns: the campaign itself among the settings, each recipient in its customer's own thread, the sums of
//! each shard, and tickets that say a recipient is to be measured anew.

use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Change, Cursor, Expect, Index, Item, Key, Query, TableName};
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::written;
use crate::store::keys::{self, shard_of};
use crate::store::query_all;
use crate::store::settings::Versioned;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::ids::{CampaignId, CustomerId, ProjectId};
use cauce_domain::strategy::campaign::{Campaign, Part};
use cauce_domain::strategy::campaign_result::Figures;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A customer of a campaign's audience, and what of it is in the sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recipient {
    pub(crate) customer: CustomerId,
    pub(crate) campaign: CampaignId,
    /// The local day its messages stand on.
    pub(crate) day: NaiveDate,
    /// Messages it has.
    pub(crate) messages: u8,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) held_out: bool,
    /// How long things count after its first message, hours.
    pub(crate) window_hours: u16,
    /// When the first of its messages was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_sent: Option<DateTime<Utc>>,
    /// What it adds to the sums.
    pub(crate) counted: Figures,
}

impl Recipient {
    /// The last local day on which anything may count for it: its messages leave on its day, or the one after.
    pub(crate) fn last_day(&self) -> NaiveDate {
        let days = u64::from(self.window_hours).div_ceil(24) + 2;
        self.day.checked_add_days(Days::new(days)).unwrap_or(self.day)
    }
}

/// The sums of one shard of a campaign, and how far its audience is frozen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Sums {
    /// After which customer the freezing goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Cursor>,
    /// Every customer of the shard was looked at.
    #[serde(default)]
    pub(crate) frozen: bool,
    pub(crate) figures: Figures,
    /// Messages frozen so far, by channel: each channel has a pace of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) by_channel: BTreeMap<Channel, i64>,
    /// The latest first message of a recipient's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_first: Option<DateTime<Utc>>,
}

/// A recipient is to be measured anew: something of it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ticket {
    customer: CustomerId,
    /// Not before this: what changed is still being written.
    due: DateTime<Utc>,
}

/// A campaign runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Running {
    campaign: CampaignId,
}

/// A campaign waits for its hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Starter {
    at: DateTime<Utc>,
}

shapes! {
    Campaign => "campaign_v1",
    Recipient => "recipient_v1",
    Sums => "campaign_sums_v1",
    Ticket => "campaign_ticket_v1",
    Starter => "campaign_starter_v1",
    Running => "campaign_running_v1",
}

/// How long a recipient whose things changed waits to be measured, with what else changes meanwhile.
pub(crate) const SOON: TimeDelta = TimeDelta::seconds(2);
/// The same where what changed is being written elsewhere: longer than anything is under way.
pub(crate) const AFTERWARDS: TimeDelta = TimeDelta::minutes(10);

/// What stands in the release index of a campaign that waits for its hour.
pub(crate) const START: &str = "start";
/// What stands there of a recipient that is to be measured.
pub(crate) const MEASURE: &str = "measure";

/// The partition of a project's campaigns.
fn partition(project: &ProjectId) -> String {
    format!("{project}#campaigns")
}

pub(crate) fn key(project: &ProjectId, id: &CampaignId) -> Key {
    Key::new(TableName::Settings, partition(project), id.as_str())
}

/// Reads a campaign.
pub async fn read(ports: &Ports, project: &ProjectId, id: &CampaignId) -> Result<Option<Versioned<Campaign>>, Error> {
    let stored = ports.table.get(&key(project, id)).await?;
    stored.map(|stored| Ok(Versioned { value: decode(&stored.body)?, version: stored.version })).transpose()
}

/// A page of a project's campaigns, the newest first.
pub async fn page(
    ports: &Ports,
    project: &ProjectId,
    limit: u32,
    after: Option<Cursor>,
) -> Result<(Vec<Versioned<Campaign>>, Option<Cursor>), Error> {
    let query = Query::table(TableName::Settings, partition(project)).descending().limit(limit).after(after);
    let page = ports.table.query(&query).await?;
    let read = page.items.iter().map(|stored| Ok(Versioned { value: decode(&stored.body)?, version: stored.version }));
    Ok((read.collect::<Result<_, Error>>()?, page.next))
}

pub(crate) fn put(project: &ProjectId, campaign: &Campaign, expect: Expect) -> Result<Change, Error> {
    Ok(Change::Put(Item::new(key(project, &campaign.id), encode(campaign)?), expect))
}

fn starter_key(project: &ProjectId, id: &CampaignId) -> Key {
    Key::new(TableName::Interactions, format!("{project}#ks#{id}"), "s")
}

/// The campaign is begun at its hour, or, without one, by nothing.
pub(crate) fn starter(project: &ProjectId, id: &CampaignId, at: Option<DateTime<Utc>>) -> Result<Change, Error> {
    let key = starter_key(project, id);
    let Some(at) = at else { return Ok(Change::Delete(key, Expect::Anything)) };
    let sort = format!("{}#{START}#{project}#{id}", keys::instant(at));
    // Of one campaign there is one: which shard it stands in is no matter.
    let hour = keys::release_hour(at, keys::SHARD_NAMES[0]);
    Ok(Change::Put(Item::new(key, encode(&Starter { at })?).indexed(Index::Release, hour, sort), Expect::Anything))
}

/// Reads project and campaign off a starter's key.
pub(crate) fn read_starter(key: &Key) -> Option<(ProjectId, CampaignId)> {
    let (project, id) = key.pk.split_once("#ks#")?;
    Some((project.into(), id.into()))
}

fn sums_key(project: &ProjectId, id: &CampaignId, shard: &str) -> Key {
    Key::new(TableName::Interactions, format!("{project}#k#{id}"), format!("t#{shard}"))
}

pub(crate) async fn sums(
    ports: &Ports,
    project: &ProjectId,
    id: &CampaignId,
    shard: &str,
) -> Result<(Sums, Option<u64>), Error> {
    match ports.table.get(&sums_key(project, id, shard)).await? {
        Some(stored) => Ok((decode(&stored.body)?, Some(stored.version))),
        None => Ok((Sums::default(), None)),
    }
}

/// The sums of every shard that has any.
pub(crate) async fn all_sums(ports: &Ports, project: &ProjectId, id: &CampaignId) -> Result<Vec<Sums>, Error> {
    let query = Query::table(TableName::Interactions, format!("{project}#k#{id}")).prefix("t#");
    let found = query_all(ports.table.as_ref(), query).await?;
    found.iter().map(|stored| decode(&stored.body)).collect()
}

pub(crate) fn put_sums(
    project: &ProjectId,
    (id, shard): (&CampaignId, &str),
    sums: &Sums,
    expect: Expect,
) -> Result<Change, Error> {
    Ok(Change::Put(Item::new(sums_key(project, id, shard), encode(sums)?), expect))
}

pub(crate) fn recipient_key(project: &ProjectId, customer: &CustomerId, id: &CampaignId) -> Key {
    Key::new(TableName::Interactions, keys::partition(project, customer), format!("k#{id}"))
}

/// The partition of a shard's recipients in the day index.
fn recipients_partition(project: &ProjectId, id: &CampaignId, shard: &str) -> String {
    format!("{project}#k#{id}#{shard}")
}

pub(crate) fn put_recipient(project: &ProjectId, recipient: &Recipient, expect: Expect) -> Result<Change, Error> {
    let key = recipient_key(project, &recipient.customer, &recipient.campaign);
    let place = recipients_partition(project, &recipient.campaign, shard_of(&recipient.customer));
    let item = Item::new(key, encode(recipient)?).indexed(Index::Day, place, recipient.customer.as_str());
    Ok(Change::Put(item, expect))
}

/// A page of the keys of a shard's recipients.
pub(crate) async fn recipients(
    ports: &Ports,
    project: &ProjectId,
    (id, shard): (&CampaignId, &str),
    after: Option<Cursor>,
) -> Result<(Vec<Key>, Option<Cursor>), Error> {
    let query = Query::index(Index::Day, recipients_partition(project, id, shard)).limit(100).after(after);
    let page = ports.table.query(&query).await?;
    Ok((page.items.into_iter().map(|stored| stored.key).collect(), page.next))
}

/// What a customer is to the campaigns it was in, each with its version.
pub(crate) async fn of_customer(
    ports: &Ports,
    project: &ProjectId,
    customer: &CustomerId,
) -> Result<Vec<(Recipient, u64)>, Error> {
    let query = Query::table(TableName::Interactions, keys::partition(project, customer)).prefix("k#");
    let found = query_all(ports.table.as_ref(), query).await?;
    found.iter().map(|stored| Ok((decode(&stored.body)?, stored.version))).collect()
}

fn tickets_partition(project: &ProjectId, id: &CampaignId, shard: &str) -> String {
    format!("{project}#kt#{id}#{shard}")
}

/// Has a recipient measured anew after a while: written blindly beside whatever changed, and taken away by whoever measured it
/// after. The while is counted from the writing, whenever what is told happened: a pass over the index that is under way has
/// gone by this instant already.
pub(crate) fn ticket(
    ports: &Ports,
    project: &ProjectId,
    (id, customer): (&CampaignId, &CustomerId),
    wait: TimeDelta,
) -> Result<Change, Error> {
    let (shard, due) = (shard_of(customer), written(ports.new_id()) + wait);
    let key = Key::new(TableName::Interactions, tickets_partition(project, id, shard), customer.as_str());
    let sort = format!("{}#{MEASURE}#{customer}", keys::instant(due));
    let item = Item::new(key, encode(&Ticket { customer: customer.clone(), due })?);
    Ok(Change::Put(item.indexed(Index::Release, keys::release_hour(due, shard), sort), Expect::Anything))
}

/// The ticket of a message's recipient, where the message is a campaign's.
pub(crate) fn ticket_of(ports: &Ports, project: &ProjectId, message: &Interaction) -> Result<Option<Change>, Error> {
    let ticket = |part: &Part| ticket(ports, project, (&part.id, &message.customer), SOON);
    message.cause.campaign().map(ticket).transpose()
}

/// Reads project, campaign and shard off a ticket's key.
pub(crate) fn read_ticket(key: &Key) -> Option<(ProjectId, CampaignId, String)> {
    let (project, rest) = key.pk.split_once("#kt#")?;
    let (id, shard) = rest.split_once('#')?;
    Some((project.into(), id.into(), shard.to_owned()))
}

/// The tickets of a page of a shard's that are due, each with its place and version; what is not has its own entry in the release
/// index.
pub(crate) async fn tickets(
    ports: &Ports,
    project: &ProjectId,
    (id, shard): (&CampaignId, &str),
    (most, after): (u32, Option<Cursor>),
) -> Result<(Vec<(CustomerId, Key, u64)>, Option<Cursor>), Error> {
    let now = written(ports.new_id());
    let query = Query::table(TableName::Interactions, tickets_partition(project, id, shard)).limit(most).after(after);
    let page = ports.table.query(&query).await?;
    let mut due = Vec::new();
    for stored in page.items {
        let ticket: Ticket = decode(&stored.body)?;
        if ticket.due <= now {
            due.push((ticket.customer, stored.key, stored.version));
        }
    }
    Ok((due, page.next))
}

fn running_key(project: &ProjectId, id: &CampaignId) -> Key {
    Key::new(TableName::Settings, format!("{project}#running"), id.as_str())
}

/// A campaign that runs stands in a list of its own, which is looked through every hour; what is over does not.
pub(crate) fn runs(project: &ProjectId, id: &CampaignId, runs: bool) -> Result<Change, Error> {
    let key = running_key(project, id);
    Ok(match runs {
        true => Change::Put(Item::new(key, encode(&Running { campaign: id.clone() })?), Expect::Anything),
        false => Change::Delete(key, Expect::Anything),
    })
}

/// The campaigns that run.
pub(crate) async fn running(ports: &Ports, project: &ProjectId) -> Result<Vec<CampaignId>, Error> {
    let query = Query::table(TableName::Settings, format!("{project}#running"));
    let found = query_all(ports.table.as_ref(), query).await?;
    found.iter().map(|stored| Ok(decode::<Running>(&stored.body)?.campaign)).collect()
}
