//! Meta's Cloud API.

use super::Memory;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// The token it opens to.
pub(crate) const TOKEN: &str = "EAAtoken";
/// The number that sends.
pub(crate) const NUMBER: &str = "100000000000001";
/// The business account.
pub(crate) const WABA: &str = "200000000000001";

/// The API over a memory.
pub(crate) fn router(memory: Arc<Memory>) -> Router {
    Router::new()
        .route("/v25.0/{id}/messages", post(send))
        .route("/v25.0/{id}/message_templates", get(templates).post(submit))
        .route("/v25.0/{id}", get(number))
        .route("/media/1", get(file))
        .with_state(memory)
}

fn refused(code: i64, what: &str) -> Response {
    let body = json!({ "error": { "message": format!("(#{code}) {what}"), "type": "OAuthException", "code": code, "fbtrace_id": "A" } });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

fn opens(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|given| given == &format!("Bearer {TOKEN}"))
}

/// The templates it has approved, with how many places each has.
const APPROVED: [(&str, &str, &str); 2] = [
    ("recordatorio", "es", "Hola {{1}}, su pago {{2}} por {{3}} vence el {{4}}."),
    ("aviso_previo", "es", "Hola {{1}}, le escribe {{2}}."),
];

async fn send(State(memory): State<Arc<Memory>>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if !opens(&headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": { "code": 190, "message": "expired" } })))
            .into_response();
    }
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let says = |name: &str| message[name].as_str().unwrap_or_default();
    let to = says("to");
    let number =
        to.strip_prefix('+').is_some_and(|n| (8..=15).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()));
    let kind = says("type");
    let known = ["messaging_product", "recipient_type", "to", "type", "biz_opaque_callback_data", kind];
    let members = message.as_object().map_or(0, |all| all.keys().filter(|k| !known.contains(&k.as_str())).count());
    let bad = id != NUMBER && memory.object("otro número")
        || headers.get("content-type").is_none_or(|t| t != "application/json") && memory.object("tipo de contenido")
        || says("messaging_product") != "whatsapp" && memory.object("messaging_product")
        || says("recipient_type") != "individual" && memory.object("recipient_type")
        || !number && memory.object(format!("to {to}"))
        || members > 0 && memory.object("un miembro que no existe")
        || says("biz_opaque_callback_data").chars().count() > 512 && memory.object("referencia larga");
    if bad {
        return refused(100, "Invalid parameter");
    }
    if let Some(refusal) = content(&memory, kind, &message[kind]) {
        return refusal;
    }
    let asked = (says("biz_opaque_callback_data").to_owned(), to.to_owned(), String::new(), None);
    memory.play("wamid", asked, |taken| {
        let contact = json!({ "input": taken.asked.to, "wa_id": taken.asked.to.trim_start_matches('+') });
        let answer = json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [{ "id": taken.id, "message_status": "accepted" }] });
        (StatusCode::OK, answer.to_string())
    })
}

/// What is wrong with what a message says.
fn content(memory: &Memory, kind: &str, part: &Value) -> Option<Response> {
    match kind {
        "text" => {
            let length = part["body"].as_str().map_or(0, |text| text.chars().count());
            ((length == 0 || length > 4096) && memory.object("texto")).then(|| refused(100, "text"))
        }
        "template" => {
            let (name, language) = (part["name"].as_str(), part["language"]["code"].as_str());
            let found = APPROVED.iter().find(|(n, l, _)| Some(*n) == name && Some(*l) == language);
            let Some((_, _, body)) = found else {
                memory.object(format!("plantilla {name:?}"));
                return Some(refused(132_001, "Template name does not exist in the translation"));
            };
            let components = part["components"].as_array().cloned().unwrap_or_default();
            let parameters =
                components.iter().find(|c| c["type"] == "body").and_then(|c| c["parameters"].as_array().cloned());
            let parameters = parameters.unwrap_or_default();
            let said = |p: &Value| {
                p["text"]
                    .as_str()
                    .is_some_and(|t| !t.trim().is_empty() && !t.contains(['\n', '\t']) && !t.contains("    "))
            };
            if parameters.len() != body.matches("{{").count() {
                memory.object("número de parámetros");
                return Some(refused(132_000, "Number of parameters does not match"));
            }
            (!parameters.iter().all(said) && memory.object("un parámetro")).then(|| refused(132_018, "parameter"))
        }
        other => {
            memory.object(format!("tipo {other}"));
            Some(refused(131_051, "Unsupported message type"))
        }
    }
}

/// The only file there is.
pub(crate) const FILE: &[u8] = b"%PDF-1.4 comprobante";

async fn file(headers: HeaderMap) -> Response {
    match opens(&headers) {
        true => FILE.into_response(),
        false => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn number(State(memory): State<Arc<Memory>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Some(answer) = memory.out_of_order() {
        return answer;
    }
    if !opens(&headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": { "code": 190, "message": "el token venció" } })))
            .into_response();
    }
    if let Some(number) = id.strip_prefix("media") {
        let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        let digest = cauce_engine::store::keys::sha256(FILE);
        let known =
            json!({ "url": format!("http://{host}/media/{number}"), "mime_type": "application/pdf", "sha256": digest });
        return Json(known).into_response();
    }
    if id != NUMBER {
        return refused(100, "does not exist");
    }
    Json(json!({ "display_phone_number": "+51 1 555 0000", "verified_name": "Andes", "quality_rating": "GREEN",
        "whatsapp_business_manager_messaging_limit": "TIER_2K", "id": id }))
    .into_response()
}

/// Two pages of one template each, as a cursor gives them.
async fn templates(
    Path(id): Path<String>,
    headers: HeaderMap,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    if id != WABA || !opens(&headers) {
        return refused(10, "permission");
    }
    let at = usize::from(asked.contains_key("after"));
    let (name, language, body) = APPROVED[at];
    let one = json!({ "name": name, "language": language, "status": "APPROVED", "category": "UTILITY",
        "components": [{ "type": "BODY", "text": body }] });
    let mut page = json!({ "data": [one], "paging": { "cursors": { "before": "a", "after": "b" } } });
    if at == 0 {
        page["paging"]["next"] = "https://graph.facebook.com/…".into();
    }
    Json(page).into_response()
}

async fn submit(Path(id): Path<String>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    let name = asked["name"].as_str().unwrap_or_default();
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let body = asked["components"].as_array().and_then(|all| all.iter().find(|c| c["type"] == "BODY").cloned());
    let body = body.unwrap_or_default();
    let places = body["text"].as_str().unwrap_or_default().matches("{{").count();
    let examples = body["example"]["body_text"][0].as_array().map_or(0, Vec::len);
    if id != WABA || !opens(&headers) || !plain || places != examples || asked["category"] != "UTILITY" {
        return refused(100, "Invalid parameter");
    }
    Json(json!({ "id": "1", "status": "PENDING", "category": "UTILITY" })).into_response()
}
