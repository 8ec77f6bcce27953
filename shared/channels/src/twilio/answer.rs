//! What Twilio's API answers to a send or a call.

use super::codes::{disposition, wait};
use crate::answer::{Accepted, Refused, Taken};
use crate::json::{number, text};
use cauce_domain::contact::disposition::Disposition;
use serde_json::Value;

/// Reads an answer.
pub fn read(status: u16, retry_after: Option<u64>, body: &[u8]) -> Taken {
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return Refused::by_status(status, retry_after) };
    if (200..300).contains(&status) {
        return match text(&answer, "sid") {
            Some(id) => Taken::Accepted(Accepted { id, ..Accepted::default() }),
            None => Refused::by_status(500, retry_after),
        };
    }
    let Some(code) = number(&answer, "code") else { return Refused::by_status(status, retry_after) };
    let meaning = match disposition(code) {
        // A code nobody knows of a server that failed: it may have been taken.
        Disposition::Unknown if status >= 500 => Disposition::Ambiguous,
        meaning => meaning,
    };
    let wait = wait(code).max(retry_after.unwrap_or(0));
    Refused::answer(Some(code.to_string()), meaning, wait, text(&answer, "message").unwrap_or_default())
}
