//! Campaigns: written, scheduled, started at their hour, measured as things happen.
//!
//! - `mod.rs`: what a person does with one.
//! - `checks.rs`: what it has to be to be kept, to leave, to be changed.
//! - `start.rs`: its audience is frozen, shard by shard, a transaction at a time with the sums it adds to, so that two starters,
//!   or one that died half way, freeze nobody twice and forget nobody.
//! - `rest.rs`: what is left of one is stopped, or goes on after a pause.
//! - `touched.rs`: whatever changes for a recipient leaves a ticket in its own transaction.
//! - `measure.rs`: the recipients of tickets are measured anew, and the sums follow in the same transaction.
//! - `result.rs`: what it brought, as it is told.
//!
//! Its messages are messages like any other (`send_message`): claimed, looked at again, entered in the contact ledger, followed.

mod checks;
mod measure;
mod rest;
mod result;
mod start;
pub(crate) mod store;
mod touched;

pub use measure::recount;
pub(crate) use rest::close;
pub use result::{CampaignResult, result};
pub use store::{page, read};
pub(crate) use touched::{days, touched};

use checks::{checked, moment, open, ready, running};

use crate::Ports;
use crate::error::Error;
use crate::messages::{CampaignShard, CampaignWork};
use crate::ports::queue::{Message, QueueName};
use crate::ports::table::{Change, Expect, Item};
use crate::preview::{self, Preview};
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit};
use crate::store::edits::{self, By};
use crate::store::jobs::Mark;
use crate::store::keys::SHARD_NAMES;
use crate::store::settings::{CAMPAIGNED, Setup, Versioned, place};
use cauce_domain::contact::channel::Channel;
use cauce_domain::ids::{CampaignId, CustomerId, ProjectId};
use cauce_domain::strategy::campaign::{Campaign, Content, Standing};
use chrono::{DateTime, Utc};

/// Works on a part of a campaign.
pub async fn work(
    ports: &Ports,
    setup: &Setup,
    asked: &CampaignShard,
    late: &(dyn Fn() -> bool + Sync),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(campaign) = read(ports, setup.id(), &asked.campaign).await? else { return Ok(()) };
    match asked.work {
        CampaignWork::Start => start::start(ports, setup, campaign, now).await,
        CampaignWork::Freeze => start::freeze(ports, setup, &campaign.value, asked, late, now).await,
        CampaignWork::Measure => measure::work(ports, setup, &campaign.value, asked, late, now).await,
        CampaignWork::Stop | CampaignWork::Resume => rest::work(ports, setup, &campaign.value, asked, late, now).await,
    }
}

fn queued(project: &ProjectId, id: &CampaignId, shard: &str, work: CampaignWork) -> Result<Message, Error> {
    let (project, campaign) = (project.clone(), id.clone());
    // A group of its own: a campaign's shards keep no plan of the day waiting.
    let group = format!("{project}#campaign");
    Ok(Message::new(group, encode(&CampaignShard { project, campaign, shard: shard.to_owned(), work })?))
}

/// Queues one piece of work for every shard of a campaign.
async fn queue_all(ports: &Ports, project: &ProjectId, id: &CampaignId, work: CampaignWork) -> Result<(), Error> {
    let all = SHARD_NAMES.into_iter().map(|shard| queued(project, id, shard, work));
    Ok(ports.queue.send(QueueName::Plan, all.collect::<Result<_, _>>()?).await?)
}

/// Makes a draft.
pub async fn create(ports: &Ports, setup: &Setup, content: Content, by: &By) -> Result<Versioned<Campaign>, Error> {
    checked(&content)?;
    let id = CampaignId::new(ports.new_id().simple().to_string());
    save(ports, setup, Campaign::draft(id, content, by.clone()), None, by, Vec::new()).await
}

/// Copies a campaign, whatever it stands at, into a draft.
pub async fn copy(ports: &Ports, setup: &Setup, from: &Campaign, by: &By) -> Result<Versioned<Campaign>, Error> {
    let name = format!("{} (copia)", from.content.name).chars().take(200).collect();
    create(ports, setup, Content { name, ..from.content.clone() }, by).await
}

/// Changes what a campaign says; one that is scheduled has to be fit to leave after it too.
pub async fn edit(
    ports: &Ports,
    setup: &Setup,
    before: &Versioned<Campaign>,
    content: Content,
    by: &By,
) -> Result<Versioned<Campaign>, Error> {
    open(&before.value, "editar")?;
    checked(&content)?;
    if before.value.standing == Standing::Scheduled {
        ready(ports, setup, &content).await?;
    }
    save(ports, setup, Campaign { content, ..before.value.clone() }, Some(before), by, Vec::new()).await
}

