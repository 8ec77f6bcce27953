//! What a campaign brought, measured recipient by recipient from what stands in their threads: the same however often, in
//! whatever order and however late things are told.
//!
//! A recipient's window begins with the first of its messages that a provider took. Contact is a message opened or a word of the
//! customer's; an action is a promise, a payment declared or made, a way to pay chosen. A payment counts by its value date, a
//! date without hour from the local day of the window's beginning to that of its end, for the latest campaign whose window it
//! falls in.

use crate::contact::interaction::{Interaction, State};
use crate::debt::event::{Event, EventKind};
use crate::debt::money::Currency;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Payments of one currency: how many, and how much, minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Paid {
    /// How many.
    pub count: i64,
    /// How much.
    pub amount: i64,
}

/// One side of the comparison with those held out: everybody of it counts, written to or not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Side {
    /// Customers.
    pub customers: i64,
    /// Those of them who paid within the window from the campaign's start.
    pub payers: i64,
    /// What they paid, by currency, minor units.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub amounts: BTreeMap<Currency, i64>,
    /// The sum of the squares of what each paid: how far what they paid spreads. In decimals as text: no number of JSON, nor of
    /// every store, is so large.
    #[serde(default, with = "squares", skip_serializing_if = "BTreeMap::is_empty")]
    pub squares: BTreeMap<Currency, i128>,
}

/// A campaign's figures, or one recipient's part of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Messages frozen at the start (*envíos programados*).
    #[serde(default)]
    pub scheduled: i64,
    /// Customers those are for.
    #[serde(default)]
    pub customers: i64,
    /// Messages that may still leave.
    #[serde(default)]
    pub open: i64,
    /// Messages a provider took (*mensajes enviados*).
    #[serde(default)]
    pub sent: i64,
    /// Messages nobody knows of whether they left.
    #[serde(default)]
    pub unknown: i64,
    /// Messages refused or given back.
    #[serde(default)]
    pub failed: i64,
    /// Messages decided against, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_sent: BTreeMap<String, i64>,
    /// Customers who received it (*destinatarios*).
    #[serde(default)]
    pub recipients: i64,
    /// Recipients who opened it or wrote within the window.
    #[serde(default)]
    pub contacted: i64,
    /// Recipients who did what it asks for within the window.
    #[serde(default)]
    pub acted: i64,
    /// What recipients paid within the window, by currency (*pagos obtenidos*).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paid: BTreeMap<Currency, Paid>,
    /// What its messages cost, millionths, by currency.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cost: BTreeMap<Currency, i64>,
    /// Those of the audience that were written to.
    #[serde(default)]
    pub treated: Side,
    /// Those that were held out.
    #[serde(default)]
    pub control: Side,
}

mod squares {
    use super::{BTreeMap, Currency};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(all: &BTreeMap<Currency, i128>, to: S) -> Result<S::Ok, S::Error> {
        let text: BTreeMap<Currency, String> = all.iter().map(|(currency, sum)| (*currency, sum.to_string())).collect();
        text.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Currency, i128>, D::Error> {
        let text: BTreeMap<Currency, String> = BTreeMap::deserialize(from)?;
        let number = |(currency, text): (Currency, String)| Ok((currency, text.parse().map_err(D::Error::custom)?));
        text.into_iter().map(number).collect()
    }
}

fn sum<K: Ord + Clone, V: Default + PartialEq + Clone>(
    into: &mut BTreeMap<K, V>,
    other: &BTreeMap<K, V>,
    add: impl Fn(&mut V, &V),
) {
    other.iter().for_each(|(key, value)| add(into.entry(key.clone()).or_default(), value));
    into.retain(|_, value| *value != V::default());
}

impl Side {
    fn add(&mut self, other: &Self, sign: i64) {
        self.customers += sign * other.customers;
        self.payers += sign * other.payers;
        sum(&mut self.amounts, &other.amounts, |all, one| *all += sign * one);
        sum(&mut self.squares, &other.squares, |all, one| *all += i128::from(sign) * one);
    }
}

impl Figures {
    /// What messages add by where they stand.
    pub fn of(messages: &[Interaction]) -> Self {
        let mut figures = Self { scheduled: messages.len() as i64, ..Self::default() };
        for message in messages {
            match &message.state {
                State::Scheduled { .. } | State::Sending { .. } => figures.open += 1,
                State::NotSent { reason } => *figures.not_sent.entry(reason.code().to_owned()).or_default() += 1,
                State::Unknown => figures.unknown += 1,
                State::Failed { .. } => figures.failed += 1,
                State::Sent | State::Delivered | State::Opened => {}
                State::ToManage | State::Contacted | State::NotContacted => {}
            }
            figures.sent += i64::from(taken(message).is_some());
            if let Some(cost) = &message.cost {
                *figures.cost.entry(cost.currency).or_default() += cost.micros;
            }
        }
        figures
    }

