//! Messages, the contact ledger, receipts and parked reports.

use super::codec::{decode, encode, shapes};
use super::{keys, query_all};
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Index, Item, Key, MAX_KEYS, Query, Stored, TableName};
use crate::ports::told::Status;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::ledger::Week;
use cauce_domain::debt::event::Event;
use cauce_domain::ids::{CustomerId, ProjectId, SendId};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Whose message a provider's id is, with the text that left under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The customer.
    pub customer: CustomerId,
    /// The local day of the message.
    pub day: NaiveDate,
    /// The message.
    pub send: SendId,
    /// Subject, of e-mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Text as sent.
    pub text: String,
    /// Files that went with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
}

impl Receipt {
    /// Whose message it is alone, where what it said is not at hand.
    pub fn of(customer: CustomerId, day: NaiveDate, send: SendId) -> Self {
        Self { customer, day, send, subject: None, text: String::new(), files: Vec::new() }
    }
}

/// A provider's status as it came, kept while its message is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// What it says.
    pub status: Status,
    /// When it came.
    pub received: DateTime<Utc>,
}

shapes! {
    Receipt => "receipt_v1",
    Parked => "parked_v1",
}

/// The texts of messages as they were sent, by message; what never left has none.
pub async fn texts(
    ports: &Ports,
    project: &ProjectId,
    messages: &[Interaction],
) -> Result<Vec<Option<Receipt>>, Error> {
    let place = |message: &Interaction| {
        let provider = message.provider.as_deref()?;
        let id = match &message.state {
            State::Unknown => reference(message),
            _ => message.provider_id.clone()?,
        };
        Some(keys::receipt(project, provider, &id))
    };
    let places: Vec<Option<Key>> = messages.iter().map(place).collect();
    let mut found = receipts(ports, places.iter().flatten().cloned().collect()).await?;
    // What nobody knew of for a while has its text under our own reference.
    let late = |(message, place): (&Interaction, &Option<Key>)| {
        let missing = place.as_ref().is_some_and(|place| !found.contains_key(place));
        let provider = message.provider.as_deref().filter(|_| missing)?;
        Some((place.clone()?, keys::receipt(project, provider, &reference(message))))
    };
    let late: Vec<(Key, Key)> = messages.iter().zip(&places).filter_map(late).collect();
    let mut kept = receipts(ports, late.iter().map(|(_, own)| own.clone()).collect()).await?;
    found.extend(late.into_iter().filter_map(|(place, own)| Some((place, kept.remove(&own)?))));
    Ok(places.into_iter().map(|place| found.get(&place?).cloned()).collect())
}

async fn receipts(ports: &Ports, wanted: Vec<Key>) -> Result<HashMap<Key, Receipt>, Error> {
    let mut found = HashMap::new();
    for some in wanted.chunks(MAX_KEYS) {
        for stored in ports.table.get_many(some).await?.into_iter().flatten() {
            let receipt: Receipt = decode(&stored.body)?;
            found.insert(stored.key, receipt);
        }
    }
    Ok(found)
}

/// Whether an item of a thread is a message of ours, rather than a person's or a call.
pub fn is_message(body: &str) -> bool {
    body.starts_with("{\"type\":\"interaction_")
}

/// Whose message a provider's id is.
pub async fn receipt(
    ports: &Ports,
    project: &ProjectId,
    provider: &str,
    provider_id: &str,
) -> Result<Option<Receipt>, Error> {
    let stored = ports.table.get(&keys::receipt(project, provider, provider_id)).await?;
    stored.map(|s| decode(&s.body)).transpose()
}

/// Our reference as it travels: enough to find the message without its receipt.
pub fn reference(message: &Interaction) -> String {
    format!("{}.{}.{}", message.customer, message.day, message.id)
}

/// Reads a reference back.
pub fn parse_reference(text: &str) -> Option<(CustomerId, NaiveDate, SendId)> {
    let mut parts = text.split('.');
    let found = (parts.next()?.into(), parts.next()?.parse().ok()?, parts.next()?.into());
    parts.next().is_none().then_some(found)
}

/// The message item; scheduled and claimed ones stand in the release index, chosen ones in the day index.
pub fn item(project: &ProjectId, message: &Interaction, chosen: bool) -> Result<Item, Error> {
    let key = keys::interaction(project, &message.customer, message.day, &message.id);
    let shard = keys::shard_of(&message.customer);
    let mut item = Item::new(key, encode(message)?);
    let release = match &message.state {
        State::Scheduled { at } => Some((*at, "go", message.channel)),
        State::Sending { lease } => Some((*lease, "lease", message.channel)),
        _ => None,
    };
    if let Some((at, what, Some(channel))) = release {
        let campaign = message.cause.campaign().map_or_else(String::new, |part| format!("#{}", part.id));
        let sort = format!("{}#{what}#{channel}#{project}#{}{campaign}", keys::instant(at), message.id);
        item = item.indexed(Index::Release, keys::release_hour(at, shard), sort);
    }
    if chosen {
        item = item.indexed(
            Index::Day,
            day_partition(project, message.day, shard),
            format!("{}#{}", message.customer, message.id),
        );
    }
    Ok(item)
}

/// The item of something that happened to a customer's debt, in its thread and in the day's index.
pub fn event_item(project: &ProjectId, event: &Event) -> Result<Item, Error> {
    Ok(aside_item(project, &event.customer, event.day, &event.id, encode(event)?))
}

