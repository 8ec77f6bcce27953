//! What came of a call is registered: the row of the catalogue says what has to be told and what follows, and all of it is
//! one transaction of the customer's dossier. Asked twice it is done once.

use crate::Ports;
use crate::agreement;
use crate::claim;
use crate::dossier::{AtHand, Desk, Dossier, change};
use crate::edit_customer::by_hand::Edit;
use crate::error::Error;
use crate::limits;
use crate::link_contact::link_customer;
use crate::pause;
use crate::payment_to_verify::{self, Declared};
use crate::ports::table::{Change, Expect};
use crate::promise;
use crate::store::accounts;
use crate::store::codec::encode;
use crate::store::edits::By;
use crate::store::interactions::aside_item;
use crate::store::settings::Setup;
use crate::webhook::announce;
use cauce_domain::contact::alert::Alert;
use cauce_domain::contact::call_entry::CallReason;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::contact::management::Management;
use cauce_domain::contact::outcome::{Effect, Entry, Field, Misfit, Outcome, Situation, entry};
use cauce_domain::contact::point::{Phone, Point};
use cauce_domain::ids::{CustomerId, MatterId, SendId};
use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

/// What is told of a call.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who called whom, and whether they spoke.
    pub situation: Situation,
    /// What came of it.
    pub outcome: Outcome,
    /// Which of the customer's numbers, by its slot.
    pub phone: Option<u8>,
    /// The call it was, where the telephone was dialled from here.
    pub call: Option<SendId>,
    /// A note.
    pub note: Option<String>,
    /// The payment, order or invoice it is about.
    pub code: Option<String>,
    /// Who answered, to the customer.
    pub relation: Option<String>,
    /// Files.
    pub files: Vec<MessageFile>,
    /// What was promised.
    pub promise: Option<promise::Asked>,
    /// What the customer says it paid.
    pub payment: Option<Declared>,
    /// When to call again: the local day, and the hour where one was agreed on.
    pub call_back: Option<(NaiveDate, Option<NaiveTime>)>,
    /// The new terms.
    pub terms: Option<agreement::Asked>,
    /// What the customer objects to.
    pub claim: Option<claim::Asked>,
    /// What to remember, and when it asks for a call.
    pub reminder: Option<(String, Option<NaiveDate>)>,
    /// The last day of a pause.
    pub pause_until: Option<NaiveDate>,
    /// What is changed of the customer itself.
    pub edit: Option<Edit>,
}

impl Asked {
    /// An outcome of which nothing else is told.
    pub fn plain(situation: Situation, outcome: Outcome) -> Self {
        Self {
            situation,
            outcome,
            phone: None,
            call: None,
            note: None,
            code: None,
            relation: None,
            files: Vec::new(),
            promise: None,
            payment: None,
            call_back: None,
            terms: None,
            claim: None,
            reminder: None,
            pause_until: None,
            edit: None,
        }
    }

    fn told(&self, entry: &Entry) -> Vec<Field> {
        let phone = self.phone.is_some() && entry.requires.contains(&Field::Phone);
        let all = [
            (self.promise.is_some(), Field::Promise),
            (self.payment.is_some(), Field::Payment),
            (self.call_back.is_some(), Field::CallBack),
            (self.terms.is_some(), Field::Terms),
            (self.reminder.is_some(), Field::Reminder),
            (self.pause_until.is_some(), Field::PauseUntil),
            (phone, Field::Phone),
            (self.relation.is_some(), Field::Relation),
            (self.claim.is_some(), Field::Claim),
            (self.code.is_some(), Field::Code),
            (self.note.is_some(), Field::Note),
            (!self.files.is_empty(), Field::Files),
        ];
        all.into_iter().filter(|(told, _)| *told).map(|(_, field)| field).collect()
    }

    /// The orders that have to be at hand.
    fn orders(&self) -> Vec<String> {
        let promise = self.promise.iter().flat_map(|it| &it.orders);
        let payment = self.payment.iter().flat_map(|it| &it.order);
        let terms = self.terms.iter().flat_map(|it| &it.orders);
        let claim = self.claim.iter().flat_map(|it| &it.orders);
        promise.chain(payment).chain(terms).chain(claim).cloned().collect()
    }
}

/// What was registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registered {
    /// The management.
    pub management: Management,
    /// What whoever registered it should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Registers what came of a call.
pub async fn register(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    asked: &Asked,
    (by, request): (&By, Option<String>),
) -> Result<Registered, Error> {
    let flags = setup.project().channels.get(&Channel::Call);
    if !flags.is_some_and(|flags| flags.active) {
        let message = "el canal Llamada no está activo: actívelo en Canales";
        return Err(Error::refused("channel_inactive", None, message));
    }
    let entry = checked(asked)?;
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    let (edit, ended_promises) = (asked.edit.clone(), asked.promise.is_some());
    let week = asked.situation != Situation::Inbound;
    let at_hand = AtHand { edit, ended_promises, week, ..AtHand::orders(&asked.orders()) };
    let registered = change(&desk, customer, &at_hand, |dossier| one(dossier, entry, asked)).await?;
    if asked.edit.is_some()
        && let Some((account, _)) = accounts::account(ports, setup.id(), customer).await?
    {
        link_customer(ports, setup, &account.customer).await;
    }
    Ok(registered)
}

