//! What is left of a campaign that runs: stopped by somebody or by the end of its day, queued again after a pause, and its end.

use super::store;
use super::{queue_all, queued};
use crate::Ports;
use crate::error::Error;
use crate::messages::{CampaignShard, CampaignWork, hurry};
use crate::ports::queue::QueueName;
use crate::ports::table::{Change, Expect, Key};
use crate::store::commit::commit;
use crate::store::interactions;
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::settings::Setup;
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::ids::{CampaignId, CustomerId};
use cauce_domain::strategy::campaign::{Campaign, Standing};
use chrono::{DateTime, Utc};

/// Ends, or queues again, what is left of a shard.
pub(super) async fn work(
    ports: &Ports,
    setup: &Setup,
    campaign: &Campaign,
    asked: &CampaignShard,
    late: &(dyn Fn() -> bool + Sync),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let stops = why_over(setup, campaign, now);
    let mut after = None;
    loop {
        if late() {
            // From the beginning: what was ended is passed over by its state.
            let again = queued(setup.id(), &campaign.id, &asked.shard, asked.work)?;
            return Ok(ports.queue.send(QueueName::Plan, vec![again]).await?);
        }
        let (page, next) = store::recipients(ports, setup.id(), (&campaign.id, &asked.shard), after).await?;
        let waiting = waiting(ports, setup, campaign, &page).await?;
        match (&stops, asked.work) {
            (Some((reason, detail)), _) => {
                for (message, version) in waiting {
                    stop(ports, setup, message, version, (*reason, detail)).await?;
                }
            }
            (None, CampaignWork::Resume) => {
                let all: Vec<Interaction> = waiting.into_iter().map(|(message, _)| message).collect();
                hurry(ports, setup, &all, now).await;
            }
            // Nothing stands against it any more.
            (None, _) => return Ok(()),
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Why what is left of a campaign does not leave any more, if it does not.
pub(super) fn why_over(setup: &Setup, campaign: &Campaign, now: DateTime<Utc>) -> Option<(Reason, String)> {
    if let Some(by) = &campaign.cancelled {
        return Some((Reason::StoppedByUser, format!("{} canceló el resto de la campaña", by.author)));
    }
    let over = campaign.started.is_some_and(|started| setup.today(started) < setup.today(now));
    match (over, campaign.paused) {
        (false, _) => None,
        (true, Some(_)) => Some((Reason::StoppedByUser, "la campaña terminó su día en pausa".to_owned())),
        (true, None) => Some((Reason::OutsideHours, "la campaña terminó su día".to_owned())),
    }
}

/// The messages of some recipients that still wait.
async fn waiting(
    ports: &Ports,
    setup: &Setup,
    campaign: &Campaign,
    recipients: &[Key],
) -> Result<Vec<(Interaction, u64)>, Error> {
    let Some(started) = campaign.started else { return Ok(Vec::new()) };
    let day = setup.today(started);
    let mut places = Vec::new();
    for key in recipients {
        let Some((_, customer)) = key.pk.split_once('#') else { continue };
        let customer = CustomerId::from(customer);
        for number in 0..campaign.content.communications.len() {
            places.push(keys::interaction(setup.id(), &customer, day, &campaign.send_id(&customer, number)));
        }
    }
    let mut found = Vec::new();
    for some in places.chunks(crate::ports::table::MAX_KEYS) {
        for stored in ports.table.get_many(some).await?.into_iter().flatten() {
            match interactions::decode_message(&stored) {
                Ok(message) if matches!(message.state, State::Scheduled { .. }) => {
                    found.push((message, stored.version));
                }
                Ok(_) => {}
                // One that cannot be read keeps none of the others.
                Err(error) => tracing::error!(campaign = %campaign.id, %error, "un mensaje no se pudo leer"),
            }
        }
    }
    Ok(found)
}

async fn stop(
    ports: &Ports,
    setup: &Setup,
    message: Interaction,
    version: u64,
    (reason, detail): (Reason, &str),
) -> Result<(), Error> {
    let ended = Interaction { state: State::NotSent { reason }, detail: Some(detail.to_owned()), ..message };
    let mut changes = vec![Change::Put(interactions::item(setup.id(), &ended, true)?, Expect::Version(version))];
    changes.extend(store::ticket_of(ports, setup.id(), &ended)?);
    // Lost: a worker has it, and asks the campaign itself.
    commit(ports, changes).await.map(|_| ())
}

/// Marks a campaign as executed once nothing of it can leave any more, and as running again where something can after all: a
/// provider gave a message back that is to be tried again.
pub(super) async fn ended(ports: &Ports, setup: &Setup, id: &CampaignId, now: DateTime<Utc>) -> Result<(), Error> {
    let project = setup.id();
    let Some(found) = store::read(ports, project, id).await? else { return Ok(()) };
    if found.value.is_open() {
        return Ok(());
    }
    let sums = store::all_sums(ports, project, id).await?;
    let frozen = sums.iter().filter(|sums| sums.frozen).count() == SHARD_NAMES.len();
    let open: i64 = sums.iter().map(|sums| sums.figures.open).sum();
    let (standing, executed) = match frozen && open == 0 {
        true => (Standing::Executed, found.value.executed.or(Some(now))),
        false => (Standing::Running, None),
    };
    if standing == found.value.standing {
        return Ok(());
    }
    let now_is = Campaign { standing, executed, ..found.value };
    let runs = store::runs(project, id, standing == Standing::Running)?;
    // Lost: somebody changed it, and the next ticket, or hour, looks again.
    commit(ports, vec![store::put(project, &now_is, Expect::Version(found.version))?, runs]).await.map(|_| ())
}

/// Every hour: shards whose freezing was lost go on, campaigns whose day is over end, and those of which everything ended are
/// marked so.
pub(crate) async fn close(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<(), Error> {
    for id in store::running(ports, setup.id()).await? {
        let Some(campaign) = store::read(ports, setup.id(), &id).await?.map(|found| found.value) else { continue };
        let (mut left, mut open) = (Vec::new(), 0);
        for shard in SHARD_NAMES {
            let (sums, _) = store::sums(ports, setup.id(), &id, shard).await?;
            open += sums.figures.open;
            if !sums.frozen {
                left.push(queued(setup.id(), &id, shard, CampaignWork::Freeze)?);
            }
        }
        if !left.is_empty() {
            ports.queue.send(QueueName::Plan, left).await?;
        }
        if open > 0 && why_over(setup, &campaign, now).is_some() {
            queue_all(ports, setup.id(), &id, CampaignWork::Stop).await?;
        }
        ended(ports, setup, &id, now).await?;
    }
    Ok(())
}
