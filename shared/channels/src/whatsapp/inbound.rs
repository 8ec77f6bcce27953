//! Messages of people, as WhatsApp tells them.

use super::webhook::ignored;
use crate::json::{at, seconds, text, word};
use cauce_domain::contact::silence::asks_for_silence;
use cauce_engine::ports::told::{Identity, Inbound, Media, Told};
use serde_json::Value;
use std::collections::HashMap;

/// The button that asks for silence, by its payload.
pub const SILENCE: &str = "optout:v1";

/// Kinds of which nothing but themselves is kept.
const PLAIN: [&str; 5] = ["location", "contacts", "order", "request_welcome", "unsupported"];
/// Kinds that are files.
const FILES: [&str; 5] = ["image", "video", "audio", "document", "sticker"];
/// Kinds after which free text may not be written for sure: Meta's pages do not say that they open the window.
const CLOSED: [&str; 3] = ["reaction", "edit", "revoke"];

/// The people of a post, by number and by id: messages and people need not be in one order.
pub(super) struct Contacts<'a>(HashMap<String, &'a Value>);

impl<'a> Contacts<'a> {
    pub(super) fn of(contacts: &'a [Value]) -> Self {
        let names = |c: &'a Value| [word(c, "wa_id"), text(c, "user_id")].into_iter().flatten().map(move |n| (n, c));
        Self(contacts.iter().flat_map(names).collect())
    }

    fn find(&self, names: [Option<&String>; 2]) -> Option<&'a Value> {
        names.into_iter().flatten().find_map(|name| self.0.get(name).copied())
    }
}

/// Reads one message of a change's value.
pub(super) fn read(message: &Value, contacts: &Contacts<'_>, account: Option<&str>) -> Told {
    let id = text(message, "id");
    if at(message, "group_id").is_some() {
        return ignored("group", id);
    }
    let kind = text(message, "type").unwrap_or_default();
    if kind == "system" {
        return Told::Identity(identity(message, account));
    }
    let Some(id) = id else { return ignored("no_id", None) };
    let (from, user) = (word(message, "from"), text(message, "from_user_id"));
    let contact = contacts.find([from.as_ref(), user.as_ref()]);
    let said = said(message, &kind);
    let opt_out = said.payload.as_deref() == Some(SILENCE) || said.text.as_deref().is_some_and(asks_for_silence);
    Told::Inbound(Inbound {
        account: account.map(str::to_owned),
        id,
        wa_id: from.or_else(|| contact.and_then(|c| word(c, "wa_id"))),
        user,
        name: contact.and_then(|c| text(c, "profile/name")),
        at: seconds(message, "timestamp"),
        context: text(message, "context/id"),
        opens_window: !CLOSED.contains(&kind.as_str()),
        opt_out,
        ..said
    })
}

/// What a message says, by its kind.
fn said(message: &Value, kind: &str) -> Inbound {
    let part = &message[kind];
    let mut said = Inbound { kind: kind.to_owned(), ..Inbound::default() };
    match kind {
        "text" => said.text = text(part, "body"),
        "button" => (said.text, said.payload) = (text(part, "text"), text(part, "payload")),
        "interactive" => answer(part, &mut said),
        "reaction" => (said.text, said.context) = (text(part, "emoji"), text(part, "message_id")),
        "edit" | "revoke" => said.context = text(part, "original_message_id"),
        kind if FILES.contains(&kind) => {
            said.text = text(part, "caption");
            let file = |id| Media { id, mime: text(part, "mime_type"), file_name: text(part, "filename") };
            said.media = word(part, "id").map(file).into_iter().collect();
        }
        kind if PLAIN.contains(&kind) => {}
        _ => said.kind = "unsupported".to_owned(),
    }
    said
}

/// An answer to buttons, a list or a form.
fn answer(part: &Value, said: &mut Inbound) {
    let kind = text(part, "type").unwrap_or_else(|| "unsupported".to_owned());
    let chosen = &part[kind.as_str()];
    (said.text, said.payload) = match kind.as_str() {
        "nfm_reply" => (text(chosen, "body"), text(chosen, "response_json")),
        "call_permission_reply" => (None, text(chosen, "response")),
        _ => (text(chosen, "title"), text(chosen, "id")),
    };
    said.kind = kind;
}

/// A number or an id that became another, or a telephone that is somebody else's.
fn identity(message: &Value, account: Option<&str>) -> Identity {
    let change = text(message, "system/type").unwrap_or_default();
    let said = text(message, "system/body").unwrap_or_default();
    let new_user = text(message, "system/user_id");
    // The id before is told in the sentence alone: "User X changed from OLD to NEW".
    let before = said.rsplit_once(" changed from ").and_then(|(_, ids)| ids.split_once(" to ")).map(|(old, _)| old);
    let by_id = change == "user_changed_user_id";
    Identity {
        account: account.map(str::to_owned),
        id: text(message, "id"),
        at: seconds(message, "timestamp"),
        old_wa_id: word(message, "from"),
        new_wa_id: word(message, "system/wa_id"),
        old_user: text(message, "from_user_id").or_else(|| before.filter(|_| by_id).map(str::to_owned)),
        new_user,
        change,
    }
}
