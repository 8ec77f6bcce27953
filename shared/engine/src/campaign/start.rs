//! A campaign starts: its audience is looked at once more, as it is now, and frozen.
//!
//! A shard is gone through in the order of its index. Each transaction holds as many customers as fit: their places among the
//! recipients, their messages, and the shard's sums with how far it came. Whoever is second finds the sums moved on and goes on
//! from there.

use super::rest::{ended, why_over};
use super::store::{self, Recipient, Sums};
use super::{queue_all, queued};
use crate::Ports;
use crate::error::Error;
use crate::messages::{CampaignShard, CampaignWork};
use crate::ports::queue::QueueName;
use crate::ports::table::{Change, Cursor, Expect, Index, MAX_CHANGES, MAX_WRITE, Query};
use crate::store::accounts::{as_read, read_account};
use crate::store::commit::{Committed, commit, written};
use crate::store::interactions;
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::settings::{Setup, Versioned};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::origin::Cause;
use cauce_domain::debt::account::Account;
use cauce_domain::strategy::campaign::{Campaign, Communication, Part, Standing};
use cauce_domain::strategy::campaign_result::{Figures, Side};
use cauce_domain::strategy::plan::Facts;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// How much of an account's pace a campaign takes; the rest is the day's own messages'.
const SHARE: f64 = 0.5;
/// Messages a second of a campaign whose account says no pace.
const UNPACED: f64 = 100.0;
const MINUTE: TimeDelta = TimeDelta::minutes(1);
const NEAR: TimeDelta = TimeDelta::seconds(10);

/// A campaign's hour has come. Its starter goes once its shards are queued: one that dies before is found again.
pub(super) async fn start(
    ports: &Ports,
    setup: &Setup,
    found: Versioned<Campaign>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Versioned { value: campaign, version } = found;
    match campaign.standing {
        // Whoever released it may have a clock a little ahead of ours.
        Standing::Scheduled if campaign.at.is_some_and(|at| at <= now + NEAR) => {
            let begun = Campaign { standing: Standing::Running, started: Some(now), ..campaign.clone() };
            let runs = store::runs(setup.id(), &campaign.id, true)?;
            match commit(ports, vec![store::put(setup.id(), &begun, Expect::Version(version))?, runs]).await? {
                Committed::Made => {}
                // Somebody started it, or changed it: the next look tells which.
                Committed::Lost(_) => return Err(Error::Raced),
            }
        }
        Standing::Running => {}
        // Taken back or put off meanwhile: its starter says so itself.
        Standing::Draft | Standing::Scheduled | Standing::Executed => return Ok(()),
    }
    queue_all(ports, setup.id(), &campaign.id, CampaignWork::Freeze).await?;
    commit(ports, vec![store::starter(setup.id(), &campaign.id, None)?]).await?;
    Ok(())
}

/// Freezes what is left of a shard's audience.
pub(super) async fn freeze(
    ports: &Ports,
    setup: &Setup,
    campaign: &Campaign,
    asked: &CampaignShard,
    late: &(dyn Fn() -> bool + Sync),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(started) = campaign.started else { return Ok(()) };
    let mut campaign = campaign.clone();
    loop {
        let freezer = Freezer { ports, setup, campaign: &campaign, shard: &asked.shard, started };
        let (sums, version) = store::sums(ports, setup.id(), &campaign.id, &asked.shard).await?;
        if sums.frozen {
            return ended(ports, setup, &campaign.id, now).await;
        }
        if why_over(setup, &campaign, now).is_some() {
            // Nobody else is written to: what is frozen is all there is, and ends.
            freezer.write(&Sums { frozen: true, ..sums }, version, Frozen::default()).await?;
            let stop = queued(setup.id(), &campaign.id, &asked.shard, CampaignWork::Stop)?;
            ports.queue.send(QueueName::Plan, vec![stop]).await?;
            continue;
        }
        if late() {
            let again = queued(setup.id(), &campaign.id, &asked.shard, CampaignWork::Freeze)?;
            return Ok(ports.queue.send(QueueName::Plan, vec![again]).await?);
        }
        freezer.page(sums, version).await?;
        // Somebody may have cancelled it meanwhile.
        if let Some(found) = store::read(ports, setup.id(), &campaign.id).await? {
            campaign = found.value;
        }
    }
}

struct Freezer<'a> {
    ports: &'a Ports,
    setup: &'a Setup,
    campaign: &'a Campaign,
    shard: &'a str,
    started: DateTime<Utc>,
}

/// What a transaction writes.
#[derive(Default)]
struct Frozen {
    changes: Vec<Change>,
    bytes: usize,
}

