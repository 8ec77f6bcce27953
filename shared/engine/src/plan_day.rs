//! The plan of a day: one run, sixteen shards, one stored decision per customer due.
//!
//! Reads the due index for the days a step may come from and the carry partition; writes decisions under ids that do not
//! depend on who plans or how often. Two plans of one day, or a plan that dies half-way and is begun again, end with the
//! same decisions: the run is stored first and every shard decides by it, as of its instant. It does not promise that a
//! customer imported after the run began is in it: tomorrow's plan decides that one (carry).

use crate::Ports;
use crate::error::Error;
use crate::messages::PlanShard;
use crate::ports::queue::{Message, QueueName};
use crate::ports::table::{Change, Expect, Index, Item, MAX_CHANGES, Query, WriteError};
use crate::store::codec::{decode, encode};
use crate::store::commit::{Committed, commit};
use crate::store::jobs::{self, Run, ShardResult};
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::settings::Setup;
use crate::store::{accounts, interactions};
use crate::strategy;
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::origin::Cause;
use cauce_domain::debt::account::{Account, Carry};
use cauce_domain::strategy::flow::{Span, step_day};
use cauce_domain::strategy::plan::{Decision, Facts, Outcome, Strategy, decide, observe};
use cauce_domain::strategy::tag::Sender;
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::collections::BTreeMap;

/// How many days back a run that did not happen is made up for.
const MISSED_DAYS: u64 = 3;

/// Begins the plan of a day and queues its shards; a day already begun is only queued where shards are missing.
///
/// A restricted day decides nothing and has no run.
pub async fn begin(ports: &Ports, setup: &Setup, date: NaiveDate, now: DateTime<Utc>) -> Result<Option<Run>, Error> {
    if !setup.project().calendar.allows_day(date) {
        return Ok(None);
    }
    let run = match jobs::run(ports, setup.id(), date).await? {
        Some((run, _)) => run,
        None => store_run(ports, setup, date, now).await?,
    };
    if !run.done {
        let mut messages = Vec::new();
        for shard in SHARD_NAMES {
            let message = PlanShard { project: setup.id().clone(), date, shard: shard.to_owned() };
            messages.push(Message::new(setup.id().as_str(), encode(&message)?));
        }
        ports.queue.send(QueueName::Plan, messages).await?;
    }
    Ok(Some(run))
}

async fn store_run(ports: &Ports, setup: &Setup, date: NaiveDate, now: DateTime<Utc>) -> Result<Run, Error> {
    let strategy = strategy::gather(ports, setup, now).await?;
    let from = first_undecided(ports, setup, date).await?;
    let run = Run { date, begun: now, from, strategy, done: false };
    let item = Item::new(jobs::run_key(setup.id(), date), encode(&run)?).expiring(jobs::expiry(now));
    match commit(ports, vec![Change::Put(item, Expect::Absent)]).await? {
        Committed::Made => Ok(run),
        Committed::Lost(_) => jobs::run(ports, setup.id(), date).await?.map(|r| r.0).ok_or(Error::Raced),
    }
}

/// The first day whose steps today's plan decides: restricted days before it, and allowed days without a finished run,
/// up to three days back and not before the project was active.
async fn first_undecided(ports: &Ports, setup: &Setup, date: NaiveDate) -> Result<NaiveDate, Error> {
    let calendar = &setup.project().calendar;
    let mut from = Span::of_day(date, calendar).from;
    let Some(since) = setup.project().active_since else { return Ok(from) };
    let oldest = date.checked_sub_days(Days::new(MISSED_DAYS)).unwrap_or(date);
    while let Some(before) = from.pred_opt().filter(|d| *d >= oldest && *d >= since) {
        let finished = jobs::run(ports, setup.id(), before).await?.is_some_and(|(run, _)| run.done);
        if calendar.allows_day(before) && finished {
            break;
        }
        from = Span::of_day(before, calendar).from.max(since).min(before);
    }
    Ok(from)
}

