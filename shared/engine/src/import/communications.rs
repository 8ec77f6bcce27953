//! Rows of past communications: contacts made outside, kept in their customers' threads and in the contact ledger of their own
//! week. Nothing is sent, nothing is set off, and the same file again adds nothing.

use super::chunk::{Context, Effect};
use super::columns::{COMMUNICATIONS, fold};
use super::dates;
use super::row::{Row, RowError};
use super::spill::SpilledRow;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key};
use crate::store::accounts::{self, as_read};
use crate::store::codec::{decode, encode};
use crate::store::commit::{Committed, commit};
use crate::store::{interactions, keys};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::ledger::{Entry, week_of};
use cauce_domain::contact::origin::Origin;
use cauce_domain::contact::past::{Past, PastState};
use cauce_domain::debt::customer::Status;
use cauce_domain::ids::{CustomerId, JobId, SendId, derived};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Recipients of one row, at most.
const MOST_RECIPIENTS: usize = 50;
/// Longest recipient.
const LONGEST: usize = 200;
/// Communications written in one transaction.
const TOGETHER: usize = 90;
/// How often a week that others write too is tried.
const TRIES: u32 = 10;

/// Takes the rows of one customer in.
pub(super) async fn apply(context: &Context<'_>, id: &CustomerId, rows: &[SpilledRow]) -> Result<Effect, Error> {
    let (ports, setup) = (context.desk.ports, context.desk.setup);
    let mut effect = Effect::default();
    let account = accounts::account(ports, setup.id(), id).await?.map(|(account, _)| account);
    if account.is_none_or(|account| account.customer.status == Status::Deleted) {
        let gone = |spilled: &SpilledRow| {
            let row = Row::new(spilled, COMMUNICATIONS, context.found);
            row.error("Número de documento", "el cliente no existe: cárguelo primero")
        };
        return Ok(effect.reject_all(rows, gone));
    }
    let mut weeks: BTreeMap<String, Vec<Past>> = BTreeMap::new();
    for spilled in rows {
        let row = Row::new(spilled, COMMUNICATIONS, context.found);
        match read(context, id, &row) {
            Ok(all) => {
                let (new, changed) = known(context, &all).await?;
                effect.take(new, changed, 1);
                let week = all.first().map(|past| week_of(past.day)).unwrap_or_default();
                weeks.entry(week).or_default().extend(all.into_iter().filter(|_| new || changed));
            }
            Err(error) => effect = effect.reject(error),
        }
    }
    if !context.desk.dry {
        for all in weeks.into_values() {
            for some in all.chunks(TOGETHER) {
                keep(context, id, some).await?;
            }
        }
    }
    Ok(effect)
}

/// What a row tells of, a communication a recipient.
fn read(context: &Context<'_>, customer: &CustomerId, row: &Row<'_>) -> Result<Vec<Past>, RowError> {
    let channel: Channel =
        row.text("Canal").parse().map_err(|_| row.error("Canal", "use WhatsApp, SMS, Correo o Llamada"))?;
    let word = fold(row.text("Estado"));
    let unknown = "no es un estado: use Enviado, Entregado, Abierto, Fallido, No enviado, Contactado o No contactado";
    let state = PastState::of(&word).ok_or_else(|| row.error("Estado", unknown))?;
    let at = moment(context, row)?;
    let mut recipients: Vec<&str> =
        row.text("Destinatarios").split(';').map(str::trim).filter(|one| !one.is_empty()).collect();
    recipients.sort_unstable();
    recipients.dedup();
    if recipients.is_empty() || recipients.len() > MOST_RECIPIENTS {
        return Err(row.error("Destinatarios", "escriba de 1 a 50, separados por punto y coma"));
    }
    let day = context.desk.setup.today(at);
    let past = |recipient: &str| {
        let recipient: String = recipient.chars().take(LONGEST).collect();
        let parts = ["past", customer.as_str(), channel.code(), &at.to_rfc3339(), &recipient.to_lowercase()];
        let load = JobId::new(context.desk.by.author.clone());
        Past { id: derived(&parts), customer: customer.clone(), day, at, channel, recipient, state, load }
    };
    Ok(recipients.into_iter().map(past).collect())
}

/// When it left: a date without hour is noon.
fn moment(context: &Context<'_>, row: &Row<'_>) -> Result<DateTime<Utc>, RowError> {
    let calendar = &context.desk.setup.project().calendar;
    let at = row.moment("Fecha de envío", calendar)?;
    let at = at.ok_or_else(|| row.error("Fecha de envío", "es obligatoria"))?;
    // Of a day without hour it is the day that counts: this morning's are loaded this morning.
    let today = !dates::has_hour(row.text("Fecha de envío")) && context.desk.setup.today(at) == context.desk.today;
    match at <= context.desk.by.at || today {
        true => Ok(at),
        false => Err(row.error("Fecha de envío", "es futura: aquí se cargan comunicaciones que ya se hicieron")),
    }
}

fn place(context: &Context<'_>, past: &Past) -> Key {
    keys::interaction(context.desk.setup.id(), &past.customer, past.day, &SendId::new(format!("~{}", past.id)))
}

/// Whether any of a row's communications is new, or stands otherwise than it was loaded before.
async fn known(context: &Context<'_>, all: &[Past]) -> Result<(bool, bool), Error> {
    let places: Vec<Key> = all.iter().map(|past| place(context, past)).collect();
    let (mut new, mut changed) = (false, false);
    for (past, stored) in all.iter().zip(context.desk.ports.table.get_many(&places).await?) {
        match stored {
            None => new = true,
            Some(stored) => changed |= decode::<Past>(&stored.body)?.state != past.state,
        }
    }
    Ok((new, changed))
}

/// Keeps communications of one week, with the week's ledger.
async fn keep(context: &Context<'_>, customer: &CustomerId, some: &[Past]) -> Result<(), Error> {
    let (ports, project) = (context.desk.ports, context.desk.setup.id());
    let Some(first) = some.first() else { return Ok(()) };
    for _ in 0..TRIES {
        let (mut week, version) = interactions::ledger(ports, project, customer, first.day).await?;
        let mut changes = Vec::new();
        let mut items: BTreeMap<&str, Item> = BTreeMap::new();
        for past in some {
            if past.state.counts() {
                let new = entry(past);
                // One that went to several is one contact, and reached somebody if it reached any of them.
                match week.entries.iter_mut().find(|known| known.send == new.send) {
                    Some(known) => known.reached |= new.reached,
                    None => week.entries.push(new),
                }
            }
            let item = interactions::aside_item(project, customer, past.day, &past.id, encode(past)?);
            items.insert(&past.id, item);
        }
        changes.extend(items.into_values().map(|item| Change::Put(item, Expect::Anything)));
        let ledger = Item::new(keys::ledger(project, customer, first.day), encode(&week)?);
        changes.push(Change::Put(ledger, as_read(version)));
        if let Committed::Made = commit(ports, changes).await? {
            return Ok(());
        }
    }
    Err(Error::Raced)
}

/// One contact, however many it went to.
fn entry(past: &Past) -> Entry {
    let send = derived(&["past", past.customer.as_str(), past.channel.code(), &past.at.to_rfc3339()]);
    Entry {
        send: SendId::new(send.clone()),
        step: send,
        day: past.day,
        channel: past.channel,
        debt: String::new(),
        origin: Origin::Imported,
        exempt: false,
        reached: past.state.reached(),
    }
}
