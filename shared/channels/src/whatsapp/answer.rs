//! What the Cloud API answers to a send.

use super::codes::{disposition, wait};
use crate::answer::{Accepted, Refused, Taken};
use crate::json::{list, number, text, word};
use cauce_domain::contact::disposition::Disposition;
use serde_json::Value;

/// Reads an answer; `tries` are those made before.
pub fn read(status: u16, retry_after: Option<u64>, body: &[u8], tries: u32) -> Taken {
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return Refused::by_status(status, retry_after) };
    let Some(error) = answer.get("error").filter(|error| error.is_object()) else {
        let message = list(&answer, "messages").first();
        return match message.and_then(|message| text(message, "id")).filter(|_| (200..300).contains(&status)) {
            Some(id) => Taken::Accepted(Accepted {
                id,
                wa_id: list(&answer, "contacts").first().and_then(|contact| word(contact, "wa_id")),
                held: message.and_then(|m| text(m, "message_status")).as_deref() == Some("held_for_quality_assessment"),
            }),
            None => Refused::by_status(status, retry_after),
        };
    };
    let detail = text(error, "error_data/details").or_else(|| text(error, "message")).unwrap_or_default();
    let Some(code) = number(error, "code") else { return Refused::by_status(status, retry_after) };
    let meaning = match (code, disposition(code, number(error, "error_subcode"))) {
        // Said at once instead of by a status: something went wrong while it was being taken.
        (131_000, _) => Disposition::Ambiguous,
        (_, meaning) => meaning,
    };
    let wait = wait(code, tries).max(retry_after.unwrap_or(0));
    Refused::answer(Some(code.to_string()), meaning, wait, detail)
}