/// Plans one shard of a begun day.
pub async fn plan_shard(ports: &Ports, setup: &Setup, message: &PlanShard) -> Result<(), Error> {
    let id = setup.id();
    let Some((run, _)) = jobs::run(ports, id, message.date).await? else { return Err(Error::NotFound("el plan")) };
    let place = jobs::shard_key(id, message.date, &message.shard);
    if ports.table.get(&place).await?.is_none() {
        let mut result = ShardResult::default();
        let (mut batch, mut turns) = (Vec::new(), Vec::new());
        for account in standing(ports, setup, &run, &message.shard, &mut result.read).await? {
            let (messages, turned) = decide_one(ports, setup, &run, account).await?;
            batch.extend(messages);
            turns.extend(turned);
            if batch.len() >= MAX_CHANGES / 2 {
                store_decisions(ports, setup, std::mem::take(&mut batch), &mut result).await?;
            }
        }
        store_decisions(ports, setup, batch, &mut result).await?;
        // Only now: an account that lost its carry before its decision was stored would be in no index.
        for turned in turns {
            turn(ports, setup, &run, turned).await?;
        }
        let item = Item::new(place, encode(&result)?).expiring(jobs::expiry(run.begun));
        commit(ports, vec![Change::Put(item, Expect::Absent)]).await?;
    }
    finish(ports, setup, message.date).await
}

/// Marks the run done once every shard has its result.
async fn finish(ports: &Ports, setup: &Setup, date: NaiveDate) -> Result<(), Error> {
    if jobs::shard_results(ports, setup.id(), date).await?.len() < SHARD_NAMES.len() {
        return Ok(());
    }
    let Some((run, version)) = jobs::run(ports, setup.id(), date).await? else { return Ok(()) };
    if !run.done {
        let done = Run { done: true, ..run };
        let item = Item::new(jobs::run_key(setup.id(), date), encode(&done)?).expiring(jobs::expiry(done.begun));
        commit(ports, vec![Change::Put(item, Expect::Version(version))]).await?;
    }
    Ok(())
}

/// The accounts that stand on a day of the run: by due date, and by carry; each once, in order of id.
pub async fn standing(
    ports: &Ports,
    setup: &Setup,
    run: &Run,
    shard: &str,
    read: &mut u64,
) -> Result<Vec<(Account, u64)>, Error> {
    let span = Span { from: run.from, to: run.date };
    let mut found: BTreeMap<String, (Account, u64)> = BTreeMap::new();
    let mut queries: Vec<Query> = run
        .strategy
        .due_dates(span)
        .into_iter()
        .map(|due| Query::index(Index::Due, keys::day_shard(setup.id(), due, shard)))
        .collect();
    let carried_from = run.date.checked_sub_days(Days::new(31)).unwrap_or(run.from).min(run.from);
    let carried = carried_from.iter_days().take_while(|d| *d <= run.date).filter(|d| {
        *d == run.date || *d >= run.from || run.strategy.calendar.allows_day(*d) && (run.date - *d).num_days() <= 7
    });
    queries.extend(carried.map(|on| Query::index(Index::Carry, keys::day_shard(setup.id(), on, shard))));
    for query in queries {
        for stored in crate::store::query_all(ports.table.as_ref(), query).await? {
            *read += 1;
            let account: Account = decode(&stored.body)?;
            found.insert(account.id.to_string(), (account, stored.version));
        }
    }
    Ok(found.into_values().collect())
}

/// What a plan leaves on an account: the carry it has decided on comes off, a step put off sets the next.
struct Turned {
    account: Account,
    version: u64,
    carry: Option<Carry>,
}

/// One account's decisions as items to be stored, and the change of its carry, made once they are.
async fn decide_one(
    ports: &Ports,
    setup: &Setup,
    run: &Run,
    (account, version): (Account, u64),
) -> Result<(Vec<(Interaction, bool)>, Option<Turned>), Error> {
    let done = done_before(ports, setup, &account, run).await?;
    let (messages, put_off) = decided(&account, &run.strategy, run, setup.sender(), &done);
    // From the step's own day, which a weekend or holiday may have moved to this one.
    let chosen = messages.iter().find(|(_, chosen)| *chosen).and_then(|(m, _)| m.step());
    let own = chosen.and_then(|step| step_day(step.due, step.offset)).map_or(run.date, |day| day.min(run.date));
    let carry = put_off.map(|on| Carry { from: own, on });
    let changes = carry != account.carry && (carry.is_some() || account.carry.is_some_and(|c| c.on <= run.date));
    Ok((messages, changes.then_some(Turned { account, version, carry })))
}

