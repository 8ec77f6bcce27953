//! An item of a thread as a line of the log: what every kind of interaction has in common.

use crate::error::Error;
use crate::ports::table::Stored;
use crate::store::codec::{Shape, decode, type_of};
use cauce_domain::contact::call::Call;
use cauce_domain::contact::call_entry::{CallEntry, EntryState};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::management::Management;
use cauce_domain::contact::note::Note;
use cauce_domain::contact::origin::{Cause, Origin};
use cauce_domain::contact::outcome::Situation;
use cauce_domain::contact::past::Past;
use cauce_domain::contact::received::Received;
use cauce_domain::contact::reply::{Reply, ReplyState};
use cauce_domain::debt::event::Event;
use cauce_domain::ids::{SegmentId, TemplateId};
use chrono::{DateTime, NaiveDate, Utc};

/// The name under which notes stand among the channels (*Canal = Nota*).
pub const NOTE: &str = "note";

/// Who reached out to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// *Saliente*.
    Outbound,
    /// *Entrante*.
    Inbound,
    /// Neither: what happened to a debt, a note.
    Internal,
}

impl Direction {
    /// The name in code, files and URLs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::Internal => "internal",
        }
    }

    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Outbound => "Saliente",
            Self::Inbound => "Entrante",
            Self::Internal => "Interna",
        }
    }
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The interaction's id.
    pub id: String,
    /// The local day it stands on.
    pub day: NaiveDate,
    /// When it was to be.
    pub scheduled: Option<DateTime<Utc>>,
    /// When it was (*fecha de envío real*).
    pub actual: Option<DateTime<Utc>>,
    /// Who reached out.
    pub direction: Direction,
    /// What it comes from.
    pub origin: Option<Origin>,
    /// The flow's, event's or campaign's id or code.
    pub of: Option<String>,
    /// The template.
    pub template: Option<TemplateId>,
    /// The channel's code; `note` for notes.
    pub channel: Option<&'static str>,
    /// The channel's name.
    pub channel_name: Option<&'static str>,
    /// State, in code and in words.
    pub state: (String, String),
    /// Why it did not leave: the reason's code and words.
    pub reason: Option<(&'static str, String)>,
    /// What its provider, or the reason, says.
    pub error: Option<String>,
    /// The communication it answers, retries or takes the place of (*última comunicación asociada*).
    pub associated: Option<String>,
    /// Where it went or came from.
    pub address: Option<String>,
    /// Who of the team.
    pub author: Option<String>,
    /// The segment it was decided for.
    pub segment: Option<SegmentId>,
    /// What was done or said, in a word: an outcome, an event, a kind.
    pub what: Option<String>,
}

impl Line {
    fn new(id: impl Into<String>, day: NaiveDate, direction: Direction, state: (&str, &str)) -> Self {
        Self {
            id: id.into(),
            day,
            scheduled: None,
            actual: None,
            direction,
            origin: None,
            of: None,
            template: None,
            channel: None,
            channel_name: None,
            state: (state.0.to_owned(), state.1.to_owned()),
            reason: None,
            error: None,
            associated: None,
            address: None,
            author: None,
            segment: None,
            what: None,
        }
    }

    fn by(self, channel: Channel) -> Self {
        Self { channel: Some(channel.code()), channel_name: Some(channel.spanish()), ..self }
    }

    /// Reads an item; nothing where it is none that a log tells of.
    pub fn read(stored: &Stored, now: DateTime<Utc>) -> Result<Option<Self>, Error> {
        let body = &stored.body;
        Ok(Some(match type_of(body) {
            Interaction::TYPE => message(decode(body)?),
            Received::TYPE => received(decode(body)?),
            Management::TYPE => managed(&decode(body)?),
            Note::TYPE => note(&decode(body)?),
            Past::TYPE => past(decode(body)?),
            Event::TYPE => event(&decode(body)?),
            Reply::TYPE => reply(&decode(body)?, now),
            CallEntry::TYPE => entry(&decode(body)?),
            Call::TYPE => call(decode(body)?),
            _ => return Ok(None),
        }))
    }
}

