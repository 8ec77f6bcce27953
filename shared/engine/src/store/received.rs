//! What people wrote, in the thread of the customer it belongs to or of an address nobody is known to have.

use super::codec::{decode, encode, shapes};
use super::commit::{Committed, commit};
use super::interactions::aside_item;
use super::settings::Setup;
use super::{jobs, keys, query_all};
use crate::campaign;
use crate::error::Error;
use crate::inbox;
use crate::ports::Ports;
use crate::ports::table::{Change, Expect, Index, Item, Key, Query, Stored, TableName};
use cauce_domain::contact::channel::Channel;
pub use cauce_domain::contact::received::Received;
use cauce_domain::contact::reply::Reply;
use cauce_domain::ids::CustomerId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An address that wrote and that no customer is known to have (*no registrado*).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unregistered {
    /// By which channel.
    pub channel: Channel,
    /// The address.
    pub address: String,
    /// The name its sender gave last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it last wrote.
    pub last: DateTime<Utc>,
    /// How often.
    pub messages: u32,
    /// A user took it off the tray; a new message brings it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

impl fmt::Debug for Unregistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unregistered").field("channel", &self.channel).finish_non_exhaustive()
    }
}

/// That a thing a provider told was acted on: it may be told again for weeks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    at: DateTime<Utc>,
}

shapes! {
    Received => "received_v1",
    Unregistered => "unregistered_v1",
    Seen => "seen_v1",
    Reply => "reply_to_unknown_v1",
}

/// Whose thread a message stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thread {
    /// Each of these customers'.
    Customers(Vec<CustomerId>),
    /// Its address's own.
    Unregistered,
}

/// What an address nobody is known to have is named by, instead of itself.
pub fn mark(setup: &Setup, channel: Channel, address: &str) -> String {
    keys::keyed(&setup.key, "unregistered", &format!("{channel}\u{1}{address}"))
}

/// The entry of a mark, as it is stored.
pub async fn marked(ports: &Ports, setup: &Setup, mark: &str) -> Result<Option<(Unregistered, Stored)>, Error> {
    let key = Key::new(TableName::Interactions, format!("{}#un", setup.id()), mark);
    let stored = ports.table.get(&key).await?;
    stored.map(|stored| Ok((decode(&stored.body)?, stored))).transpose()
}

fn place_of_address(setup: &Setup, channel: Channel, address: &str) -> (Key, String) {
    let mark = mark(setup, channel, address);
    let contact = Key::new(TableName::Interactions, format!("{}#un", setup.id()), mark.clone());
    (contact, format!("{}#un#{mark}", setup.id()))
}

fn seen(setup: &Setup, message: &Received) -> Result<Change, Error> {
    let (provider, id) = &message.provider;
    let mark = keys::sha256(format!("{provider}\u{1}{id}").as_bytes());
    let key = Key::new(TableName::Jobs, format!("{}#seen#{mark}", setup.id()), "s");
    let item = Item::new(key, encode(&Seen { at: message.received })?);
    Ok(Change::Put(item.expiring(jobs::expiry(message.received)), Expect::Absent))
}

/// Keeps a message, once however often it is told; answers whether it is new.
pub async fn keep(ports: &Ports, setup: &Setup, message: &Received, thread: &Thread) -> Result<bool, Error> {
    for _ in 0..10 {
        let mut changes = vec![seen(setup, message)?];
        match thread {
            Thread::Customers(customers) => {
                for customer in customers {
                    let item = item(setup, keys::partition(setup.id(), customer), message)?;
                    changes.push(Change::Put(item, Expect::Absent));
                }
                // Who wrote of several nobody knows: it counts for none of their campaigns.
                if let [customer] = customers.as_slice() {
                    let day = setup.today(message.at);
                    changes.extend(campaign::touched(ports, setup, customer, (day, day)).await?);
                }
            }
            Thread::Unregistered => {
                let (place, partition) = place_of_address(setup, message.channel, &message.from);
                changes.push(contact(ports, place, message).await?);
                changes.push(Change::Put(item(setup, partition, message)?, Expect::Absent));
            }
        }
        match commit(ports, changes).await? {
            Committed::Made => return Ok(true),
            // Somebody else's message of the same address came first.
            Committed::Lost(lost) if lost.iter().all(|(at, _)| *at == 1) && *thread == Thread::Unregistered => {}
            Committed::Lost(_) => return Ok(false),
        }
    }
    Err(Error::Raced)
}

