//! Every night: what stayed open of the day is asked of its provider, whose last word may have been lost on its way to us.

use crate::Ports;
use crate::apply_event::joined;
use crate::connect;
use crate::error::Error;
use crate::ports::provider::Open;
use crate::store::interactions::{self, Receipt};
use crate::store::jobs;
use crate::store::keys::SHARD_NAMES;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::collections::BTreeMap;

/// A message younger than this may still be on its way.
const SETTLES: TimeDelta = TimeDelta::hours(2);

/// Asks for what stayed open of a day, once; a provider that does not answer is asked again by the next close.
pub async fn reconcile(ports: &Ports, setup: &Setup, day: NaiveDate, now: DateTime<Utc>) -> Result<usize, Error> {
    let mark = format!("reconciled#{day}");
    if setup.connections.is_empty() || jobs::mark(ports, setup.id(), &mark).await?.is_some() {
        return Ok(0);
    }
    let mut open: BTreeMap<Channel, Vec<Interaction>> = BTreeMap::new();
    for shard in SHARD_NAMES {
        for (message, _) in interactions::of_day(ports, setup.id(), day, shard).await? {
            let channel = message.channel.filter(|channel| setup.connections.contains_key(channel));
            let waits = matches!(message.state, State::Sent | State::Unknown);
            if let Some(channel) = channel.filter(|_| waits && is_old(&message, now)) {
                open.entry(channel).or_default().push(message);
            }
        }
    }
    let (mut settled, mut silent) = (0, false);
    for (channel, messages) in open {
        match ask(ports, setup, channel, &messages, now).await {
            Ok(count) => settled += count,
            Err(error) => {
                tracing::warn!(project = %setup.id(), %channel, %error, "no se pudo conciliar con el proveedor");
                silent = true;
            }
        }
    }
    if !silent {
        jobs::set_mark(ports, setup.id(), &mark, now).await?;
    }
    Ok(settled)
}

fn is_old(message: &Interaction, now: DateTime<Utc>) -> bool {
    message.times.get("sent").is_none_or(|sent| *sent + SETTLES <= now)
}

/// Asks one provider about its messages, and joins what it says.
async fn ask(
    ports: &Ports,
    setup: &Setup,
    channel: Channel,
    messages: &[Interaction],
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let (provider, account) = connect::account(ports, setup, channel).await?;
    let texts = interactions::texts(ports, setup.id(), messages).await?;
    let about = |(message, text): (&Interaction, &Option<Receipt>)| Open {
        id: message.provider_id.clone(),
        reference: interactions::reference(message),
        to: message.recipients.iter().flat_map(|r| &r.to).map(|to| to.address.clone()).next().unwrap_or_default(),
        text: text.as_ref().map(|receipt| receipt.text.clone()).unwrap_or_default(),
        day: message.day,
    };
    let open: Vec<Open> = messages.iter().zip(&texts).map(about).collect();
    let failed = |why: String| Error::refused("provider_failed", None, why);
    let told = provider.look_up(&account, &open).await.map_err(failed)?;
    let mut settled = 0;
    for status in &told {
        let named = status.reference.as_deref().and_then(interactions::parse_reference);
        let Some((customer, day, send)) = named else { continue };
        let receipt = Receipt::of(customer, day, send);
        joined(ports, setup, &receipt, status, now).await?;
        settled += 1;
    }
    Ok(settled)
}
