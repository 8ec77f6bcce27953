//! Audiences: counted before they are saved, by conditions on what is known of customers.

use super::lima;
use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

async fn counted(world: &World, audience: Value) -> Value {
    let (status, begun) = world.call(Method::POST, "/v1/segments/count", Some(audience)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{begun}");
    world.runner.drain().await.expect("walked");
    let path = format!("/v1/processes/{}", begun["id"].as_str().expect("an id"));
    world.call(Method::GET, &path, None).await.1["result"].clone()
}

fn is(field: &str, operator: &str, values: &[&str]) -> Value {
    json!({ "is": { "field": field, "operator": operator, "values": values } })
}

#[tokio::test]
async fn an_audience_is_counted_by_conditions_joined_by_and_and_or() {
    let world = lima("Ana Beto Caro Dora").await;
    world.orders("100 F-1 2026-01-01 500.00\n101 G-1 2026-03-01 50.00\n102 H-1 2026-01-01 20.00").await;
    let late = is("days_past_due", "at_least", &["60"]);
    let large = is("balance", "greater", &["100"]);
    let nothing = is("balance", "is_empty", &[]);
    let of = |filter: Value| json!({ "filter": filter });
    assert_eq!(counted(&world, of(late.clone())).await["matched"], 2);
    assert_eq!(counted(&world, of(json!({ "all": [late, large] }))).await["matched"], 1);
    let either = json!({ "any": [is("name", "equals", &["beto"]), nothing] });
    let found = counted(&world, of(either)).await;
    assert_eq!((&found["matched"], &found["customers"]), (&json!(2), &json!(4)));
    assert_eq!(found["reachable"], json!({ "email": 2, "sms": 2, "whatsapp": 2 }));
    assert_eq!(counted(&world, json!({ "segments": ["default"] })).await["matched"], 4);
}

#[tokio::test]
async fn a_condition_that_separates_by_arrears_is_warned_about_and_one_that_cannot_be_is_refused() {
    let world = lima("Ana").await;
    let segment =
        |field: &str| json!({ "name": "Tardíos", "priority": 1, "predicate": is(field, "at_least", &["30"]) });
    let (status, made) = world.call(Method::POST, "/v1/segments", Some(segment("days_past_due"))).await;
    assert_eq!((status, made["warnings"].as_array().map(Vec::len)), (StatusCode::CREATED, Some(1)));
    let (status, answer) =
        world.call(Method::POST, "/v1/segments/count", Some(json!({ "filter": is("mora", "equals", &["1"]) }))).await;
    assert_eq!((status, &answer["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("filter")));
    let (_, fields) = world.call(Method::GET, "/v1/segments/fields", None).await;
    assert!(fields["items"].as_array().is_some_and(|all| all.iter().any(|it| it["field"] == "days_past_due")));
}
