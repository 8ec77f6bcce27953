//! Every minute: what is due now goes to its channel's queue, and leases that expired become *unknown*.
//!
//! Reads the release index, shard by shard, from where the last pass ended; then advances the cursor. Nothing is written
//! per message: a crash between the two queues some messages twice, and doubles die at the claim. What the index showed
//! late, or a queue lost, the sweep queues again once it is fifteen minutes overdue.

use crate::Ports;
use crate::campaign::store::{MEASURE, START, read_starter, read_ticket, ticket_of};
use crate::campaign::{self};
use crate::error::Error;
use crate::messages::{CampaignShard, CampaignWork, SendOne};
use crate::ports::queue::{Message, QueueName};
use crate::ports::table::{Change, Expect, Index, Item, Key, Query, Stored};
use crate::store::codec::{decode, encode};
use crate::store::commit::{Committed, commit};
use crate::store::interactions;
use crate::store::jobs::{self, ReleaseCursor};
use crate::store::keys::{self, SHARD_NAMES};
use crate::webhook::announce::{RELEASED, read_place};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::ids::{CampaignId, ProjectId};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// How far back the index is read when there is no cursor, and how far a sweep looks.
const LOOK_BACK_HOURS: i64 = 26;
/// When something counts as overdue.
const OVERDUE_MINUTES: i64 = 15;
/// Messages per call of the queue.
const BATCH: usize = 500;

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Released {
    /// Messages queued.
    pub queued: usize,
    /// Leases found expired.
    pub expired: usize,
}

/// One pass over every shard.
pub async fn release_due(ports: &Ports, now: DateTime<Utc>) -> Result<Released, Error> {
    let mut released = Released::default();
    for shard in SHARD_NAMES {
        let place = jobs::release_key(shard);
        let stored = ports.table.get(&place).await?;
        let cursor: Option<ReleaseCursor> = stored.map(|s| decode(&s.body)).transpose()?;
        let start = cursor.map(|c| c.until).filter(|until| *until <= now);
        let from = start.unwrap_or(now - TimeDelta::hours(LOOK_BACK_HOURS));
        pass(ports, shard, from, now, &mut released).await?;
        if now.minute().is_multiple_of(15) {
            sweep(ports, shard, from, now, &mut released).await?;
        }
        let item = Item::new(place, encode(&ReleaseCursor { until: now })?);
        commit(ports, vec![Change::Put(item, Expect::Anything)]).await?;
    }
    Ok(released)
}

/// Looks again at what should have left the index long ago.
async fn sweep(
    ports: &Ports,
    shard: &str,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
    released: &mut Released,
) -> Result<(), Error> {
    let until = (now - TimeDelta::minutes(OVERDUE_MINUTES)).min(from);
    pass(ports, shard, now - TimeDelta::hours(LOOK_BACK_HOURS), until, released).await
}

