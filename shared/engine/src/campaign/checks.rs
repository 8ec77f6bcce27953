//! What a campaign has to be: to be kept, to leave, to be changed.

use crate::Ports;
use crate::error::Error;
use crate::store::settings::Setup;
use crate::strategy::has_companies;
use cauce_domain::contact::calendar::Closed;
use cauce_domain::contact::channel::Channel;
use cauce_domain::strategy::campaign::{Campaign, Content, MOST_HELD_OUT, MOST_MESSAGES, MOST_WINDOW_HOURS, Standing};
use cauce_domain::strategy::template::{Audience, Purpose, Template};
use chrono::{DateTime, Utc};

fn refuse<T>(code: &'static str, field: &'static str, message: impl Into<String>) -> Result<T, Error> {
    Err(Error::refused(code, field, message.into()))
}

pub(super) fn open(campaign: &Campaign, what: &str) -> Result<(), Error> {
    if campaign.is_open() {
        return Ok(());
    }
    let message = format!("no se puede {what} una campaña {}: cópiela", campaign.standing.spanish().to_lowercase());
    refuse("campaign_started", "standing", message)
}

pub(super) fn running(campaign: &Campaign) -> Result<(), Error> {
    match campaign.standing {
        Standing::Running => Ok(()),
        other => refuse("not_running", "standing", format!("la campaña no está en proceso: está {}", other.spanish())),
    }
}

/// What even a draft has to be.
pub(super) fn checked(content: &Content) -> Result<(), Error> {
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
pub(super) async fn ready(ports: &Ports, setup: &Setup, content: &Content) -> Result<(), Error> {
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
pub(super) fn moment(setup: &Setup, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Error> {
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
