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
    let refusal = |disposition| Refusal { code: Some(kind.to_owned()), disposition, bounce: None };
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

/// What an error of the API means, by its type and reason.
pub fn disposition(kind: &str, reason: &str, field: &str) -> Disposition {
    use Disposition::*;
    match (kind.rsplit('#').next().unwrap_or(kind), reason) {
        ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT") => OptOut,
        ("ConflictException" | "AccessDeniedException" | "ResourceNotFoundException", _) => StopAccount,
        ("ServiceQuotaExceededException", _) => StopAccount,
        ("ValidationException", "INVALID_PARAMETER") if field == "DestinationPhoneNumber" => DeadRecipient,
        ("ValidationException", reason) if reason.starts_with("SENDER_ID_") => StopAccount,
        (
            "ValidationException",
            "COUNTRY_NOT_ENABLED" | "DESTINATION_COUNTRY_BLOCKED" | "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY",
        ) => StopAccount,
        ("ValidationException", _) => FixRequest,
        ("ThrottlingException", _) => Retry,
        ("InternalServerException", _) => Ambiguous,
        _ => Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_table_has_its_meaning() {
        use Disposition::*;
        for (kind, reason, field, meaning) in [
            ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", "", OptOut),
            ("ConflictException", "RESOURCE_NOT_ACTIVE", "", StopAccount),
            ("ValidationException", "COUNTRY_NOT_ENABLED", "", StopAccount),
            ("ValidationException", "SENDER_ID_NOT_REGISTERED", "", StopAccount),
            ("ValidationException", "INVALID_PARAMETER", "DestinationPhoneNumber", DeadRecipient),
            ("ValidationException", "PRICE_OVER_THRESHOLD", "", FixRequest),
            (
                "com.amazonaws.pinpointsmsvoicev2#ServiceQuotaExceededException",
                "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
                "",
                StopAccount,
            ),
            ("ThrottlingException", "", "", Retry),
            ("InternalServerException", "", "", Ambiguous),
            ("AccessDeniedException", "ACCOUNT_DISABLED", "", StopAccount),
            ("ResourceNotFoundException", "", "", StopAccount),
            ("Otra", "", "", Unknown),
        ] {
            assert_eq!(disposition(kind, reason, field), meaning, "{kind} {reason}");
        }
    }
}