fn message(message: Interaction) -> Line {
    let state = (message.state.code(), message.state.spanish());
    let mut line = Line::new(message.id.as_str(), message.day, Direction::Outbound, state);
    line.origin = Some(message.cause.origin());
    line.of = message.cause.of();
    line.author = match &message.cause {
        Cause::Draft(draft) => Some(draft.by.author.clone()),
        _ => None,
    };
    line.associated = match &message.cause {
        Cause::Draft(draft) => draft.answers.as_ref().map(ToString::to_string),
        _ => message.follows.as_ref().map(ToString::to_string),
    };
    line.template = message.template().cloned();
    line.scheduled = match message.state {
        State::Scheduled { at } => Some(at),
        _ => message.cause.said(),
    };
    line.actual =
        ["sent", "delivered", "opened", "to_manage"].iter().find_map(|code| message.times.get(*code)).copied();
    line.error = match &message.state {
        State::Failed { error, .. } => Some(error.clone()),
        _ => message.detail.clone(),
    };
    if let State::NotSent { reason } = &message.state {
        line.reason = Some((reason.code(), reason.spanish().to_owned()));
    }
    let to = message.recipients.iter().flat_map(|all| &all.to).map(|to| to.address.clone());
    line.address = Some(to.collect::<Vec<_>>().join("; ")).filter(|all| !all.is_empty());
    line.segment = Some(message.facts.segment.clone());
    match message.channel {
        Some(channel) => line.by(channel),
        None => line,
    }
}

fn received(message: Received) -> Line {
    let line = Line::new(message.id.as_str(), message.day, Direction::Inbound, ("received", "Recibido"));
    Line {
        actual: Some(message.at),
        associated: message.answers.map(|id| id.to_string()),
        address: Some(message.from),
        what: Some(message.kind),
        ..line
    }
    .by(message.channel)
}

fn managed(management: &Management) -> Line {
    let contacted = management.situation.is_contact();
    let state = if contacted { ("contacted", "Contactado") } else { ("not_contacted", "No contactado") };
    let direction = match management.situation {
        Situation::Inbound => Direction::Inbound,
        Situation::OutboundContact | Situation::OutboundNoContact => Direction::Outbound,
    };
    let line = Line::new(management.id.as_str(), management.day, direction, state);
    Line {
        actual: Some(management.by.at),
        origin: Some(Origin::Call),
        associated: management.call.as_ref().map(ToString::to_string),
        address: management.phone.clone(),
        author: Some(management.by.author.clone()),
        what: Some(management.outcome.spanish().to_owned()),
        ..line
    }
    .by(Channel::Call)
}

fn note(note: &Note) -> Line {
    let line = Line::new(note.id.as_str(), note.day, Direction::Internal, ("generated", "Generado"));
    Line {
        actual: Some(note.by.at),
        channel: Some(NOTE),
        channel_name: Some("Nota"),
        author: Some(note.by.author.clone()),
        ..line
    }
}

fn past(past: Past) -> Line {
    let line = Line::new(past.id, past.day, Direction::Outbound, (past.state.code(), past.state.spanish()));
    Line {
        scheduled: Some(past.at),
        actual: Some(past.at),
        origin: Some(Origin::Imported),
        address: Some(past.recipient),
        ..line
    }
    .by(past.channel)
}

fn event(event: &Event) -> Line {
    let line = Line::new(event.id.as_str(), event.day, Direction::Internal, ("generated", "Generado"));
    Line {
        actual: Some(event.by.at),
        author: Some(event.by.author.clone()),
        associated: Some(event.about.subject.clone()),
        what: Some(event.event.spanish().to_owned()),
        ..line
    }
}

fn reply(reply: &Reply, now: DateTime<Utc>) -> Line {
    let code = match reply.state {
        ReplyState::Sending => "sending",
        ReplyState::Sent => "sent",
        ReplyState::Failed { .. } => "failed",
        ReplyState::Unknown => "unknown",
    };
    let line = Line::new(reply.id.as_str(), reply.day, Direction::Outbound, (code, reply.spanish(now)));
    let (actual, author) = (Some(reply.by.at), Some(reply.by.author.clone()));
    Line { actual, author, origin: Some(Origin::Manual), ..line }.by(reply.channel)
}

fn entry(entry: &CallEntry) -> Line {
    let code = match &entry.state {
        EntryState::ToManage => "to_manage",
        EntryState::Managed { contacted: true, .. } => "contacted",
        EntryState::Managed { contacted: false, .. } => "not_contacted",
        EntryState::Withdrawn => "withdrawn",
    };
    let line = Line::new(entry.id.as_str(), entry.day, Direction::Outbound, (code, entry.state.spanish()));
    let associated = match &entry.state {
        EntryState::Managed { management, .. } => Some(management.to_string()),
        _ => None,
    };
    let what = Some(entry.reason.spanish().to_owned());
    Line { associated, what, author: Some(entry.by.author.clone()), ..line }.by(Channel::Call)
}

fn call(call: Call) -> Line {
    let state = match (&call.result, &call.refused) {
        (Some(_), _) => ("ended", "Terminada"),
        (None, Some(_)) => ("failed", "Fallido"),
        (None, None) => ("calling", "En curso"),
    };
    let line = Line::new(call.id.as_str(), call.day, Direction::Outbound, state);
    Line {
        actual: Some(call.at),
        origin: Some(Origin::Call),
        error: call.refused,
        address: Some(call.to),
        author: call.user.map(|user| user.to_string()),
        ..line
    }
    .by(Channel::Call)
}