/// The row of the catalogue, if what was told fits it.
fn checked(asked: &Asked) -> Result<&'static Entry, Error> {
    let refused = |field: Option<&'static str>, message: String| Err(Error::refused("outcome", field, message));
    let Some(entry) = entry(asked.situation, asked.outcome) else {
        let (outcome, direction) = (asked.outcome.spanish(), asked.situation.direction());
        let contact = if asked.situation.is_contact() { "con contacto" } else { "sin contacto" };
        return refused(Some("outcome"), format!("«{outcome}» no existe para una llamada {direction} {contact}"));
    };
    match entry.misfit(&asked.told(entry)) {
        Some(Misfit::Missing(field)) => return refused(Some(code(field)), format!("falta {}", spanish(field))),
        Some(Misfit::MissingOneOf(fields)) => {
            let names: Vec<&str> = fields.iter().map(|field| spanish(*field)).collect();
            return refused(fields.first().map(|f| code(*f)), format!("indique {}", names.join(" o ")));
        }
        Some(Misfit::Unexpected(field)) => {
            let message = format!("«{}» no lleva {}", asked.outcome.spanish(), spanish(field));
            return refused(Some(code(field)), message);
        }
        None => {}
    }
    asked.note.as_deref().map(|note| limits::text("note", note, limits::LONG)).transpose()?;
    limits::some("code", asked.code.as_deref(), limits::SHORT)?;
    limits::some("relation", asked.relation.as_deref(), limits::SHORT)?;
    limits::some("call", asked.call.as_ref().map(SendId::as_str), limits::SHORT)?;
    limits::most("files", asked.files.len(), limits::FILES)?;
    Ok(entry)
}

fn code(field: Field) -> &'static str {
    match field {
        Field::Promise => "promise",
        Field::Payment => "payment",
        Field::CallBack => "call_back",
        Field::Terms => "terms",
        Field::Reminder => "reminder",
        Field::PauseUntil => "pause_until",
        Field::Phone => "phone",
        Field::Relation => "relation",
        Field::Claim => "claim",
        Field::Code => "code",
        Field::Note => "note",
        Field::Files => "files",
    }
}

fn spanish(field: Field) -> &'static str {
    match field {
        Field::Promise => "el compromiso (fecha y monto)",
        Field::Payment => "el pago declarado",
        Field::CallBack => "la fecha de la próxima llamada",
        Field::Terms => "los nuevos términos",
        Field::Reminder => "el recordatorio",
        Field::PauseUntil => "la fecha hasta la que se pausa",
        Field::Phone => "cuál de los teléfonos falló",
        Field::Relation => "quién contestó",
        Field::Claim => "el motivo del reclamo",
        Field::Code => "el código asociado",
        Field::Note => "la nota o descripción",
        Field::Files => "archivos",
    }
}

/// Registers it in a dossier.
fn one(dossier: &mut Dossier<'_>, entry: &Entry, asked: &Asked) -> Result<Registered, Error> {
    let phone = telephone(dossier, asked)?;
    let mut management = Management {
        id: SendId::new(dossier.new_matter().to_string()),
        customer: dossier.account.id.clone(),
        day: dossier.today(),
        by: dossier.by().clone(),
        situation: asked.situation,
        outcome: asked.outcome,
        phone,
        call: asked.call.clone(),
        note: asked.note.as_ref().map(|note| note.trim().to_owned()),
        code: asked.code.clone(),
        relation: asked.relation.clone(),
        files: asked.files.clone(),
        noted: Vec::new(),
        next_call: None,
        paused_until: asked.pause_until,
    };
    if asked.situation != Situation::Inbound {
        dossier.account.attempted(dossier.today());
    }
    dossier.account.alerts.clear(Alert::Resumed);
    if entry.settles {
        dossier.settle_calls(&management);
    }
    dossier.called(&management);
    let mut warnings = Vec::new();
    for effect in entry.effects {
        apply(dossier, *effect, asked, &mut management, &mut warnings)?;
    }
    let (project, body) = (dossier.setup().id(), encode(&management)?);
    let item = aside_item(project, &management.customer, management.day, management.id.as_str(), body);
    dossier.announce(|ports, setup| announce::of_management(ports, setup, &management))?;
    dossier.also(Change::Put(item, Expect::Absent));
    Ok(Registered { management, warnings })
}