    /// Adds a part, or with −1 takes it off.
    pub fn add(&mut self, other: &Self, sign: i64) {
        let counts: [(&mut i64, i64); 9] = [
            (&mut self.scheduled, other.scheduled),
            (&mut self.customers, other.customers),
            (&mut self.open, other.open),
            (&mut self.sent, other.sent),
            (&mut self.unknown, other.unknown),
            (&mut self.failed, other.failed),
            (&mut self.recipients, other.recipients),
            (&mut self.contacted, other.contacted),
            (&mut self.acted, other.acted),
        ];
        counts.into_iter().for_each(|(all, one)| *all += sign * one);
        sum(&mut self.not_sent, &other.not_sent, |all, one| *all += sign * one);
        sum(&mut self.cost, &other.cost, |all, one| *all += sign * one);
        sum(&mut self.paid, &other.paid, |all, one| {
            all.count += sign * one.count;
            all.amount += sign * one.amount;
        });
        self.treated.add(&other.treated, sign);
        self.control.add(&other.control, sign);
    }
}

/// What is known of one customer of a campaign's audience.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// It is held out.
    pub held_out: bool,
    /// The campaign's messages to it.
    pub messages: &'a [Interaction],
    /// When the customer wrote.
    pub written: &'a [DateTime<Utc>],
    /// What happened to its debt.
    pub events: &'a [Event],
    /// When other campaigns first reached it, and until when they count.
    pub others: &'a [Other],
    /// When the campaign started.
    pub started: DateTime<Utc>,
    /// How long things count.
    pub window: TimeDelta,
    /// Providers that do not tell whether a message arrived.
    pub silent: &'a [&'a str],
}

/// When another campaign first reached the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other {
    /// Its first message.
    pub first: DateTime<Utc>,
    /// The end of its window.
    pub closes: DateTime<Utc>,
    /// Of two that reached the customer at one instant it is the later one.
    pub wins_ties: bool,
}

/// When the first of a campaign's messages was taken by a provider.
pub fn first_sent(messages: &[Interaction]) -> Option<DateTime<Utc>> {
    messages.iter().filter_map(taken).min()
}

/// When a provider took a message: what it told first.
fn taken(message: &Interaction) -> Option<DateTime<Utc>> {
    let told = ["sent", "delivered", "opened"].into_iter().filter_map(|code| message.times.get(code));
    told.min().copied()
}

/// What one customer adds to its campaign's figures; `day_of` tells the local day of an instant.
pub fn measure(evidence: &Evidence<'_>, day_of: impl Fn(DateTime<Utc>) -> NaiveDate) -> Figures {
    let payments = payments(evidence.events);
    let side = side(evidence, &payments, &day_of);
    if evidence.held_out {
        return Figures { control: side, ..Figures::default() };
    }
    let mut figures = Figures::of(evidence.messages);
    (figures.customers, figures.treated) = (1, side);
    let Some(begun) = first_sent(evidence.messages) else { return figures };
    figures.recipients = i64::from(evidence.messages.iter().any(|message| is_received(message, evidence.silent)));
    let within = |at: DateTime<Utc>| at >= begun && at <= begun + evidence.window;
    let told = |code: &str| evidence.messages.iter().filter_map(|m| m.times.get(code)).any(|at| within(*at));
    let contacted = told("opened") || evidence.written.iter().any(|at| within(*at));
    let own: Vec<&Payment> = payments
        .iter()
        .filter(|payment| {
            let days = (day_of(begun), day_of(begun + evidence.window));
            let later = |other: &Other| {
                (other.first > begun || other.first == begun && other.wins_ties)
                    && payment.within(day_of(other.first), day_of(other.closes))
            };
            payment.within(days.0, days.1) && !evidence.others.iter().any(later)
        })
        .collect();
    for payment in &own {
        let paid = figures.paid.entry(payment.currency).or_default();
        paid.count += 1;
        paid.amount += payment.amount;
    }
    let asked = |event: &Event| {
        matches!(event.event, EventKind::PromiseMade | EventKind::PaymentToVerify) && within(event.by.at)
    };
    let acted = told("pay_visited") || told("pay_clicked") || !own.is_empty() || evidence.events.iter().any(asked);
    // Shares of recipients: whoever received nothing is none.
    figures.contacted = figures.recipients * i64::from(contacted);
    figures.acted = figures.recipients * i64::from(acted);
    figures
}

/// Whether its customer received a message: it arrived, or left by a provider that does not tell.
fn is_received(message: &Interaction, silent: &[&str]) -> bool {
    match message.state {
        State::Delivered | State::Opened => true,
        State::Sent => message.provider.as_deref().is_some_and(|provider| silent.contains(&provider)),
        _ => false,
    }
}

