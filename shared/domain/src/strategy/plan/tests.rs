//! The plan on days, weekends, missed runs and late hours.

use super::Strategy;
use super::*;
use crate::contact::channel::ChannelFlags;
use crate::contact::interaction::{Interaction, State};
use crate::contact::origin::Cause;
use crate::contact::point::{Phone, Point};
use crate::country::{Country, NumberStyle};
use crate::debt::account::Account;
use crate::debt::customer::Customer;
use crate::debt::document::Document;
use crate::debt::money::Money;
use crate::debt::order::Order;
use crate::ids::CustomerId;
use crate::strategy::starter;
use crate::strategy::tag::Sender;
use chrono::TimeDelta;
use proptest::prelude::*;

pub(crate) fn account() -> Account {
    let mut customer = Customer::new(Document::parse("DNI", "1").expect("a document"), "Ana Díaz");
    customer.phones = vec![Point::new(1, Phone::parse("987654321", Some(Country::Pe)).expect("a phone"))];
    let order = Order::new("F-1", day("2026-03-07"), Money::new(123_450, "PEN".parse().expect("pen")));
    Account { summary: Summary::of([&order]), ..Account::new("c".into(), customer, "default".into()) }
}
pub(crate) fn facts() -> Facts {
    Facts::of(&account())
}
pub(crate) fn message(state: State) -> Interaction {
    let strategy = strategy();
    let day = day("2026-03-10");
    let decision =
        decide(&"c".into(), &facts(), &strategy, Span::of_day(day, &strategy.calendar), planned_at(day)).remove(0);
    let message = Interaction::new(decision.id, "c".into(), day, Cause::Step(decision.step), state, facts());
    Interaction { channel: Some(Channel::Sms), planned: true, attempt: 1, ..message }
}
fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}
fn planned_at(on: NaiveDate) -> DateTime<Utc> {
    Calendar::of(Country::Pe).midnight(on) + TimeDelta::minutes(5)
}
fn sender() -> Sender<'static> {
    Sender { company: "Andes", style: NumberStyle::DotDecimal, payment_url: None, how_to_pay: None }
}
fn strategy() -> Strategy {
    let flags = ChannelFlags { visible: true, active: true, connected: true, paused_until: None };
    let facts = |t: crate::strategy::template::Template| {
        let required = t.required_tags();
        (t.id, TemplateFacts { version: 1, channel: t.channel, audience: t.audience, required, unapproved: None })
    };
    Strategy {
        project: "p".into(),
        switches: Switches {
            active: true,
            channels: Channel::ALL.into_iter().map(|c| (c, flags)).collect(),
            stopped: None,
            payments_needed_since: None,
            payments_loaded: None,
            spent: Default::default(),
        },
        calendar: Calendar::of(Country::Pe),
        calendar_version: 1,
        flows: vec![(starter::flow(), 1)],
        references_allowed: false,
        templates: starter::templates().into_iter().map(facts).collect(),
    }
}
fn plan(account: &Account, strategy: &Strategy, on: &str) -> Vec<Decision> {
    let span = Span::of_day(day(on), &strategy.calendar);
    let Some(facts) = observe(account, strategy, span, sender(), &[]) else { return Vec::new() };
    decide(&account.id, &facts, strategy, span, planned_at(day(on)))
}
fn owing(due: &str) -> Account {
    let order = Order::new("F-1", day(due), Money::new(100, "PEN".parse().expect("pen")));
    Account { summary: Summary::of([&order]), ..account() }
}
fn outcome(decisions: &[Decision]) -> (i32, Option<String>, Option<Reason>) {
    let last = decisions.last().expect("a decision");
    match &last.outcome {
        Outcome::Send(at) => (last.step.offset, Some(at.to_rfc3339()), None),
        Outcome::NotSend { reason, .. } => (last.step.offset, None, Some(*reason)),
    }
}

#[test]
fn each_step_falls_on_its_day_and_on_no_other() {
    let strategy = strategy();
    for (due, on, expected) in [
        ("2026-03-10", "2026-03-10", Some(0)),
        ("2026-03-15", "2026-03-10", Some(-5)),
        ("2026-03-11", "2026-03-10", Some(-1)),
        ("2026-02-08", "2026-03-10", Some(30)),
        ("2026-03-09", "2026-03-10", None),
        ("2026-03-07", "2026-03-09", Some(0)),
        ("2026-03-10", "2026-03-08", None),
    ] {
        let decisions = plan(&owing(due), &strategy, on);
        assert_eq!(decisions.last().map(|d| d.step.offset), expected, "due {due} on {on}");
    }
    assert_eq!(
        outcome(&plan(&owing("2026-03-10"), &strategy, "2026-03-10")).1.as_deref(),
        Some("2026-03-10T14:00:00+00:00")
    );
}

#[test]
fn a_step_moved_by_a_weekend_yields_to_a_later_one() {
    let mut strategy = strategy();
    strategy.flows[0].0.steps[3].offset = 2;
    // Due Saturday: step 0 moves to Monday, where step +2 stands.
    let decisions = plan(&owing("2026-03-07"), &strategy, "2026-03-09");
    let seen: Vec<(i32, bool)> = decisions.iter().map(|d| (d.step.offset, d.chosen)).collect();
    assert_eq!(seen, [(0, false), (2, true)]);
    assert!(matches!(decisions[0].outcome, Outcome::NotSend { reason: Reason::Superseded, .. }));
}

