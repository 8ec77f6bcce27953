//! What is to be told, as items of the transaction of what happened.

use super::{DeliverOne, Delivery, DeliveryState, Endpoint, Family, KEPT, shard_of};
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::queue::{Message, QueueName};
use crate::ports::table::{Change, Expect, Index, Item, Key, TableName};
use crate::store::codec::encode;
use crate::store::keys;
use crate::store::settings::Setup;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::management::Management;
use cauce_domain::contact::note::Note;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::event::Event;
use cauce_domain::ids::{CustomerId, ProjectId};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Where a delivery is kept.
pub(super) fn place(project: &ProjectId, shard: &str, id: &str) -> Key {
    Key::new(TableName::Interactions, partition(project, shard), format!("{TOLD}{id}"))
}

/// Where one lies that was given up on: by its endpoint, so that looking for these costs what they are.
pub(super) fn grave(project: &ProjectId, endpoint: &str, shard: &str, id: &str) -> Key {
    Key::new(TableName::Interactions, partition(project, shard), format!("{}{id}", dead(endpoint)))
}

/// How the places of deliveries begin.
pub(super) const TOLD: &str = "d#";

/// How the places of an endpoint's dead ones begin.
pub(super) fn dead(endpoint: &str) -> String {
    format!("x#{endpoint}#")
}

/// A part of the outbox.
pub(super) fn partition(project: &ProjectId, shard: &str) -> String {
    format!("{project}#out#{shard}")
}

/// What tells a delivery from a message in the release index.
pub(crate) const RELEASED: &str = "hook";

/// The item of a delivery: one that waits stands in the release index.
pub(super) fn item(project: &ProjectId, delivery: &Delivery) -> Result<Item, Error> {
    let key = match delivery.state {
        DeliveryState::Dead => grave(project, &delivery.endpoint, &delivery.shard, &delivery.id),
        DeliveryState::Pending { .. } | DeliveryState::Delivered { .. } => {
            place(project, &delivery.shard, &delivery.id)
        }
    };
    let item = Item::new(key, encode(delivery)?).expiring((delivery.created + KEPT).timestamp());
    Ok(match delivery.state {
        DeliveryState::Pending { at } => {
            let sort = format!("{}#{RELEASED}#-#{project}#{}", keys::instant(at), delivery.id);
            item.indexed(Index::Release, keys::release_hour(at, &delivery.shard), sort)
        }
        DeliveryState::Delivered { .. } | DeliveryState::Dead => item,
    })
}

/// Reads project, part and delivery off a delivery's key.
pub(crate) fn read_place(key: &Key) -> Option<DeliverOne> {
    let (project, shard) = key.pk.split_once("#out#")?;
    let delivery = key.sk.strip_prefix(TOLD)?.to_owned();
    Some(DeliverOne { project: project.into(), shard: shard.to_owned(), delivery })
}

/// The endpoints that hear of a family.
pub(crate) fn listeners(setup: &Setup, family: Family) -> impl Iterator<Item = &Endpoint> {
    let hears = move |endpoint: &&Endpoint| endpoint.active && endpoint.families.contains(&family);
    setup.endpoints.iter().map(|endpoint| &endpoint.value).filter(hears)
}

/// A delivery of something to an endpoint.
pub(super) fn delivery(
    ports: &Ports,
    endpoint: &Endpoint,
    (family, customer): (Option<Family>, Option<&CustomerId>),
    (event, data): (&str, &Value),
    at: DateTime<Utc>,
) -> Delivery {
    let body = json!({ "type": event, "timestamp": at, "data": data }).to_string();
    Delivery {
        id: format!("msg_{}", ports.new_id().simple()),
        endpoint: endpoint.id.clone(),
        family,
        event: event.to_owned(),
        shard: shard_of(customer).to_owned(),
        body,
        attempts: 0,
        answer: None,
        state: DeliveryState::Pending { at },
        created: at,
    }
}