/// The message in a partition; a customer's stands in the day's index.
pub(crate) fn item(setup: &Setup, partition: String, message: &Received) -> Result<Item, Error> {
    let customer = partition.strip_prefix(&format!("{}#", setup.id())).filter(|rest| !rest.starts_with("un#"));
    let customer = customer.map(CustomerId::from);
    let item = Item::new(place(partition, message), encode(message)?);
    Ok(match customer {
        Some(customer) => {
            let day = keys::day_shard(setup.id(), message.day, keys::shard_of(&customer));
            item.indexed(Index::Day, day, format!("{customer}#{}", message.id))
        }
        None => item,
    })
}

fn place(partition: String, message: &Received) -> Key {
    Key::new(TableName::Interactions, partition, format!("i#{}#{}", message.day, message.id))
}

/// The places a message is kept at.
pub(crate) fn places(setup: &Setup, message: &Received, thread: &Thread) -> Vec<Key> {
    match thread {
        Thread::Customers(customers) => {
            let partitions = customers.iter().map(|customer| keys::partition(setup.id(), customer));
            partitions.map(|partition| place(partition, message)).collect()
        }
        Thread::Unregistered => vec![place(place_of_address(setup, message.channel, &message.from).1, message)],
    }
}

/// The address's entry with one message more.
async fn contact(ports: &Ports, place: Key, message: &Received) -> Result<Change, Error> {
    let stored = ports.table.get(&place).await?;
    let known = stored.as_ref().map(|s| decode::<Unregistered>(&s.body)).transpose()?;
    let contact = Unregistered {
        channel: message.channel,
        address: message.from.clone(),
        name: message.name.clone().or_else(|| known.as_ref()?.name.clone()),
        last: known.as_ref().map_or(message.at, |k| k.last.max(message.at)),
        messages: known.as_ref().map_or(0, |k| k.messages) + 1,
        hidden: false,
    };
    let expect = super::accounts::as_read(stored.map(|s| s.version));
    Ok(Change::Put(Item::new(place, encode(&contact)?), expect))
}

/// The entry of an address, where it has one.
pub(crate) async fn contact_of(
    ports: &Ports,
    setup: &Setup,
    channel: Channel,
    address: &str,
) -> Result<Option<Unregistered>, Error> {
    let stored = ports.table.get(&place_of_address(setup, channel, address).0).await?;
    stored.map(|s| decode(&s.body)).transpose()
}

/// Moves what an address wrote into a customer's thread, message by message, and takes its entry away once nothing is left.
pub(crate) async fn move_to(
    ports: &Ports,
    setup: &Setup,
    contact: &Unregistered,
    customer: &CustomerId,
) -> Result<(), Error> {
    let (entry, partition) = place_of_address(setup, contact.channel, &contact.address);
    for _ in 0..10 {
        // The entry first: a message that comes meanwhile changes it.
        let Some(known) = ports.table.get(&entry).await? else { return Ok(()) };
        let query = Query::table(TableName::Interactions, partition.clone()).prefix("i#");
        let mut left = false;
        for stored in query_all(ports.table.as_ref(), query).await? {
            let message: Received = decode(&stored.body)?;
            let (item, day) = (item(setup, keys::partition(setup.id(), customer), &message)?, setup.today(message.at));
            let gone = Change::Delete(stored.key, Expect::Version(stored.version));
            let mut changes = vec![Change::Put(item, Expect::Anything), gone];
            changes.extend(campaign::touched(ports, setup, customer, (day, day)).await?);
            match commit(ports, changes).await? {
                Committed::Made => {}
                // It changed meanwhile: its entry is not taken away from over it.
                Committed::Lost(_) => left = true,
            }
        }
        move_replies(ports, setup, contact, customer).await?;
        let gone = Change::Delete(entry.clone(), Expect::Version(known.version));
        inbox::refresh(ports, setup, customer).await?;
        if !left && matches!(commit(ports, vec![gone]).await?, Committed::Made) {
            return Ok(());
        }
    }
    Err(Error::Raced)
}

