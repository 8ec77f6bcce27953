//! Pauses of everything automatic to a customer, alerts taken away by hand, and reminders for whoever works it next.

use crate::Ports;
use crate::dossier::{AtHand, Desk, Dossier, change};
use crate::error::Error;
use crate::limits;
use crate::store::edits::By;
use crate::store::settings::Setup;
use cauce_domain::contact::alert::Alert;
use cauce_domain::debt::event::{About, EventKind};
use cauce_domain::debt::matter::{Matter, Reminder};
use cauce_domain::ids::{CustomerId, MatterId};
use chrono::NaiveDate;

/// Most characters of a reminder.
const MOST_TEXT: usize = 500;

/// Pauses a customer's communications up to and including a local day, from tomorrow on; a new pause replaces the old.
pub async fn pause(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    until: NaiveDate,
    (by, request): (&By, Option<String>),
) -> Result<NaiveDate, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::default(), |dossier| note(dossier, until)).await
}

/// Notes a pause in a dossier.
pub(crate) fn note(dossier: &mut Dossier<'_>, until: NaiveDate) -> Result<NaiveDate, Error> {
    if until <= dossier.today() {
        return Err(Error::refused("pause_too_short", "pause_until", "la pausa termina mañana o después"));
    }
    let by = dossier.by().clone();
    dossier.account.pause(until, &by);
    dossier.tell(EventKind::Paused, About { date: Some(until), ..About::default() });
    Ok(until)
}

/// Ends a pause by hand.
pub async fn resume(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    (by, request): (&By, Option<String>),
) -> Result<(), Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::default(), |dossier| match dossier.account.holds.paused_until {
        None => Err(Error::refused("not_paused", None, "las comunicaciones no están pausadas")),
        Some(_) => {
            end(dossier);
            Ok(())
        }
    })
    .await
}

/// A pause ends.
pub(crate) fn end(dossier: &mut Dossier<'_>) {
    let by = dossier.by().clone();
    dossier.account.resume(&by);
    dossier.tell(EventKind::Resumed, About::default());
}

/// Takes an alert away by hand; a pause is resumed instead.
pub async fn clear_alert(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    alert: Alert,
    (by, request): (&By, Option<String>),
) -> Result<(), Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::default(), |dossier| {
        if alert == Alert::Paused {
            return Err(Error::refused(
                "resume_instead",
                "alert",
                "reanude las comunicaciones para quitar esta alerta",
            ));
        }
        if !dossier.account.alerts.has(alert) {
            return Err(Error::NotFound("la alerta"));
        }
        dossier.account.alerts.clear(alert);
        let about = About { detail: Some(alert.spanish().to_owned()), ..About::default() };
        dossier.tell(EventKind::AlertCleared, about);
        Ok(())
    })
    .await
}

/// Pins a reminder in a dossier.
pub(crate) fn remind(dossier: &mut Dossier<'_>, text: &str, date: Option<NaiveDate>) -> Result<Reminder, Error> {
    let text = limits::text("reminder.text", text, MOST_TEXT)?;
    let standing = dossier.matters.values().filter(|kept| matches!(kept.now, Matter::Reminder(_))).count();
    limits::most("reminder", standing + 1, limits::STANDING)?;
    if date.is_some_and(|date| date <= dossier.today()) {
        return Err(Error::refused("date_in_past", "reminder.date", "la fecha del recordatorio es mañana o después"));
    }
    let by = dossier.by().clone();
    let reminder = Reminder { id: dossier.new_matter(), text, date, by, done: None };
    dossier.tell(EventKind::ReminderNoted, about(&reminder));
    dossier.put_matter(Matter::Reminder(reminder.clone()));
    Ok(reminder)
}

/// Takes a reminder off.
pub async fn take_off(
    ports: &Ports,
    setup: &Setup,
    (customer, id): (&CustomerId, &MatterId),
    (by, request): (&By, Option<String>),
) -> Result<Reminder, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::matter(id), |dossier| {
        let known = dossier.matter(id, "el recordatorio", |matter| match matter {
            Matter::Reminder(reminder) if reminder.done.is_none() => Some(reminder),
            _ => None,
        })?;
        let reminder = Reminder { done: Some(by.clone()), ..known };
        dossier.tell(EventKind::ReminderDone, about(&reminder));
        dossier.put_matter(Matter::Reminder(reminder.clone()));
        Ok(reminder)
    })
    .await
}

fn about(reminder: &Reminder) -> About {
    let subject = reminder.id.to_string();
    About { subject, date: reminder.date, detail: Some(reminder.text.clone()), ..About::default() }
}
