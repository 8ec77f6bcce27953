//! What cannot be done with a campaign, each with its code.

use super::{everybody, lima};
use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

async fn refused(world: &World, path: &str, date: &str, time: &str) -> String {
    let (status, answer) = world.scheduled(path, date, time).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    answer["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_campaign_is_scheduled_on_a_moment_that_allows_it() {
    let world = lima("Ana").await;
    let path = world.draft(&["email"], everybody(), json!({})).await;
    assert_eq!(refused(&world, &path, "2026-03-09", "10:00").await, "in_the_past");
    assert_eq!(refused(&world, &path, "2026-03-11", "23:30").await, "outside_hours");
    assert_eq!(refused(&world, &path, "2026-03-15", "10:00").await, "restricted_day", "a Sunday");
    assert_eq!(refused(&world, &path, "2026-04-03", "10:00").await, "restricted_day", "Good Friday");
    assert_eq!(world.scheduled(&path, "2026-03-11", "10:00").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_campaign_needs_an_audience_and_templates_of_its_type() {
    let world = lima("Ana").await;
    let nobody = world.draft(&["email"], json!({}), json!({})).await;
    assert_eq!(refused(&world, &nobody, "2026-03-11", "10:00").await, "audience_missing");
    let silent = world.draft(&[], everybody(), json!({})).await;
    assert_eq!(refused(&world, &silent, "2026-03-11", "10:00").await, "communications_missing");
    let flow = world.template("email", json!({ "purposes": ["flow"] })).await;
    let wrong = json!({ "communications": [{ "template": flow }] });
    let wrong = world.draft(&[], everybody(), wrong).await;
    assert_eq!(refused(&world, &wrong, "2026-03-11", "10:00").await, "invalid_value");
    let bad = json!({ "name": "x", "audience": { "filter": { "is": { "field": "balanse", "operator": "equals", "values": ["1"] } } } });
    let (status, answer) = world.call(Method::POST, "/v1/campaigns", Some(bad)).await;
    assert_eq!((status, &answer["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("audience.filter")));
}

#[tokio::test]
async fn one_that_reaches_companies_names_their_contact_levels() {
    let world = lima("Ana").await;
    world.change(|project| project.debtors = cauce_domain::debt::customer::Kind::Company).await;
    let path = world.draft(&["email"], everybody(), json!({})).await;
    assert_eq!(refused(&world, &path, "2026-03-11", "10:00").await, "contact_levels_missing");
    let template = world.template("email", json!({})).await;
    let named = json!({ "communications": [{ "template": template, "levels": { "to": [1], "cc": [2] } }] });
    let path = world.draft(&[], everybody(), named).await;
    assert_eq!(world.scheduled(&path, "2026-03-11", "10:00").await.0, StatusCode::OK);
}

#[tokio::test]
async fn what_has_begun_is_neither_edited_nor_deleted_and_can_be_copied() {
    let world = lima("Ana").await;
    let path = world.launched(&["email"], "10:00", json!({})).await;
    let edit = json!({ "name": "Otra", "audience": everybody(), "communications": [] });
    let (status, answer) = world.tried(Method::PUT, &path, world.version_of(&path).await, Some(edit.clone())).await;
    assert_eq!((status, &answer["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("communications_missing")));
    world.pass("2026-03-10T15:30:00Z").await;
    let version = world.version_of(&path).await;
    for (method, body) in [(Method::PUT, Some(edit)), (Method::DELETE, None::<Value>)] {
        let (status, answer) = world.tried(method, &path, version, body).await;
        assert_eq!((status, &answer["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("campaign_started")));
    }
    assert_eq!(world.act(&path, "pause").await.1["code"], "not_running");
    let (status, copy) = world.act(&path, "copy").await;
    assert_eq!(
        (status, &copy["name"], &copy["standing"]),
        (StatusCode::CREATED, &json!("Marzo (copia)"), &json!("draft"))
    );
}

#[tokio::test]
async fn a_scheduled_campaign_goes_back_to_a_draft_or_is_deleted_and_never_leaves() {
    let world = lima("Ana").await;
    let back = world.launched(&["email"], "10:00", json!({})).await;
    let gone = world.launched(&["email"], "10:00", json!({})).await;
    let (status, _) =
        world.tried(Method::DELETE, &format!("{back}/schedule"), world.version_of(&back).await, None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = world.tried(Method::DELETE, &gone, world.version_of(&gone).await, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    world.until("2026-03-10T20:00:00Z").await;
    assert!(world.outbox().is_empty());
    assert_eq!(world.call(Method::GET, &gone, None).await.0, StatusCode::NOT_FOUND);
}
