//! What messages cost: an estimate when they are planned, what is settled as they leave, and the day's budget they stop at.

use crate::Ports;
use crate::error::Error;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// The channels on which the day's budget is spent.
pub async fn spent(_ports: &Ports, _setup: &Setup, _now: DateTime<Utc>) -> Result<BTreeSet<Channel>, Error> {
    Ok(BTreeSet::new())
}
