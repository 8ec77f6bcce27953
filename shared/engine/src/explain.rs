//! Why a customer was, or was not, written to: each step with what was decided, by which rule, on which facts.

use crate::Ports;
use crate::error::Error;
use crate::plan_day::{decided, done_before};
use crate::store::jobs::{self, Run};
use crate::store::settings::Setup;
use crate::store::{accounts, interactions};
use crate::strategy;
use cauce_domain::contact::channel::Scope;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::origin::Origin;
use cauce_domain::debt::customer::Status;
use cauce_domain::ids::CustomerId;
use cauce_domain::strategy::flow::{Span, step_day};
use cauce_domain::strategy::plan::Facts;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Serialize;

/// One step of the customer's flow on the day asked about, or another message of that day.
#[derive(Debug, Clone, Serialize)]
pub struct StepWhy {
    /// What it comes from.
    pub origin: Origin,
    /// Days past due, of a step.
    pub offset: Option<i32>,
    /// The day it falls on, holidays moved.
    pub day: Option<NaiveDate>,
    /// `sent`, `not_sent`, `scheduled`… when it was decided on the day; `other_day` or `fired` otherwise.
    pub outcome: String,
    /// The rule that objected.
    pub reason: Option<String>,
    /// In words.
    pub explanation: String,
    /// What the last decision saw: the plan's, or the second look's where that saw something else.
    pub facts: Option<Facts>,
}

/// The whole answer.
#[derive(Debug, Clone, Serialize)]
pub struct Why {
    /// Customer.
    pub customer: CustomerId,
    /// Day.
    pub date: NaiveDate,
    /// Whether the day's plan has run; otherwise this is what it would decide.
    pub planned: bool,
    /// Why the day decides nothing, when it does not.
    pub restricted: Option<String>,
    /// Each step of the carrying order, then what else was to be told that day.
    pub steps: Vec<StepWhy>,
    /// When the next message may go.
    pub next: Option<DateTime<Utc>>,
}

/// Explains a day of a customer.
pub async fn explain(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    date: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Why, Error> {
    let (account, _) = accounts::account(ports, setup.id(), customer).await?.ok_or(Error::NotFound("el cliente"))?;
    let calendar = &setup.project().calendar;
    let stored = interactions::of_customer(ports, setup.id(), customer, Some((date, date)), 50).await?;
    let run = jobs::run(ports, setup.id(), date).await?.map(|r| r.0);
    let planned = run.is_some();
    let run = match run {
        Some(run) => run,
        None => {
            let strategy = strategy::gather(ports, setup, now).await?;
            let from = Span::of_day(date, calendar).from;
            Run { date, begun: now.max(calendar.midnight(date)), from, strategy, done: false }
        }
    };
    let messages = match (planned, calendar.allows_day(date)) {
        (true, _) => stored,
        (false, false) => stored.into_iter().filter(|message| message.step().is_none()).collect(),
        (false, true) => {
            let done = done_before(ports, setup, &account, &run).await?;
            let foretold = decided(&account, &run.strategy, &run, setup.sender(), &done).0.into_iter().map(|(m, _)| m);
            // What an event or a person wrote needs no plan.
            foretold.chain(stored.into_iter().filter(|message| message.step().is_none())).collect()
        }
    };
    let restricted = calendar.why_closed(date);
    let steps = steps(&account, &run, &messages);
    let next = next_message(setup, &account, &run, &messages, date, now);
    Ok(Why { customer: customer.clone(), date, planned, restricted, steps, next })
}

fn steps(account: &cauce_domain::debt::account::Account, run: &Run, messages: &[Interaction]) -> Vec<StepWhy> {
    let mut steps: Vec<StepWhy> = messages.iter().map(of_message).collect();
    let (Some((flow, _)), Some(carrying)) = (run.strategy.flow_of(&account.segment), &account.summary.carrying) else {
        return steps;
    };
    for (offset, _) in flow.moments() {
        if steps.iter().any(|s| s.offset == Some(offset)) {
            continue;
        }
        let day = step_day(carrying.due, offset).and_then(|d| run.strategy.calendar.next_allowed_day(d));
        let explanation = match day {
            Some(day) => format!("corresponde al {} (orden {})", cauce_domain::strategy::tag::date(day), carrying.code),
            None => "el calendario no permite ningún día cercano".to_owned(),
        };
        let (origin, offset) = (Origin::Flow, Some(offset));
        let outcome = "other_day".to_owned();
        steps.push(StepWhy { origin, offset, day, outcome, reason: None, explanation, facts: None });
    }
    steps.sort_by_key(|s| (s.offset.is_none(), s.offset));
    steps
}

fn of_message(message: &Interaction) -> StepWhy {
    let (reason, words) = match &message.state {
        State::NotSent { reason } => (Some(reason.code().to_owned()), reason.spanish().to_owned()),
        State::Scheduled { at } => (None, format!("{} para {at}", message.state.spanish())),
        State::Failed { error, .. } => (None, format!("{}: {error}", message.state.spanish())),
        state => (None, state.spanish().to_owned()),
    };
    let detail = message.detail.as_ref().map_or(String::new(), |d| format!(" ({d})"));
    StepWhy {
        origin: message.cause.origin(),
        offset: message.step().map(|step| step.offset),
        day: Some(message.day),
        outcome: message.state.code().to_owned(),
        reason,
        explanation: format!("{words}{detail}"),
        facts: Some(message.facts_at_claim.as_ref().unwrap_or(&message.facts).clone()),
    }
}

/// The moment of the next message as the account stands: the one that waits, or the next step after the day.
fn next_message(
    setup: &Setup,
    account: &cauce_domain::debt::account::Account,
    run: &Run,
    messages: &[Interaction],
    date: NaiveDate,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let waiting = messages.iter().filter_map(|m| match m.state {
        State::Scheduled { at } if at >= now => Some(at),
        _ => None,
    });
    if let Some(at) = waiting.min() {
        return Some(at);
    }
    // What has no end of its own: nothing is foretold until a person undoes it.
    let silent = account.customer.opted_out.contains(&Scope::All) || account.holds.cannot_pay;
    if silent || account.customer.status != Status::Active {
        return None;
    }
    let calendar = setup.project().calendar.lived_in(account.customer.zone);
    let (flow, _) = run.strategy.flow_of(&account.segment)?;
    let carrying = account.summary.carrying.as_ref()?;
    let after = date.max(calendar.local_day(now)).checked_add_days(Days::new(1))?;
    let held = account.holds.paused_until.into_iter().chain(account.holds.promise_until).max();
    let after = held.and_then(|d| d.succ_opt()).map_or(after, |d| d.max(after));
    let moments = flow.moments().into_iter().filter_map(|(offset, step)| {
        let day = calendar.next_allowed_day(step_day(carrying.due, offset)?)?;
        (day >= after).then(|| calendar.next_allowed(calendar.instant(day.and_time(step.time)))).flatten()
    });
    moments.min()
}
