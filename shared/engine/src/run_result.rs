//! What a day's run decided and what became of it.

use crate::Ports;
use crate::error::Error;
use crate::spend;
use crate::store::interactions;
use crate::store::jobs::{self, ShardResult};
use crate::store::keys::SHARD_NAMES;
use crate::store::settings::Setup;
use cauce_domain::contact::interaction::State;
use cauce_domain::debt::money::Currency;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Messages planned as *send*, each once, in their last state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct States {
    /// Waiting for their moment, or in a worker's hands.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub scheduled: u64,
    /// On their way.
    pub sent: u64,
    /// Delivered.
    pub delivered: u64,
    /// Opened.
    pub opened: u64,
    /// Failed.
    pub failed: u64,
    /// Stopped after planning.
    pub not_sent: u64,
    /// Unconfirmed.
    pub unknown: u64,
    /// Calls nobody has made yet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub to_manage: u64,
    /// Calls made, with contact.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub contacted: u64,
    /// Calls made in vain.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_contacted: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl States {
    /// How many there are.
    pub fn all(&self) -> u64 {
        self.each().iter().sum()
    }

    fn each(&self) -> [u64; 10] {
        let Self { scheduled, sent, delivered, opened, failed, not_sent, unknown, .. } = *self;
        let calls = [self.to_manage, self.contacted, self.not_contacted];
        [scheduled, sent, delivered, opened, failed, not_sent, unknown, calls[0], calls[1], calls[2]]
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        let slots = [
            &mut self.scheduled,
            &mut self.sent,
            &mut self.delivered,
            &mut self.opened,
            &mut self.failed,
            &mut self.not_sent,
            &mut self.unknown,
            &mut self.to_manage,
            &mut self.contacted,
            &mut self.not_contacted,
        ];
        slots.into_iter().zip(other.each()).for_each(|(slot, more)| *slot += more);
    }

    /// Counts one message.
    pub fn count(&mut self, state: &State) {
        let slot = match state {
            State::Scheduled { .. } | State::Sending { .. } => &mut self.scheduled,
            State::NotSent { .. } => &mut self.not_sent,
            State::Unknown => &mut self.unknown,
            State::Sent => &mut self.sent,
            State::Delivered => &mut self.delivered,
            State::Opened => &mut self.opened,
            State::Failed { .. } => &mut self.failed,
            State::ToManage => &mut self.to_manage,
            State::Contacted => &mut self.contacted,
            State::NotContacted => &mut self.not_contacted,
        };
        *slot += 1;
    }
}

/// A run's figures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RunResult {
    /// What was decided.
    pub plan: ShardResult,
    /// What became of what was sent.
    pub states: States,
    /// Why messages stopped after planning.
    pub stopped: BTreeMap<String, u64>,
    /// What its messages were thought to cost when they were planned, by currency, in millionths of its unit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub estimate: BTreeMap<Currency, i64>,
    /// What those that left have cost so far.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cost: BTreeMap<Currency, i64>,
    /// Messages that followed one which could not reach its address, on another channel.
    #[serde(default)]
    pub alternatives: u64,
    /// Every shard was planned.
    pub done: bool,
}

/// Reads a run's figures; `None` when the day was not planned.
pub async fn run_result(ports: &Ports, setup: &Setup, date: NaiveDate) -> Result<Option<RunResult>, Error> {
    let Some((run, _)) = jobs::run(ports, setup.id(), date).await? else { return Ok(None) };
    let mut result = RunResult { done: run.done, ..RunResult::default() };
    for shard in jobs::shard_results(ports, setup.id(), date).await? {
        result.plan.add(&shard);
    }
    for shard in SHARD_NAMES {
        for (message, _) in interactions::of_day(ports, setup.id(), date, shard).await? {
            if let Some(cost) = &message.cost {
                *result.cost.entry(cost.currency).or_default() += cost.micros;
            }
            result.alternatives += u64::from(message.follows.is_some());
            if message.planned {
                result.states.count(&message.state);
                if let State::NotSent { reason } = &message.state {
                    *result.stopped.entry(reason.code().to_owned()).or_default() += 1;
                }
            }
        }
    }
    result.estimate = spend::estimate(setup, &result.plan.by_channel, date);
    Ok(Some(result))
}