/// A payment that stands.
#[derive(Debug, Clone)]
struct Payment {
    date: NaiveDate,
    amount: i64,
    currency: Currency,
}

impl Payment {
    fn within(&self, from: NaiveDate, to: NaiveDate) -> bool {
        (from..=to).contains(&self.date)
    }
}

/// The payments that were told and not taken back, each once however often it was told.
fn payments(events: &[Event]) -> Vec<Payment> {
    let annulled: BTreeSet<&str> = events
        .iter()
        .filter(|event| event.event == EventKind::PaymentAnnulled)
        .map(|event| event.about.subject.as_str())
        .collect();
    let stands = |event: &&Event| event.event == EventKind::Payment && !annulled.contains(event.about.subject.as_str());
    let payment = |event: &Event| {
        let about = &event.about;
        let payment = Payment { date: about.date?, amount: about.amount?, currency: about.currency? };
        Some((about.subject.clone(), payment))
    };
    let told: BTreeMap<String, Payment> = events.iter().filter(stands).filter_map(payment).collect();
    told.into_values().collect()
}

/// What a customer of either side paid within the window from the campaign's start.
fn side(evidence: &Evidence<'_>, payments: &[Payment], day_of: &impl Fn(DateTime<Utc>) -> NaiveDate) -> Side {
    let days = (day_of(evidence.started), day_of(evidence.started + evidence.window));
    let mut amounts: BTreeMap<Currency, i64> = BTreeMap::new();
    for payment in payments.iter().filter(|payment| payment.within(days.0, days.1)) {
        *amounts.entry(payment.currency).or_default() += payment.amount;
    }
    let squares = amounts.iter().map(|(currency, amount)| (*currency, i128::from(*amount).pow(2)));
    Side { customers: 1, payers: i64::from(!amounts.is_empty()), squares: squares.collect(), amounts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::By;
    use crate::debt::event::About;
    use crate::strategy::plan::tests::message;
    use chrono::Days;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }
    fn sent(on: &str) -> Interaction {
        let mut sent = message(State::Delivered);
        sent.times.insert("sent".into(), at(on));
        sent
    }
    fn paid(code: &str, date: &str, amount: i64) -> Event {
        let about = About {
            subject: code.into(),
            date: Some(date.parse().expect("a date")),
            amount: Some(amount),
            currency: Some("COP".parse().expect("cop")),
            ..About::default()
        };
        let (id, day, by) = (code.to_owned(), date.parse().expect("a date"), By::cauce(at("2026-03-11T00:00:00Z")));
        Event { id, customer: "c".into(), day, event: EventKind::Payment, by, about }
    }
    fn measured(events: &[Event], others: &[Other], hours: i64) -> Figures {
        let evidence = Evidence {
            held_out: false,
            messages: &[sent("2026-03-10T15:00:00Z")],
            written: &[],
            events,
            others,
            started: at("2026-03-10T15:00:00Z"),
            window: TimeDelta::hours(hours),
            silent: &[],
        };
        measure(&evidence, |at| at.date_naive())
    }
    fn other(first: &str, days: u64) -> Other {
        Other { first: at(first), closes: at(first) + Days::new(days), wins_ties: false }
    }
    fn amount(figures: &Figures) -> i64 {
        figures.paid.values().map(|paid| paid.amount).sum()
    }

    #[test]
    fn a_payment_that_falls_in_no_later_window_stays_with_the_earlier_campaign() {
        let payment = [paid("P", "2026-03-13", 100)];
        let short = [other("2026-03-11T15:00:00Z", 1)];
        assert_eq!(amount(&measured(&payment, &short, 72)), 100, "the later one's window had closed");
        let long = [other("2026-03-11T15:00:00Z", 3)];
        assert_eq!(amount(&measured(&payment, &long, 72)), 0);
        let before = [other("2026-03-09T15:00:00Z", 30)];
        assert_eq!(amount(&measured(&payment, &before, 72)), 100);
    }

    #[test]
    fn of_two_at_one_instant_one_alone_takes_a_payment() {
        let payment = [paid("P", "2026-03-11", 100)];
        let same = |wins_ties| [Other { wins_ties, ..other("2026-03-10T15:00:00Z", 3) }];
        let both = [amount(&measured(&payment, &same(true), 72)), amount(&measured(&payment, &same(false), 72))];
        assert_eq!(both, [0, 100]);
    }

    #[test]
    fn sums_of_large_currencies_are_kept_to_the_cent() {
        let figures = measured(&[paid("P", "2026-03-11", 9_000_000_000_000)], &[], 72);
        let kept: serde_json::Value = serde_json::to_value(&figures).expect("json");
        assert_eq!(serde_json::from_value::<Figures>(kept).expect("read back"), figures);
    }
}
