//! The agenda: what the beginning of a local day does to accounts without anybody asking. Promises whose limit went by are
//! judged, pauses end, declared payments nobody looked at become the supervisor's, reminders ask for a call, payments left half
//! way go on.
//!
//! Done twice it changes nothing: what is done leaves the agenda in the transaction that does it. Days gone by are looked at
//! again for a while, so that an index that was behind, or a night nobody worked, loses nothing. No plan waits for it: whether
//! a pause or a promise holds today is read from its day.

use crate::Ports;
use crate::dossier::{AtHand, Desk, Dossier, change, resume};
use crate::error::Error;
use crate::pause;
use crate::payment_to_verify;
use crate::ports::table::{Index, Query};
use crate::store::accounts;
use crate::store::edits::By;
use crate::store::jobs;
use crate::store::keys::{self, SHARD_NAMES};
use crate::store::query_all;
use crate::store::settings::Setup;
use cauce_domain::contact::call_entry::CallReason;
use cauce_domain::debt::event::EventKind;
use cauce_domain::debt::matter::{Matter, Reminder};
use cauce_domain::debt::payment_to_verify::PaymentToVerify;
use cauce_domain::ids::CustomerId;
use chrono::{DateTime, Days, NaiveDate, Utc};
use futures::StreamExt;
use std::collections::{BTreeMap, BTreeSet};

/// Days looked at again, today included.
const LOOKED_AT: u64 = 3;
/// Most days that are caught up with, after which an entry waits for somebody to touch its account.
const MOST_DAYS: u64 = 60;
/// Matters of a kind that one transaction ends.
const AT_ONCE: usize = 3;
/// Transactions a customer's day takes at most; what is left waits for the next hour.
const MOST_PARTS: usize = 40;
/// Accounts worked on at once.
const TOGETHER: usize = 16;
/// The mark of the last local day that was worked off.
const MARK: &str = "agenda";

/// Works off everything up to today. One account that fails keeps no other from its turn.
pub(crate) async fn work_off(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<(), Error> {
    let desk = Desk::of(ports, setup, &By::cauce(now)).await?;
    let last = jobs::mark(ports, setup.id(), MARK).await?.map(|at| setup.today(at));
    let mut failed = None;
    let looked = last == Some(desk.today);
    // The day's own entries are looked at once; what somebody left half way, every time.
    let shards = std::iter::once(accounts::LEFT).chain(SHARD_NAMES.into_iter().filter(|_| !looked));
    for shard in shards {
        let work = entries(&desk, last, shard).await?.into_iter().map(|(id, movements)| one(&desk, id, movements));
        let done: Vec<Result<(), Error>> = futures::stream::iter(work).buffer_unordered(TOGETHER).collect().await;
        for error in done.into_iter().filter_map(Result::err) {
            tracing::error!(project = %setup.id(), %error, "la agenda de un cliente no se atendió");
            failed = Some(error);
        }
    }
    match failed {
        // Nobody else waits for the one that failed; it is looked at again within the hour.
        Some(error) => Err(error),
        None if looked => Ok(()),
        None => jobs::set_mark(ports, setup.id(), MARK, now).await,
    }
}

type Entries = BTreeMap<CustomerId, BTreeSet<String>>;

/// Whose entries stand in a shard, with the movements among them.
async fn entries(desk: &Desk<'_>, last: Option<NaiveDate>, shard: &str) -> Result<Entries, Error> {
    let back = |days| desk.today.checked_sub_days(Days::new(days)).unwrap_or(desk.today);
    let from = last.unwrap_or(desk.today).min(back(LOOKED_AT - 1)).max(back(MOST_DAYS));
    let mut found = Entries::new();
    for day in from.iter_days().take_while(|day| *day <= desk.today) {
        let query = Query::index(Index::Agenda, keys::day_shard(desk.setup.id(), day, shard));
        for stored in query_all(desk.ports.table.as_ref(), query).await? {
            let Some((_, id)) = stored.key.pk.split_once('#') else { continue };
            let movements = found.entry(CustomerId::from(id)).or_default();
            movements.extend(stored.key.sk.strip_prefix("z#m#").map(str::to_owned));
        }
    }
    Ok(found)
}

async fn one(desk: &Desk<'_>, id: CustomerId, movements: BTreeSet<String>) -> Result<(), Error> {
    for code in movements {
        resume(desk, &id, &code).await?;
    }
    let at_hand = AtHand::default();
    for _ in 0..MOST_PARTS {
        let looked = change(desk, &id, &at_hand, |dossier| {
            look(dossier);
            Ok(dossier.is_changed())
        });
        match looked.await {
            Ok(true) => {}
            // Whoever was deleted meanwhile is nobody's any more.
            Ok(false) | Err(Error::NotFound(_)) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What a day's beginning does to one account.
fn look(dossier: &mut Dossier<'_>) {
    let today = dossier.today();
    dossier.put_away = true;
    if dossier.account.holds.paused_until.is_some_and(|until| until < today) {
        pause::end(dossier);
    }
    let late = |matter: &Matter| match matter {
        Matter::PaymentToVerify(it) if it.holds_the_flow() && it.limit < today => Some(it.clone()),
        _ => None,
    };
    let late = dossier.matters.values().filter_map(|kept| late(&kept.now)).take(AT_ONCE);
    let late: Vec<PaymentToVerify> = late.collect();
    for payment in late {
        dossier.tell(EventKind::PaymentEscalated, payment_to_verify::about(&payment, payment.amount));
        dossier.put_matter(Matter::PaymentToVerify(PaymentToVerify { escalated: true, ..payment }));
    }
    dossier.judge_some(AT_ONCE);
    dossier.remind_of_promises(AT_ONCE);
    remind(dossier);
}

/// A reminder whose day has come asks for a call, once: it has no day any more.
fn remind(dossier: &mut Dossier<'_>) {
    let today = dossier.today();
    let due = |matter: &Matter| match matter {
        Matter::Reminder(it) if it.done.is_none() && it.date.is_some_and(|date| date <= today) => Some(it.clone()),
        _ => None,
    };
    let due: Vec<Reminder> = dossier.matters.values().filter_map(|kept| due(&kept.now)).take(AT_ONCE).collect();
    for reminder in due {
        dossier.put_matter(Matter::Reminder(Reminder { date: None, ..reminder }));
        let calendar = dossier.setup().project().calendar.lived_in(dossier.account.customer.zone);
        if let Some(day) = calendar.next_allowed_day(today) {
            dossier.add_call(CallReason::Reminder, day, None);
        }
    }
}
