//! AWS End User Messaging.

use super::{Memory, signature};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

/// What sends.
pub(crate) const IDENTITY: &str = "pool-abc";

/// The API over a memory.
pub(crate) fn router(memory: Arc<Memory>) -> Router {
    Router::new().route("/", post(call)).with_state(memory)
}

fn refused(kind: &str, reason: &str, field: Option<&str>) -> Response {
    let fields: Vec<Value> = field.iter().map(|name| json!({ "Name": name, "Message": "no es válido" })).collect();
    let body = json!({ "__type": kind, "Message": "", "Reason": reason, "Fields": fields });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

async fn call(State(memory): State<Arc<Memory>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(answer) = memory.out_of_order() {
        return answer;
    }
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signature::is_right("sms-voice", ("POST", "/"), &headers, &body) {
        memory.object("la firma");
        return refused("AccessDeniedException", "", None);
    }
    let bad = says("content-type") != "application/x-amz-json-1.0" && memory.object("tipo de contenido");
    match says("x-amz-target") {
        "PinpointSMSVoiceV2.SendTextMessage" if !bad => send(&memory, &body),
        "PinpointSMSVoiceV2.DescribeSpendLimits" if !bad => {
            let limit = json!({ "Name": "TEXT_MESSAGE_MONTHLY_SPEND_LIMIT", "EnforcedLimit": 100, "MaxLimit": 100, "Overridden": false });
            Json(json!({ "SpendLimits": [limit] })).into_response()
        }
        other => {
            memory.object(format!("operación {other}"));
            refused("ValidationException", "UNKNOWN_OPERATION", None)
        }
    }
}

const MEMBERS: [&str; 8] = [
    "DestinationPhoneNumber",
    "OriginationIdentity",
    "MessageBody",
    "MessageType",
    "ConfigurationSetName",
    "TimeToLive",
    "Context",
    "ProtectConfigurationId",
];

fn send(memory: &Memory, body: &[u8]) -> Response {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    let says = |name: &str| message[name].as_str().unwrap_or_default();
    let to = says("DestinationPhoneNumber");
    let digits = to.strip_prefix('+').unwrap_or_default();
    if !(8..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        memory.object(format!("DestinationPhoneNumber {to}"));
        return refused("ValidationException", "INVALID_PARAMETER", Some("DestinationPhoneNumber"));
    }
    if says("OriginationIdentity") != IDENTITY {
        memory.object("OriginationIdentity");
        return refused("ResourceNotFoundException", "", None);
    }
    let length = says("MessageBody").chars().count();
    let context = message["Context"].as_object().cloned().unwrap_or_default();
    let members = message.as_object().is_some_and(|all| all.keys().any(|name| !MEMBERS.contains(&name.as_str())));
    let bad = members && memory.object("un miembro que no existe")
        || !(1..=1600).contains(&length) && memory.object("MessageBody")
        || says("MessageType") != "TRANSACTIONAL" && memory.object("MessageType")
        || !(5..=14_400).contains(&message["TimeToLive"].as_i64().unwrap_or(0)) && memory.object("TimeToLive")
        || context.len() > 5 && memory.object("Context")
        || context.values().any(|v| v.as_str().is_none_or(|v| v.is_empty() || v.len() > 800))
            && memory.object("Context");
    if bad {
        return refused("ValidationException", "FIELD_VALIDATION_FAILED", None);
    }
    let reference = message["Context"]["msg"].as_str().unwrap_or_default().to_owned();
    let asked = (reference, to.to_owned(), says("MessageBody").to_owned(), None);
    memory.play("sms", asked, |taken| (StatusCode::OK, json!({ "MessageId": taken.id }).to_string()))
}
