//! Meta's Cloud API.

use super::Memory;
use axum::body::Bytes;
use axum::extract::{Multipart, Path, Query, State};
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
        .route("/v25.0/{id}/media", post(take_file))
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

/// A template it has approved.
struct Approved {
    name: &'static str,
    body: &'static str,
    /// A document has to stand in its heading, and its first button's address be completed.
    is_statement: bool,
}

/// The templates it has approved, in Spanish.
const APPROVED: [Approved; 3] = [
    Approved { name: "recordatorio", body: "Hola {{1}}, su pago {{2}} por {{3}} vence el {{4}}.", is_statement: false },
    Approved { name: "aviso_previo", body: "Hola {{1}}, le escribe {{2}}.", is_statement: false },
    Approved { name: "estado_de_cuenta", body: "Hola {{1}}, su estado de cuenta.", is_statement: true },
];

/// Takes a file in, to be named by its id.
async fn take_file(
    State(memory): State<Arc<Memory>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Response {
    if let Some(answer) = memory.out_of_order() {
        return answer;
    }
    let mut given: HashMap<String, (Option<String>, Option<String>, Bytes)> = HashMap::new();
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        let about = (field.file_name().map(str::to_owned), field.content_type().map(str::to_owned));
        given.insert(name, (about.0, about.1, field.bytes().await.unwrap_or_default()));
    }
    let text = |name: &str| given.get(name).map(|(.., bytes)| String::from_utf8_lossy(bytes).into_owned());
    let file = given.get("file");
    let kind = file.and_then(|(_, kind, _)| kind.clone());
    let bad = id != NUMBER && memory.object("otro número")
        || !opens(&headers) && memory.object("el token")
        || text("messaging_product").as_deref() != Some("whatsapp") && memory.object("messaging_product")
        || (kind.is_none() || text("type") != kind) && memory.object("el tipo del archivo")
        || file.is_none_or(|(name, _, bytes)| name.is_none() || bytes.is_empty()) && memory.object("el archivo");
    if bad {
        return refused(100, "Invalid parameter");
    }
    let mut files = memory.files.lock().expect("it");
    files.extend(file.and_then(|(name, ..)| name.clone()));
    Json(json!({ "id": format!("up-{}", files.len()) })).into_response()
}

async fn send(State(memory): State<Arc<Memory>>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if !opens(&headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": { "code": 190, "message": "expired" } })))
            .into_response();
    }
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    if message["status"] == "read" {
        let asked = (String::new(), String::new(), message["message_id"].to_string(), None);
        let whole = message.as_object().is_some_and(|all| all.len() == 3) && message["messaging_product"] == "whatsapp";
        return match whole || !memory.object("lectura") {
            true => memory.play("read", asked, |_| (StatusCode::OK, json!({ "success": true }).to_string())),
            false => refused(100, "Invalid parameter"),
        };
    }
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
    let asked = (says("biz_opaque_callback_data").to_owned(), to.to_owned(), message[kind].to_string(), None);
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
        "template" => of_template(memory, part),
        "image" | "document" => {
            let caption = part["caption"].as_str().unwrap_or_default();
            let named = kind == "image" || part["filename"].as_str().is_some_and(|name| !name.is_empty());
            let bad = !is_known(memory, &part["id"]) && memory.object("un archivo que no tiene")
                || !named && memory.object("filename")
                || caption.chars().count() > 1024 && memory.object("pie");
            bad.then(|| refused(131_009, "Parameter value is not valid"))
        }
        "interactive" => {
            let buttons = part["action"]["buttons"].as_array().cloned().unwrap_or_default();
            let bad = part["type"] != "button" || !(1..=3).contains(&buttons.len());
            (bad && memory.object("botones")).then(|| refused(131_009, "interactive"))
        }
        other => {
            memory.object(format!("tipo {other}"));
            Some(refused(131_051, "Unsupported message type"))
        }
    }
}

fn is_known(memory: &Memory, id: &Value) -> bool {
    let count = memory.files.lock().expect("it").len();
    let at = id.as_str().and_then(|id| id.strip_prefix("up-")?.parse().ok()).unwrap_or(0);
    (1..=count).contains(&at)
}

/// What is wrong with a template filled.
fn of_template(memory: &Memory, part: &Value) -> Option<Response> {
    let (name, language) = (part["name"].as_str(), part["language"]["code"].as_str());
    let Some(approved) = APPROVED.iter().find(|a| Some(a.name) == name && language == Some("es")) else {
        memory.object(format!("plantilla {name:?}"));
        return Some(refused(132_001, "Template name does not exist in the translation"));
    };
    let components = part["components"].as_array().cloned().unwrap_or_default();
    let of = |kind: &str| components.iter().filter(|c| c["type"] == kind).cloned().collect::<Vec<_>>();
    let parameters = of("body").first().and_then(|c| c["parameters"].as_array().cloned()).unwrap_or_default();
    let said = |p: &Value| {
        p["text"].as_str().is_some_and(|t| !t.trim().is_empty() && !t.contains(['\n', '\t']) && !t.contains("    "))
    };
    if parameters.len() != approved.body.matches("{{").count() {
        memory.object("número de parámetros");
        return Some(refused(132_000, "Number of parameters does not match"));
    }
    let header = of("header").first().map(|c| c["parameters"][0].clone()).unwrap_or_default();
    let document = header["type"] == "document" && is_known(memory, &header["document"]["id"]);
    let buttons = of("button");
    let url = buttons.iter().filter(|b| b["index"] == "0" && b["sub_type"] == "url").count();
    let reply = buttons
        .iter()
        .all(|b| b["sub_type"] != "quick_reply" || b["index"] == "1" && b["parameters"][0]["type"] == "payload");
    let fits = match approved.is_statement {
        true => document && url == 1 && reply,
        false => header.is_null() && buttons.is_empty(),
    };
    if !fits {
        memory.object("encabezado o botones");
        return Some(refused(132_012, "Parameter format does not match"));
    }
    (!parameters.iter().all(said) && memory.object("un parámetro")).then(|| refused(132_018, "parameter"))
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

/// Pages of one template each, as a cursor gives them.
async fn templates(
    Path(id): Path<String>,
    headers: HeaderMap,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    if id != WABA || !opens(&headers) {
        return refused(10, "permission");
    }
    let at: usize = asked.get("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let Approved { name, body, is_statement } = &APPROVED[at];
    let mut components = vec![json!({ "type": "BODY", "text": body })];
    if *is_statement {
        let url = json!({ "type": "URL", "text": "Ver", "url": "https://pago.example.com/{{1}}" });
        components.push(json!({ "type": "HEADER", "format": "DOCUMENT" }));
        components.push(json!({ "type": "BUTTONS", "buttons": [url, { "type": "QUICK_REPLY", "text": "BAJA" }] }));
    }
    let one = json!({ "name": name, "language": "es", "status": "APPROVED", "category": "UTILITY", "components": components });
    let mut page = json!({ "data": [one], "paging": { "cursors": { "before": "0", "after": (at + 1).to_string() } } });
    if at + 1 < APPROVED.len() {
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
