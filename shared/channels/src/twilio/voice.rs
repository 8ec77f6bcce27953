//! What Twilio tells of calls: states of each leg, who answered, how dialling ended, recordings.

use super::form::Form;
use cauce_engine::ports::told::{Call, Called, Told};

/// Reads a verified form about a call.
pub(super) fn read(form: &Form, id: String) -> Told {
    learnt(form, id.clone()).map_or_else(
        || Told::Ignored { reason: "call".to_owned(), id: Some(id) },
        |call| Told::Call(Called { reference: None, call }),
    )
}

fn learnt(form: &Form, id: String) -> Option<Call> {
    if let Some(state) = form.get("RecordingStatus") {
        return Some(Call::Recording { id, state, seconds: form.number("RecordingDuration") });
    }
    if let Some(result) = form.get("DialCallStatus") {
        return Some(Call::Dialled { id, leg: form.get("DialCallSid"), result });
    }
    match (form.get("CallStatus"), form.get("AnsweredBy")) {
        (Some(state), answered_by) => Some(Call::Leg {
            account: form.get("AccountSid"),
            id,
            parent: form.get("ParentCallSid"),
            state,
            sequence: form.number("SequenceNumber"),
            at: form.instant("Timestamp"),
            answered_by,
            seconds: form.number("CallDuration"),
            code: form.get("ErrorCode").or_else(|| form.get("SipResponseCode")),
        }),
        (None, Some(by)) => Some(Call::AnsweredBy { id, by }),
        (None, None) => None,
    }
}