fn to_all(
    (ports, setup): (&Ports, &Setup),
    family: Family,
    customer: &CustomerId,
    (event, data): (&str, &Value),
    at: DateTime<Utc>,
) -> Result<Vec<Change>, Error> {
    let one = |endpoint: &Endpoint| {
        let told = delivery(ports, endpoint, (Some(family), Some(customer)), (event, data), at);
        Ok(Change::Put(item(setup.id(), &told)?, Expect::Absent))
    };
    listeners(setup, family).map(one).collect()
}

/// How many items one thing of a family takes.
pub(crate) fn count(setup: &Setup, family: Family) -> usize {
    listeners(setup, family).count()
}

/// Something happened to a customer's debt.
pub(crate) fn of_event(ports: &Ports, setup: &Setup, account: &Account, event: &Event) -> Result<Vec<Change>, Error> {
    let mut data = serde_json::to_value(event).unwrap_or_default();
    data["customer_id"] = data["customer"].take();
    data["document"] = json!(account.customer.document);
    to_all((ports, setup), Family::Events, &event.customer, (event.event.code(), &data), event.by.at)
}

/// A message came to stand otherwise: it left, arrived, was seen, or did not leave after all.
pub(crate) fn of_message(
    ports: &Ports,
    setup: &Setup,
    before: &State,
    message: &Interaction,
    at: DateTime<Utc>,
) -> Result<Vec<Change>, Error> {
    let told = match message.state {
        State::Sent | State::Delivered | State::Opened | State::Failed { .. } | State::Unknown => true,
        State::Contacted | State::NotContacted => true,
        State::Scheduled { .. } | State::Sending { .. } | State::NotSent { .. } | State::ToManage => false,
    };
    if !told || before.code() == message.state.code() {
        return Ok(Vec::new());
    }
    let data = json!({
        "communication_id": message.id,
        "customer_id": message.customer,
        "channel": message.channel,
        "origin": message.cause.origin(),
        "template": message.template(),
        "state": message.state.code(),
        "state_name": message.state.spanish(),
        "error": match &message.state { State::Failed { error, .. } => Some(error), _ => None },
        "day": message.day,
        "provider": message.provider,
        "provider_id": message.provider_id,
    });
    let event = format!("communication_{}", message.state.code());
    to_all((ports, setup), Family::Communications, &message.customer, (&event, &data), at)
}

/// A call was made.
pub(crate) fn of_management(ports: &Ports, setup: &Setup, management: &Management) -> Result<Vec<Change>, Error> {
    let contacted = management.situation.is_contact();
    let data = json!({
        "communication_id": management.id,
        "customer_id": management.customer,
        "channel": "call",
        "origin": "manual",
        "direction": management.situation.direction(),
        "outcome": management.outcome,
        "state": if contacted { "contacted" } else { "not_contacted" },
        "day": management.day,
        "by": management.by,
    });
    let to = (Family::Communications, &management.customer);
    to_all((ports, setup), to.0, to.1, ("communication_managed", &data), management.by.at)
}

/// An internal note was written: its text leaves by this way alone.
pub(crate) fn of_note(ports: &Ports, setup: &Setup, note: &Note) -> Result<Vec<Change>, Error> {
    let data = json!({
        "note_id": note.id,
        "customer_id": note.customer,
        "note": note.comment,
        "author": note.by.author,
        "origin": note.origin,
        "management": note.kind,
        "code": note.code,
        "day": note.day,
    });
    to_all((ports, setup), Family::Notes, &note.customer, ("note_created", &data), note.by.at)
}

/// What a transaction announces.
pub(crate) fn told(changes: &[Change]) -> Vec<DeliverOne> {
    let key = |change: &Change| match change {
        Change::Put(item, _) => read_place(&item.key),
        _ => None,
    };
    changes.iter().filter_map(key).collect()
}

/// Has what was announced posted at once; what is lost here leaves with the minute's release.
pub(crate) async fn hurry(ports: &Ports, setup: &Setup, told: Vec<DeliverOne>) {
    let message = |one: &DeliverOne| Some(Message::new(setup.id().as_str(), encode(one).ok()?));
    let queued: Vec<Message> = told.iter().filter_map(message).collect();
    if queued.is_empty() {
        return;
    }
    if let Err(error) = ports.queue.send(QueueName::Webhooks, queued).await {
        tracing::warn!(%error, "un webhook espera la próxima salida");
    }
}