/// What marks an item of a thread that is no message, in its key: whoever counts messages of a day need not read it.
const ASIDE: &str = "#~";

/// An item of a customer's thread that is no message.
pub fn aside_item(project: &ProjectId, customer: &CustomerId, day: NaiveDate, id: &str, body: String) -> Item {
    thread_item(project, customer, day, &format!("~{id}"), body)
}

/// An item of a customer's thread, in the day's index too.
pub fn thread_item(project: &ProjectId, customer: &CustomerId, day: NaiveDate, id: &str, body: String) -> Item {
    let key = keys::interaction(project, customer, day, &SendId::new(id));
    let partition = day_partition(project, day, keys::shard_of(customer));
    Item::new(key, body).indexed(Index::Day, partition, format!("{customer}#{id}"))
}

/// The partition of a day in the day index.
pub fn day_partition(project: &ProjectId, day: NaiveDate, shard: &str) -> String {
    keys::day_shard(project, day, shard)
}

/// Reads a message by its place.
pub async fn read(ports: &Ports, key: &Key) -> Result<Option<(Interaction, u64)>, Error> {
    let stored = ports.table.get(key).await?;
    stored.map(|s| Ok((decode(&s.body)?, s.version))).transpose()
}

/// The message a receipt names.
pub async fn of_receipt(ports: &Ports, project: &ProjectId, receipt: &Receipt) -> Result<Option<Interaction>, Error> {
    let key = keys::interaction(project, &receipt.customer, receipt.day, &receipt.send);
    Ok(read(ports, &key).await?.map(|(message, _)| message))
}

/// Items of a thread read at once.
const PAGE: u32 = 100;

/// The newest messages of ours to a customer, newest day first, up to `limit`.
pub async fn of_customer(
    ports: &Ports,
    project: &ProjectId,
    customer: &CustomerId,
    between: Option<(NaiveDate, NaiveDate)>,
    limit: u32,
) -> Result<Vec<Interaction>, Error> {
    let query = Query::table(TableName::Interactions, keys::partition(project, customer)).descending().limit(PAGE);
    let query = match between {
        Some((from, to)) => query.between(format!("i#{from}"), format!("i#{to}\u{10FFFF}")),
        None => query.prefix("i#"),
    };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = ports.table.query(&query.clone().after(after)).await?;
        for stored in page.items.iter().filter(|stored| is_message(&stored.body)) {
            found.push(decode(&stored.body)?);
            if found.len() >= limit as usize {
                return Ok(found);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

/// This week's ledger and the week's before, with this one's version.
pub async fn ledgers(
    ports: &Ports,
    project: &ProjectId,
    customer: &CustomerId,
    day: NaiveDate,
) -> Result<(Week, Option<u64>, Week), Error> {
    let before = day.checked_sub_days(Days::new(7)).unwrap_or(day);
    let wanted = [keys::ledger(project, customer, day), keys::ledger(project, customer, before)];
    let mut found = ports.table.get_many(&wanted).await?.into_iter();
    let mut next = || -> Result<(Week, Option<u64>), Error> {
        match found.next().flatten() {
            Some(stored) => Ok((decode(&stored.body)?, Some(stored.version))),
            None => Ok((Week::default(), None)),
        }
    };
    let (week, version) = next()?;
    Ok((week, version, next()?.0))
}

/// This week's ledger alone, with its version.
pub async fn ledger(
    ports: &Ports,
    project: &ProjectId,
    customer: &CustomerId,
    day: NaiveDate,
) -> Result<(Week, Option<u64>), Error> {
    match ports.table.get(&keys::ledger(project, customer, day)).await? {
        Some(stored) => Ok((decode(&stored.body)?, Some(stored.version))),
        None => Ok((Week::default(), None)),
    }
}

/// Every message that stands in the day index of a day and shard.
pub async fn of_day(
    ports: &Ports,
    project: &ProjectId,
    day: NaiveDate,
    shard: &str,
) -> Result<Vec<(Interaction, u64)>, Error> {
    let mut messages = Vec::new();
    each_of_day(ports, project, (day, shard), &mut |stored| {
        messages.push((decode(&stored.body)?, stored.version));
        Ok(())
    })
    .await?;
    Ok(messages)
}

/// The same, one by one.
pub(crate) async fn each_of_day(
    ports: &Ports,
    project: &ProjectId,
    (day, shard): (NaiveDate, &str),
    each: &mut (dyn FnMut(Stored) -> Result<(), Error> + Send),
) -> Result<(), Error> {
    let mut listed =
        query_all(ports.table.as_ref(), Query::index(Index::Day, day_partition(project, day, shard))).await?;
    listed.retain(|s| s.key.sk.starts_with("i#") && !s.key.sk.contains(ASIDE));
    for chunk in listed.chunks(crate::ports::table::MAX_KEYS) {
        let wanted: Vec<Key> = chunk.iter().map(|s| s.key.clone()).collect();
        let found = ports.table.get_many(&wanted).await?.into_iter().flatten();
        for stored in found.filter(|stored| is_message(&stored.body)) {
            each(stored)?;
        }
    }
    Ok(())
}

/// Reads a message item.
pub fn decode_message(stored: &Stored) -> Result<Interaction, Error> {
    decode(&stored.body)
}
