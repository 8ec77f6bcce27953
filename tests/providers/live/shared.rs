//! One app of Meta's for several projects: each event is whose number it names.

use super::{APP_SECRET, Line, change, meta_signature, text};
use axum::http::{Method, StatusCode};
use cauce_domain::country::Country;
use cauce_domain::ids::ProjectId;
use cauce_engine::create_project::create_project;
use cauce_engine::ports::secrets::Secret;
use cauce_engine::store::received;
use cauce_engine::store::settings;
use cauce_engine::store::setups::claim_account;
use serde_json::json;

const AT: i64 = 1_773_151_200;
const LIMA: &str = "100000000000001";
const QUITO: &str = "100000000000002";

/// Makes a route as whoever runs the stage does.
async fn shared_route(line: &Line) -> String {
    line.world.house().ports.secrets.put("admin", &Secret::new("llave-de-administracion")).await.expect("kept");
    let headers = [("authorization", "Bearer llave-de-administracion")];
    let call =
        |method, path: String, body| async move { line.world.call_with(method, &path, Some(body), &headers).await };
    let body = json!({ "provider": "whatsapp", "signing_key": "la-de-antes" });
    let (status, _) = line.world.call(Method::POST, "/v1/shared-routes", Some(body.clone())).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a project's key makes no shared routes");
    let (status, made) = call(Method::POST, "/v1/shared-routes".to_owned(), body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let token = made["token"].as_str().expect("a token").to_owned();
    let change = json!({ "provider": "whatsapp", "signing_key": APP_SECRET });
    let (status, _) = call(Method::PUT, format!("/v1/shared-routes/{token}"), change.clone()).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = call(Method::PUT, format!("/v1/shared-routes/{}", line.token), change).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "a project's own route is none");
    token
}

#[tokio::test]
async fn one_post_of_a_shared_app_is_told_apart_by_its_numbers() {
    let line = Line::on("2026-03-10", "Ana").await;
    let ports = &line.world.house().ports;
    let quito = ProjectId::from("quito");
    create_project(ports, &quito, "Quito", Country::Ec).await.expect("a project");
    assert!(claim_account(ports, &line.world.project, "whatsapp", LIMA).await.expect("claimed"));
    assert!(claim_account(ports, &quito, "whatsapp", QUITO).await.expect("claimed"));
    assert!(!claim_account(ports, &quito, "whatsapp", LIMA).await.expect("asked"), "one project holds a number");
    let token = shared_route(&line).await;
    let mut post = change(LIMA, text("wamid.1", "51987650000", AT, "soy Ana"));
    let other = change(QUITO, text("wamid.2", "51987650000", AT, "soy otra"));
    let nobody = change("999", text("wamid.3", "51987650000", AT, "soy nadie"));
    let entries = post["entry"].as_array_mut().expect("entries");
    entries.push(other["entry"][0].clone());
    entries.push(nobody["entry"][0].clone());
    let body = post.to_string();
    let headers = [("x-hub-signature-256", meta_signature(APP_SECRET, body.as_bytes()))];
    assert_eq!(line.post(&format!("/hooks/whatsapp/{token}"), &headers, body.as_bytes()).await.status_code, 200);
    let said: Vec<_> = line.thread("100").await.into_iter().filter_map(|m| m.text).collect();
    assert_eq!(said, ["soy Ana"]);
    let setup = settings::load(ports, &quito).await.expect("settings");
    assert_eq!(received::unregistered(ports, &setup).await.expect("read").len(), 1);
    // On its own route a project hears of its own numbers alone.
    line.meta(change(QUITO, text("wamid.4", "51987650000", AT, "ajena")).to_string().as_bytes()).await;
    assert_eq!(line.thread("100").await.len(), 1);
}