async fn pass(
    ports: &Ports,
    shard: &str,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    released: &mut Released,
) -> Result<(), Error> {
    let mut hour = from;
    while hour.date_naive() < until.date_naive()
        || (hour.date_naive() == until.date_naive() && hour.hour() <= until.hour())
    {
        let query = Query::index(Index::Release, keys::release_hour(hour, shard))
            .between(keys::instant(from), format!("{}\u{10FFFF}", keys::instant(until)));
        let mut after = None;
        loop {
            let page = ports.table.query(&query.clone().after(after)).await?;
            for (keys, sorts) in page.items.chunks(BATCH).zip(page.sort_keys.chunks(BATCH)) {
                dispatch(ports, keys, sorts, until, released).await?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        hour += TimeDelta::hours(1);
    }
    Ok(())
}

/// Queues what is scheduled, by its keys alone, and looks into what is claimed.
async fn dispatch(
    ports: &Ports,
    found: &[Stored],
    sorts: &[String],
    now: DateTime<Utc>,
    released: &mut Released,
) -> Result<(), Error> {
    let (mut sends, mut hooks): (BTreeMap<Channel, Vec<Message>>, _) = (BTreeMap::new(), Vec::new());
    let mut campaigns = Campaigns::default();
    for (stored, sort) in found.iter().zip(sorts) {
        let mut parts = sort.split('#').skip(1);
        let (what, channel) = (parts.next(), parts.next().and_then(|c| c.parse::<Channel>().ok()));
        if let Some(one) = read_place(&stored.key).filter(|_| what == Some(RELEASED)) {
            hooks.push(Message::new(one.project.as_str(), encode(&one)?));
            continue;
        }
        if campaigns.takes(what, &stored.key) {
            continue;
        }
        let Some((project, one)) = place_of(&stored.key) else { continue };
        match (what, channel) {
            (Some("lease"), _) => released.expired += usize::from(expire(ports, &stored.key, &project, now).await?),
            (_, Some(channel)) => {
                let campaign = parts.nth(2).map(CampaignId::from);
                if let Some(id) = &campaign
                    && !campaigns.goes_on(ports, &project, id).await?
                {
                    continue;
                }
                let one = SendOne { channel: Some(channel), campaign: campaign.is_some(), ..one };
                sends.entry(channel).or_default().push(Message::new(one.group(), encode(&one)?));
            }
            _ => {}
        }
    }
    if !hooks.is_empty() {
        ports.queue.send(QueueName::Webhooks, hooks).await?;
    }
    campaigns.queue(ports).await?;
    for (channel, messages) in sends {
        released.queued += messages.len();
        ports.queue.send(QueueName::Send(channel), messages).await?;
    }
    Ok(())
}

/// What a pass has to do with campaigns.
#[derive(Default)]
struct Campaigns {
    /// Work on their shards, each once however many entries ask for it.
    work: BTreeSet<(ProjectId, CampaignId, String, bool)>,
    /// Those that were looked at, and whether they go on.
    known: BTreeMap<(ProjectId, CampaignId), bool>,
}

impl Campaigns {
    /// Takes an entry that is a campaign's start, or a recipient to be measured.
    fn takes(&mut self, what: Option<&str>, key: &Key) -> bool {
        let found = match what {
            Some(START) => read_starter(key).map(|(project, id)| (project, id, String::new(), true)),
            Some(MEASURE) => read_ticket(key).map(|(project, id, shard)| (project, id, shard, false)),
            _ => return false,
        };
        self.work.extend(found);
        true
    }

    /// Whether messages of a campaign may leave: of one that is held up none is queued.
    async fn goes_on(&mut self, ports: &Ports, project: &ProjectId, id: &CampaignId) -> Result<bool, Error> {
        let place = (project.clone(), id.clone());
        if let Some(known) = self.known.get(&place) {
            return Ok(*known);
        }
        let goes_on = match campaign::read(ports, project, id).await {
            Ok(found) => found.is_some_and(|found| found.value.goes_on()),
            Err(error) if error.is_transient() => return Err(error),
            // One that cannot be read keeps nobody else's messages: the claim decides.
            Err(error) => {
                tracing::error!(campaign = %id, %error, "una campaña no se pudo leer");
                true
            }
        };
        self.known.insert(place, goes_on);
        Ok(goes_on)
    }

    async fn queue(self, ports: &Ports) -> Result<(), Error> {
        let mut messages = Vec::new();
        for (project, campaign, shard, starts) in self.work {
            let work = if starts { CampaignWork::Start } else { CampaignWork::Measure };
            let group = format!("{project}#campaign");
            messages.push(Message::new(group, encode(&CampaignShard { project, campaign, shard, work })?));
        }
        match messages.is_empty() {
            true => Ok(()),
            false => Ok(ports.queue.send(QueueName::Plan, messages).await?),
        }
    }
}

/// Reads project, customer, day and message off a message's key.
fn place_of(key: &Key) -> Option<(ProjectId, SendOne)> {
    let (project, customer) = key.pk.split_once('#')?;
    let mut parts = key.sk.split('#').skip(1);
    let (day, send) = (parts.next()?.parse().ok()?, parts.next()?);
    let project = ProjectId::from(project);
    Some((
        project.clone(),
        SendOne {
            project,
            customer: customer.into(),
            day,
            send: send.into(),
            channel: None,
            place: None,
            campaign: false,
        },
    ))
}

/// A claim whose lease ran out: the worker died, and the request may have left.
async fn expire(ports: &Ports, key: &Key, project: &ProjectId, now: DateTime<Utc>) -> Result<bool, Error> {
    let Some((message, version)) = interactions::read(ports, key).await? else { return Ok(false) };
    match message.state {
        State::Sending { lease } if lease <= now => {
            let unknown = Interaction { state: State::Unknown, ..message };
            let mut changes = vec![Change::Put(interactions::item(project, &unknown, true)?, Expect::Version(version))];
            changes.extend(ticket_of(ports, project, &unknown)?);
            if let Committed::Made = commit(ports, changes).await? {
                // An alarm counts these lines.
                tracing::warn!(state = "unknown", send = %unknown.id, "quien lo enviaba murió: nadie sabe si salió");
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}
