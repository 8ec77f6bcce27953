//! Recipients are measured anew when something of theirs changed: a message came to stand otherwise, they wrote, promised, paid.
//!
//! Whatever changes leaves a ticket (`touched.rs`). Here each ticket's recipient is measured whole from what stands in
//! its thread (`strategy/campaign_result.rs` of the domain), and what it adds to the sums is exchanged, with the ticket taken
//! away, in one transaction: told twice, late or in any order, the sums are those of a recount.

use super::queued;
use super::rest::ended;
use super::store::{self, Recipient, Sums};
use crate::Ports;
use crate::error::Error;
use crate::messages::{CampaignShard, CampaignWork};
use crate::ports::queue::QueueName;
use crate::ports::table::{Change, Expect, Key, Query, Stored, TableName};
use crate::store::accounts::as_read;
use crate::store::codec::{Shape, decode, type_of};
use crate::store::commit::{Committed, commit};
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::query_all;
use crate::store::received::Received;
use crate::store::settings::Setup;
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::contact::received::Flag;
use cauce_domain::debt::event::Event;
use cauce_domain::ids::{CampaignId, CustomerId, ProjectId};
use cauce_domain::strategy::campaign::Campaign;
use cauce_domain::strategy::campaign_result::{Evidence, Figures, Other, first_sent, measure};
use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::{FuturesOrdered, TryStreamExt};
use std::collections::VecDeque;

/// Tickets read at once.
const TOGETHER: u32 = 30;
/// Changes one transaction holds, the sums apart.
pub(super) const MOST_CHANGES: usize = 90;
/// How often a transaction that others get in the way of is made again.
const TRIES: u32 = 5;
/// Providers that never tell whether a message arrived: what they took was received.
const SILENT: [&str; 1] = ["smtp"];
/// Windows are compared by local days, which begin and end up to a day from their instants.
const A_DAY: TimeDelta = TimeDelta::days(1);

/// Works off a shard's tickets, once over; what comes meanwhile has an entry of its own in the release index.
pub(super) async fn work(
    ports: &Ports,
    setup: &Setup,
    campaign: &Campaign,
    asked: &CampaignShard,
    late: &(dyn Fn() -> bool + Sync),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (mut after, mut tries) = (None, 0);
    loop {
        let place = (&campaign.id, asked.shard.as_str());
        let (tickets, next) = store::tickets(ports, setup.id(), place, (TOGETHER, after.clone())).await?;
        if late() {
            let again = queued(setup.id(), &campaign.id, &asked.shard, CampaignWork::Measure)?;
            return Ok(ports.queue.send(QueueName::Plan, vec![again]).await?);
        }
        let measured: FuturesOrdered<_> =
            tickets.into_iter().map(|ticket| looked_at(ports, setup, campaign, ticket)).collect();
        let measured: Vec<Option<Looked>> = measured.try_collect().await?;
        let mut left: VecDeque<Looked> = measured.into_iter().flatten().collect();
        let mut whole = true;
        while !left.is_empty() {
            whole &= exchange(ports, setup, place, &mut left).await?;
        }
        match (whole, next) {
            (true, Some(next)) => (after, tries) = (Some(next), 0),
            (true, None) => return ended(ports, setup, &campaign.id, now).await,
            // Something changed while it was measured: the tickets that are left are looked at again.
            (false, _) if tries < TRIES => tries += 1,
            (false, _) => return Err(Error::Raced),
        }
    }
}

/// A ticket with its recipient measured, and what is written for it.
struct Looked {
    ticket: (CustomerId, Key, u64),
    measured: Option<Measured>,
}

/// Measures a ticket's recipient. One of whom something cannot be read keeps its ticket, and nobody else from being measured.
async fn looked_at(
    ports: &Ports,
    setup: &Setup,
    campaign: &Campaign,
    ticket: (CustomerId, Key, u64),
) -> Result<Option<Looked>, Error> {
    match one(ports, setup, campaign, &ticket.0).await {
        Ok(measured) => Ok(Some(Looked { ticket, measured })),
        Err(error) if error.is_transient() => Err(error),
        Err(error) => {
            tracing::error!(campaign = %campaign.id, customer = %ticket.0, %error, "un destinatario no se pudo medir");
            Ok(None)
        }
    }
}

/// Exchanges in the sums what some recipients added for what they add now, as many as one transaction holds; `false` where any of
/// them changed meanwhile: then nothing is written, and they keep their tickets.
async fn exchange(
    ports: &Ports,
    setup: &Setup,
    (id, shard): (&CampaignId, &str),
    left: &mut VecDeque<Looked>,
) -> Result<bool, Error> {
    let project = setup.id();
    let (mut changes, mut some) = (Vec::new(), Vec::new());
    while let Some(looked) = left.pop_front() {
        let own = looked.changes(ports, project)?;
        if !changes.is_empty() && changes.len() + own.len() > MOST_CHANGES {
            left.push_front(looked);
            break;
        }
        changes.extend(own);
        some.push(looked);
    }
    for _ in 0..TRIES {
        let (mut sums, version) = store::sums(ports, project, id, shard).await?;
        for measured in some.iter().filter_map(|looked| looked.measured.as_ref()) {
            sums.exchange(&measured.before.counted, &measured.figures, measured.first);
        }
        let put = store::put_sums(project, (id, shard), &sums, as_read(version))?;
        let all = std::iter::once(put).chain(changes.iter().cloned()).collect();
        match commit(ports, all).await? {
            Committed::Made => return Ok(true),
            // The sums alone moved on: what was measured still holds.
            Committed::Lost(lost) if lost.iter().all(|(at, _)| *at == 0) => {}
            Committed::Lost(_) => return Ok(false),
        }
    }
    Err(Error::Raced)
}

