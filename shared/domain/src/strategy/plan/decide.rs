//! From facts to decisions: the highest step of the day, the gate's answer to it, and the moment it leaves.

use super::{Decision, Facts, Outcome, Step, Strategy};
use crate::contact::calendar::Calendar;
use crate::contact::channel::Channel;
use crate::contact::gate::{self, Case, Reason, Switches, Verdict};
use crate::contact::origin::Class;
use crate::ids::{CustomerId, SendId, derived};
use crate::strategy::flow::{Flow, FlowStep, Span};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

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
    let calendar = strategy.calendar.lived_in(facts.zone);
    let calendar = calendar.as_ref();
    let moment = moment(step, id, calendar, day, now);
    let case = Case {
        class: Class::Reminder,
        switches: &Switches { payments_needed_since: None, spent: Default::default(), ..strategy.switches.clone() },
        calendar,
        facts,
        channel: channel.unwrap_or(Channel::Email),
        off: (!flow.active).then_some(Reason::FlowInactive),
        has_template: channel.is_some(),
        unapproved: strategy.unapproved(&step.template).map(|why| (Reason::TemplateNotApproved, why)),
        flow_stopped: flow.stopped,
        decided: now,
        order: None,
        also: &[],
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

/// What is kept free of late messages before the day closes, unless little is left of it.
const LAST_SECONDS: i64 = 900;

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
    // The last ones need time to be released and sent before the day closes.
    let left = (close - now).num_seconds();
    let room = (left - (left / 2).min(LAST_SECONDS)).max(1);
    let seed = u64::from_str_radix(id.as_str().get(..15).unwrap_or("0"), 16).unwrap_or(0);
    let later = i64::try_from(seed % room.unsigned_abs()).unwrap_or(0);
    calendar.next_allowed(now + TimeDelta::seconds(later)).filter(|at| same_day(*at))
}
