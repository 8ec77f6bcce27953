//! Click-to-call: the adviser's telephone rings, then the customer's; what is told of both legs joins into the call, which
//! stands in the customer's thread.

use crate::Ports;
use crate::connect;
use crate::error::Error;
use crate::ports::channel::Answer;
use crate::ports::provider::Ring;
use crate::ports::table::{Change, Expect, Item, Key};
use crate::ports::told;
use crate::rates::{self, Pace};
use crate::store::accounts;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::{Committed, commit};
use crate::store::interactions::{parse_reference, thread_item};
use crate::store::keys;
use crate::store::settings::Setup;
use cauce_domain::contact::call::{Call, LegReport, LegState, Side};
use cauce_domain::contact::channel::{Channel, Scope};
use cauce_domain::contact::point::{Phone, Point};
use cauce_domain::debt::customer::Status;
use cauce_domain::ids::{CustomerId, SendId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

shapes! { Call => "call_v1" }

/// Calls a second that an account may begin.
const PACE: f64 = 1.0;

/// What a user asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whom to call.
    pub customer: CustomerId,
    /// The customer's phone, by its slot; the first usable one when it is not said.
    pub slot: Option<u8>,
    /// The adviser's telephone, in E.164.
    pub adviser: String,
    /// Who calls.
    pub user: Option<UserId>,
}

fn item(setup: &Setup, call: &Call) -> Result<Item, Error> {
    Ok(thread_item(setup.id(), &call.customer, call.day, call.id.as_str(), encode(call)?))
}

fn reference(call: &Call) -> String {
    format!("{}.{}.{}", call.customer, call.day, call.id)
}

/// The telephone to ring, if the law, the customer and what is known of the number allow it.
async fn telephone(ports: &Ports, setup: &Setup, asked: &Asked, now: DateTime<Utc>) -> Result<String, Error> {
    let found = accounts::account(ports, setup.id(), &asked.customer).await?;
    let (account, _) = found.ok_or(Error::NotFound("el cliente"))?;
    let customer = &account.customer;
    let refused = |code, message: &str| Err(Error::refused(code, None, message));
    if customer.status != Status::Active {
        return refused("customer_inactive", "el cliente está inactivo");
    }
    let calendar = setup.project().calendar.lived_in(customer.zone);
    if calendar.check(now).is_err() {
        return refused("outside_hours", "está fuera del horario de contacto permitido");
    }
    if customer.opted_out.contains(&Scope::All) {
        return refused("opted_out", "el cliente pidió no ser contactado");
    }
    let usable = |point: &&Point<Phone>| {
        let wanted = asked.slot.is_none_or(|slot| slot == point.slot);
        wanted && !point.invalid && !point.marks.unverified && !point.opted_out.contains(&Scope::All)
    };
    match customer.phones.iter().find(usable) {
        Some(point) => Ok(point.address.e164().to_owned()),
        None if customer.phones.is_empty() => refused("no_contact", "el cliente no tiene teléfono"),
        None => refused("invalid_contact", "ese teléfono no se puede llamar: verifíquelo primero"),
    }
}

/// Rings the adviser, and whoever answers is joined with the customer.
pub async fn call(ports: &Ports, setup: &Setup, asked: &Asked, now: DateTime<Utc>) -> Result<Call, Error> {
    let to = telephone(ports, setup, asked, now).await?;
    let (provider, account) = connect::account(ports, setup, Channel::Sms).await?;
    let id = provider.account_id(&account);
    let place = rates::take(ports, &format!("{id}#voice"), Pace::a_second(PACE), (1, TimeDelta::zero()), now).await?;
    if place.is_empty() {
        return Err(Error::refused(
            "too_many_calls",
            None,
            "hay otra llamada empezando: intente de nuevo en unos segundos",
        ));
    }
    let mut call = Call {
        id: SendId::new(ports.new_id().simple().to_string()),
        customer: asked.customer.clone(),
        day: setup.today(now),
        user: asked.user.clone(),
        to: to.clone(),
        at: now,
        legs: BTreeMap::new(),
        result: None,
        refused: None,
    };
    // Kept before it rings: what is told of it finds it however fast it comes.
    commit(ports, vec![Change::Put(item(setup, &call)?, Expect::Absent)]).await?;
    let ring = Ring { adviser: asked.adviser.clone(), customer: to, reference: reference(&call) };
    let why = match provider.ring(&account, &ring).await {
        Answer::Accepted(_) => return Ok(call),
        Answer::Refused(refused) => refused.words,
        Answer::NotNow { why, .. } | Answer::Disconnected { why, .. } | Answer::Unknown(why) => why,
    };
    change(ports, setup, &reference(&call), |kept| {
        kept.refused = Some(why.clone());
        true
    })
    .await?;
    call.refused = Some(why);
    Ok(call)
}

/// Changes a call by a rule that only joins.
async fn change(
    ports: &Ports,
    setup: &Setup,
    reference: &str,
    how: impl Fn(&mut Call) -> bool,
) -> Result<Option<Call>, Error> {
    let Some((customer, day, id)) = parse_reference(reference) else { return Ok(None) };
    let key: Key = keys::interaction(setup.id(), &customer, day, &id);
    for _ in 0..10 {
        let Some(stored) = ports.table.get(&key).await? else { return Ok(None) };
        let mut call: Call = decode(&stored.body)?;
        if !how(&mut call) {
            return Ok(Some(call));
        }
        if let Committed::Made =
            commit(ports, vec![Change::Put(item(setup, &call)?, Expect::Version(stored.version))]).await?
        {
            return Ok(Some(call));
        }
    }
    Err(Error::Raced)
}

/// Joins what is told of a call's leg; what names no call of this project's is passed over.
pub(crate) async fn told(
    ports: &Ports,
    setup: &Setup,
    reference: Option<&str>,
    news: &told::Call,
    received: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(reference) = reference else { return Ok(()) };
    match news {
        told::Call::Leg { id, parent, state, sequence, at, answered_by, seconds, code, .. } => {
            let Some(state) = LegState::of(state) else { return Ok(()) };
            let side = if parent.is_some() { Side::Customer } else { Side::Adviser };
            let report = LegReport {
                id: id.clone(),
                state,
                sequence: *sequence,
                answered_by: answered_by.clone(),
                seconds: *seconds,
                code: code.clone(),
                at: at.unwrap_or(received),
            };
            change(ports, setup, reference, |call| call.join(side, &report)).await?;
        }
        told::Call::AnsweredBy { by, .. } => drop(change(ports, setup, reference, |call| call.answered(by)).await?),
        told::Call::Dialled { leg, result, .. } => {
            // What dialling ended as, where the leg itself was never told of.
            let Some(state) = LegState::of(result) else { return Ok(()) };
            let id = leg.clone().unwrap_or_default();
            let report =
                LegReport { id, state, sequence: None, answered_by: None, seconds: None, code: None, at: received };
            change(ports, setup, reference, |call| {
                !call.legs.contains_key(&Side::Customer) && call.join(Side::Customer, &report)
            })
            .await?;
        }
        told::Call::Recording { .. } => {}
    }
    Ok(())
}
