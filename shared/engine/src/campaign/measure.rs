//! Recipients are measured anew when something of theirs changed: a message came to stand otherwise, they wrote, promised, paid.
//!
//! Whatever changes leaves a ticket in its own transaction. Here each ticket's recipient is measured whole from what stands in
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
use cauce_domain::debt::event::{Event, EventKind};
use cauce_domain::ids::{CustomerId, ProjectId};
use cauce_domain::strategy::campaign::Campaign;
use cauce_domain::strategy::campaign_result::{Evidence, Figures, first_sent, measure};
use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::{FuturesOrdered, TryStreamExt};

/// Tickets worked on in one transaction.
const TOGETHER: u32 = 30;
/// Providers that never tell whether a message arrived: what they took was received.
const SILENT: [&str; 1] = ["smtp"];
/// How long after a campaign what is told late still corrects it.
const CORRECTED: TimeDelta = TimeDelta::days(60);
/// Campaigns of one customer that a change is told to, the latest first.
const MOST: usize = 6;

/// What happens to a debt that a campaign's figures are made of.
pub(crate) fn counts(event: EventKind) -> bool {
    matches!(
        event,
        EventKind::Payment | EventKind::PaymentAnnulled | EventKind::PromiseMade | EventKind::PaymentToVerify
    )
}

/// The tickets of a customer whose things changed, for each campaign it was lately in.
pub(crate) async fn touched(
    ports: &Ports,
    project: &ProjectId,
    customer: &CustomerId,
    now: DateTime<Utc>,
) -> Result<Vec<Change>, Error> {
    let lately = (now - CORRECTED).date_naive();
    let mut all = store::of_customer(ports, project, customer).await?;
    all.retain(|(recipient, _)| recipient.day >= lately);
    all.sort_by_key(|(recipient, _)| std::cmp::Reverse(recipient.day));
    let tickets = all.iter().take(MOST).map(|(it, _)| store::ticket(project, &it.campaign, customer, now));
    tickets.collect()
}

/// Works off a shard's tickets.
pub(super) async fn work(
    ports: &Ports,
    setup: &Setup,
    campaign: &Campaign,
    asked: &CampaignShard,
    late: &(dyn Fn() -> bool + Sync),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    loop {
        let tickets = store::tickets(ports, setup.id(), (&campaign.id, &asked.shard), TOGETHER).await?;
        if tickets.is_empty() {
            return ended(ports, setup, &campaign.id, now).await;
        }
        if late() {
            let again = queued(setup.id(), &campaign.id, &asked.shard, CampaignWork::Measure)?;
            return Ok(ports.queue.send(QueueName::Plan, vec![again]).await?);
        }
        some(ports, setup, campaign, &asked.shard, tickets, now).await?;
    }
}

/// Measures the recipients of some tickets. Where anything moved on meanwhile nothing is written: the tickets are still there.
async fn some(
    ports: &Ports,
    setup: &Setup,
    campaign: &Campaign,
    shard: &str,
    tickets: Vec<(CustomerId, Key, u64)>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let project = setup.id();
    let (mut sums, version) = store::sums(ports, project, &campaign.id, shard).await?;
    let measured: FuturesOrdered<_> =
        tickets.iter().map(|(customer, ..)| one(ports, setup, campaign, customer)).collect();
    let measured: Vec<Option<Measured>> = measured.try_collect().await?;
    let mut changes = Vec::new();
    for ((customer, key, ticket), measured) in tickets.into_iter().zip(measured) {
        changes.push(Change::Delete(key, Expect::Version(ticket)));
        let Some(Measured { before, version, figures, first, others }) = measured else { continue };
        if before.first_sent != first {
            // What it paid is this campaign's now, and another's no more.
            for other in others {
                changes.push(store::ticket(project, &other.campaign, &customer, now)?);
            }
        }
        if before.counted != figures || before.first_sent != first {
            sums.exchange(&before.counted, &figures, first);
            let after = Recipient { counted: figures, first_sent: first, ..before };
            changes.push(store::put_recipient(project, &after, Expect::Version(version))?);
        }
    }
    let expect = as_read(version);
    changes.push(store::put_sums(project, (&campaign.id, shard), &sums, expect)?);
    // Lost: the tickets that are left are read again.
    match commit(ports, changes).await? {
        Committed::Made | Committed::Lost(_) => Ok(()),
    }
}

impl Sums {
    fn exchange(&mut self, before: &Figures, after: &Figures, first: Option<DateTime<Utc>>) {
        self.figures.add(before, -1);
        self.figures.add(after, 1);
        self.last_first = self.last_first.max(first);
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
    let other_firsts: Vec<DateTime<Utc>> = others.iter().filter_map(|it| it.first_sent).collect();
    let evidence = Evidence {
        held_out: before.held_out,
        messages: &thread.messages,
        written: &thread.written,
        events: &thread.events,
        others: &other_firsts,
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
