//! Twilio's API of messages.

use super::Memory;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// The account.
pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000001";
/// Its token.
pub(crate) const TOKEN: &str = "token-de-twilio";

/// The API over a memory.
pub(crate) fn router(memory: Arc<Memory>) -> Router {
    Router::new()
        .route("/2010-04-01/Accounts/{account}/Messages.json", get(log).post(send))
        .route("/2010-04-01/Accounts/{account}", get(account))
        .route("/2010-04-01/Accounts/{account}/Calls.json", axum::routing::post(ring))
        .with_state(memory)
}

fn refused(status: StatusCode, code: i64, what: &str) -> Response {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    (status, Json(json!({ "code": code, "message": what, "more_info": more, "status": status.as_u16() })))
        .into_response()
}

fn unknown() -> Response {
    refused(StatusCode::UNAUTHORIZED, 20_003, "Authenticate")
}

/// The form of a request to the account, where its key opens it.
fn opened(account: &str, headers: &HeaderMap, body: &[u8]) -> Option<HashMap<String, String>> {
    let form = || form_urlencoded::parse(body).into_owned().collect();
    (opens(headers) && account == ACCOUNT).then(form)
}

fn opens(headers: &HeaderMap) -> bool {
    let expected = format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{TOKEN}")));
    headers.get("authorization").is_some_and(|given| given == &expected)
}

async fn account(Path(asked): Path<String>, headers: HeaderMap) -> Response {
    match opens(&headers) && asked == format!("{ACCOUNT}.json") {
        true => Json(json!({ "sid": ACCOUNT, "status": "active", "friendly_name": "Andes" })).into_response(),
        false => unknown(),
    }
}

/// The account's log in pages of ten: everything taken has arrived, and somebody wrote in between.
async fn log(
    State(memory): State<Arc<Memory>>,
    headers: HeaderMap,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    if !opens(&headers) || !asked.contains_key("DateSent>") {
        return unknown();
    }
    let page: usize = asked.get("Page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let all = memory.taken();
    let line = |taken: &super::Taken| json!({ "sid": taken.id, "status": "delivered", "to": taken.asked.to, "body": taken.asked.text, "error_code": null, "direction": "outbound-api" });
    let mut messages: Vec<_> = all.iter().skip(page * 10).take(10).map(line).collect();
    messages.push(
        json!({ "sid": "SMin", "status": "received", "to": "+5115550000", "body": "hola", "direction": "inbound" }),
    );
    let more = (page + 1) * 10 < all.len();
    let next =
        more.then(|| format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json?DateSent%3E=2026-03-10&Page={}", page + 1));
    Json(json!({ "messages": messages, "next_page_uri": next })).into_response()
}

const FIELDS: [&str; 6] = ["To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod"];

async fn send(
    State(memory): State<Arc<Memory>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(form) = opened(&account, &headers, &body) else { return unknown() };
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let to = field("To");
    let number =
        to.strip_prefix('+').is_some_and(|n| (8..=15).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()));
    if !number {
        memory.object(format!("To {to}"));
        return refused(StatusCode::BAD_REQUEST, 21_211, "The 'To' number is not a valid phone number.");
    }
    let validity: i64 = field("ValidityPeriod").parse().unwrap_or(0);
    let length = field("Body").chars().count();
    let host = field("StatusCallback").split('/').nth(2).unwrap_or_default();
    let bad = form.keys().any(|name| !FIELDS.contains(&name.as_str())) && memory.object("un campo que no existe")
        || field("From").is_empty() == field("MessagingServiceSid").is_empty() && memory.object("remitente")
        || (length == 0 || length > 1600) && memory.object("texto")
        || (host.is_empty() || host.contains('_')) && memory.object("StatusCallback")
        || !(1..=36_000).contains(&validity) && memory.object("ValidityPeriod");
    if bad {
        return refused(StatusCode::BAD_REQUEST, 21_617, "Bad request");
    }
    let callback = field("StatusCallback").split('#').next().unwrap_or_default().to_owned();
    let reference = callback.split_once("ref=").map_or("", |(_, reference)| reference).to_owned();
    let words = field("Body").to_owned();
    memory.play("SM", (reference, to.to_owned(), words, Some(callback)), |taken| {
        let answer = json!({ "sid": taken.id, "status": "queued", "to": taken.asked.to, "num_segments": "1", "error_code": null });
        (StatusCode::CREATED, answer.to_string())
    })
}

/// Begins a call: both telephones, a sender, instructions that dial the customer, and where its states are told.
async fn ring(
    State(memory): State<Arc<Memory>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(form) = opened(&account, &headers, &body) else { return unknown() };
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let twiml = field("Twiml");
    let bad = field("To").is_empty() && memory.object("To")
        || field("From").is_empty() && memory.object("From")
        || !twiml.contains("<Dial callerId=") && memory.object("Twiml")
        || field("StatusCallbackMethod") != "POST" && memory.object("StatusCallbackMethod");
    if bad {
        return refused(StatusCode::BAD_REQUEST, 21_212, "Bad request");
    }
    let callback = field("StatusCallback").to_owned();
    let reference = callback.split_once("ref=").map_or("", |(_, reference)| reference).to_owned();
    memory.play("SM", (reference, field("To").to_owned(), twiml.to_owned(), Some(callback)), |taken| {
        (StatusCode::CREATED, json!({ "sid": taken.id, "status": "queued", "direction": "outbound-api" }).to_string())
    })
}