/// Stores the carry of an account whose decisions are stored. Of a carry that a load has set meanwhile nothing is lost:
/// the earliest day it reaches back to stays.
async fn turn(ports: &Ports, setup: &Setup, run: &Run, turned: Turned) -> Result<(), Error> {
    let Turned { mut account, mut version, carry } = turned;
    for _ in 0..5 {
        let fresh = account.carry.filter(|c| c.on > run.date);
        let wanted = match (carry, fresh) {
            (Some(own), Some(set)) => Some(Carry { from: own.from.min(set.from), on: own.on.min(set.on) }),
            (own, set) => own.or(set),
        };
        if wanted == account.carry {
            return Ok(());
        }
        let id = account.id.clone();
        let item = accounts::account_item(setup.id(), &Account { carry: wanted, ..account })?;
        if let Committed::Made = commit(ports, vec![Change::Put(item, Expect::Version(version))]).await? {
            return Ok(());
        }
        let Some((stored, at)) = accounts::account(ports, setup.id(), &id).await? else { return Ok(()) };
        (account, version) = (stored, at);
    }
    Err(Error::Raced)
}

/// The offsets decided for good before this run, where it reaches back.
pub(crate) async fn done_before(ports: &Ports, setup: &Setup, account: &Account, run: &Run) -> Result<Vec<i32>, Error> {
    let reaches_back = run.from < Span::of_day(run.date, &run.strategy.calendar).from;
    if account.carry.is_some_and(|c| c.on <= run.date) || reaches_back {
        return finally_decided(ports, setup, account, run).await;
    }
    Ok(Vec::new())
}

/// The messages of one account's day and the day its step is put off to, if it is.
pub fn decided(
    account: &Account,
    strategy: &Strategy,
    run: &Run,
    sender: Sender<'_>,
    done: &[i32],
) -> (Vec<(Interaction, bool)>, Option<NaiveDate>) {
    let span = Span { from: run.from, to: run.date };
    let Some(facts) = observe(account, strategy, span, sender, done) else { return (Vec::new(), None) };
    let mut put_off = None;
    let messages = decide(&account.id, &facts, strategy, span, run.begun)
        .into_iter()
        .map(|decision| {
            if let Outcome::NotSend { carry, .. } = &decision.outcome {
                put_off = put_off.or(*carry);
            }
            let chosen = decision.chosen;
            (message(account, run.date, decision, &facts), chosen)
        })
        .collect();
    (messages, put_off)
}

fn message(account: &Account, day: NaiveDate, decision: Decision, facts: &Facts) -> Interaction {
    let (state, detail) = match decision.outcome {
        Outcome::Send(at) => (State::Scheduled { at }, None),
        Outcome::NotSend { reason, detail, .. } => (State::NotSent { reason }, detail),
    };
    let planned = matches!(state, State::Scheduled { .. });
    let cause = Cause::Step(decision.step);
    let message = Interaction::new(decision.id, account.id.clone(), day, cause, state, facts.clone());
    Interaction { channel: decision.channel, planned, detail, ..message }
}

/// Offsets of the carrying order that were decided before today and are not merely put off.
async fn finally_decided(ports: &Ports, setup: &Setup, account: &Account, run: &Run) -> Result<Vec<i32>, Error> {
    let Some(carrying) = &account.summary.carrying else { return Ok(Vec::new()) };
    let oldest = run.date.checked_sub_days(Days::new(62)).unwrap_or(run.date);
    let before = run.date.pred_opt().unwrap_or(run.date);
    let messages = interactions::of_customer(ports, setup.id(), &account.id, Some((oldest, before)), 200).await?;
    let same = |m: &&Interaction| m.step().is_some_and(|s| s.order == carrying.code && s.due == carrying.due);
    let put_off =
        |m: &Interaction| matches!(&m.state, State::NotSent { reason: Reason::OutsideHours | Reason::RestrictedDay });
    let decided = messages.iter().filter(same).filter(|m| !put_off(m));
    Ok(decided.filter_map(|m| Some(m.step()?.offset)).collect())
}