/// The place of an answer to an address nobody is known to have.
pub(crate) fn place_of_reply(setup: &Setup, contact: &Unregistered, reply: &Reply) -> Key {
    let (_, partition) = place_of_address(setup, contact.channel, &contact.address);
    Key::new(TableName::Interactions, partition, format!("r#{}", reply.id))
}

/// What an address nobody is known to have was answered, oldest first.
pub async fn replies(ports: &Ports, setup: &Setup, contact: &Unregistered) -> Result<Vec<Reply>, Error> {
    let (_, partition) = place_of_address(setup, contact.channel, &contact.address);
    let query = Query::table(TableName::Interactions, partition).prefix("r#");
    let found = query_all(ports.table.as_ref(), query).await?;
    let mut replies = found.iter().map(|s| decode(&s.body)).collect::<Result<Vec<Reply>, _>>()?;
    replies.sort_by_key(|reply| reply.by.at);
    Ok(replies)
}

/// Moves the answers to an address into a customer's thread.
async fn move_replies(
    ports: &Ports,
    setup: &Setup,
    contact: &Unregistered,
    customer: &CustomerId,
) -> Result<(), Error> {
    for reply in replies(ports, setup, contact).await? {
        let there = aside_item(setup.id(), customer, reply.day, &reply.id, encode(&reply)?);
        let gone = Change::Delete(place_of_reply(setup, contact, &reply), Expect::Anything);
        commit(ports, vec![Change::Put(there, Expect::Anything), gone]).await?;
    }
    Ok(())
}

/// The addresses nobody is known to have, the one that wrote last first.
pub async fn unregistered(ports: &Ports, setup: &Setup) -> Result<Vec<Unregistered>, Error> {
    let query = Query::table(TableName::Interactions, format!("{}#un", setup.id()));
    let found = query_all(ports.table.as_ref(), query).await?;
    let mut contacts = found.iter().map(|s| decode(&s.body)).collect::<Result<Vec<Unregistered>, _>>()?;
    contacts.sort_by_key(|contact| std::cmp::Reverse(contact.last));
    Ok(contacts)
}

/// What an address nobody is known to have wrote, oldest first.
pub async fn of_address(ports: &Ports, setup: &Setup, channel: Channel, address: &str) -> Result<Vec<Received>, Error> {
    let query = Query::table(TableName::Interactions, place_of_address(setup, channel, address).1).prefix("i#");
    in_order(&query_all(ports.table.as_ref(), query).await?.iter().map(|s| s.body.as_str()).collect::<Vec<_>>())
}

/// What a customer wrote, oldest first.
pub async fn of_customer(ports: &Ports, setup: &Setup, customer: &CustomerId) -> Result<Vec<Received>, Error> {
    let query = Query::table(TableName::Interactions, keys::partition(setup.id(), customer)).prefix("i#");
    let found = query_all(ports.table.as_ref(), query).await?;
    in_order(&found.iter().map(|s| s.body.as_str()).filter(|body| is_received(body)).collect::<Vec<_>>())
}

/// Pages of a thread in which what a customer wrote is looked for.
const PAGES: usize = 10;

/// What a customer wrote last, newest day first, as it is stored.
pub(crate) async fn last_of(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    most: u32,
) -> Result<Vec<(Received, Stored)>, Error> {
    let query = Query::table(TableName::Interactions, keys::partition(setup.id(), customer)).prefix("i#");
    let query = query.descending().limit(most);
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = ports.table.query(&query.clone().after(after)).await?;
        for stored in page.items.into_iter().filter(|stored| is_received(&stored.body)) {
            found.push((decode(&stored.body)?, stored));
        }
        after = page.next;
        if after.is_none() || found.len() >= most as usize {
            break;
        }
    }
    Ok(found)
}

fn in_order(bodies: &[&str]) -> Result<Vec<Received>, Error> {
    let mut all = bodies.iter().map(|body| decode(body)).collect::<Result<Vec<Received>, _>>()?;
    all.sort_by_key(|message| (message.at, message.id.clone()));
    Ok(all)
}

fn is_received(body: &str) -> bool {
    body.starts_with("{\"type\":\"received_")
}
