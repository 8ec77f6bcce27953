//! A report at its dawn, with a fault at every port call: each row stands in it once, and whoever asked is told.

use super::calls::{Fault, Striker, strike};
use crate::conversations::people::user;
use crate::world::{World, day, utc};
use axum::http::Method;
use cauce_local::run::Runner;
use chrono::TimeDelta;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

async fn prepare(world: &World) -> String {
    world.customers("Ana Beto Caro Dora").await;
    world.orders("100 F-1 2026-06-01 100.00\n101 F-2 2026-06-01 50.00\n101 F-3 2026-07-01 50.00").await;
    let rosa = user(world, "rosa", json!({ "role": "supervisor" })).await;
    let body = json!({ "subject": "orders", "format": "csv", "columns": ["code"] });
    let (_, asked) = world.call_with(Method::POST, "/v1/reports", Some(body), &[("authorization", &rosa)]).await;
    let path = format!("/v1/reports/{}", asked["id"].as_str().expect("an id"));
    world.until("2026-03-11T07:59:00Z").await;
    path
}

/// Tries what is due, as the schedules and queues do, again and again.
async fn dawn(runner: &Runner, striker: &Striker) {
    for minute in 0..30 {
        let at = utc("2026-03-11T08:00:00Z") + TimeDelta::minutes(minute);
        if at > runner.house.clock.now() {
            runner.house.clock.advance_to(at);
        }
        if striker.is_dead() {
            return;
        }
        let _ = runner.tick().await;
    }
}

async fn report_with(path: &Path, fault: Fault, at: usize) -> usize {
    let striker = Striker::new(fault, at);
    let (calls, ended, report) = {
        let world = World::open(path, utc("2026-03-10T05:05:00Z"), day("2026-03-10"), |house| house).await;
        let report = prepare(&world).await;
        let World { runner, .. } = world;
        let runner = Arc::try_unwrap(runner).unwrap_or_else(|_| panic!("nobody else has it"));
        let struck = Runner::new(strike(runner.house, &striker));
        dawn(&struck, &striker).await;
        (striker.calls(), struck.house.clock.now(), report)
    };
    let world = World::open(path, ended, day("2026-03-10"), |house| house).await;
    world.runner.resume().await.expect("resumed");
    // What was lost is looked for every hour.
    world.until("2026-03-11T10:30:00Z").await;
    let mut rows: Vec<String> = world.rows(&report).await.into_iter().flatten().collect();
    rows.sort();
    assert_eq!(rows, ["Código de pago", "F-1", "F-2", "F-3"], "{fault:?} at call {at}");
    let told =
        world.outbox().iter().filter(|it| it.recipients.contains("rosa@") && it.text.contains("3 filas")).count();
    assert!((1..=2).contains(&told), "{fault:?} at call {at}: told {told} times");
    let broken = world.broken().await;
    assert!(broken.is_empty(), "{fault:?} at call {at}: {broken:?}");
    calls
}

/// Calls struck, spread over all of them: most are those of the hour's close, alike in all sixteen shards.
const STRUCK: usize = 40;

async fn every_call(fault: Fault) {
    let folder = crate::world::folder();
    let calls = report_with(&folder.path().join("count"), fault, usize::MAX - 10).await;
    assert!(calls > 60, "a dawn makes {calls} calls");
    let asked = std::env::var("CAUCE_FAULT_STRIDE").ok().and_then(|s| s.parse().ok());
    let stride = asked.unwrap_or(calls / STRUCK).max(1);
    for at in (0..calls).step_by(stride) {
        let path = folder.path().join(at.to_string());
        report_with(&path, fault, at).await;
        let _ = std::fs::remove_dir_all(path);
    }
}

#[tokio::test]
async fn a_report_survives_a_call_that_fails() {
    every_call(Fault::Fail).await;
}
#[tokio::test]
async fn a_report_survives_a_call_cut_after_it_took_effect() {
    every_call(Fault::Cut).await;
}
#[tokio::test]
async fn a_report_survives_calls_made_twice() {
    every_call(Fault::Repeat).await;
}
#[tokio::test]
async fn a_report_survives_a_process_that_dies_before_any_call() {
    every_call(Fault::DieBefore).await;
}
#[tokio::test]
async fn a_report_survives_a_process_that_dies_after_any_call() {
    every_call(Fault::DieAfter).await;
}
