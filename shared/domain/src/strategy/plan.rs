//! The plan of a day, as a pure function: facts, flow, calendar and date in; decisions with their reasons out.
//!
//! One order decides a customer's day. The steps whose moved day is today are candidates, the highest is the one
//! decision; lower ones are *superseded*, or *missed* when their own day went by unplanned. The same facts and the same
//! strategy give the same decisions on any machine and any later day.

use crate::contact::calendar::Calendar;
use crate::contact::channel::Channel;
use crate::contact::gate::{self, Case, Reason, Switches, Verdict};
use crate::contact::point::{self, Reach};
use crate::debt::account::{Account, Holds, Summary};
use crate::debt::customer::Status;
use crate::ids::{CustomerId, FlowId, ProjectId, SegmentId, SendId, TemplateId, derived};
use crate::strategy::flow::{Flow, FlowStep, Span, step_day};
use crate::strategy::tag::{self, Sender};
use crate::strategy::template::Audience;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a decision saw of a customer (`facts_v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Active, inactive or deleted.
    pub status: Status,
    /// Its segment.
    pub segment: SegmentId,
    /// What is owed.
    pub summary: Summary,
    /// What stands over its communications.
    #[serde(default)]
    pub holds: Holds,
    /// Whether the decided step's channel reaches it.
    pub reach: Reach,
    /// A tag of the decided step's template that has no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_tag: Option<String>,
    /// Everything still owed is uncollectible.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncollectible: bool,
    /// The first day whose steps are decided, when a carry or a missed run reaches back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
    /// Offsets of the carrying order that have fired or are finally decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<i32>,
}

/// A step as it was decided, with the versions it was decided by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Step key: project, customer, carrying order, due date and offset. Fires once.
    pub key: String,
    /// The flow.
    pub flow: FlowId,
    /// Its version.
    pub flow_version: u64,
    /// Days past due.
    pub offset: i32,
    /// The carrying order.
    pub order: String,
    /// Its due date.
    pub due: NaiveDate,
    /// The template.
    pub template: TemplateId,
    /// Its version; 0 when it does not exist.
    pub template_version: u64,
}

/// What a plan needs to know of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateFacts {
    /// Version.
    pub version: u64,
    /// Channel.
    pub channel: Channel,
    /// Whom it is written for.
    #[serde(default)]
    pub audience: Audience,
    /// Tags that must have a value.
    pub required: Vec<String>,
}

/// Everything of a project that a day's plan depends on; stored with the run, so that it can be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strategy {
    /// The project.
    pub project: ProjectId,
    /// Mode, channels and stops.
    pub switches: Switches,
    /// The calendar.
    pub calendar: Calendar,
    /// Its version.
    pub calendar_version: u64,
    /// Flows with their versions.
    pub flows: Vec<(Flow, u64)>,
    /// References may be written to.
    #[serde(default)]
    pub references_allowed: bool,
    /// Templates by id.
    pub templates: BTreeMap<TemplateId, TemplateFacts>,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It leaves at the moment given.
    Send(DateTime<Utc>),
    /// It does not leave.
    NotSend {
        /// Why.
        reason: Reason,
        /// More of it.
        detail: Option<String>,
        /// The step is put off to this day's plan.
        carry: Option<NaiveDate>,
    },
}

/// One decision of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Hash of step key and local day: planning twice changes nothing.
    pub id: SendId,
    /// The step.
    pub step: Step,
    /// Its channel, when its template exists.
    pub channel: Option<Channel>,
    /// The highest candidate; the others are outside every count.
    pub chosen: bool,
    /// Send or not.
    pub outcome: Outcome,
}

impl Strategy {
    /// The flow that serves a segment: the active one, else any that names it.
    pub fn flow_of(&self, segment: &SegmentId) -> Option<&(Flow, u64)> {
        let mut serving = self.flows.iter().filter(|(f, _)| f.segments.contains(segment));
        serving.clone().find(|(f, _)| f.active).or_else(|| serving.next())
    }

    /// The due dates on which somebody may stand with a step inside the span.
    pub fn due_dates(&self, span: Span) -> Vec<NaiveDate> {
        let offsets = self.flows.iter().filter(|(f, _)| !f.segments.is_empty()).flat_map(|(f, _)| f.moments());
        let mut dates: Vec<NaiveDate> =
            offsets.flat_map(|(offset, _)| span.days().filter_map(move |day| step_day(day, -offset))).collect();
        dates.sort();
        dates.dedup();
        dates
    }

    /// Whether the law or the project forbids writing to a template's audience.
    pub fn forbids(&self, template: &TemplateId) -> bool {
        let reference = self.templates.get(template).is_some_and(|t| t.audience == Audience::Reference);
        reference && !self.references_allowed
    }

    fn template(&self, step: &FlowStep) -> Option<&TemplateFacts> {
        self.templates.get(&step.template)
    }

    /// The steps of the carrying order whose day lies in the span, lowest first, with that day.
    pub fn candidates(
        &self,
        segment: &SegmentId,
        summary: &Summary,
        span: Span,
        done: &[i32],
    ) -> Vec<(i32, &FlowStep, NaiveDate)> {
        let (Some((flow, _)), Some(carrying)) = (self.flow_of(segment), &summary.carrying) else { return Vec::new() };
        let on =
            |(offset, step)| step_day(carrying.due, offset).filter(|d| span.contains(*d)).map(|d| (offset, step, d));
        flow.moments().into_iter().filter(|(offset, _)| !done.contains(offset)).filter_map(on).collect()
    }
}

/// The span a customer's plan decides: the day's own, reaching back where a carry says so.
fn reach_back(span: Span, account: &Account) -> Span {
    match account.carry {
        Some(carry) if carry.on <= span.to && carry.from < span.from => Span { from: carry.from, ..span },
        _ => span,
    }
}

/// Gathers what the decision of the day needs to see of an account; `None` when no step of it falls in the span.
///
/// `done` are the offsets of the carrying order that fired or were finally decided before.
pub fn observe(account: &Account, strategy: &Strategy, span: Span, sender: Sender<'_>, done: &[i32]) -> Option<Facts> {
    let reaching = reach_back(span, account);
    let (_, step, _) = strategy.candidates(&account.segment, &account.summary, reaching, done).pop()?;
    let template = strategy.template(step);
    let reach = template.map_or(Reach::Usable, |t| {
        point::choose(&account.customer, t.audience, t.channel, &step.levels)
            .map_or_else(|reach| reach, |_| Reach::Usable)
    });
    Some(Facts {
        status: account.customer.status,
        segment: account.segment.clone(),
        summary: account.summary.clone(),
        holds: account.holds.clone(),
        reach,
        missing_tag: template.and_then(|t| missing(account, &t.required, sender, span.to)),
        uncollectible: false,
        since: (reaching.from < span.from).then_some(reaching.from),
        done: done.to_vec(),
    })
}

/// Tags that only the orders themselves can fill; the second look, which reads them, decides on those.
const FROM_ORDERS: [&str; 6] = ["producto", "cuota", "total_vencido", "lista_ordenes", "pago", "link_pago"];

fn missing(account: &Account, required: &[String], sender: Sender<'_>, today: NaiveDate) -> Option<String> {
    let needs = |t: &&String| !FROM_ORDERS.contains(&t.as_str()) && !t.starts_with("variable.");
    let variables = required.iter().filter(|t| t.starts_with("variable.")).count();
    if variables == 0 && required.iter().all(|t| !needs(&t)) {
        return None;
    }
    let values = tag::values(account, None, sender, today);
    required.iter().filter(needs).find(|t| !values.contains_key(*t)).cloned()
}

/// Decides a customer's day from the facts; empty when no step of it falls in the span.
pub fn decide(
    customer: &CustomerId,
    facts: &Facts,
    strategy: &Strategy,
    span: Span,
    now: DateTime<Utc>,
) -> Vec<Decision> {
    let span = Span { from: facts.since.unwrap_or(span.from).min(span.from), ..span };
    let mut candidates = strategy.candidates(&facts.segment, &facts.summary, span, &facts.done);
    let (Some(top), Some((flow, version))) = (candidates.pop(), strategy.flow_of(&facts.segment)) else {
        return Vec::new();
    };
    let Some(carrying) = &facts.summary.carrying else { return Vec::new() };
    let build = |(offset, flow_step, _): (i32, &FlowStep, NaiveDate)| {
        let due = carrying.due.to_string();
        let key = derived(&[strategy.project.as_str(), customer.as_str(), &carrying.code, &due, &offset.to_string()]);
        let template = strategy.template(flow_step);
        let step = Step {
            flow: flow.id.clone(),
            flow_version: *version,
            offset,
            order: carrying.code.clone(),
            due: carrying.due,
            template: flow_step.template.clone(),
            template_version: template.map_or(0, |t| t.version),
            key,
        };
        (SendId::new(derived(&[&step.key, &span.to.to_string()])), step, template.map(|t| t.channel))
    };
    let today = Span::of_day(span.to, &strategy.calendar);
    let mut decisions: Vec<Decision> = candidates
        .into_iter()
        .map(|candidate| {
            let reason = if today.contains(candidate.2) { Reason::Superseded } else { Reason::Missed };
            let (id, step, channel) = build(candidate);
            Decision { id, step, channel, chosen: false, outcome: not(reason) }
        })
        .collect();
    let (id, step, channel) = build(top);
    let outcome = choose(top.1, &id, channel, flow, facts, strategy, span.to, now);
    decisions.push(Decision { id, step, channel, chosen: true, outcome });
    decisions
}

fn not(reason: Reason) -> Outcome {
    Outcome::NotSend { reason, detail: None, carry: None }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one decision, read once")]
fn choose(
    step: &FlowStep,
    id: &SendId,
    channel: Option<Channel>,
    flow: &Flow,
    facts: &Facts,
    strategy: &Strategy,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Outcome {
    let calendar = &strategy.calendar;
    let moment = moment(step, id, calendar, day, now);
    let case = Case {
        switches: &Switches { payments_needed_since: None, ..strategy.switches.clone() },
        calendar,
        facts,
        channel: channel.unwrap_or(Channel::Email),
        flow_active: flow.active,
        has_template: channel.is_some(),
        flow_stopped: flow.stopped,
        decided: now,
        order: None,
        forbidden: strategy.forbids(&step.template),
        reach: facts.reach,
        missing_tag: facts.missing_tag.as_deref(),
        cap: None,
        day,
        at: moment.unwrap_or(now),
    };
    let put_off = || calendar.next_allowed_day(day.succ_opt().unwrap_or(day));
    match (gate::ask(&case), moment) {
        (Verdict::Block(reason, detail), _) => Outcome::NotSend { reason, detail, carry: None },
        (_, None) => Outcome::NotSend { reason: Reason::OutsideHours, detail: None, carry: put_off() },
        (Verdict::Allow, Some(at)) => Outcome::Send(at),
        (Verdict::Defer(at, _), _) if calendar.local_day(at) == day => Outcome::Send(at),
        (Verdict::Defer(_, reason), _) => Outcome::NotSend { reason, detail: None, carry: put_off() },
    }
}

/// When a step's message leaves on a day: at its hour, at the next opening, or, when the hour has passed, spread over
/// what is left of the day's windows so that nothing bursts. `None` when nothing is left.
fn moment(
    step: &FlowStep,
    id: &SendId,
    calendar: &Calendar,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let hour = calendar.instant(day.and_time(step.time));
    let same_day = |at: DateTime<Utc>| calendar.local_day(at) == day;
    if hour >= now {
        return calendar.next_allowed(hour).filter(|at| same_day(*at)).or_else(|| {
            // The hour lies after the day's last window: the first opening still to come.
            calendar.next_allowed(now.max(calendar.midnight(day))).filter(|at| same_day(*at))
        });
    }
    let close = calendar.close_of_day(now)?;
    let room = (close - now).num_seconds().max(1);
    let seed = u64::from_str_radix(id.as_str().get(..15).unwrap_or("0"), 16).unwrap_or(0);
    let later = i64::try_from(seed % room.unsigned_abs()).unwrap_or(0);
    calendar.next_allowed(now + TimeDelta::seconds(later)).filter(|at| same_day(*at))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Strategy;
    use super::*;
    use crate::contact::channel::ChannelFlags;
    use crate::contact::interaction::{Interaction, State};
    use crate::contact::point::{Phone, Point};
    use crate::country::{Country, NumberStyle};
    use crate::debt::customer::Customer;
    use crate::debt::document::Document;
    use crate::debt::money::Money;
    use crate::debt::order::Order;
    use crate::strategy::starter;
    use proptest::prelude::*;

    pub(crate) fn account() -> Account {
        let mut customer = Customer::new(Document::parse("DNI", "1").expect("a document"), "Ana Díaz");
        customer.phones = vec![Point::new(1, Phone::parse("987654321", Some(Country::Pe)).expect("a phone"))];
        let order = Order::new("F-1", day("2026-03-07"), Money::new(123_450, "PEN".parse().expect("pen")));
        Account {
            id: "c".into(),
            customer,
            summary: Summary::of([&order]),
            segment: "default".into(),
            holds: Holds::default(),
            carry: None,
            credit: BTreeMap::new(),
        }
    }
    pub(crate) fn facts() -> Facts {
        let account = account();
        Facts {
            status: Status::Active,
            segment: account.segment,
            summary: account.summary,
            holds: account.holds,
            reach: Reach::Usable,
            missing_tag: None,
            uncollectible: false,
            since: None,
            done: Vec::new(),
        }
    }
    pub(crate) fn message(state: State) -> Interaction {
        let strategy = strategy();
        let day = day("2026-03-10");
        let decision =
            decide(&"c".into(), &facts(), &strategy, Span::of_day(day, &strategy.calendar), planned_at(day)).remove(0);
        Interaction {
            id: decision.id,
            customer: "c".into(),
            day,
            step: decision.step,
            channel: Some(Channel::Sms),
            state,
            planned: true,
            attempt: 1,
            provider_id: None,
            recipients: None,
            times: BTreeMap::new(),
            facts: facts(),
            detail: None,
        }
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
        let flags = ChannelFlags { visible: true, active: true, connected: true };
        let facts = |t: crate::strategy::template::Template| {
            let required = t.required_tags();
            (t.id, TemplateFacts { version: 1, channel: t.channel, audience: t.audience, required })
        };
        Strategy {
            project: "p".into(),
            switches: Switches {
                active: true,
                channels: Channel::ALL.into_iter().map(|c| (c, flags)).collect(),
                stopped: None,
                payments_needed_since: None,
                payments_loaded: None,
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
}
