//! Whose customers a report tells of: those its requester may see when it is written.

use super::DAWN;
use crate::campaigns::lima;
use crate::conversations::people::{assign, user};
use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

async fn asked(world: &World, key: &str, subject: &str) -> (StatusCode, Value) {
    let filter = if subject == "interactions" { json!({ "from": "2026-03-10" }) } else { json!({}) };
    let columns = if subject == "processes" { json!(["process"]) } else { json!(["customer"]) };
    let body = json!({ "subject": subject, "format": "csv", "columns": columns, "filter": filter });
    world.call_with(Method::POST, "/v1/reports", Some(body), &[("authorization", key)]).await
}

#[tokio::test]
async fn a_report_tells_of_the_customers_its_requester_sees_when_it_is_written() {
    let world = lima("Ana Beto Caro").await;
    world.launched(&["email"], "10:00", json!({})).await;
    let luis = user(&world, "luis", json!({ "only_assigned": true, "grants": ["reports"] })).await;
    let other = user(&world, "otra", json!({ "only_assigned": true, "grants": ["reports"] })).await;
    assign(&world, "100", "luis").await;
    let mut paths = Vec::new();
    for subject in ["interactions", "customers", "orders"] {
        let (status, report) = asked(&world, &luis, subject).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{report}");
        paths.push(format!("/v1/reports/{}", report["id"].as_str().expect("an id")));
    }
    assert_eq!(asked(&world, &luis, "processes").await.0, StatusCode::FORBIDDEN, "files of the whole project");
    world.until("2026-03-10T16:00:00Z").await;
    // Before it is written Ana is given to somebody else, and Beto to Luis.
    assign(&world, "100", "otra").await;
    assign(&world, "101", "luis").await;
    world.until(DAWN).await;
    assert_eq!(world.rows(&paths[0]).await, [["Cliente"], ["Beto"]]);
    assert_eq!(world.rows(&paths[1]).await, [["Cliente"], ["Beto"]]);
    assert_eq!(world.rows(&paths[2]).await, [["Cliente"]]);
    let get = async |key: &str| {
        world.call_with(Method::GET, &format!("{}/file", paths[0]), None, &[("authorization", key)]).await.0
    };
    assert_eq!((get(&luis).await, get(&other).await), (StatusCode::SEE_OTHER, StatusCode::NOT_FOUND));
}

#[tokio::test]
async fn who_may_not_ask_is_refused_and_who_may_no_more_gets_none() {
    let world = lima("Ana").await;
    let plain = user(&world, "luis", json!({})).await;
    assert_eq!(asked(&world, &plain, "customers").await.0, StatusCode::FORBIDDEN);
    let granted = user(&world, "rosa", json!({ "grants": ["reports"] })).await;
    let (status, report) = asked(&world, &granted, "customers").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{report}");
    let gone = json!({ "name": "rosa", "email": "rosa@andes.pe", "role": "adviser", "active": false });
    world.put("/v1/users/rosa", 1, gone).await;
    world.until(DAWN).await;
    let path = format!("/v1/reports/{}", report["id"].as_str().expect("an id"));
    let (_, report) = world.call(Method::GET, &path, None).await;
    assert_eq!(report["state_name"], "Fallido");
    assert_eq!(report["message"], "quien lo pidió ya no es un usuario activo");
    let (status, answer) = world.call(Method::GET, &format!("{path}/file"), None).await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("report_failed")));
}

#[tokio::test]
async fn what_was_written_for_all_is_nobodys_who_sees_some() {
    let world = lima("Ana Beto").await;
    let rosa = user(&world, "rosa", json!({ "role": "supervisor" })).await;
    let (_, report) = asked(&world, &rosa, "customers").await;
    world.until(DAWN).await;
    let path = format!("/v1/reports/{}/file", report["id"].as_str().expect("an id"));
    let get = async || world.call_with(Method::GET, &path, None, &[("authorization", rosa.as_str())]).await.0;
    assert_eq!(get().await, StatusCode::SEE_OTHER);
    let fewer = json!({ "name": "rosa", "email": "rosa@andes.pe", "role": "supervisor", "only_assigned": true });
    world.put("/v1/users/rosa", 1, fewer).await;
    assert_eq!(get().await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_downloads_permission_is_of_one_file_and_ends() {
    let world = lima("Ana").await;
    let path = world.report("customers", json!({})).await;
    world.until(DAWN).await;
    let (_, place) = world.call(Method::GET, &format!("{path}/file"), None).await;
    let url = place["url"].as_str().expect("a url").to_owned();
    let get = async |url: &str| world.page(Method::GET, url, &[]).await.0;
    assert_eq!(get(&url).await, StatusCode::OK);
    assert_eq!(get(&url.replace("name=clientes", "name=otros")).await, StatusCode::FORBIDDEN);
    assert_eq!(get(&url.replace("/downloads/reports/", "/downloads/./reports/")).await, StatusCode::FORBIDDEN);
    world.until("2026-03-11T08:30:00Z").await;
    assert_eq!(get(&url).await, StatusCode::FORBIDDEN);
}
