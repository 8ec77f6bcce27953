//! The plan of a day, as a pure function: facts, flow, calendar and date in; decisions with their reasons out.
//!
//! One order decides a customer's day. The steps whose moved day is today are candidates, the highest is the one
//! decision; lower ones are *superseded*, or *missed* when their own day went by unplanned. The same facts and the same
//! strategy give the same decisions on any machine and any later day.

mod decide;
mod observe;
#[cfg(test)]
pub(crate) mod tests;

pub use decide::decide;
pub use observe::observe;

use crate::contact::calendar::Calendar;
use crate::contact::channel::Channel;
use crate::contact::gate::{Reason, Switches};
use crate::contact::point::Reach;
use crate::debt::account::{Account, Holds, Summary};
use crate::debt::customer::Status;
use crate::ids::{FlowId, ProjectId, SegmentId, SendId, TemplateId};
use crate::strategy::flow::{Flow, FlowStep, Span, step_day};
use crate::strategy::template::Audience;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a decision saw of a customer (`facts_v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Active, inactive or deleted.
    pub status: Status,
    /// Its segment.
    pub segment: SegmentId,
    /// The customer's own zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Tz>,
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
    /// The first day whose steps are decided, when a carry or a missed run reaches back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
    /// Offsets of the carrying order that have fired or are finally decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<i32>,
}

impl Facts {
    /// What is known of an account, its addresses and words aside.
    pub fn of(account: &Account) -> Self {
        Self {
            status: account.customer.status,
            segment: account.segment.clone(),
            zone: account.customer.zone,
            summary: account.summary.clone(),
            holds: account.holds.clone(),
            reach: Reach::Usable,
            missing_tag: None,
            since: None,
            done: Vec::new(),
        }
    }
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
    /// Why its provider would not take it, where it approves templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unapproved: Option<String>,
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

    /// Why a template's provider would not take it.
    pub fn unapproved(&self, template: &TemplateId) -> Option<&str> {
        self.templates.get(template).and_then(|t| t.unapproved.as_deref())
    }

    pub(super) fn template(&self, step: &FlowStep) -> Option<&TemplateFacts> {
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
