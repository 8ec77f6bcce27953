//! What Twilio tells of calls: states of each leg, who answered, how dialling ended, recordings.

use super::form::Form;
use cauce_engine::ports::told::{Call, Told};

/// Reads a verified form about a call.
pub(super) fn read(form: &Form, id: String) -> Told {
    if let Some(state) = form.get("RecordingStatus") {
        return Told::Call(Call::Recording { id, state, seconds: form.number("RecordingDuration") });
    }
    if let Some(result) = form.get("DialCallStatus") {
        return Told::Call(Call::Dialled { id, leg: form.get("DialCallSid"), result });
    }
    match (form.get("CallStatus"), form.get("AnsweredBy")) {
        (Some(state), answered_by) => Told::Call(Call::Leg {
            account: form.get("AccountSid"),
            id,
            parent: form.get("ParentCallSid"),
            state,
            sequence: form.number("SequenceNumber"),
            at: form.instant("Timestamp"),
            answered_by,
            seconds: form.number("CallDuration"),
        }),
        (None, Some(by)) => Told::Call(Call::AnsweredBy { id, by }),
        (None, None) => Told::Ignored { reason: "call".to_owned(), id: Some(id) },
    }
}