impl Freezer<'_> {
    /// Freezes a page of customers, in as many transactions as it takes; stops where somebody else was faster.
    async fn page(&self, mut sums: Sums, mut version: Option<u64>) -> Result<(), Error> {
        let query = Query::index(Index::Customers, keys::customers_shard(self.setup.id(), self.shard));
        let page = self.ports.table.query(&query.after(sums.after.clone())).await?;
        let today = self.setup.today(self.started);
        let mut frozen = Frozen::default();
        for (stored, sort) in page.items.iter().zip(&page.sort_keys) {
            let account = match read_account(stored) {
                Ok(account) => Some(account),
                Err(error) => {
                    tracing::error!(campaign = %self.campaign.id, %error, "un cliente no se pudo leer y queda fuera");
                    None
                }
            };
            let cursor = Cursor { sk: sort.clone(), base_pk: stored.key.pk.clone(), base_sk: stored.key.sk.clone() };
            if let Some(account) = account.filter(|it| self.campaign.content.audience.takes(it, today)) {
                self.recipient(&account, &mut sums, &mut frozen)?;
            }
            sums.after = Some(cursor);
            let most = 3 + self.campaign.content.communications.len();
            if frozen.changes.len() + most > MAX_CHANGES || frozen.bytes > MAX_WRITE / 2 {
                let Some(stored) = self.write(&sums, version, std::mem::take(&mut frozen)).await? else {
                    return Ok(());
                };
                version = Some(stored);
            }
        }
        (sums.frozen, sums.after) = (page.next.is_none(), page.next.or(sums.after));
        self.write(&sums, version, frozen).await.map(|_| ())
    }

    /// A customer of the audience: its place, its messages, what it adds to the sums.
    fn recipient(&self, account: &Account, sums: &mut Sums, frozen: &mut Frozen) -> Result<(), Error> {
        let held_out = self.campaign.holds_out(&account.id);
        let messages = if held_out { Vec::new() } else { self.messages(account, &mut sums.by_channel) };
        let side = Side { customers: 1, ..Side::default() };
        let counted = match held_out {
            true => Figures { control: side, ..Figures::default() },
            false => Figures { customers: 1, treated: side, ..Figures::of(&messages) },
        };
        sums.figures.add(&counted, 1);
        let recipient = Recipient {
            customer: account.id.clone(),
            campaign: self.campaign.id.clone(),
            day: self.setup.today(self.started),
            messages: u8::try_from(messages.len()).unwrap_or(u8::MAX),
            held_out,
            window_hours: self.campaign.content.window_hours,
            first_sent: None,
            counted,
        };
        let mut changes = vec![store::put_recipient(self.setup.id(), &recipient, Expect::Absent)?];
        for message in &messages {
            changes.push(Change::Put(interactions::item(self.setup.id(), message, true)?, Expect::Absent));
        }
        if messages.is_empty() {
            // No message of its own will have it measured: what it paid meanwhile is looked at once it is surely written.
            let place = (&self.campaign.id, &account.id);
            changes.push(store::ticket(self.ports, self.setup.id(), place, store::AFTERWARDS)?);
        }
        frozen.bytes += changes.iter().map(Change::size).sum::<usize>();
        frozen.changes.extend(changes);
        Ok(())
    }

    fn messages(&self, account: &Account, frozen: &mut BTreeMap<Channel, i64>) -> Vec<Interaction> {
        let day = self.setup.today(self.started);
        // The clock now: this may have been going on for minutes.
        let now = written(self.ports.new_id());
        let all = self.campaign.content.communications.iter().enumerate();
        let message = |(number, communication): (usize, &Communication)| {
            let template = self.setup.template(&communication.template).map(|template| &template.value);
            let part = Part {
                id: self.campaign.id.clone(),
                communication: u8::try_from(number).unwrap_or(u8::MAX),
                template: communication.template.clone(),
                at: self.started,
            };
            let id = self.campaign.send_id(&account.id, number);
            let state = match template {
                Some(template) => {
                    let before = frozen.entry(template.channel).or_default();
                    *before += 1;
                    State::Scheduled { at: self.turn(template.channel, (*before - 1, number), now) }
                }
                None => State::NotSent { reason: Reason::TemplateMissing },
            };
            let (cause, facts) = (Cause::Campaign(part), Facts::of(account));
            let message = Interaction::new(id, account.id.clone(), day, cause, state, facts);
            Interaction { channel: template.map(|template| template.channel), ..message }
        };
        all.map(message).collect()
    }

    /// When the next message of a shard leaves: one after the other at its account's pace, so that a campaign fills no row that the
    /// day's own messages stand in, and bursts on nobody; a customer's second a minute after its first. Not before a minute has
    /// gone by: the pass that is under way over the release index might not see it.
    fn turn(&self, channel: Channel, (before, number): (i64, usize), now: DateTime<Utc>) -> DateTime<Utc> {
        let connection = self.setup.connections.get(&channel).map(|connection| &connection.value);
        let rate = connection.and_then(|connection| connection.rate).map_or(UNPACED, |rate| rate * SHARE);
        let gap = SHARD_NAMES.len() as f64 / rate.max(0.001);
        let wait = TimeDelta::milliseconds((gap * before as f64 * 1000.0) as i64);
        (self.started + wait).max(now) + MINUTE * (number as i32 + 1)
    }

    /// Writes what was frozen with the sums; answers their version, or nothing where somebody was faster.
    async fn write(&self, sums: &Sums, version: Option<u64>, frozen: Frozen) -> Result<Option<u64>, Error> {
        let place = (&self.campaign.id, self.shard);
        let mut all = vec![store::put_sums(self.setup.id(), place, sums, as_read(version))?];
        all.extend(frozen.changes);
        match commit(self.ports, all).await? {
            Committed::Made => Ok(Some(version.unwrap_or(0) + 1)),
            Committed::Lost(_) => Ok(None),
        }
    }
}
