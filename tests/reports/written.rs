//! A report's life: written at dawn, told of, downloaded for a week.

use super::{DAWN, sheet};
use crate::campaigns::lima;
use crate::conversations::people::user;
use axum::http::{Method, StatusCode};
use calamine::Data;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn a_report_is_written_at_dawn_told_to_whoever_asked_and_kept_a_week() {
    let world = lima("Ana Beto").await;
    world.orders("100 F-1 2026-03-01 100.00\n101 G-1 2026-03-01 50.50").await;
    let rosa = user(&world, "rosa", json!({ "role": "supervisor" })).await;
    let headers = [("authorization", rosa.as_str())];
    let body = json!({ "subject": "orders", "columns": ["customer", "code", "due", "amount"] });
    let (status, asked) = world.call_with(Method::POST, "/v1/reports", Some(body), &headers).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
    let path = format!("/v1/reports/{}", asked["id"].as_str().expect("an id"));
    let file = format!("{path}/file");
    world.until("2026-03-11T07:55:00Z").await;
    let (status, early) = world.call(Method::GET, &file, None).await;
    assert_eq!((status, &early["code"]), (StatusCode::CONFLICT, &json!("not_ready")));
    world.until(DAWN).await;

    let (_, log) = world.call(Method::GET, "/v1/processes?limit=1", None).await;
    let process = &log["items"][0];
    assert_eq!(
        (&process["kind_name"], &process["state_name"], &process["rows"]),
        (&json!("Reporte de órdenes de pago"), &json!("Finalizado"), &json!(2))
    );
    assert_eq!((&process["file"], &process["requester"]), (&json!(file), &json!("rosa")));
    let told = world.outbox().into_iter().find(|sent| sent.recipients.contains("rosa@andes.pe")).expect("told");
    assert!(told.text.contains(&file) && told.text.contains("2 filas"), "{}", told.text);
    let (_, mine) = world.call_with(Method::GET, "/v1/reports", None, &headers).await;
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(1));

    let (name, mut rows) = sheet(world.downloaded(&file).await);
    assert_eq!(name, "Órdenes de pago");
    let titles: Vec<String> = rows.remove(0).iter().map(ToString::to_string).collect();
    assert_eq!(titles, ["Cliente", "Código de pago", "Fecha de vencimiento", "Monto"]);
    rows.sort_by_key(|row| row[0].to_string());
    let beto = &rows[1];
    assert_eq!((&beto[1], &beto[3]), (&Data::String("G-1".into()), &Data::Float(50.5)), "an amount is a number");
    assert!(matches!(beto[2], Data::DateTime(_)), "a day is a day: {:?}", beto[2]);

    world.until("2026-03-18T08:30:00Z").await;
    let (status, gone) = world.call(Method::GET, &file, None).await;
    assert_eq!((status, &gone["code"]), (StatusCode::GONE, &json!("expired")));
}

#[tokio::test]
async fn a_report_that_is_worked_on_twice_or_page_by_page_holds_each_row_once() {
    let names: Vec<String> = (0..700).map(|n| format!("C{n:03}")).collect();
    let world = lima(&names.join(" ")).await;
    let path = world.report("customers", json!({ "columns": ["customer"] })).await;
    let id = path.rsplit('/').next().expect("an id").to_owned();
    let message = cauce_engine::messages::WriteReport { project: world.project.clone(), report: id.as_str().into() };
    let (ports, setup) = (&world.house().ports, world.setup().await);
    // Every other look at the clock says that the time is up: each call gathers a page or two and leaves the rest.
    let looks = AtomicUsize::new(0);
    let late = || looks.fetch_add(1, Ordering::Relaxed) % 2 == 1;
    for _ in 0..60 {
        let one = cauce_engine::report::work(ports, &setup, &message, &late, world.now());
        let other = cauce_engine::report::work(ports, &setup, &message, &late, world.now());
        let (one, other) = futures::join!(one, other);
        one.and(other).expect("worked");
    }
    let mut rows = world.rows(&path).await;
    rows.remove(0);
    rows.sort();
    assert_eq!(rows.into_iter().flatten().collect::<Vec<_>>(), names);
}
