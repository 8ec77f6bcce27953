//! Campaigns: written, scheduled, started at their hour, measured as things happen.
//!
//! - `mod.rs`: what a person does with one.
//! - `start.rs`: its audience is frozen, shard by shard, a transaction at a time with the sums it adds to, so that two starters,
//!   or one that died half way, freeze nobody twice and forget nobody.
//! - `rest.rs`: what is left of one is stopped, or goes on after a pause.
//! - `measure.rs`: recipients whose things changed are measured anew, and the sums follow in the same transaction.
//! - `result.rs`: what it brought, as it is told.
//!
//! Its messages are messages like any other (`send_message`): claimed, looked at again, entered in the contact ledger, followed.

mod measure;
mod rest;
mod result;
mod start;
pub(crate) mod store;

pub use measure::recount;
pub(crate) use measure::{days, touched};
pub(crate) use rest::close;
pub use result::{Result as CampaignResult, result};
pub use store::{page, read};

use crate::Ports;
use crate::error::Error;
use crate::messages::{CampaignShard, CampaignWork};
use crate::ports::queue::{Message, QueueName};
use crate::ports::table::{Change, Expect};
use crate::preview::{self, Preview};
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit};
use crate::store::edits::{self, By};
use crate::store::keys::SHARD_NAMES;
use crate::store::settings::{Setup, Versioned};
use crate::strategy::has_companies;
use cauce_domain::contact::calendar::Closed;
use cauce_domain::contact::channel::Channel;
use cauce_domain::ids::{CampaignId, CustomerId, ProjectId};
use cauce_domain::strategy::campaign::{Campaign, Content, MOST_HELD_OUT, MOST_MESSAGES, MOST_WINDOW_HOURS, Standing};
use cauce_domain::strategy::template::{Audience, Purpose, Template};
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
    let starter = store::starter(setup.id(), &before.value.id, at)?;
    save(ports, setup, Campaign { standing, at, ..before.value.clone() }, Some(before), by, vec![starter]).await
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

fn refuse<T>(code: &'static str, field: &'static str, message: impl Into<String>) -> Result<T, Error> {
    Err(Error::refused(code, field, message.into()))
}

fn open(campaign: &Campaign, what: &str) -> Result<(), Error> {
    if campaign.is_open() {
        return Ok(());
    }
    let message = format!("no se puede {what} una campaña {}: cópiela", campaign.standing.spanish().to_lowercase());
    refuse("campaign_started", "standing", message)
}

fn running(campaign: &Campaign) -> Result<(), Error> {
    match campaign.standing {
        Standing::Running => Ok(()),
        other => refuse("not_running", "standing", format!("la campaña no está en proceso: está {}", other.spanish())),
    }
}

/// What even a draft has to be.
fn checked(content: &Content) -> Result<(), Error> {
    if content.name.trim().is_empty() || content.name.chars().count() > 200 {
        return refuse("invalid_value", "name", "la campaña necesita un nombre de hasta 200 letras");
    }
    if let Some(Err(why)) = content.audience.filter.as_ref().map(|filter| filter.validate()) {
        return refuse("invalid_value", "audience.filter", why.to_string());
    }
    if content.communications.len() > MOST_MESSAGES {
        return refuse("invalid_value", "communications", format!("hasta {MOST_MESSAGES} comunicaciones por campaña"));
    }
    if content.hold_out > MOST_HELD_OUT {
        return refuse("invalid_value", "hold_out", format!("el grupo de control es hasta el {MOST_HELD_OUT} %"));
    }
    if !(1..=MOST_WINDOW_HOURS).contains(&content.window_hours) {
        return refuse("invalid_value", "window_hours", format!("la ventana va de 1 a {MOST_WINDOW_HOURS} horas"));
    }
    Ok(())
}

/// What a campaign has to be to leave.
async fn ready(ports: &Ports, setup: &Setup, content: &Content) -> Result<(), Error> {
    if content.audience.is_empty() {
        return refuse("audience_missing", "audience", "elija segmentos o una condición: a quién va la campaña");
    }
    for segment in &content.audience.segments {
        if !setup.segments.iter().any(|known| known.value.id == *segment) {
            return refuse("invalid_value", "audience.segments", format!("no existe el segmento '{segment}'"));
        }
    }
    if content.communications.is_empty() {
        return refuse("communications_missing", "communications", "agregue al menos una plantilla");
    }
    let companies = has_companies(ports, setup).await?;
    for communication in &content.communications {
        let template = setup.template(&communication.template).map(|template| &template.value);
        let usable = template.filter(|template| fits(template));
        let Some(template) = usable else {
            let id = &communication.template;
            let message = format!("la plantilla {id} no existe, no es de tipo campaña o es de llamada");
            return refuse("invalid_value", "communications", message);
        };
        if template.audience == Audience::Reference && !setup.project().references_allowed {
            let message = format!("«{}» es para referencias y el proyecto no permite escribirles", template.name);
            return refuse("recipient_forbidden", "communications", message);
        }
        if companies && communication.levels.to.is_empty() {
            let message = format!("«{}» llega a empresas: elija sus niveles de contacto", template.name);
            return refuse("contact_levels_missing", "communications", message);
        }
    }
    Ok(())
}

fn fits(template: &Template) -> bool {
    template.purposes.contains(&Purpose::Campaign) && template.channel != Channel::Call
}

/// Whether a campaign may leave at an instant.
fn moment(setup: &Setup, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Error> {
    let calendar = &setup.project().calendar;
    if at <= now {
        return refuse("in_the_past", "at", "la fecha y hora ya pasaron: elija un momento futuro");
    }
    match calendar.check(at) {
        Ok(()) => Ok(()),
        Err(Closed::Hours) => refuse("outside_hours", "at", "esa hora está fuera del horario de contacto permitido"),
        Err(Closed::Day) => {
            let day = calendar.local_day(at);
            let why = calendar.why_closed(day).unwrap_or_else(|| "día restringido".to_owned());
            refuse("restricted_day", "at", format!("el {day} no se puede contactar: {why}"))
        }
    }
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
