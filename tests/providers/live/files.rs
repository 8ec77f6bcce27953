//! Files that go with messages: kept once, attached to e-mails, in the heading of approved templates.

use super::path::approve;
use super::{Line, aws, path};
use crate::fakes::Memory;
use crate::world::KEY;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use cauce_domain::contact::interaction::{Interaction, State};
use serde_json::{Value, json};

const PDF: &[u8] = b"%PDF-1.7 estado de cuenta";

/// The listed template of a name.
async fn template(line: &Line, name: &str) -> Value {
    let (_, all) = line.world.call(Method::GET, "/v1/templates", None).await;
    all.as_array().expect("templates").iter().find(|t| t["template"]["name"] == name).expect("it").clone()
}

/// Puts a file with a template, on its version as it is.
async fn put(line: &Line, template: &Value, name: &str, bytes: &[u8]) -> (StatusCode, Value) {
    let (id, version) = (template["template"]["id"].as_str().expect("an id"), format!("\"{}\"", template["version"]));
    let bearer = format!("Bearer {KEY}");
    let headers = [("authorization", bearer.as_str()), ("if-match", version.as_str())];
    let path = format!("/v1/templates/{id}/files/{name}");
    line.world.call_raw(Method::PUT, &path, Body::from(bytes.to_vec()), &headers).await
}

/// The name of the first template of a channel that flows use.
async fn of_flows(line: &Line, channel: &str) -> Value {
    let (_, all) = line.world.call(Method::GET, "/v1/templates", None).await;
    let fits = |t: &&Value| {
        t["template"]["channel"] == channel
            && t["template"]["purposes"].as_array().is_some_and(|p| p.contains(&json!("flow")))
    };
    all.as_array().expect("templates").iter().find(fits).expect("one").clone()
}

#[tokio::test]
async fn a_file_goes_with_an_e_mail_and_stays_what_it_was() {
    let email = Memory::taking();
    let line = aws::connected(&email, &Memory::taking()).await;
    let before = template(&line, "Por vencer").await;
    assert_eq!(before["template"]["channel"], "email");
    let (status, why) = put(&line, &before, "x.html", b"<html>hola</html>").await;
    assert_eq!((status, why["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("bad_file")), "{why}");
    assert_eq!(put(&line, &before, "x.pdf", &vec![b' '; 4 * 1024 * 1024 + 1]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, saved) = put(&line, &before, "estado%20de%20cuenta.exe", PDF).await;
    assert_eq!(
        (status, saved["template"]["files"][0]["name"].as_str()),
        (StatusCode::OK, Some("estado de cuenta.pdf")),
        "{saved}"
    );
    assert_eq!(put(&line, &before, "otro.pdf", PDF).await.0, StatusCode::PRECONDITION_FAILED);
    let (status, why) = put(&line, &of_flows(&line, "sms").await, "estado.pdf", PDF).await;
    assert_eq!((status, why["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("bad_template")), "{why}");
    line.world.customers("Ana").await;
    line.world.orders("100 F-1 2026-03-11 100.00").await;
    line.world.plan().await;
    line.world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!(
        (email.taken().len(), email.files(), email.wrong()),
        (1, vec!["estado de cuenta.pdf".to_owned()], vec![])
    );
    let id = line.world.account("100").await.id;
    let (_, thread) = line.world.call(Method::GET, &format!("/v1/customers/{id}/interactions"), None).await;
    assert_eq!(thread["items"][0]["files"][0]["name"], "estado de cuenta.pdf", "{thread}");
    assert!(!thread.to_string().contains("files/"), "where it is kept is nobody's to know");
}

#[tokio::test]
async fn an_approved_template_leaves_with_its_document_and_its_buttons() {
    let whatsapp = Memory::taking();
    let line = path::connected(&whatsapp, &Memory::taking()).await;
    let today = "Vence hoy";
    let (url, reply) = (json!({ "at": 0, "url": "p/{codigo}" }), json!({ "at": 1, "reply": "optout:v1" }));
    let approval = json!({ "name": "estado_de_cuenta", "language": "es", "heading": "file",
        "places": [{ "text": "{primer_nombre}" }], "buttons": [url, reply] });
    let (status, why) = approve(&line, &template(&line, today).await, approval).await;
    assert_eq!(status, StatusCode::OK, "{why}");
    line.world.customers("Ana Beto Caro").await;
    line.world.orders("100 F-1 2026-03-10 100.00\n101 F-2 2026-03-10 100.00\n102 F-3 2026-03-10 100.00").await;
    let (status, why) = put(&line, &template(&line, today).await, "estado.pdf", PDF).await;
    assert_eq!(status, StatusCode::OK, "{why}");
    let plan = line.world.plan().await.plan;
    assert_eq!((plan.send, plan.not_send.len()), (3, 0), "{plan:?}");
    whatsapp.put_out_of_order(Some(StatusCode::SERVICE_UNAVAILABLE));
    line.world.pass("2026-03-10T14:00:00Z").await;
    assert_eq!((whatsapp.taken().len(), whatsapp.files().len()), (0, 0));
    let waits = |m: &Interaction| matches!(m.state, State::Scheduled { .. });
    assert!(line.world.messages("2026-03-10").await.iter().all(waits), "none left, and nobody doubts it");
    whatsapp.put_out_of_order(None);
    line.world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!((whatsapp.taken().len(), whatsapp.wrong()), (3, vec![]));
    assert_eq!(whatsapp.files(), ["estado.pdf"], "given to Meta once");
    let said: Value = serde_json::from_str(&whatsapp.taken()[0].asked.text).expect("json");
    let kinds: Vec<_> = said["components"].as_array().expect("components").iter().map(|c| c["type"].clone()).collect();
    assert_eq!(kinds, ["header", "body", "button", "button"]);
    assert_eq!(said["components"][0]["parameters"][0]["document"]["filename"], "estado.pdf");
}
