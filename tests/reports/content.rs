//! What each report holds, and what none does.

use super::{DAWN, sheet};
use crate::campaigns::lima;
use crate::world::World;
use calamine::Data;
use cauce_engine::import::job::Kind;
use serde_json::json;

/// Ana, whose name a spreadsheet would run, and Beto; orders paid and not, a promise, a payment taken back.
async fn told() -> World {
    let world = lima("Ana Beto").await;
    world
        .load(
            Kind::Customers,
            "Tipo de documento,Número de documento,Nombre\nDNI,100,\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"\n",
        )
        .await;
    world.orders("100 F-1 2026-03-01 100.00\n100 F-2 2026-04-01 30.00\n101 G-1 2026-03-01 50.00").await;
    world.pay("P-1", "F-1", "2026-03-09", "40.00").await;
    world.pay("P-2", "G-1", "2026-03-10", "50.00").await;
    world.pay("P-3", "F-2", "2026-03-10", "5.00").await;
    world.unpay("P-3", "F-2").await;
    let promise = json!({ "promise": { "date": "2026-03-13", "amount": "60.00" } });
    world.outcome("100", "outbound_contact", "promise_or_payment", promise).await;
    world.done("100", "notes", json!({ "origin": "call", "comment": "secreto del equipo" })).await;
    world
}

fn rows(expected: &[&str]) -> Vec<Vec<String>> {
    expected.iter().map(|row| row.split('|').map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn interactions_are_told_with_their_filters_and_without_notes() {
    let world = told().await;
    let columns = ["customer", "direction", "channel", "state", "what"];
    let found = world.reported("interactions", &columns, json!({ "from": "2026-03-10", "to": "2026-03-10" })).await;
    assert!(!found.iter().any(|row| row.iter().any(|cell| cell == "Nota")), "{found:?}");
    assert_eq!(found.len(), 6, "four movements, one call, its promise: {found:?}");
    assert!(
        found.contains(
            &rows(&["'=HYPERLINK(\"http://x\",\"y\")|Saliente|Llamada|Contactado|Compromiso / A verificar"])[0]
        ),
        "{found:?}"
    );
}

#[tokio::test]
async fn orders_are_told_with_what_is_owed_in_a_state_and_some_days() {
    let world = told().await;
    let columns = ["code", "due", "amount", "paid", "balance", "state", "days_past_due"];
    let found = world.reported("orders", &columns, json!({ "to": "2026-03-31" })).await;
    assert_eq!(
        found,
        rows(&["F-1|2026-03-01|100.00|40.00|60.00|vencida|10", "G-1|2026-03-01|50.00|50.00|0.00|pagada|"])
    );
}

#[tokio::test]
async fn payments_are_told_by_value_date_those_taken_back_marked() {
    let world = told().await;
    let columns = ["code", "date", "amount", "applied", "state"];
    let found = world.reported("payments", &columns, json!({ "from": "2026-03-10" })).await;
    assert_eq!(found, rows(&["P-2|2026-03-10|50.00|G-1: 50.00|efectivo", "P-3|2026-03-10|5.00|F-2: 5.00|anulado"]));
}

#[tokio::test]
async fn promises_are_told_with_what_came_in_for_them() {
    let world = told().await;
    world.pay("P-4", "F-1", "2026-03-10", "20.00").await;
    let found = world.reported("promises", &["date", "amount", "received", "state"], json!({ "state": "live" })).await;
    assert_eq!(found, rows(&["2026-03-13|60.00|20.00|vigente"]));
}

#[tokio::test]
async fn customers_are_told_as_they_stand_when_it_is_written() {
    let world = told().await;
    let columns = ["document", "orders", "due", "days_past_due", "balance", "phones", "situation"];
    let found = world.reported("customers", &columns, json!({})).await;
    let ana = "DNI 00000100|2|2026-03-01|10|PEN 90.00|+51987650000|mora temprana";
    assert_eq!(found, rows(&[ana, "DNI 00000101|0||||+51987650001|finalizado"]));
}

#[tokio::test]
async fn processes_are_told_with_what_they_came_to() {
    let world = told().await;
    world.load(Kind::Orders, "Fecha\n").await;
    let found =
        world.reported("processes", &["process", "state", "rows", "rejected"], json!({ "from": "2026-03-10" })).await;
    assert!(found.contains(&rows(&["Carga de clientes|Finalizado|2|0"])[0]), "{found:?}");
    assert!(found.contains(&rows(&["Carga de órdenes de pago|Fallido|0|0"])[0]), "{found:?}");
}

#[tokio::test]
async fn what_a_spreadsheet_would_run_is_words_in_a_workbook_too() {
    let world = told().await;
    let path = world.report("customers", json!({ "format": "xlsx", "columns": ["customer", "orders"] })).await;
    world.until(DAWN).await;
    let (_, rows) = sheet(world.downloaded(&format!("{path}/file")).await);
    let run = Data::String("=HYPERLINK(\"http://x\",\"y\")".into());
    assert!(rows.iter().any(|row| row[0] == run && row[1] == Data::Float(2.0)), "{rows:?}");
}
