//! Amazon SES v2.

use super::{Memory, signature};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

/// The domain that is verified.
pub(crate) const DOMAIN: &str = "andes.example.com";
/// The configuration set there is.
pub(crate) const SET: &str = "cauce";

/// The API over a memory.
pub(crate) fn router(memory: Arc<Memory>) -> Router {
    Router::new()
        .route("/v2/email/outbound-emails", post(send))
        .route("/v2/email/account", get(account))
        .route("/v2/email/identities/{identity}", get(identity))
        .route("/v2/email/insights/{id}", get(insights))
        .with_state(memory)
}

fn refused(status: StatusCode, kind: &'static str, what: &str) -> Response {
    (status, [("x-amzn-errortype", kind)], Json(json!({ "message": what }))).into_response()
}

fn bad(what: &str) -> Response {
    refused(StatusCode::BAD_REQUEST, "BadRequestException", what)
}

async fn account(State(memory): State<Arc<Memory>>, headers: HeaderMap) -> Response {
    if let Some(answer) = memory.out_of_order() {
        return answer;
    }
    if !signature::is_right("ses", ("GET", "/v2/email/account"), &headers, b"") {
        memory.object("la firma");
        return refused(StatusCode::FORBIDDEN, "AccessDeniedException", "signature");
    }
    let quota = json!({ "Max24HourSend": 50_000.0, "MaxSendRate": 100.0, "SentLast24Hours": 0.0 });
    Json(json!({ "SendingEnabled": true, "ProductionAccessEnabled": true, "EnforcementStatus": "HEALTHY", "SendQuota": quota }))
        .into_response()
}

async fn identity(Path(identity): Path<String>) -> Response {
    match identity == DOMAIN {
        true => Json(json!({ "IdentityType": "DOMAIN", "VerifiedForSendingStatus": true })).into_response(),
        false => refused(StatusCode::NOT_FOUND, "NotFoundException", "Email identity does not exist."),
    }
}

/// Everything taken has arrived.
async fn insights(State(memory): State<Arc<Memory>>, Path(id): Path<String>) -> Response {
    let Some(taken) = memory.taken().into_iter().find(|taken| taken.id == id) else {
        return refused(StatusCode::NOT_FOUND, "NotFoundException", "Message not found.");
    };
    let events =
        json!([{ "Type": "SEND", "Timestamp": 1_773_151_200 }, { "Type": "DELIVERY", "Timestamp": 1_773_151_201 }]);
    Json(json!({ "MessageId": id, "Insights": [{ "Destination": taken.asked.to, "Events": events }] })).into_response()
}

