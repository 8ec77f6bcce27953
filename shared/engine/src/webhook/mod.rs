//! Outgoing webhooks: what happens here is told to the systems of the company, signed as Standard Webhooks are.
//!
//! What is to be told is written in the transaction of what happened (`announce`), so that nothing is told that did not
//! happen and nothing that happened is forgotten. It is posted at once where that works, and again and again where it does
//! not (`attempt`): at least once, in no order, each with an id that stays the same.

pub mod announce;
pub mod attempt;
pub mod endpoints;
mod sign;

use crate::store::codec::shapes;
use crate::store::keys;
use cauce_domain::ids::{CustomerId, ProjectId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub use sign::{new_secret, signature};

/// Most endpoints of a project.
pub const MOST_ENDPOINTS: usize = 5;
/// How long what was told is kept: to be looked at, and told again.
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// What an endpoint wants to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Messages and calls, and what becomes of them.
    Communications,
    /// Promises, payments, verifications, annulments, claims and whatever else happens to a debt.
    Events,
    /// Internal notes, with their text: asked for by name alone.
    Notes,
}

/// Where a company is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// Its address.
    pub url: String,
    /// What it hears of.
    pub families: BTreeSet<Family>,
    /// Whether it is told.
    pub active: bool,
    /// Why it is told nothing any more, where nobody switched it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be posted at an instant, or tried again then by whoever finds that a worker died.
    Pending {
        /// The instant.
        at: DateTime<Utc>,
    },
    /// The endpoint took it.
    Delivered {
        /// When.
        at: DateTime<Utc>,
    },
    /// Given up on: it waits among the dead letters for somebody to have it told again.
    Dead,
}

/// One thing to be told to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id, in order of time; the same however often it is posted.
    pub id: String,
    /// The endpoint.
    pub endpoint: String,
    /// The family it is of; none of a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// What happened, such as `promise_made`.
    pub event: String,
    /// The part of the outbox it lies in.
    pub shard: String,
    /// The body as it is posted: shown to nobody, notes are in it.
    pub body: String,
    /// How often it was posted.
    pub attempts: u32,
    /// What the endpoint answered last, or why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: DeliveryState,
    /// When it happened.
    pub created: DateTime<Utc>,
}

/// A delivery to be made, queued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverOne {
    /// Project.
    pub project: ProjectId,
    /// The part of the outbox.
    pub shard: String,
    /// The delivery.
    pub delivery: String,
}

shapes! {
    Endpoint => "endpoint_v1",
    Delivery => "delivery_v1",
    DeliverOne => "deliver_v1",
}

/// The part of the outbox that what concerns a customer lies in.
fn shard_of(customer: Option<&CustomerId>) -> &str {
    customer.map_or(keys::SHARD_NAMES[0], keys::shard_of)
}
