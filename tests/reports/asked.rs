//! What may be asked for, and how often.

use crate::campaigns::lima;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn forty_five_days_are_a_report_and_the_forty_sixth_is_refused() {
    let world = lima("Ana").await;
    let ask = async |from: &str, to: &str| {
        world.ask_report("interactions", json!({ "filter": { "from": from, "to": to } })).await
    };
    let (status, answer) = ask("2026-01-24", "2026-03-10").await;
    assert_eq!((status, &answer["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("range_too_long")), "46 days");
    assert!(answer["title"].as_str().is_some_and(|why| why.contains("46 días")), "{answer}");
    let (status, answer) = ask("2026-01-25", "2026-03-10").await;
    assert_eq!(status, StatusCode::ACCEPTED, "45 days: {answer}");
}

#[tokio::test]
async fn one_report_of_a_subject_is_asked_for_a_day_and_answers_when_it_is_written() {
    let world = lima("Ana").await;
    let (_, first) = world.ask_report("orders", json!({})).await;
    assert_eq!(first["at"], "2026-03-11T08:00:00Z", "three in the morning in Lima");
    assert!(first["notice"].as_str().is_some_and(|it| it.contains("11/03/2026 a las 03:00")), "{first}");
    let (status, answer) = world.ask_report("orders", json!({ "format": "xlsx" })).await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("already_requested")));
    assert!(answer["title"].as_str().is_some_and(|it| it.contains(first["id"].as_str().expect("an id"))), "{answer}");
    world.report("payments", json!({})).await;
    world.until("2026-03-11T04:59:00Z").await;
    assert_eq!(world.ask_report("orders", json!({})).await.0, StatusCode::CONFLICT, "still the tenth in Lima");
    world.until("2026-03-11T05:01:00Z").await;
    world.report("orders", json!({})).await;
}

#[tokio::test]
async fn what_cannot_be_a_report_is_refused_with_what_to_do() {
    let world = lima("Ana").await;
    let today = |more: Value| {
        let mut filter = json!({ "from": "2026-03-10" });
        more.as_object().into_iter().flatten().for_each(|(name, value)| filter[name] = value.clone());
        json!({ "filter": filter })
    };
    for (subject, body, code, field) in [
        ("interactions", today(json!({ "channel": "note" })), "notes_not_exported", "channel"),
        ("interactions", json!({}), "invalid_value", "from"),
        ("interactions", today(json!({ "to": "2026-03-01" })), "invalid_value", "to"),
        ("interactions", json!({ "columns": ["otra"] }), "invalid_value", "columns"),
        ("orders", json!({ "filter": { "channel": "sms" } }), "invalid_value", "channel"),
        ("customers", today(json!({})), "invalid_value", "from"),
        ("orders", json!({ "filter": { "state": "pagada" } }), "invalid_value", "state"),
        ("processes", json!({ "filter": { "state": "finished" } }), "invalid_value", "filter"),
        ("otros", json!({}), "invalid_value", "subject"),
        ("orders", json!({ "filter": { "desde": "ayer" } }), "bad_json", ""),
        ("orders", json!({ "format": "pdf" }), "bad_json", ""),
    ] {
        let (status, answer) = world.ask_report(subject, body).await;
        let named = (answer["code"].as_str().unwrap_or_default(), answer["field"].as_str().unwrap_or_default());
        assert_eq!((status, named), (StatusCode::UNPROCESSABLE_ENTITY, (code, field)), "{answer}");
    }
    let (_, none) = world.call(Method::GET, "/v1/reports", None).await;
    assert_eq!(none["items"], json!([]), "nothing of it was taken");
}
