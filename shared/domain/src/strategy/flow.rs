//! A flow: the steps a segment's customers go through by days past due.

use crate::contact::calendar::Calendar;
use crate::contact::point::Levels;
use crate::ids::{FlowId, SegmentId, TemplateId};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

/// The farthest a step may lie from the due date, in days.
pub const MAX_OFFSET: i32 = 3650;

/// One step of a flow: so many days from the due date, at a local time, one template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowStep {
    /// Days past due; negative before the due date.
    pub offset: i32,
    /// Local time.
    pub time: NaiveTime,
    /// What is sent; the template settles the channel.
    pub template: TemplateId,
    /// Contact levels of company customers.
    #[serde(default)]
    pub levels: Levels,
    /// Repeats every so many days…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_every: Option<u16>,
    /// …until this offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_until: Option<i32>,
}

/// A flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Its id.
    pub id: FlowId,
    /// Its name.
    pub name: String,
    /// Whether it sends.
    pub active: bool,
    /// The segments it serves.
    pub segments: Vec<SegmentId>,
    /// Its steps.
    pub steps: Vec<FlowStep>,
    /// A user stopped what was left of a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<DateTime<Utc>>,
}

/// Why a flow cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFlow {
    /// It has no name.
    #[error("el flujo necesita un nombre")]
    NoName,
    /// Two steps fall on the same day past due.
    #[error("dos pasos caen en el día {0}: deje uno solo por día")]
    SameOffset(i32),
    /// An offset is out of range.
    #[error("el día {0} está fuera de rango (±3650)")]
    FarOffset(i32),
    /// A repetition has no end, or no positive interval.
    #[error("el paso del día {0} se repite: indique cada cuántos días (1 o más) y hasta qué día")]
    BadRepeat(i32),
    /// A contact level is not 1 to 5.
    #[error("los niveles de contacto van de 1 a 5")]
    BadLevel,
    /// An active flow must have steps.
    #[error("un flujo activo necesita al menos un paso con plantilla")]
    NoSteps,
}

impl Flow {
    /// Finds what keeps the flow from being saved.
    pub fn validate(&self) -> Result<(), BadFlow> {
        if self.name.trim().is_empty() {
            return Err(BadFlow::NoName);
        }
        if self.active && self.steps.is_empty() {
            return Err(BadFlow::NoSteps);
        }
        for step in &self.steps {
            if step.offset.abs() > MAX_OFFSET || step.repeat_until.is_some_and(|u| u.abs() > MAX_OFFSET) {
                return Err(BadFlow::FarOffset(step.offset));
            }
            if step.repeat_every.is_some() != step.repeat_until.is_some() || step.repeat_every == Some(0) {
                return Err(BadFlow::BadRepeat(step.offset));
            }
            if step.levels.to.iter().chain(&step.levels.cc).any(|l| !(1..=5).contains(l)) {
                return Err(BadFlow::BadLevel);
            }
        }
        let offsets: Vec<i32> = self.moments().into_iter().map(|(o, _)| o).collect();
        match offsets.windows(2).find(|w| w[0] == w[1]) {
            Some(same) => Err(BadFlow::SameOffset(same[0])),
            None => Ok(()),
        }
    }

    /// Every offset at which something happens, repetitions included, lowest first, with its step.
    pub fn moments(&self) -> Vec<(i32, &FlowStep)> {
        let mut moments = Vec::new();
        for step in &self.steps {
            let every = step.repeat_every.map_or(usize::MAX, usize::from).max(1);
            let last = step.repeat_until.unwrap_or(step.offset).max(step.offset);
            moments.extend((step.offset..=last).step_by(every).map(|offset| (offset, step)));
        }
        moments.sort_by_key(|(offset, _)| *offset);
        moments
    }
}

/// The days whose steps one plan decides: from the first undecided day to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First day.
    pub from: NaiveDate,
    /// Today.
    pub to: NaiveDate,
}

impl Span {
    /// Today and the restricted days before it, whose steps moved here.
    pub fn of_day(day: NaiveDate, calendar: &Calendar) -> Self {
        let mut from = day;
        while let Some(before) = from.pred_opt() {
            if calendar.allows_day(before) || (day - before).num_days() > 31 {
                break;
            }
            from = before;
        }
        Self { from, to: day }
    }

    /// Every day of the span.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |d| *d <= self.to)
    }

    /// Whether a step's day, before any move, lies inside.
    pub fn contains(self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// The day a step falls on, before holidays move it.
pub fn step_day(due: NaiveDate, offset: i32) -> Option<NaiveDate> {
    let days = Days::new(u64::from(offset.unsigned_abs()));
    if offset < 0 { due.checked_sub_days(days) } else { due.checked_add_days(days) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::country::Country;

    fn step(offset: i32) -> FlowStep {
        FlowStep {
            offset,
            time: "09:00:00".parse().expect("a time"),
            template: "t".into(),
            levels: Levels::default(),
            repeat_every: None,
            repeat_until: None,
        }
    }
    fn flow(steps: Vec<FlowStep>) -> Flow {
        Flow { id: "f".into(), name: "F".into(), active: true, segments: vec![], steps, stopped: None }
    }

    #[test]
    fn a_step_repeats_until_its_last_day() {
        let repeated = FlowStep { repeat_every: Some(10), repeat_until: Some(35), ..step(10) };
        let offsets: Vec<i32> = flow(vec![repeated, step(-5)]).moments().iter().map(|m| m.0).collect();
        assert_eq!(offsets, [-5, 10, 20, 30]);
    }

    #[test]
    fn a_flow_that_makes_no_sense_is_refused() {
        for (flow, expected) in [
            (flow(vec![]), BadFlow::NoSteps),
            (flow(vec![step(3), step(3)]), BadFlow::SameOffset(3)),
            (flow(vec![step(9999)]), BadFlow::FarOffset(9999)),
            (flow(vec![FlowStep { repeat_every: Some(0), repeat_until: Some(9), ..step(1) }]), BadFlow::BadRepeat(1)),
            (flow(vec![FlowStep { levels: Levels { to: vec![6], cc: vec![] }, ..step(1) }]), BadFlow::BadLevel),
            (Flow { name: " ".into(), ..flow(vec![step(1)]) }, BadFlow::NoName),
        ] {
            assert_eq!(flow.validate(), Err(expected));
        }
    }

    #[test]
    fn a_monday_decides_for_the_weekend() {
        let lima = Calendar::of(Country::Pe);
        let span = |text: &str| {
            let span = Span::of_day(text.parse().expect("a date"), &lima);
            (span.from.to_string(), span.to.to_string())
        };
        assert_eq!(span("2026-03-09"), ("2026-03-07".into(), "2026-03-09".into()));
        assert_eq!(span("2026-03-10"), ("2026-03-10".into(), "2026-03-10".into()));
        assert_eq!(span("2026-04-06"), ("2026-04-02".into(), "2026-04-06".into()), "Holy Week");
    }
}