async fn send(State(memory): State<Arc<Memory>>, headers: HeaderMap, body: Bytes) -> Response {
    if !signature::is_right("ses", ("POST", "/v2/email/outbound-emails"), &headers, &body) {
        memory.object("la firma");
        return refused(StatusCode::FORBIDDEN, "AccessDeniedException", "signature");
    }
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(refusal) = envelope(&memory, &message).or_else(|| content(&memory, &message["Content"])) {
        return refusal;
    }
    let tags = list(&message["EmailTags"]);
    let tag = |name: &str| tags.iter().find(|tag| tag["Name"] == name).and_then(|tag| tag["Value"].as_str());
    let reference = tag("msg").unwrap_or_default().to_owned();
    let to = message["Destination"]["ToAddresses"][0].as_str().unwrap_or_default().to_owned();
    let simple = &message["Content"]["Simple"];
    let words = simple["Body"]["Text"]["Data"].as_str().unwrap_or_default().to_owned();
    let names = list(&simple["Attachments"]).into_iter().filter_map(|file| Some(file["FileName"].as_str()?.to_owned()));
    memory.files.lock().expect("it").extend(names);
    memory.play("mail", (reference, to, words, None), |taken| {
        (StatusCode::OK, json!({ "MessageId": taken.id }).to_string())
    })
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

const MEMBERS: [&str; 6] =
    ["FromEmailAddress", "Destination", "Content", "EmailTags", "ConfigurationSetName", "ReplyToAddresses"];

/// What is wrong with whom a message is from and for, and how it is tagged.
fn envelope(memory: &Memory, message: &Value) -> Option<Response> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let from = text(&message["FromEmailAddress"]);
    if !from.trim_end_matches('>').ends_with(&format!("@{DOMAIN}")) {
        memory.object(format!("remitente {from}"));
        let what = "Email address is not verified. The following identities failed the check in region US-EAST-1";
        return Some(refused(StatusCode::BAD_REQUEST, "MessageRejected", what));
    }
    if message["ConfigurationSetName"].as_str().is_some_and(|set| set != SET) {
        memory.object("ConfigurationSetName");
        return Some(refused(StatusCode::NOT_FOUND, "NotFoundException", "Configuration set does not exist."));
    }
    let to = list(&message["Destination"]["ToAddresses"]);
    let all: Vec<Value> =
        [to.clone(), list(&message["Destination"]["CcAddresses"]), list(&message["ReplyToAddresses"])].concat();
    let plain = |address: &Value| {
        address.as_str().is_some_and(|a| a.is_ascii() && a.contains('@') && !a.contains(['\r', '\n']))
    };
    let fit = |text: &str| {
        (1..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.@".contains(&b))
    };
    let tags = list(&message["EmailTags"]);
    let tagged = tags.iter().all(|tag| fit(&text(&tag["Name"])) && fit(&text(&tag["Value"])));
    let members = message.as_object().is_some_and(|all| all.keys().any(|name| !MEMBERS.contains(&name.as_str())));
    let wrong = members && memory.object("un miembro que no existe")
        || !from.is_ascii() && memory.object("remitente sin codificar")
        || (to.is_empty() || all.len() > 50 || !all.iter().all(plain)) && memory.object("direcciones")
        || !tagged && memory.object("etiquetas");
    wrong.then(|| bad("Invalid parameter"))
}

/// Headings SES writes itself.
const ITS_OWN: [&str; 11] = [
    "bcc",
    "cc",
    "content-disposition",
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "reply-to",
    "return-path",
    "subject",
];

/// What is wrong with what a message says.
fn content(memory: &Memory, content: &Value) -> Option<Response> {
    let simple = &content["Simple"];
    let part = |value: &Value| value["Data"].as_str().unwrap_or_default().to_owned();
    let (subject, text, html) =
        (part(&simple["Subject"]), part(&simple["Body"]["Text"]), part(&simple["Body"]["Html"]));
    let headers = list(&simple["Headers"]);
    let mut names: Vec<String> =
        headers.iter().map(|header| header["Name"].as_str().unwrap_or_default().to_lowercase()).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    let value = |header: &Value| {
        header["Value"]
            .as_str()
            .is_some_and(|v| v.is_ascii() && (1..=995).contains(&v.len()) && !v.contains(['\r', '\n']))
    };
    let files = list(&simple["Attachments"]);
    let file = |file: &Value| {
        let bytes = file["RawContent"].as_str().and_then(|text| STANDARD.decode(text).ok());
        let named = file["FileName"].as_str().is_some_and(|name| (1..=255).contains(&name.len()));
        named
            && bytes.is_some_and(|bytes| !bytes.is_empty())
            && file["ContentDisposition"] == "ATTACHMENT"
            && file["ContentTransferEncoding"] == "BASE64"
    };
    let wrong = content.as_object().is_none_or(|all| all.len() != 1) && memory.object("un contenido, y uno solo")
        || (subject.is_empty() || subject.contains(['\r', '\n'])) && memory.object("asunto")
        || (text.is_empty() || !html.starts_with("<!doctype html>")) && memory.object("texto")
        || (names.len() != count || names.iter().any(|name| name.is_empty() || ITS_OWN.contains(&name.as_str())))
            && memory.object("encabezados")
        || !headers.iter().all(value) && memory.object("valor de un encabezado")
        || !files.iter().all(file) && memory.object("adjuntos");
    wrong.then(|| bad("Invalid content"))
}
