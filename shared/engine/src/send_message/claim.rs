//! The claim: the account is read again, the gate asked again, and one worker alone goes on.

use super::call;
use super::look::Look;
use super::words::Words;
use crate::Ports;
use crate::campaign::{self, store::ticket_of};
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::store::accounts::{self, AddressDay, OpenAccount};
use crate::store::codec::{decode, encode};
use crate::store::commit::{Committed, commit};
use crate::store::settings::Setup;
use crate::store::{interactions, jobs, keys};
use crate::strategy;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::contact::gate::{Reason, Verdict};
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::ledger::{self, Entry, Refusal, Week};
use cauce_domain::contact::origin::{Class, Origin};
use cauce_domain::contact::point::Recipients;
use cauce_domain::contact::price::Cost;
use cauce_domain::debt::account::{Account, Carry};
use cauce_domain::debt::customer::Customer;
use cauce_domain::strategy::approval::Filled;
use cauce_domain::strategy::flow::step_day;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// How long a worker may hold a message before it counts as dead.
const LEASE_SECONDS: i64 = 300;

/// How long what an event or a person says is worth saying.
pub(super) const WORTH_SAYING: TimeDelta = TimeDelta::days(4);

/// How a claim ended.
pub(super) enum Claim {
    /// This worker sends it.
    Mine(Box<Claimed>),
    /// It does not leave now.
    NotNow,
    /// Something changed meanwhile: read again.
    Raced,
}

/// A message this worker holds.
pub(super) struct Claimed {
    /// The message, *sending*.
    pub(super) message: Interaction,
    /// Its version.
    pub(super) version: u64,
    /// Subject, filled.
    pub(super) subject: Option<String>,
    /// Text, filled.
    pub(super) text: String,
    /// The approved template it leaves as.
    pub(super) approved: Option<Filled>,
    /// Files that go with it.
    pub(super) files: Vec<MessageFile>,
    /// The statement of account goes with it.
    pub(super) statement: bool,
    /// How WhatsApp writes the number, where it said.
    pub(super) wa_id: Option<String>,
    /// The person was written to today already.
    pub(super) again_today: bool,
    /// What is set apart for it of the day's spending.
    pub(super) cost: Option<Cost>,
}

/// Claims a message that is due, or decides it again with what is true now.
pub(super) async fn claim(
    ports: &Ports,
    setup: &Setup,
    message: Interaction,
    version: u64,
    now: DateTime<Utc>,
) -> Result<Claim, Error> {
    match message.state {
        State::Scheduled { at } if at <= now => {}
        _ => return Ok(Claim::NotNow),
    }
    let Some(open) = accounts::open_account(ports, setup.id(), &message.customer).await? else {
        let stopped = not_sent(message, Reason::NothingDue, Some("el cliente ya no existe".to_owned()));
        return store(ports, setup, stopped, version).await;
    };
    let calendar = setup.project().calendar.lived_in(open.account.customer.zone);
    let class = message.cause.class();
    let campaign = match message.cause.campaign() {
        Some(part) => campaign::read(ports, setup.id(), &part.id).await?.map(|found| found.value),
        None => None,
    };
    if campaign.as_ref().is_some_and(|it| it.paused.is_some() && it.cancelled.is_none()) {
        // It waits where it is: whoever lets the campaign go on has it queued again.
        return Ok(Claim::NotNow);
    }
    let bound = message.cause.said().is_none();
    if calendar.local_day(now) != message.day && bound {
        // Its day went by while nobody worked: it would be a second message of another day.
        return put_off(ports, setup, (message, version), &open, (Reason::OutsideHours, setup.today(now))).await;
    }
    let strategy = strategy::gather(ports, setup, now).await?;
    // What an event or a person says may leave on another day than it was said: that day's limits are asked.
    let today = calendar.local_day(now);
    let left_on = (!bound && today != message.day).then_some(today);
    let message = Interaction { left_on, ..message };
    let day = message.contact_day();
    let (week, week_version, before) = interactions::ledgers(ports, setup.id(), &message.customer, day).await?;
    let look = Look::of(ports, setup, &strategy, (&message, campaign), &open, now).await?;
    let message = look.noted_on(message);
    let entries: Vec<&Entry> = week.entries.iter().chain(&before.entries).collect();
    let of_others: Vec<&Entry> = entries.iter().copied().filter(|e| e.send != message.id).collect();
    let left_before = entries.iter().any(|e| e.send == message.id && e.origin == Origin::Restored);
    let admitted = match message.channel {
        _ if left_before => Err(Refusal::Fired),
        Some(channel) if !class.is_personal() => {
            ledger::admits(&of_others, (message.key(), class), day, channel, setup.project().caps)
        }
        _ => Ok(()),
    };
    if admitted == Err(Refusal::Fired) {
        let fired = not_sent(message, Reason::Superseded, Some("el paso ya salió".to_owned()));
        return store(ports, setup, fired, version).await;
    }
    let cap = match &admitted {
        Err(Refusal::Cap(text)) => Some(text.as_str()),
        _ => None,
    };
    match look.ask(&strategy, setup, &message, cap, now) {
        Verdict::Block(reason, detail) => store(ports, setup, not_sent(message, reason, detail), version).await,
        Verdict::Defer(until, reason) => defer(ports, setup, (message, version), &open, (until, reason)).await,
        Verdict::Allow if message.channel == Some(Channel::Call) => {
            call::put_in_tray(ports, setup, (message, version), look, &open, now).await
        }
        Verdict::Allow => {
            take(ports, setup, message, version, look, (week, week_version), &open.account.customer, now).await
        }
    }
}