/// Schedules a campaign at an instant at which contact is allowed, or takes it back among the drafts.
pub async fn schedule(
    ports: &Ports,
    setup: &Setup,
    before: &Versioned<Campaign>,
    at: Option<DateTime<Utc>>,
    by: &By,
) -> Result<Versioned<Campaign>, Error> {
    open(&before.value, "programar")?;
    if let Some(at) = at {
        ready(ports, setup, &before.value.content).await?;
        moment(setup, at, by.at)?;
    }
    let standing = if at.is_some() { Standing::Scheduled } else { Standing::Draft };
    let mut more = vec![store::starter(setup.id(), &before.value.id, at)?];
    if !setup.campaigned {
        // From here on what happens to customers is looked at for campaigns: before the first one starts.
        let mark = Item::new(place(setup.id(), CAMPAIGNED), encode(&Mark { at: by.at })?);
        more.push(Change::Put(mark, Expect::Anything));
    }
    save(ports, setup, Campaign { standing, at, ..before.value.clone() }, Some(before), by, more).await
}

/// Deletes a campaign that has not begun.
pub async fn delete(ports: &Ports, setup: &Setup, before: &Versioned<Campaign>, by: &By) -> Result<(), Error> {
    open(&before.value, "eliminar")?;
    let key = store::key(setup.id(), &before.value.id);
    let changes = vec![
        Change::Delete(key, Expect::Version(before.version)),
        store::starter(setup.id(), &before.value.id, None)?,
        log(ports, setup, by, &before.value, vec!["deleted".to_owned()])?,
    ];
    match commit(ports, changes).await? {
        Committed::Made => Ok(()),
        Committed::Lost(_) => Err(Error::Raced),
    }
}

/// Holds a campaign up, or lets it go on: whoever has its message has it, the others get theirs.
pub async fn pause(
    ports: &Ports,
    setup: &Setup,
    before: &Versioned<Campaign>,
    paused: bool,
    by: &By,
) -> Result<Versioned<Campaign>, Error> {
    running(&before.value)?;
    let campaign = Campaign { paused: paused.then_some(by.at), ..before.value.clone() };
    let saved = match campaign.paused.is_some() == before.value.paused.is_some() {
        true => before.clone(),
        false => save(ports, setup, campaign, Some(before), by, Vec::new()).await?,
    };
    // Asked again, too: whoever asked first may have died before it was queued.
    if !paused {
        queue_all(ports, setup.id(), &saved.value.id, CampaignWork::Resume).await?;
    }
    Ok(saved)
}

/// Stops what is left of a campaign, for good.
pub async fn cancel(
    ports: &Ports,
    setup: &Setup,
    before: &Versioned<Campaign>,
    by: &By,
) -> Result<Versioned<Campaign>, Error> {
    running(&before.value)?;
    let saved = match before.value.cancelled {
        Some(_) => before.clone(),
        None => {
            let campaign = Campaign { cancelled: Some(by.clone()), ..before.value.clone() };
            save(ports, setup, campaign, Some(before), by, Vec::new()).await?
        }
    };
    queue_all(ports, setup.id(), &saved.value.id, CampaignWork::Stop).await?;
    Ok(saved)
}

/// Sends what a campaign says to the user's own address or a test address, by the channels such an address has.
pub async fn test_send(
    ports: &Ports,
    setup: &Setup,
    campaign: &Campaign,
    customer: Option<&CustomerId>,
    (to, own): (&str, Option<&str>),
    now: DateTime<Utc>,
) -> Result<Vec<Preview>, Error> {
    let by_mail = to.contains('@');
    let mut sent = Vec::new();
    for communication in &campaign.content.communications {
        let found = setup.template(&communication.template);
        let template = &found.ok_or(Error::NotFound("la plantilla de la campaña"))?.value;
        if (template.channel == Channel::Email) == by_mail {
            sent.push(preview::test_send(ports, setup, template, customer, to, own, now).await?);
        }
    }
    if sent.is_empty() {
        let message = "la campaña no tiene una plantilla que se pueda enviar a esa dirección";
        return Err(Error::refused("nothing_to_test", "to", message));
    }
    Ok(sent)
}

fn log(ports: &Ports, setup: &Setup, by: &By, campaign: &Campaign, fields: Vec<String>) -> Result<Change, Error> {
    let mut place = store::key(setup.id(), &campaign.id);
    (place.pk, place.sk) = (setup.id().to_string(), format!("campaign#{}", campaign.id));
    edits::of_setting(ports, by, &place, fields)
}

/// Stores a campaign as somebody changed it, with who and what.
async fn save(
    ports: &Ports,
    setup: &Setup,
    campaign: Campaign,
    before: Option<&Versioned<Campaign>>,
    by: &By,
    more: Vec<Change>,
) -> Result<Versioned<Campaign>, Error> {
    let fields = edits::differences(before.map(|before| &before.value), &campaign)?;
    let read = before.map(|before| before.version);
    let expect = crate::store::accounts::as_read(read);
    let mut changes = vec![store::put(setup.id(), &campaign, expect)?, log(ports, setup, by, &campaign, fields)?];
    changes.extend(more);
    match commit(ports, changes).await? {
        Committed::Made => Ok(Versioned { value: campaign, version: read.unwrap_or(0) + 1 }),
        Committed::Lost(_) => Err(Error::Raced),
    }
}
