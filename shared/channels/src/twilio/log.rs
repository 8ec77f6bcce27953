//! The account's log of messages, as Twilio lists it.

use super::sms::{refusal_of, state_of};
use crate::json::{list, number, text};
use cauce_engine::ports::provider::Open;
use cauce_engine::ports::told::{Reported, Status};
use serde_json::Value;
use std::collections::HashMap;

/// A message in the log.
struct Entry {
    id: String,
    state: Reported,
    code: Option<String>,
}

/// What the log says, by id, and by where a message went and what it said.
#[derive(Default)]
pub(super) struct Log {
    by_id: HashMap<String, Entry>,
    by_content: HashMap<(String, String), Vec<String>>,
}

impl Log {
    /// Reads a page.
    pub(super) fn read(&mut self, page: &Value) {
        for message in list(page, "messages") {
            let state = text(message, "status").as_deref().and_then(state_of);
            let (Some(id), Some(state)) = (text(message, "sid"), state) else { continue };
            // What people wrote is in the same log.
            if text(message, "direction").is_some_and(|direction| direction == "inbound") {
                continue;
            }
            let content = (text(message, "to").unwrap_or_default(), text(message, "body").unwrap_or_default());
            self.by_content.entry(content).or_default().push(id.clone());
            let code = number(message, "error_code").map(|code| code.to_string());
            self.by_id.insert(id.clone(), Entry { id, state, code });
        }
    }

    /// What the log says of a message.
    pub(super) fn of(&self, open: &Open) -> Option<Status> {
        let alike = || match self.by_content.get(&(open.to.clone(), open.text.clone()))?.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        let entry = self.by_id.get(open.id.as_ref().or_else(alike)?)?;
        let failed = matches!(entry.state, Reported::Failed | Reported::Undelivered);
        Some(Status {
            reference: Some(open.reference.clone()),
            address: Some(open.to.clone()),
            refusal: failed.then(|| refusal_of(entry.code.clone())),
            ..Status::of(entry.id.clone(), entry.state)
        })
    }
}
