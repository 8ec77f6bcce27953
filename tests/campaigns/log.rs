//! The interactions tray: what was said or done with everybody, filtered, with the columns each user chose.

use super::lima;
use crate::world::World;
use axum::http::{Method, StatusCode};
use cauce_engine::import::job::Kind;
use serde_json::{Value, json};

async fn listed(world: &World, filter: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/interactions?limit=2{filter}{cursor}");
        let (status, page) = world.call(Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        all.extend(page["items"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn every_interaction_of_some_days_is_found_by_what_it_is() {
    let world = lima("Ana Beto Caro").await;
    world.orders("100 F-1 2026-03-01 100.00").await;
    let path = world.launched(&["email"], "10:00", json!({})).await;
    world.pass("2026-03-10T15:30:00Z").await;
    world.done("100", "notes", json!({ "origin": "call", "comment": "llamar a la tarde" })).await;
    world.outcome("100", "outbound_contact", "wont_pay", json!({ "note": "no quiere" })).await;
    world.pay("P-1", "F-1", "2026-03-10", "10.00").await;
    let file = "Tipo de documento,Número de documento,Canal,Fecha de envío,Destinatarios,Estado\nDNI,101,SMS,09/03/2026,987650001,Fallido\n";
    world.load(Kind::Communications, file).await;
    let id = path.rsplit('/').next().expect("an id");
    for (filter, expected) in [
        ("&from=2026-03-09&to=2026-03-10", 7),
        ("", 6),
        ("&day=2026-03-09", 1),
        ("&origin=campaign", 3),
        (&format!("&campaign={id}"), 3),
        ("&campaign=otra", 0),
        ("&channel=note", 1),
        ("&direction=outbound", 4),
        ("&direction=internal", 2),
        ("&state=contacted", 1),
        ("&from=2026-03-01&to=2026-03-10&origin=imported", 1),
        ("&dates=actual", 6),
        ("&channel=email&segment=default", 3),
        ("&adviser=none", 6),
        ("&adviser=luis", 0),
        ("&portfolio=written_off", 0),
    ] {
        assert_eq!(listed(&world, filter).await.len(), expected, "{filter}");
    }
    let of_campaign = listed(&world, "&origin=campaign").await;
    let columns = &of_campaign[0]["columns"];
    assert_eq!(
        (&columns["of"], &columns["origin"], &columns["template"]),
        (&json!("Marzo"), &json!("Campaña"), &json!("Campaña email"))
    );
}

#[tokio::test]
async fn each_user_chooses_its_columns() {
    let world = lima("Ana").await;
    let put = async |columns: Value| {
        world.call(Method::PUT, "/v1/columns/interactions", Some(json!({ "columns": columns }))).await
    };
    let (_, all) = world.call(Method::GET, "/v1/columns/interactions", None).await;
    assert!(all["items"].as_array().is_some_and(|all| all.iter().any(|it| it["title"] == "Fecha de envío real")));
    let (status, answer) = put(json!(["customer", "actual", "error", "customer"])).await;
    assert_eq!((status, &answer["chosen"]), (StatusCode::OK, &json!(["customer", "actual", "error"])));
    assert_eq!(put(json!(["otra"])).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put(json!([])).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    world.launched(&["email"], "10:00", json!({})).await;
    world.pass("2026-03-10T15:30:00Z").await;
    let shown = listed(&world, "&origin=campaign").await[0]["columns"].clone();
    let names: Vec<&String> = shown.as_object().expect("columns").keys().collect();
    assert_eq!(names, ["actual", "customer", "error"]);
    assert_eq!((&shown["customer"], &shown["actual"]), (&json!("Ana"), &json!("2026-03-10 10:01:00")));
}

#[tokio::test]
async fn a_filter_that_cannot_be_is_refused() {
    let world = lima("Ana").await;
    for filter in ["from=2026-03-10&to=2026-03-01", "from=2024-01-01&to=2026-03-01", "dates=otras", "flow=a&campaign=b"]
    {
        let (status, _) = world.call(Method::GET, &format!("/v1/interactions?{filter}"), None).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{filter}");
    }
}