/// Stores decisions, each only if nobody did before, and counts what is stored.
async fn store_decisions(
    ports: &Ports,
    setup: &Setup,
    batch: Vec<(Interaction, bool)>,
    result: &mut ShardResult,
) -> Result<(), Error> {
    if batch.is_empty() {
        return Ok(());
    }
    let mut changes = Vec::with_capacity(batch.len());
    for (message, chosen) in &batch {
        changes.push(Change::Put(interactions::item(setup.id(), message, *chosen)?, Expect::Absent));
    }
    let answers = ports.table.write_many(ports.new_id(), changes).await?;
    for ((message, chosen), answer) in batch.into_iter().zip(answers) {
        let stored = match answer {
            Ok(()) => message,
            Err(WriteError::Conflict(lost)) => match lost.into_iter().next().and_then(|(_, stored)| stored) {
                Some(stored) => decode(&stored.body)?,
                None => return Err(Error::Raced),
            },
            Err(WriteError::Port(error)) => return Err(error.into()),
        };
        if chosen {
            count(result, &stored);
        }
    }
    Ok(())
}

/// Counts one decision as the plan made it.
pub fn count(result: &mut ShardResult, message: &Interaction) {
    let Some(step) = message.step() else { return };
    result.customers_due += 1;
    *result.by_step.entry(step.offset).or_default() += 1;
    match (&message.state, message.planned, message.channel) {
        (State::NotSent { reason }, false, _) => *result.not_send.entry(reason.code().to_owned()).or_default() += 1,
        (_, _, channel) => {
            result.send += 1;
            let channel = channel.map_or("?", |c| c.code());
            *result.by_channel.entry(format!("{channel}#{}", step.offset)).or_default() += 1;
        }
    }
}

/// Plans a day without storing anything: any future day, by the accounts and the strategy as they stand.
pub async fn dry_run(ports: &Ports, setup: &Setup, date: NaiveDate, now: DateTime<Utc>) -> Result<ShardResult, Error> {
    let mut result = ShardResult::default();
    if !setup.project().calendar.allows_day(date) {
        return Ok(result);
    }
    let strategy = strategy::gather(ports, setup, now).await?;
    let from = Span::of_day(date, &strategy.calendar).from;
    let begun = now.max(setup.project().calendar.midnight(date));
    let run = Run { date, begun, from, strategy, done: false };
    for shard in SHARD_NAMES {
        for (account, _) in standing(ports, setup, &run, shard, &mut ShardResult::default().read).await? {
            let done = done_before(ports, setup, &account, &run).await?;
            let (messages, _) = decided(&account, &run.strategy, &run, setup.sender(), &done);
            messages.iter().filter(|(_, chosen)| *chosen).for_each(|(m, _)| count(&mut result, m));
        }
    }
    Ok(result)
}

/// Decides a past day again from the facts it stored; answers how many decisions there were and how many came out
/// otherwise (none, or the code has changed).
pub async fn replay(ports: &Ports, setup: &Setup, date: NaiveDate) -> Result<(u64, u64), Error> {
    let Some((run, _)) = jobs::run(ports, setup.id(), date).await? else { return Err(Error::NotFound("el plan")) };
    let (mut seen, mut differ) = (0, 0);
    for shard in SHARD_NAMES {
        for (stored, _) in interactions::of_day(ports, setup.id(), date, shard).await? {
            // No plan decided what followed a failure, nor what an event or a person wrote.
            let Some(step) = stored.step().filter(|_| stored.follows.is_none()) else { continue };
            seen += 1;
            let span = Span { from: run.from, to: run.date };
            let again = decide(&stored.customer, &stored.facts, &run.strategy, span, run.begun);
            let same = again.iter().any(|d| {
                let sends = matches!(d.outcome, Outcome::Send(_));
                d.id == stored.id && d.step == *step && sends == stored.planned
            });
            differ += u64::from(!same);
        }
    }
    Ok((seen, differ))
}
