//! Something of a customer changed: the campaigns it may count for have it measured anew.

use super::measure::MOST_CHANGES;
use super::store::{self, Recipient};
use crate::Ports;
use crate::error::Error;
use crate::ports::table::Change;
use crate::store::commit::commit;
use crate::store::settings::Setup;
use cauce_domain::debt::event::{Event, EventKind};
use cauce_domain::ids::CustomerId;
use chrono::NaiveDate;

/// Campaigns of one customer that a change is told to in its own transaction; the others are told before it, for later.
const BESIDE: usize = 5;

/// What happens to a debt that a campaign's figures are made of.
fn counts(event: EventKind) -> bool {
    matches!(
        event,
        EventKind::Payment | EventKind::PaymentAnnulled | EventKind::PromiseMade | EventKind::PaymentToVerify
    )
}

/// The days of what counts among some events: by value date of payments, by the day of what was said.
pub(crate) fn days(events: &[Event]) -> Option<(NaiveDate, NaiveDate)> {
    let of = |event: &Event| match event.event {
        EventKind::Payment | EventKind::PaymentAnnulled => event.about.date.unwrap_or(event.day),
        _ => event.day,
    };
    let all = events.iter().filter(|event| counts(event.event)).map(of);
    all.fold(None, |found, day| match found {
        None => Some((day, day)),
        Some((first, last)) => Some((day.min(first), day.max(last))),
    })
}

/// The tickets of a customer whose things of some days changed, for each campaign they may count for, however late they are told.
pub(crate) async fn touched(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Vec<Change>, Error> {
    let project = setup.id();
    if !setup.campaigned {
        return Ok(Vec::new());
    }
    let mut all = store::of_customer(ports, project, customer).await?;
    all.retain(|(recipient, _)| recipient.day <= last && first <= recipient.last_day());
    all.sort_by_key(|(recipient, _)| std::cmp::Reverse(recipient.day));
    let ticket = |(it, _): &(Recipient, u64), wait| store::ticket(ports, project, (&it.campaign, customer), wait);
    for some in all.get(BESIDE..).unwrap_or_default().chunks(MOST_CHANGES) {
        // They do not fit beside what changes: they are measured once that is surely written.
        let tickets = some.iter().map(|recipient| ticket(recipient, store::AFTERWARDS));
        commit(ports, tickets.collect::<Result<_, _>>()?).await?;
    }
    all.iter().take(BESIDE).map(|recipient| ticket(recipient, store::SOON)).collect()
}
