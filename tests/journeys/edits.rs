//! What people and API clients change: each change with its author, and none undone by an older file.

use crate::world::{KEY, World};
use axum::http::{Method, StatusCode};
use cauce_domain::ids::UserId;
use cauce_engine::create_project::grant_key;
use cauce_engine::import::job::Kind;
use serde_json::{Value, json};

const LUZ: &str = "ck_luz_0123456789abcdef";

async fn call(world: &World, method: Method, path: &str, body: Value, key: &str, tag: &str) -> (StatusCode, Value) {
    let bearer = format!("Bearer {key}");
    let body = Some(body).filter(|b| !b.is_null());
    world.call_with(method, path, body, &[("authorization", &bearer), ("if-match", tag)]).await
}

/// Author and subject of each entry, newest first.
fn told(list: &Value) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    list["items"].as_array().expect("items").iter().map(|e| (text(&e["author"]), text(&e["about"]))).collect()
}

fn pair(author: &str, about: &str) -> (String, String) {
    (author.to_owned(), about.to_owned())
}

#[tokio::test]
async fn every_change_names_its_author_and_its_fields() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    let id = world.account("100").await.id;
    let luz = json!({ "id": "luz", "name": "Luz", "email": "luz@andes.pe", "role": "administrator" });
    call(&world, Method::POST, "/v1/users", luz, KEY, "").await;
    let (ports, project) = (&world.house().ports, &world.project);
    grant_key(ports, project, Some(&UserId::from("luz")), LUZ).await.expect("a key");
    let tag = format!("\"{}\"", world.setup().await.project.version);
    let edit = json!({ "name": "Andes S.A.", "restrict_weekends": false });
    let (status, _) = call(&world, Method::PUT, "/v1/project", edit, LUZ, &tag).await;
    assert_eq!(status, StatusCode::OK);
    let customer = format!("/v1/customers/{id}");
    let edit = json!({ "phones": { "1": "999888777" }, "portfolio": "written_off" });
    assert_eq!(call(&world, Method::PATCH, &customer, edit, LUZ, "\"1\"").await.0, StatusCode::OK);
    let order = json!({ "document_kind": "DNI", "document_number": "100", "code": "F-1", "due": "2026-03-10", "amount": "9", "currency": "PEN" });
    assert_eq!(call(&world, Method::POST, "/v1/orders", order.clone(), KEY, "").await.0, StatusCode::OK);
    call(&world, Method::POST, "/v1/orders", order, KEY, "").await;

    let (_, settings) = call(&world, Method::GET, "/v1/edits?limit=2", Value::Null, KEY, "").await;
    assert_eq!(told(&settings), [pair("luz", "project"), pair("api", "user#luz")]);
    assert_eq!(settings["items"][0]["fields"], json!(["calendar.restrict_weekends", "name"]));
    let rest = format!("/v1/edits?cursor={}", settings["next"].as_str().expect("more"));
    let (_, settings) = call(&world, Method::GET, &rest, Value::Null, KEY, "").await;
    assert_eq!(told(&settings), [pair("cauce", "project")], "the world's own activation");
    let (_, edits) = call(&world, Method::GET, &format!("{customer}/edits"), Value::Null, KEY, "").await;
    assert_eq!(told(&edits), [pair("api", "order#F-1"), pair("luz", "customer")], "the repeated order is no change");
    assert_eq!(edits["items"][1]["fields"], json!(["customer.phones", "customer.portfolio"]));
    assert!(!edits.to_string().contains("999888777"), "the log holds no values");
}

#[tokio::test]
async fn a_file_that_repeats_itself_undoes_neither_a_status_nor_an_opt_out() {
    let world = World::on("2026-03-10").await;
    let file = |status: &str, consent: &str| {
        format!("Tipo de documento,Número de documento,Nombre,Estado,Acepta SMS\nDNI,100,Ana,{status},{consent}\n")
    };
    world.load(Kind::Customers, file("Activo", "Sí").as_str()).await;
    let id = world.account("100").await.id;
    let edit = json!({ "status": "inactive" });
    assert_eq!(call(&world, Method::PATCH, &format!("/v1/customers/{id}"), edit, KEY, "\"1\"").await.0, StatusCode::OK);
    let sms = json!({ "document_kind": "DNI", "document_number": "100", "channel": "sms", "reason": "pidió BAJA" });
    assert_eq!(call(&world, Method::POST, "/v1/exclusions", sms, KEY, "").await.0, StatusCode::OK);
    let state = async || {
        let customer = world.account("100").await.customer;
        (serde_json::to_value(customer.status).expect("a text"), customer.opted_out.len())
    };
    world.load(Kind::Customers, file("ACTIVO", "si").as_str()).await;
    assert_eq!(state().await, (json!("inactive"), 1), "the same values again");
    world.load(Kind::Customers, file("Inactivo", "No").as_str()).await;
    world.load(Kind::Customers, file("Activo", "Sí").as_str()).await;
    assert_eq!(state().await, (json!("active"), 0), "new values are taken");
}