fn telephone(dossier: &Dossier<'_>, asked: &Asked) -> Result<Option<String>, Error> {
    let Some(slot) = asked.phone else { return Ok(None) };
    let found = dossier.account.customer.phones.iter().find(|point| point.slot == slot);
    let missing = || Error::refused("invalid_value", "phone", "el cliente no tiene un teléfono en esa posición");
    Ok(Some(found.ok_or_else(missing)?.address.e164().to_owned()))
}

/// Does what an effect says.
fn apply(
    dossier: &mut Dossier<'_>,
    effect: Effect,
    asked: &Asked,
    management: &mut Management,
    warnings: &mut Vec<String>,
) -> Result<(), Error> {
    let mut noted = |id: &MatterId| management.noted.push(id.clone());
    match effect {
        Effect::PromiseOrPayment => {
            // First what was paid: what is promised is the rest.
            if let Some(declared) = &asked.payment {
                noted(&payment_to_verify::note(dossier, declared)?.id);
            }
            if let Some(promised) = &asked.promise {
                let made = promise::note(dossier, promised)?;
                noted(&made.promise.id);
                warnings.extend(made.warning);
            }
        }
        Effect::PaymentMade => {
            let declared = asked.payment.clone().unwrap_or_default();
            let files = declared.files.iter().chain(&asked.files).cloned().collect();
            noted(&payment_to_verify::note(dossier, &Declared { files, ..declared })?.id);
        }
        Effect::CallBack => management.next_call = Some(call_back(dossier, asked)?),
        Effect::Retry => management.next_call = retry(dossier),
        Effect::Alert(alert) => {
            let by = dossier.by().clone();
            dossier.account.alerts.raise(alert, &by);
        }
        Effect::Agreement(kind) => {
            if let Some(terms) = &asked.terms {
                noted(&agreement::note(dossier, kind, terms)?.id);
            }
        }
        Effect::Reminder => {
            if let Some((text, date)) = &asked.reminder {
                noted(&pause::remind(dossier, text, *date)?.id);
            }
        }
        Effect::Pause => {
            if let Some(until) = asked.pause_until {
                pause::note(dossier, until)?;
            }
        }
        Effect::FailedNumber => failed_number(dossier, asked),
        Effect::Claim => {
            if let Some(claimed) = &asked.claim {
                noted(&claim::note(dossier, claimed)?.id);
            }
        }
    }
    Ok(())
}

/// The call leaves the tray until the day agreed on, which contact has to be allowed on.
fn call_back(dossier: &mut Dossier<'_>, asked: &Asked) -> Result<NaiveDate, Error> {
    let Some((day, hour)) = asked.call_back else { return Ok(dossier.today()) };
    let project = dossier.setup().project();
    let calendar = project.calendar.lived_in(dossier.account.customer.zone);
    let refused = |message: String| Err(Error::refused("restricted_day", "call_back.date", message));
    if day < dossier.today() {
        return refused("la próxima llamada es hoy o después".to_owned());
    }
    if let Some(why) = calendar.why_closed(day) {
        return refused(format!("el {day} no se puede llamar: {why}"));
    }
    let at = hour.map(|hour| calendar.instant(day.and_time(hour)));
    if at.is_some_and(|at| calendar.check(at).is_err()) {
        return refused("esa hora está fuera del horario de contacto permitido".to_owned());
    }
    if at.is_some_and(|at| at < dossier.by().at) {
        return refused("esa hora ya pasó".to_owned());
    }
    dossier.add_call(CallReason::CallBack, day, at);
    Ok(day)
}

/// The call comes back: today after the gap while attempts are left, else on the next day that allows it.
fn retry(dossier: &mut Dossier<'_>) -> Option<NaiveDate> {
    let (project, today, now) = (dossier.setup().project(), dossier.today(), dossier.by().at);
    let calendar = project.calendar.lived_in(dossier.account.customer.zone);
    let made = dossier.account.attempts.filter(|(day, _)| *day == today).map_or(0, |(_, count)| count);
    let gap = TimeDelta::minutes(i64::from(project.rules.retry_minutes));
    let again = calendar.next_allowed(now + gap).filter(|at| calendar.local_day(*at) == today);
    let today_still = again.filter(|_| made < u32::from(project.rules.attempts_a_day));
    let tomorrow = today.checked_add_days(Days::new(1)).and_then(|day| calendar.next_allowed_day(day));
    let due = today_still.map(|_| today).or(tomorrow)?;
    dossier.add_call(CallReason::Retry, due, today_still).then_some(due)
}

/// The number is wrong or out of service: it is used by no channel until somebody edits it.
fn failed_number(dossier: &mut Dossier<'_>, asked: &Asked) {
    let failed = |point: &&mut Point<Phone>| Some(point.slot) == asked.phone;
    dossier.account.customer.phones.iter_mut().filter(failed).for_each(|point| point.invalid = true);
    let by = dossier.by().clone();
    dossier.account.alerts.raise(Alert::FailedContact, &by);
}