#[test]
fn what_was_missed_goes_out_once_as_the_highest_step() {
    let strategy = strategy();
    let mut account = owing("2026-03-10");
    account.carry = Some(crate::debt::account::Carry { from: day("2026-03-09"), on: day("2026-03-11") });
    let decisions = plan(&account, &strategy, "2026-03-11");
    let seen: Vec<(i32, bool, bool)> =
        decisions.iter().map(|d| (d.step.offset, d.chosen, matches!(d.outcome, Outcome::Send(_)))).collect();
    assert_eq!(seen, [(-1, false, false), (0, true, true)]);
    assert!(matches!(decisions[0].outcome, Outcome::NotSend { reason: Reason::Missed, .. }));
}

#[test]
fn an_hour_after_the_last_window_moves_to_the_opening_and_a_spent_day_is_carried() {
    let mut strategy = strategy();
    strategy.flows[0].0.steps[2].time = "22:00:00".parse().expect("a time");
    let decisions = plan(&owing("2026-03-10"), &strategy, "2026-03-10");
    assert_eq!(outcome(&decisions).1.as_deref(), Some("2026-03-10T12:00:00+00:00"));
    let span = Span::of_day(day("2026-03-10"), &strategy.calendar);
    let account = owing("2026-03-10");
    let facts = observe(&account, &strategy, span, sender(), &[]).expect("facts");
    let late = "2026-03-11T02:00:00Z".parse().expect("an instant");
    let decisions = decide(&account.id, &facts, &strategy, span, late);
    assert!(matches!(
        decisions[0].outcome,
        Outcome::NotSend { reason: Reason::OutsideHours, carry: Some(next), .. } if next == day("2026-03-11")
    ));
}

#[test]
fn a_late_plan_spreads_what_it_sends() {
    let strategy = strategy();
    let now = "2026-03-10T16:00:00Z".parse().expect("an instant");
    let span = Span::of_day(day("2026-03-10"), &strategy.calendar);
    let mut moments: Vec<DateTime<Utc>> = (0..50)
        .map(|i| {
            let account = Account { id: CustomerId::new(format!("c{i}")), ..owing("2026-03-10") };
            let facts = observe(&account, &strategy, span, sender(), &[]).expect("facts");
            match decide(&account.id, &facts, &strategy, span, now)[0].outcome {
                Outcome::Send(at) => at,
                _ => panic!("it is sent"),
            }
        })
        .collect();
    moments.sort();
    moments.dedup();
    assert!(moments.len() > 45, "spread over the afternoon");
    assert!(moments.iter().all(|at| *at >= now && strategy.calendar.check(*at).is_ok()));
}

#[test]
fn a_paused_or_unreachable_customer_is_decided_against_with_its_reason() {
    let strategy = strategy();
    let mut paused = owing("2026-03-10");
    paused.holds.paused_until = Some(day("2026-03-20"));
    assert_eq!(outcome(&plan(&paused, &strategy, "2026-03-10")), (0, None, Some(Reason::Paused)));
    let mut mute = owing("2026-03-10");
    mute.customer.phones.clear();
    assert_eq!(outcome(&plan(&mute, &strategy, "2026-03-10")), (0, None, Some(Reason::NoContact)));
    let mut off = strategy.clone();
    off.flows[0].0.active = false;
    assert_eq!(outcome(&plan(&owing("2026-03-10"), &off, "2026-03-10")).2, Some(Reason::FlowInactive));
    let mut bare = strategy;
    bare.templates.clear();
    assert_eq!(outcome(&plan(&owing("2026-03-10"), &bare, "2026-03-10")).2, Some(Reason::TemplateMissing));
}

proptest! {
    #[test]
    fn over_any_month_each_step_fires_exactly_once(country in 0..6_usize, start in 0..3000_u64, due in 0..20_u64) {
        let mut strategy = strategy();
        strategy.calendar = Calendar::of(Country::ALL[country]);
        let first = day("2024-01-01") + chrono::Days::new(start);
        let account = owing(&(first + chrono::Days::new(10 + due)).to_string());
        let mut fired = std::collections::BTreeMap::new();
        for on in first.iter_days().take(100).filter(|d| strategy.calendar.allows_day(*d)) {
            let decisions = plan(&account, &strategy, &on.to_string());
            prop_assert!(decisions.iter().filter(|d| d.chosen).count() <= 1);
            for decision in decisions {
                *fired.entry(decision.step.offset).or_insert(0) += 1;
            }
        }
        let expected = [-5, -1, 0, 3, 8, 15, 30].into_iter().map(|o| (o, 1)).collect();
        prop_assert_eq!(fired, expected);
    }

    #[test]
    fn replaying_the_stored_facts_gives_the_same_bytes(offset in -5..31_i64, hour in 0..23_i64) {
        let strategy = strategy();
        let on = day("2026-03-10");
        let span = Span::of_day(on, &strategy.calendar);
        let account = owing(&(on - TimeDelta::days(offset)).to_string());
        let now = planned_at(on) + TimeDelta::hours(hour);
        if let Some(facts) = observe(&account, &strategy, span, sender(), &[]) {
            let first = decide(&account.id, &facts, &strategy, span, now);
            let stored: Facts = serde_json::from_str(&serde_json::to_string(&facts).expect("json")).expect("facts");
            let again = decide(&account.id, &stored, &strategy, span, now);
            prop_assert_eq!(serde_json::to_string(&first).expect("json"), serde_json::to_string(&again).expect("json"));
        }
    }
}
