//! What follows from a refusal, whether the provider said it at once or told it later: for the address it went to, for the
//! account it left from, for the message's next try, for the team.

use super::settle::raise;
use crate::Ports;
use crate::alternative;
use crate::drop_channel::drop_channel;
use crate::edit_customer::of_address;
use crate::error::Error;
use crate::exclude;
use crate::notice::alert_once;
use crate::ports::told::{Refusal, Reported, Status};
use crate::store::interactions::Receipt;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::{Channel, Scope};
use cauce_domain::contact::disposition::Disposition;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::point::Recipients;
use cauce_domain::contact::wish::{Source, Wish};
use chrono::{DateTime, TimeDelta, Utc};

/// How long WhatsApp's *undeliverable* is believed: it hides whether the person left WhatsApp, blocked us or is behind.
const HIDDEN: TimeDelta = TimeDelta::days(30);

/// Does what follows from a refusal for everything but the message itself.
pub(crate) async fn follow(
    ports: &Ports,
    setup: &Setup,
    channel: Channel,
    address: Option<&str>,
    refusal: &Refusal,
    (source, evidence, said): (Source, &str, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let silence = |scope: Scope| Wish {
        scope,
        source,
        evidence: Some(evidence.to_owned()),
        at: said,
        again: None,
        reason: None,
        author: None,
    };
    match (refusal.disposition, address) {
        (Disposition::DeadRecipient | Disposition::Suppress, Some(address)) => {
            let hidden = refusal.code.as_deref() == Some("131026");
            let until = hidden.then(|| now + HIDDEN);
            of_address(ports, setup, address, None, &|known| known.marks.rule_out(channel, until)).await?;
        }
        (Disposition::Soft, Some(address)) => {
            of_address(ports, setup, address, None, &|known| known.marks.bounced_softly(evidence, now)).await?;
        }
        (Disposition::OptOut, Some(address)) => {
            exclude::address(ports, setup, address, &silence(channel.into()), None).await?;
        }
        (Disposition::OptOutMarketing, Some(address)) => {
            exclude::address(ports, setup, address, &silence(setup.project().marketing_scope()), None).await?;
        }
        (Disposition::StopAccount, Some(address)) if refusal.is_of_a_country() && is_abroad(setup, address) => {
            let what = refusal.words();
            let text = format!(
                "El proveedor de {} no permite enviar al país de un destinatario: {what}.\nHabilite ese país en la cuenta; \
                 a los demás se les sigue enviando.",
                channel.spanish()
            );
            let subject = format!("País sin habilitar: {}", channel.spanish());
            alert_once(ports, setup, &format!("{channel}-pais"), &subject, text, now).await?;
        }
        (Disposition::StopAccount, _) => {
            let until = frees_by_itself(refusal).map(|wait| now + wait);
            drop_channel(ports, setup, channel, &refusal.words(), until, now).await?;
        }
        (Disposition::FixRequest | Disposition::ContentFiltered | Disposition::Unknown, _) => {
            let code = refusal.code.as_deref().unwrap_or("sin código");
            let text = format!(
                "El proveedor de {} rechazó un mensaje: {}.\nRevise la plantilla o la cuenta; mientras tanto los mensajes \
                 iguales seguirán fallando.",
                channel.spanish(),
                refusal.words()
            );
            let subject = format!("Mensajes rechazados: {} ({code})", channel.spanish());
            alert_once(ports, setup, &format!("{channel}-{code}"), &subject, text, now).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Whether a telephone is of another country than the project's.
fn is_abroad(setup: &Setup, address: &str) -> bool {
    let home = setup.project().country.dial_code().to_string();
    address.strip_prefix('+').is_some_and(|digits| !digits.starts_with(&home))
}

/// How long an account is left alone that takes messages again by itself.
fn frees_by_itself(refusal: &Refusal) -> Option<TimeDelta> {
    // WhatsApp's limit on what people complain of: a day.
    (refusal.code.as_deref() == Some("131048")).then(|| TimeDelta::hours(24))
}

/// Follows a refusal that came by a status: a message that may be tried again waits for its moment.
pub(crate) async fn told_later(
    ports: &Ports,
    setup: &Setup,
    receipt: &Receipt,
    message: &Interaction,
    status: &Status,
    refusal: &Refusal,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(channel) = message.channel else { return Ok(()) };
    let sole = message.recipients.iter().flat_map(|r| &r.to).map(|to| to.address.as_str()).next();
    // WhatsApp may write the number in another way than we do; an e-mail may have gone to several.
    let address = status.address.as_deref().filter(|_| channel == Channel::Email).or(sole);
    let complained = status.state == Reported::Complained;
    let source = if complained { Source::Complaint } else { Source::Provider };
    follow(ports, setup, channel, address, refusal, (source, &status.id, status.at.unwrap_or(now)), now).await?;
    if alternative::follows(refusal) {
        return alternative::offer(ports, setup, receipt, now).await;
    }
    let Some(again) = next_try(setup, message, refusal.disposition, now) else { return Ok(()) };
    raise(ports, setup, receipt, now, |message| {
        let mine = message.provider_id.as_deref() == Some(status.id.as_str());
        if !mine || !matches!(message.state, State::Failed { .. }) {
            return false;
        }
        message.tries.extend(message.provider_id.take());
        message.state = State::Scheduled { at: again };
        true
    })
    .await?;
    Ok(())
}

/// When a message that could not be delivered is tried again, if it may be: inside its own day's window.
fn next_try(
    setup: &Setup,
    message: &Interaction,
    disposition: Disposition,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let (most, wait) = match disposition {
        Disposition::Retry => (5, TimeDelta::minutes(1)),
        Disposition::RetryOnce => (1, TimeDelta::minutes(15)),
        Disposition::RetryLimited => (2, TimeDelta::hours(4)),
        _ => return None,
    };
    let again = now + wait;
    let calendar = setup.project().calendar.lived_in(message.facts.zone);
    let inside = calendar.local_day(again) == message.day && calendar.close_of_day(now).is_some_and(|end| again < end);
    (message.tries.len() < most && inside).then_some(again)
}

/// A message arrived at its address: what was only suspected of it is forgotten.
pub(crate) async fn proved(ports: &Ports, setup: &Setup, message: &Interaction, channel: Channel) -> Result<(), Error> {
    for to in message.recipients.iter().flat_map(Recipients::all) {
        of_address(ports, setup, &to.address, None, &|known| known.marks.proved(channel)).await?;
    }
    Ok(())
}
