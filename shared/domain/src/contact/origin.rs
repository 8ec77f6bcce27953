//! What a message comes from: a step of a flow, something that happened to the debt, a campaign, a person of the team; and how strictly
//! the rules of contact bind it for that.

use crate::contact::draft::Draft;
use crate::ids::TemplateId;
use crate::strategy::campaign::Part;
use crate::strategy::plan::Step;
use crate::strategy::trigger::Occasion;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a contact comes from, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A step of a flow.
    Flow,
    /// Something that happened to the customer's debt.
    Event,
    /// A campaign.
    Campaign,
    /// A person of the team wrote it.
    Manual,
    /// An adviser called.
    Call,
    /// It was made outside, and loaded as history.
    Imported,
    /// Left after the copy was made that the store was restored from; told by the provider's log.
    Restored,
}

impl Origin {
    /// The name in code, files and URLs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Event => "event",
            Self::Campaign => "campaign",
            Self::Manual => "manual",
            Self::Call => "call",
            Self::Imported => "imported",
            Self::Restored => "restored",
        }
    }

    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Flow => "Flujo",
            Self::Event => "Evento",
            Self::Campaign => "Campaña",
            Self::Manual => "Manual",
            Self::Call => "Llamada",
            Self::Imported => "Importada",
            Self::Restored => "Restaurado",
        }
    }

    /// Whether nobody of the team decided on it there and then: those are counted against a day's limit.
    pub fn is_automatic(self) -> bool {
        !matches!(self, Self::Manual | Self::Call)
    }
}

/// What a message comes from, with what it takes to write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A step of a flow.
    Step(Step),
    /// Something that happened to the customer's debt.
    Event(Occasion),
    /// A part of a campaign.
    Campaign(Part),
    /// What a person of the team wrote.
    Draft(Draft),
}

impl Cause {
    /// The same in a word.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Step(_) => Origin::Flow,
            Self::Event(_) => Origin::Event,
            Self::Campaign(_) => Origin::Campaign,
            Self::Draft(_) => Origin::Manual,
        }
    }

    /// The flow's, event's or campaign's id or code.
    pub fn of(&self) -> Option<String> {
        match self {
            Self::Step(step) => Some(step.flow.to_string()),
            Self::Event(occasion) => Some(occasion.trigger.code().to_owned()),
            Self::Campaign(part) => Some(part.id.to_string()),
            Self::Draft(_) => None,
        }
    }

    /// The step, of a flow's message.
    pub fn step(&self) -> Option<&Step> {
        match self {
            Self::Step(step) => Some(step),
            Self::Event(_) | Self::Campaign(_) | Self::Draft(_) => None,
        }
    }

    /// The template it is written by, unless a person wrote it anew.
    pub fn template(&self) -> Option<&TemplateId> {
        match self {
            Self::Step(step) => Some(&step.template),
            Self::Event(occasion) => Some(&occasion.template),
            Self::Campaign(part) => Some(&part.template),
            Self::Draft(draft) => draft.template.as_ref(),
        }
    }

    /// The campaign's part, of a campaign's message.
    pub fn campaign(&self) -> Option<&Part> {
        match self {
            Self::Campaign(part) => Some(part),
            Self::Step(_) | Self::Event(_) | Self::Draft(_) => None,
        }
    }

    /// When it was said, of what an event or a person says, which is worth saying for some days; what a flow or a campaign says
    /// belongs to its day.
    pub fn said(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Step(_) | Self::Campaign(_) => None,
            Self::Event(occasion) => Some(occasion.at),
            Self::Draft(draft) => Some(draft.by.at),
        }
    }

    /// How strictly the gate binds it.
    pub fn class(&self) -> Class {
        match self {
            Self::Step(_) => Class::Reminder,
            Self::Event(occasion) if occasion.trigger.is_receipt() => Class::Receipt,
            Self::Event(_) | Self::Campaign(_) => Class::Notice,
            Self::Draft(draft) if draft.replies_to.is_some() => Class::Reply,
            Self::Draft(_) => Class::Personal,
        }
    }
}

/// How strictly the rules of contact bind a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A flow's: everything binds it.
    Reminder,
    /// An event's that asks for something: as a reminder, but what holds the flow does not hold it.
    Notice,
    /// An event's that acknowledges what the customer paid or declared: no limit counts against it, and who cannot pay gets
    /// it too.
    Receipt,
    /// A person's of the team, at their own hour: the law and the customer's own wish bind it, the project's habits warn.
    Personal,
    /// A person's answer to somebody who wrote within the day: nobody asks the law for leave to answer.
    Reply,
}

impl Class {
    /// Whether a person of the team decided on it.
    pub fn is_personal(self) -> bool {
        matches!(self, Self::Personal | Self::Reply)
    }
}
