//! What Twilio tells of messages: states of ours, and messages of people.

use super::codes::disposition;
use super::form::Form;
use cauce_domain::contact::disposition::Disposition;
use cauce_domain::contact::silence::asks_for_silence;
use cauce_engine::ports::told::{Inbound, Media, Refusal, Reported, Status, Told};

/// Reads a verified form about a message.
pub(super) fn read(form: &Form) -> Told {
    let state = form.get("MessageStatus").or_else(|| form.get("SmsStatus")).unwrap_or_default();
    let Some(id) = form.get("MessageSid").or_else(|| form.get("SmsSid")) else {
        return ignored("no_id");
    };
    if matches!(state.as_str(), "received" | "receiving") {
        return if form.any("Body").is_some() {
            Told::Inbound(inbound(form, id))
        } else {
            ignored("received_without_body")
        };
    }
    let Some(state) = state_of(&state) else { return ignored(&format!("status:{state}")) };
    Told::Status(Status {
        account: form.get("AccountSid"),
        address: form.get("To"),
        refusal: matches!(state, Reported::Failed | Reported::Undelivered).then(|| refusal_of(form.get("ErrorCode"))),
        ..Status::of(id, state)
    })
}

fn ignored(reason: &str) -> Told {
    Told::Ignored { reason: reason.to_owned(), id: None }
}

/// A message's state by Twilio's word for it.
pub(super) fn state_of(word: &str) -> Option<Reported> {
    Some(match word {
        "accepted" => Reported::Accepted,
        "scheduled" => Reported::Scheduled,
        "queued" => Reported::Queued,
        "sending" => Reported::Sending,
        "sent" => Reported::Sent,
        "delivered" => Reported::Delivered,
        "read" => Reported::Read,
        "undelivered" => Reported::Undelivered,
        "failed" => Reported::Failed,
        "canceled" => Reported::Canceled,
        _ => return None,
    })
}

/// Why a message did not arrive, by Twilio's code.
pub(super) fn refusal_of(code: Option<String>) -> Refusal {
    let meaning = code.as_ref().and_then(|code| code.parse().ok()).map(disposition);
    Refusal::of(code, meaning.unwrap_or(Disposition::Unknown))
}

fn inbound(form: &Form, id: String) -> Inbound {
    let text = form.any("Body");
    let file = |n: u64| {
        let id = form.get(&format!("MediaUrl{n}"))?;
        Some(Media { id, mime: form.get(&format!("MediaContentType{n}")), file_name: None })
    };
    let handled = form.get("OptOutType");
    let opt_out = handled.as_deref() == Some("STOP") || text.as_deref().is_some_and(asks_for_silence);
    Inbound {
        account: form.get("AccountSid"),
        id,
        from: form.get("From"),
        to: form.get("To"),
        wa_id: form.get("WaId"),
        name: form.get("ProfileName"),
        kind: form.get("MessageType").unwrap_or_else(|| "text".to_owned()),
        context: form.get("OriginalRepliedMessageSid"),
        opens_window: form.get("WaId").is_some(),
        payload: form.get("ButtonPayload"),
        // A message has ten files at most.
        media: (0..form.number("NumMedia").unwrap_or(0).min(10)).filter_map(file).collect(),
        text,
        handled,
        opt_out,
        ..Inbound::default()
    }
}