/// How much later than others of a crowd a message leaves: within half an hour, always the same.
pub(super) fn later(message: &Interaction) -> TimeDelta {
    let seed = u32::from_str_radix(message.id.as_str().get(..7).unwrap_or("0"), 16).unwrap_or(0);
    TimeDelta::seconds(i64::from(seed % 1800))
}

fn not_sent(message: Interaction, reason: Reason, detail: Option<String>) -> Interaction {
    Interaction { state: State::NotSent { reason }, detail, ..message }
}

async fn store(ports: &Ports, setup: &Setup, message: Interaction, version: u64) -> Result<Claim, Error> {
    let mut changes = vec![Change::Put(interactions::item(setup.id(), &message, true)?, Expect::Version(version))];
    changes.extend(ticket_of(ports, setup.id(), &message)?);
    match commit(ports, changes).await? {
        Committed::Made => Ok(Claim::NotNow),
        Committed::Lost(_) => Ok(Claim::Raced),
    }
}

/// Waits for later today; what is put off past midnight ends here, and its step moves as over a holiday.
async fn defer(
    ports: &Ports,
    setup: &Setup,
    (message, version): (Interaction, u64),
    open: &OpenAccount,
    (until, reason): (DateTime<Utc>, Reason),
) -> Result<Claim, Error> {
    let calendar = setup.project().calendar.lived_in(open.account.customer.zone);
    // A channel that comes back takes what waited for it a little at a time.
    let spread = if reason == Reason::ChannelDisconnected { later(&message) } else { TimeDelta::zero() };
    let until = until + spread;
    // A step moves to another day as over a holiday, a campaign is of its day; anything else waits, while it is worth saying.
    let waits = match message.cause.said() {
        Some(said) => until < said + WORTH_SAYING,
        None => calendar.local_day(until) == message.day,
    };
    if waits {
        let waiting = Interaction { state: State::Scheduled { at: until }, ..message };
        return store(ports, setup, waiting, version).await;
    }
    let before = calendar.local_day(until).pred_opt().unwrap_or(message.day);
    put_off(ports, setup, (message, version), open, (reason, before)).await
}

/// Ends a message whose day is over; its step is decided again by the first plan after the day given.
async fn put_off(
    ports: &Ports,
    setup: &Setup,
    (message, version): (Interaction, u64),
    open: &OpenAccount,
    (reason, planned): (Reason, NaiveDate),
) -> Result<Claim, Error> {
    // Stale payments and the like end for good; only the law's hours put a step off.
    let hours = matches!(reason, Reason::OutsideHours | Reason::RestrictedDay);
    let next = planned.succ_opt().and_then(|day| setup.project().calendar.next_allowed_day(day)).filter(|_| hours);
    let ended = not_sent(message, reason, None);
    let mut changes = vec![Change::Put(interactions::item(setup.id(), &ended, true)?, Expect::Version(version))];
    changes.extend(ticket_of(ports, setup.id(), &ended)?);
    if let (Some(on), Some(step)) = (next, ended.step()) {
        // The step's own day, which a weekend or holiday may have moved to the day it was decided on.
        let own = step_day(step.due, step.offset).unwrap_or(ended.day).min(ended.day);
        let from = open.account.carry.map_or(own, |c| c.from.min(own));
        let account = Account { carry: Some(Carry { from, on }), ..open.account.clone() };
        changes.push(Change::Put(accounts::account_item(setup.id(), &account)?, Expect::Version(open.version)));
    }
    match commit(ports, changes).await? {
        Committed::Made => Ok(Claim::NotNow),
        Committed::Lost(_) => Ok(Claim::Raced),
    }
}

