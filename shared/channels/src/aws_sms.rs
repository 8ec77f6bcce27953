//! What AWS End User Messaging tells of SMS.

use crate::json::{at, millis, text};
use cauce_domain::contact::disposition::Disposition;
use cauce_domain::contact::silence::asks_for_silence;
use cauce_engine::ports::told::{Inbound, Refusal, Reported, Status, Told};
use serde_json::Value;

/// What an event's kind means for the message: its state, and why it did not arrive.
fn meaning(kind: &str) -> (Reported, Option<Disposition>) {
    use Disposition::*;
    let why = match kind {
        "TEXT_QUEUED" => return (Reported::Queued, None),
        "TEXT_PENDING" => return (Reported::Sending, None),
        "TEXT_SENT" => return (Reported::Sent, None),
        // Many carriers tell no more than that they took it.
        "TEXT_SUCCESSFUL" => return (Reported::DeliveredToCarrier, None),
        "TEXT_DELIVERED" => return (Reported::Delivered, None),
        "TEXT_CARRIER_UNREACHABLE" => Retry,
        "TEXT_UNREACHABLE" => RetryLimited,
        "TEXT_UNKNOWN" | "TEXT_TTL_EXPIRED" => RetryOnce,
        "TEXT_INVALID" | "TEXT_BLOCKED" => DeadRecipient,
        "TEXT_INVALID_MESSAGE" => FixRequest,
        "TEXT_SPAM" | "TEXT_CARRIER_BLOCKED" => ContentFiltered,
        "TEXT_PROTECT_BLOCKED" => StopAccount,
        _ => Unknown,
    };
    (Reported::Failed, Some(why))
}

/// Reads a delivery event.
pub(crate) fn status(event: &Value, kind: &str) -> Told {
    let Some(id) = text(event, "messageId") else {
        return Told::Ignored { reason: format!("type:{kind}"), id: None };
    };
    let (state, disposition) = meaning(kind);
    let refusal = |disposition| Refusal::of(Some(kind.to_owned()), disposition);
    Told::Status(Status {
        account: text(event, "originationPhoneNumber"),
        at: millis(event, "eventTimestamp"),
        address: text(event, "destinationPhoneNumber"),
        reference: text(event, "context/msg"),
        project: text(event, "context/project"),
        refusal: disposition.map(refusal),
        last: at(event, "isFinal").and_then(Value::as_bool),
        ..Status::of(id, state)
    })
}

/// Reads an answer by SMS.
pub(crate) fn inbound(message: &Value) -> Told {
    let said = text(message, "messageBody");
    Told::Inbound(Inbound {
        account: text(message, "destinationNumber"),
        id: text(message, "inboundMessageId").unwrap_or_default(),
        from: text(message, "originationNumber"),
        to: text(message, "destinationNumber"),
        kind: "text".to_owned(),
        context: text(message, "previousPublishedMessageId"),
        opt_out: said.as_deref().is_some_and(asks_for_silence),
        text: said,
        ..Inbound::default()
    })
}
