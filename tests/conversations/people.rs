//! Who may do what: customers edited with an outcome, advisers who see their own customers alone.

use super::{ana, holds, told};
use crate::world::{KEY, World};
use axum::http::{Method, StatusCode};
use cauce_engine::create_project::grant_key;
use cauce_engine::import::job::Kind;
use serde_json::{Value, json};

/// A user with a key of its own; answers the header that carries it.
pub(crate) async fn user(world: &World, id: &str, more: Value) -> String {
    let mut body = json!({ "id": id, "name": id, "email": format!("{id}@andes.pe"), "role": "adviser" });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let (status, answer) = world.call(Method::POST, "/v1/users", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let key = format!("{KEY}-{id}");
    grant_key(&world.house().ports, &world.project, Some(&id.into()), &key).await.expect("a key");
    format!("Bearer {key}")
}

pub(crate) async fn assign(world: &World, number: &str, adviser: &str) {
    let path = format!("/v1/customers/{}", world.id(number).await);
    let version = world.version(number).await;
    let bearer = format!("Bearer {KEY}");
    let headers = [("authorization", bearer.as_str()), ("if-match", version.as_str())];
    let (status, answer) = world.call_with(Method::PATCH, &path, Some(json!({ "adviser": adviser })), &headers).await;
    assert!(status.is_success(), "{answer}");
}

#[tokio::test]
async fn an_outcome_takes_the_customers_new_data_along_or_nothing_of_it() {
    let world = ana().await;
    let data = json!({
        "promise": { "date": "2026-03-13", "amount": "100.00" },
        "edit": { "phones": { "2": "999111222" }, "emails": { "1": "ana@nuevo.pe" }, "guarantors": { "1": { "name": "Luis", "phone": "999333444" } } },
    });
    world.outcome("100", "outbound_contact", "promise_or_payment", data).await;
    let customer = world.account("100").await.customer;
    assert_eq!(customer.phones.iter().map(|p| p.address.e164()).collect::<Vec<_>>(), ["+51987650000", "+51999111222"]);
    assert_eq!(customer.guarantors[0].name, "Luis");
    let found = json!({ "address": "ana@nuevo.pe" });
    let (_, answer) = world.call(Method::POST, "/v1/customers/search", Some(found)).await;
    assert_eq!(answer["items"].as_array().map(Vec::len), Some(1));

    let bad = json!({ "note": "no paga", "edit": { "phones": { "3": "no es" } } });
    world.refused("100", "outcomes", told("outbound_contact", "wont_pay", bad)).await;
    let late = json!({ "edit": { "name": "Otra" }, "promise": { "date": "2026-03-01", "amount": "1" } });
    world.refused("100", "outcomes", told("outbound_contact", "promise_or_payment", late)).await;
    assert_eq!(world.account("100").await.customer.name, "Ana");
    assert!(world.alerts("100").await.is_empty());
    holds(&world).await;
}

#[tokio::test]
async fn a_number_that_failed_is_not_used_until_it_is_edited() {
    let world = ana().await;
    world.outcome("100", "outbound_no_contact", "wrong_number", json!({ "phone": 1 })).await;
    assert_eq!(world.plan().await.plan.not_send.get("invalid_contact"), Some(&1));
    let edit = json!({ "edit": { "phones": { "1": "999111222" } } });
    world.outcome("100", "outbound_no_contact", "voicemail", edit).await;
    assert!(world.alerts("100").await.is_empty());
    assert!(world.account("100").await.customer.phones.iter().all(|point| !point.invalid));
}

#[tokio::test]
async fn an_adviser_works_customers_and_edits_them_only_when_granted() {
    let world = ana().await;
    let plain = user(&world, "luis", json!({})).await;
    let granted = user(&world, "rosa", json!({ "grants": ["edit_customers"] })).await;
    let path = format!("/v1/customers/{}/outcomes", world.id("100").await);
    let edit = told("outbound_no_contact", "voicemail", json!({ "edit": { "name": "Ana María" } }));
    let plainly = told("outbound_no_contact", "voicemail", json!({}));
    let post = async |key: &str, body: &Value| {
        world.call_with(Method::POST, &path, Some(body.clone()), &[("authorization", key)]).await.0
    };
    assert_eq!(post(&plain, &plainly).await, StatusCode::CREATED);
    assert_eq!(post(&plain, &edit).await, StatusCode::FORBIDDEN);
    assert_eq!(post(&granted, &edit).await, StatusCode::CREATED);
    let assign = told("outbound_no_contact", "voicemail", json!({ "edit": { "adviser": "rosa" } }));
    assert_eq!(post(&granted, &assign).await, StatusCode::FORBIDDEN, "nobody takes a customer over alone");
    assert_eq!(world.account("100").await.customer.name, "Ana María");
}

#[tokio::test]
async fn who_sees_assigned_customers_alone_sees_nothing_of_the_others_on_any_route() {
    let world = ana().await;
    let luis = user(&world, "luis", json!({ "only_assigned": true, "grants": ["edit_customers"] })).await;
    let sonia = user(&world, "sonia", json!({ "only_assigned": true, "role": "supervisor" })).await;
    assign(&world, "100", "luis").await;
    let (ana, beto) = (world.id("100").await, world.id("101").await);
    let ask = async |key: &str, method: Method, path: &str, body: Option<Value>| {
        world.call_with(method, path, body, &[("authorization", key), ("if-match", "\"1\"")]).await
    };
    let listed = async |key: &str, path: &str| {
        let (_, answer) = ask(key, Method::GET, path, None).await;
        answer["items"].as_array().map(Vec::len).unwrap_or_default()
    };
    assert_eq!((listed(&luis, "/v1/customers").await, listed(&sonia, "/v1/customers").await), (1, 1));
    world.plan().await;
    assert_eq!((listed(&luis, "/v1/interactions").await, listed(&sonia, "/v1/interactions").await), (1, 1));
    // Every route about a customer, as the document lists them.
    let document = serde_json::to_value(cauce_api::openapi()).expect("json");
    let paths = document["paths"].as_object().expect("paths").clone();
    let mut tried = 0;
    for (template, methods) in &paths {
        let Some(rest) = template.strip_prefix("/v1/customers/{id}") else { continue };
        let path = |id: &str| {
            let rest = rest.replace("{alert}", "wont_pay").replace(['{', '}'], "");
            format!("/v1/customers/{id}{rest}")
        };
        for method in methods.as_object().expect("methods").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let body = body_of(template);
            let (status, answer) = ask(&luis, method.clone(), &path(&beto), Some(body.clone())).await;
            let kept = [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN];
            assert!(kept.contains(&status), "{method} {template}: {status} {answer}");
            let (status, answer) = ask(&luis, method.clone(), &path(&ana), Some(body)).await;
            assert_ne!(answer["title"], "no se encontró el cliente", "{method} {template}: {status}");
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried}");
    let (_, answer) = ask(
        &luis,
        Method::POST,
        "/v1/customers/search",
        Some(json!({ "document_kind": "DNI", "document_number": "101" })),
    )
    .await;
    assert_eq!(answer["items"], json!([{ "assigned_to": null }]), "who has it, and nothing else");
    assert_eq!(ask(&luis, Method::GET, "/v1/orders/G-1", None).await.0, StatusCode::NOT_FOUND);
}

/// A body that a route reads, so that it is the customer it refuses.
fn body_of(template: &str) -> Value {
    match template.rsplit('/').next().unwrap_or_default() {
        "promises" => json!({ "date": "2026-03-13", "amount": "1.00" }),
        "outcomes" => told("outbound_no_contact", "voicemail", json!({})),
        "claims" | "{claim}" => json!({ "category": "billing", "description": "x" }),
        "pause" => json!({ "until": "2026-03-20" }),
        "reject" => json!({ "reason": "x" }),
        "standing" => json!({ "standing": "annulled", "orders": ["G-1"] }),
        "calls" => json!({ "adviser_phone": "987654321" }),
        "notes" => json!({ "origin": "call", "comment": "x" }),
        "messages" | "preview" => json!({ "channel": "sms", "text": "x" }),
        _ => json!({}),
    }
}

#[tokio::test]
async fn no_route_tells_who_sees_assigned_customers_alone_of_another() {
    let world = ana().await;
    let luis =
        user(&world, "luis", json!({ "only_assigned": true, "grants": ["edit_customers", "unregistered"] })).await;
    assign(&world, "100", "luis").await;
    world.plan().await;
    world.done("101", "notes", json!({ "origin": "call", "comment": "de Beto nada" })).await;
    let bad = world.load(Kind::Customers, "Tipo de documento,Número de documento,Nombre\nDNI,,Beto\n").await;
    let beto = world.id("101").await;
    let document = serde_json::to_value(cauce_api::openapi()).expect("json");
    for (template, methods) in document["paths"].as_object().expect("paths") {
        if methods.get("get").is_none() {
            continue;
        }
        let own = if template.starts_with("/v1/imports") { bad.id.as_str() } else { &beto };
        let path = template
            .replace("{id}", own)
            .replace("{code}", "G-1")
            .replace("{date}", "2026-03-10")
            .replace(['{', '}'], "");
        let (status, answer) = world.call_with(Method::GET, &path, None, &[("authorization", &luis)]).await;
        let told = answer.to_string();
        assert!(
            !told.contains("Beto") && !told.contains("7650001") && !told.contains("G-1"),
            "{path}: {status} {told}"
        );
    }
}

#[tokio::test]
async fn one_callers_answer_is_not_anothers_to_read() {
    let world = ana().await;
    let luis = user(&world, "luis", json!({ "only_assigned": true })).await;
    let bearer = format!("Bearer {KEY}");
    let ask = async |key: &str| {
        let headers = [("authorization", key), ("idempotency-key", "misma")];
        let body = json!({ "document_kind": "DNI", "document_number": "101" });
        world.call_with(Method::POST, "/v1/customers/search", Some(body), &headers).await.1
    };
    assert!(ask(&bearer).await.to_string().contains("Beto"));
    assert!(!ask(&luis).await.to_string().contains("Beto"));
}

#[tokio::test]
async fn a_person_corrects_a_guarantor_and_the_same_file_does_not_undo_it() {
    let world = World::on("2026-03-10").await;
    let file = "Tipo de documento,Número de documento,Nombre,Garante_1 nombre,Garante_1 celular,Zona horaria\nDNI,100,Ana,Luis,987111111,America/Bogota\n";
    world.load(Kind::Customers, file).await;
    let edit = json!({ "edit": { "guarantors": { "1": { "name": "Luis", "phone": "987222222" } }, "time_zone": "" } });
    world.outcome("100", "outbound_no_contact", "voicemail", edit).await;
    world.load(Kind::Customers, file).await;
    let customer = world.account("100").await.customer;
    assert_eq!(customer.guarantors[0].phone.as_ref().map(|p| p.e164()), Some("+51987222222"));
    assert_eq!(customer.zone, None);
    world.load(Kind::Customers, file.replace("987111111", "987333333")).await;
    let customer = world.account("100").await.customer;
    assert_eq!(customer.guarantors[0].phone.as_ref().map(|p| p.e164()), Some("+51987333333"), "what is new counts");
}

#[tokio::test]
async fn who_was_deleted_is_found_by_nobody_and_brought_back_by_whoever_may() {
    let world = ana().await;
    let granted = user(&world, "rosa", json!({ "grants": ["edit_customers"] })).await;
    let path = format!("/v1/customers/{}", world.id("100").await);
    assert!(world.call(Method::DELETE, &path, None).await.0.is_success());
    let found = async |text: &str| {
        let (_, answer) = world.call(Method::POST, "/v1/customers/search", Some(json!({ "text": text }))).await;
        answer["items"].as_array().map(Vec::len).unwrap_or_default()
    };
    assert_eq!((found("ana").await, found("987650000").await), (0, 0));
    assert_eq!(world.post("100", "notes", json!({ "origin": "call", "comment": "x" })).await.0, StatusCode::NOT_FOUND);
    let version = world.version("100").await;
    let back = async |key: &str| {
        let headers = [("authorization", key), ("if-match", version.as_str())];
        world.call_with(Method::PATCH, &path, Some(json!({ "status": "active" })), &headers).await.0
    };
    assert_eq!(back(&granted).await, StatusCode::FORBIDDEN);
    assert!(back(&format!("Bearer {KEY}")).await.is_success());
    assert_eq!((found("ana").await, found("987650000").await), (1, 1));
}

#[tokio::test]
async fn who_is_given_to_somebody_else_is_told_to_both() {
    let world = ana().await;
    let only = || json!({ "only_assigned": true });
    let (luis, rosa) = (user(&world, "luis", only()).await, user(&world, "rosa", only()).await);
    assign(&world, "100", "luis").await;
    world.pass("2026-03-10T15:00:00Z").await;
    let ask = async |key: &str, cursor: &str| {
        let path = format!("/v1/changes{cursor}");
        world.call_with(Method::GET, &path, None, &[("authorization", key)]).await.1
    };
    let begun = async |key: &str| format!("?cursor={}", ask(key, "").await["next"].as_str().expect("a cursor"));
    let (of_luis, of_rosa) = (begun(&luis).await, begun(&rosa).await);
    assign(&world, "100", "rosa").await;
    let (luis, rosa) = (ask(&luis, &of_luis).await, ask(&rosa, &of_rosa).await);
    assert_eq!((&luis["assigned"], &luis["unassigned"]), (&json!([]), &json!([world.id("100").await])));
    assert_eq!((&rosa["assigned"][0]["name"], &rosa["unassigned"]), (&json!("Ana"), &json!([])));
}