impl Looked {
    fn changes(&self, ports: &Ports, project: &ProjectId) -> Result<Vec<Change>, Error> {
        let (customer, key, version) = &self.ticket;
        let mut changes = vec![Change::Delete(key.clone(), Expect::Version(*version))];
        let Some(Measured { before, version, figures, first, others }) = &self.measured else { return Ok(changes) };
        if before.counted == *figures && before.first_sent == *first {
            return Ok(changes);
        }
        if let Some(first) = first.filter(|first| before.first_sent != Some(*first)) {
            // What was paid from here on is this campaign's, and no more that of one whose window is still open, or is begun by
            // somebody else meanwhile.
            let open = |other: &&Recipient| match other.closes() {
                Some(closes) => closes + A_DAY >= first,
                None => !other.held_out && other.last_day() >= before.day,
            };
            let others = others.iter().filter(open).take(MOST_CHANGES / 2);
            for other in others {
                changes.push(store::ticket(ports, project, (&other.campaign, customer), store::SOON)?);
            }
        }
        let after = Recipient { counted: figures.clone(), first_sent: *first, ..before.clone() };
        changes.push(store::put_recipient(project, &after, Expect::Version(*version))?);
        Ok(changes)
    }
}

impl Sums {
    fn exchange(&mut self, before: &Figures, after: &Figures, first: Option<DateTime<Utc>>) {
        self.figures.add(before, -1);
        self.figures.add(after, 1);
        self.last_first = self.last_first.max(first);
    }
}

impl Recipient {
    /// When its window closes, once it has begun.
    fn closes(&self) -> Option<DateTime<Utc>> {
        self.first_sent.map(|first| first + TimeDelta::hours(i64::from(self.window_hours)))
    }
}

/// A recipient, measured.
struct Measured {
    before: Recipient,
    version: u64,
    figures: Figures,
    first: Option<DateTime<Utc>>,
    others: Vec<Recipient>,
}

/// Measures a customer for a campaign; nothing where it is none of its recipients.
async fn one(
    ports: &Ports,
    setup: &Setup,
    campaign: &Campaign,
    customer: &CustomerId,
) -> Result<Option<Measured>, Error> {
    let all = store::of_customer(ports, setup.id(), customer).await?;
    let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(it, _)| it.campaign == campaign.id);
    let Some((before, version)) = own.into_iter().next() else { return Ok(None) };
    let others: Vec<Recipient> = others.into_iter().map(|(it, _)| it).collect();
    // What was loaded later is told in the days after it.
    let query = Query::table(TableName::Interactions, keys::partition(setup.id(), customer));
    let thread = query_all(ports.table.as_ref(), query.between(format!("i#{}", before.day), "i#~")).await?;
    let thread = Thread::read(&thread, campaign)?;
    let other = |it: &Recipient| {
        let (first, closes) = (it.first_sent?, it.closes()?);
        Some(Other { first, closes, wins_ties: it.campaign > campaign.id })
    };
    let reached: Vec<Other> = others.iter().filter_map(other).collect();
    let evidence = Evidence {
        held_out: before.held_out,
        messages: &thread.messages,
        written: &thread.written,
        events: &thread.events,
        others: &reached,
        started: campaign.started.unwrap_or(campaign.created.at),
        window: campaign.window(),
        silent: &SILENT,
    };
    let figures = measure(&evidence, |at| setup.today(at));
    let first = first_sent(&thread.messages);
    Ok(Some(Measured { before, version, figures, first, others }))
}

/// What of a thread tells of a campaign.
#[derive(Default)]
struct Thread {
    messages: Vec<Interaction>,
    written: Vec<DateTime<Utc>>,
    events: Vec<Event>,
}

impl Thread {
    fn read(stored: &[Stored], campaign: &Campaign) -> Result<Self, Error> {
        let mut thread = Self::default();
        for stored in stored {
            match type_of(&stored.body) {
                Interaction::TYPE => {
                    let message: Interaction = decode(&stored.body)?;
                    thread
                        .messages
                        .extend(message.cause.campaign().is_some_and(|part| part.id == campaign.id).then_some(message));
                }
                Received::TYPE => {
                    let message: Received = decode(&stored.body)?;
                    // Nobody knows which of several wrote, and a machine is nobody.
                    let own = ![Flag::Automatic, Flag::Shared].iter().any(|flag| message.flags.contains(flag));
                    thread.written.extend(own.then_some(message.at));
                }
                Event::TYPE => thread.events.push(decode(&stored.body)?),
                _ => {}
            }
        }
        Ok(thread)
    }
}

/// A campaign's figures counted anew from every recipient's thread, beside the sums as they are kept.
pub async fn recount(ports: &Ports, setup: &Setup, campaign: &Campaign) -> Result<(Figures, Figures), Error> {
    let (mut counted, mut kept) = (Figures::default(), Figures::default());
    for shard in SHARD_NAMES {
        kept.add(&store::sums(ports, setup.id(), &campaign.id, shard).await?.0.figures, 1);
        let mut after = None;
        loop {
            let (page, next) = store::recipients(ports, setup.id(), (&campaign.id, shard), after).await?;
            for key in page {
                let Some((_, customer)) = key.pk.split_once('#') else { continue };
                if let Some(measured) = one(ports, setup, campaign, &CustomerId::from(customer)).await? {
                    counted.add(&measured.figures, 1);
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok((counted, kept))
}