#[expect(clippy::too_many_arguments, reason = "one transaction of everything the claim has read")]
/// Takes the message: state, ledger entry and shared addresses in one transaction.
async fn take(
    ports: &Ports,
    setup: &Setup,
    message: Interaction,
    version: u64,
    look: Look,
    (mut week, week_version): (Week, Option<u64>),
    customer: &Customer,
    now: DateTime<Utc>,
) -> Result<Claim, Error> {
    let Words { subject, text, approved, files, statement } = look.words;
    let (Ok(recipients), Ok(text), Some(channel)) = (look.recipients, text, message.channel) else {
        return Err(Error::Broken("interaction_v1", "la puerta dejó pasar un mensaje sin destino".to_owned()));
    };
    // A try that the provider took and could not deliver has its entry already.
    week.entries.retain(|entry| entry.send != message.id);
    let again_today = week.entries.iter().any(|entry| entry.day == message.contact_day() && entry.channel == channel);
    week.entries.push(entry(&message, channel));
    let shared = shared_days(setup, &recipients, &message, now)?;
    let wa_id = recipients.to.first().and_then(|to| customer.as_whatsapp_writes(&to.address));
    let lease = now + TimeDelta::seconds(LEASE_SECONDS);
    let claimed = Interaction {
        state: State::Sending { lease },
        attempt: message.attempt + 1,
        recipients: Some(recipients),
        ..message
    };
    let ledger_key = keys::ledger(setup.id(), &claimed.customer, claimed.contact_day());
    let mut changes = vec![
        Change::Put(interactions::item(setup.id(), &claimed, true)?, Expect::Version(version)),
        Change::Put(Item::new(ledger_key, encode(&week)?), accounts::as_read(week_version)),
    ];
    for item in shared {
        // What a try of this same message left there is its own.
        let known = ports.table.get(&item.key).await?;
        let mine = known.as_ref().map(|s| decode::<AddressDay>(&s.body)).transpose()?;
        let expect = match (known, mine) {
            (Some(stored), Some(day)) if day.send == claimed.id => Expect::Version(stored.version),
            _ => Expect::Absent,
        };
        changes.push(Change::Put(item, expect));
    }
    match commit(ports, changes).await? {
        Committed::Made => {
            let version = version + 1;
            Ok(Claim::Mine(Box::new(Claimed {
                message: claimed,
                version,
                subject,
                text,
                approved,
                files,
                statement,
                wa_id,
                again_today,
                cost: None,
            })))
        }
        Committed::Lost(lost) if lost.iter().all(|(at, _)| *at >= 2) => {
            let detail = "la dirección es compartida y ya recibió un mensaje hoy".to_owned();
            let waiting = Interaction { attempt: claimed.attempt - 1, ..claimed };
            store(ports, setup, not_sent(waiting, Reason::FrequencyCap, Some(detail)), version).await
        }
        Committed::Lost(_) => Ok(Claim::Raced),
    }
}

/// What the contact ledger keeps of a message.
pub(super) fn entry(message: &Interaction, channel: Channel) -> Entry {
    Entry {
        send: message.id.clone(),
        step: message.key().to_owned(),
        day: message.contact_day(),
        channel,
        debt: message.step().map_or_else(String::new, |step| step.order.clone()),
        origin: message.cause.origin(),
        exempt: message.cause.class() == Class::Receipt,
        reached: false,
    }
}

/// The place of a shared address's day.
pub(super) fn address_day(setup: &Setup, address: &str, day: NaiveDate) -> Key {
    Key::new(TableName::Accounts, setup.address_partition(address), format!("d#{day}"))
}

/// One item per shared address and day, copies included: the second customer's message finds it there.
fn shared_days(
    setup: &Setup,
    recipients: &Recipients,
    message: &Interaction,
    now: DateTime<Utc>,
) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for address in recipients.shared() {
        let key = address_day(setup, address, message.contact_day());
        let day = AddressDay { send: message.id.clone() };
        items.push(Item::new(key, encode(&day)?).expiring(jobs::expiry(now)));
    }
    Ok(items)
}