#[tokio::test]
async fn a_flow_that_reaches_companies_names_their_levels() {
    let world = World::on("2026-03-10").await;
    let (_, templates) = call(&world, Method::GET, "/v1/templates", Value::Null, KEY, "").await;
    let of_flows = |t: &&Value| t["template"]["purposes"].to_string().contains("flow");
    let template =
        templates.as_array().and_then(|all| all.iter().find(of_flows)).expect("one for flows")["template"]["id"]
            .clone();
    let (_, flows) = call(&world, Method::GET, "/v1/flows", Value::Null, KEY, "").await;
    let (id, mut version) = (flows[0]["flow"]["id"].as_str().expect("an id").to_owned(), flows[0]["version"].clone());
    let flow = |levels: Value| {
        let step = json!({ "offset": 0, "time": "09:00:00", "template": template, "levels": levels });
        json!({ "name": "Inicial", "active": true, "segments": flows[0]["flow"]["segments"], "steps": [step] })
    };
    let bare = flow(json!({ "to": [], "cc": [] }));
    let path = format!("/v1/flows/{id}");
    let (status, answer) = call(&world, Method::PUT, &path, bare.clone(), KEY, &format!("\"{version}\"")).await;
    assert_eq!(status, StatusCode::OK, "only persons so far: {answer}");
    let file = "Tipo de documento,Número de documento,Nombre,Tipo de persona\nRUC,20100047218,Andes SAC,Empresa\n";
    world.load(Kind::Customers, file).await;
    version = json!(version.as_u64().unwrap_or(0) + 1);
    let (_, problem) = call(&world, Method::PUT, &path, bare, KEY, &format!("\"{version}\"")).await;
    assert_eq!(problem["code"], json!("contact_levels_missing"), "{problem}");
    let (_, blockers) = call(&world, Method::GET, "/v1/project/blockers", Value::Null, KEY, "").await;
    assert!(blockers.to_string().contains("contact_levels_missing"), "{blockers}");
    let named = flow(json!({ "to": [1], "cc": [2] }));
    let (status, answer) = call(&world, Method::PUT, &path, named, KEY, &format!("\"{version}\"")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test]
async fn an_opt_out_stays_with_its_address_in_any_slot() {
    let world = World::on("2026-03-10").await;
    let load = |one: &str, two: &str| {
        format!("Tipo de documento,Número de documento,Nombre,Celular_1,Celular_2\nDNI,100,Ana,{one},{two}\n")
    };
    world.load(Kind::Customers, load("987654321", "").as_str()).await;
    let stop = json!({ "address": "987654321", "channel": "todos", "reason": "BAJA" });
    assert_eq!(call(&world, Method::POST, "/v1/exclusions", stop, KEY, "").await.0, StatusCode::OK);
    let id = world.account("100").await.id;
    let tag = format!("\"{}\"", 2);
    let edit = json!({ "phones": { "1": "987654321" } });
    let (status, answer) = call(&world, Method::PATCH, &format!("/v1/customers/{id}"), edit, KEY, &tag).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let marks = async || {
        let phones = world.account("100").await.customer.phones;
        phones.iter().map(|p| (p.slot, p.opted_out.len())).collect::<Vec<_>>()
    };
    assert_eq!(marks().await, [(1, 1)], "the same number typed again");
    world.load(Kind::Customers, load("", "987654321").as_str()).await;
    world.load(Kind::Customers, load("-", "987654321").as_str()).await;
    assert_eq!(marks().await, [(2, 1)], "moved to another slot");
}

#[tokio::test]
async fn a_key_is_shown_once_acts_as_its_user_and_is_revoked() {
    let world = World::on("2026-03-10").await;
    let luz = json!({ "id": "luz", "name": "Luz", "email": "luz@andes.pe", "role": "supervisor" });
    call(&world, Method::POST, "/v1/users", luz, KEY, "").await;
    let asked = json!({ "name": "panel de Luz", "user": "luz" });
    let (status, made) = call(&world, Method::POST, "/v1/keys", asked.clone(), KEY, "").await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let key = made["key"].as_str().expect("a key").to_owned();
    let bearer = format!("Bearer {KEY}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "llave-1")];
    let once = json!({ "name": "una vez" });
    let (_, first) = world.call_with(Method::POST, "/v1/keys", Some(once.clone()), &headers).await;
    let (_, again) = world.call_with(Method::POST, "/v1/keys", Some(once), &headers).await;
    assert!(first["key"].is_string() && again["key"].is_null(), "a key is kept nowhere: {again}");
    let nobody = json!({ "name": "x", "user": "nadie" });
    assert_eq!(call(&world, Method::POST, "/v1/keys", nobody, KEY, "").await.1["code"], json!("unknown_user"));
    let (_, listed) = call(&world, Method::GET, "/v1/keys", Value::Null, KEY, "").await;
    assert!(listed.to_string().contains("panel de Luz") && !listed.to_string().contains(&key), "{listed}");
    assert_eq!(call(&world, Method::GET, "/v1/customers", Value::Null, &key, "").await.0, StatusCode::OK);
    assert_eq!(
        call(&world, Method::POST, "/v1/keys", asked, &key, "").await.0,
        StatusCode::FORBIDDEN,
        "no administrator"
    );
    let own = format!("/v1/keys/{}", made["id"].as_str().expect("an id"));
    assert_eq!(call(&world, Method::DELETE, &own, Value::Null, KEY, "").await.0, StatusCode::NO_CONTENT);
    assert_eq!(call(&world, Method::GET, "/v1/customers", Value::Null, &key, "").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(call(&world, Method::DELETE, &own, Value::Null, KEY, "").await.0, StatusCode::NOT_FOUND);
}
