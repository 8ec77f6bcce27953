//! A campaign from its hour to its end, two customers paying meanwhile, and a fault at port calls all along: everybody is written
//! to once, and what it brought is told to the cent.

use super::calls::{Fault, Striker, strike};
use crate::world::{World, day, utc};
use axum::http::Method;
use cauce_domain::contact::interaction::State;
use cauce_domain::strategy::campaign::Standing;
use cauce_local::run::Runner;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

async fn prepare(world: &World) -> String {
    world.customers("Ana Beto Caro Dora").await;
    world.orders("100 F-1 2026-06-01 100.00\n101 F-2 2026-06-01 50.00").await;
    world.launched(&["email"], "10:00", json!({})).await
}

async fn live(runner: &Runner, world: &World, striker: &Striker) {
    pass(runner, striker, utc("2026-03-10T15:01:30Z")).await;
    for (code, order) in [("P-1", "F-1"), ("P-2", "F-2")] {
        let body = json!({ "code": code, "order": order, "date": "2026-03-10", "amount": "10.00" });
        for _ in 0..5 {
            if striker.is_dead() || world.call(Method::POST, "/v1/payments", Some(body.clone())).await.0.is_success() {
                break;
            }
        }
    }
    pass(runner, striker, utc("2026-03-10T17:00:00Z")).await;
}

async fn pass(runner: &Runner, striker: &Striker, end: DateTime<Utc>) {
    while runner.house.clock.now() < end && !striker.is_dead() {
        let next = runner.next_event().expect("read").unwrap_or(end).min(end);
        runner.house.clock.advance_to(next.max(runner.house.clock.now() + TimeDelta::seconds(5)));
        let _ = runner.settle().await;
    }
}

async fn campaign_with(path: &Path, fault: Fault, at: usize) -> usize {
    let striker = Striker::new(fault, at);
    let (calls, ended, campaign) = {
        let world = World::open(path, utc("2026-03-10T05:05:00Z"), day("2026-03-10"), |house| house).await;
        let campaign = prepare(&world).await;
        let World { runner, project, .. } = world;
        let runner = Arc::try_unwrap(runner).unwrap_or_else(|_| panic!("nobody else has it"));
        let struck = Arc::new(Runner::new(strike(runner.house, &striker)));
        let world = World::of(Arc::clone(&struck), project);
        live(&struck, &world, &striker).await;
        (striker.calls(), struck.house.clock.now(), campaign)
    };
    let calm = Striker::new(Fault::Fail, usize::MAX - 10);
    let world = World::open(path, ended, day("2026-03-10"), |house| house).await;
    world.runner.resume().await.expect("resumed");
    live(&world.runner, &world, &calm).await;
    // What was lost is looked for every hour.
    world.until("2026-03-10T19:00:40Z").await;
    verify(&world, &campaign, &format!("{fault:?} at call {at}")).await;
    calls
}

async fn verify(world: &World, campaign: &str, what: &str) {
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for taken in world.outbox() {
        *sent.entry(taken.recipients).or_default() += 1;
    }
    assert!(sent.values().all(|times| *times == 1), "{what}: {sent:?}");
    let messages = world.messages("2026-03-10").await;
    assert_eq!(messages.len(), 4, "{what}");
    let over = |state: &State| matches!(state, State::Sent | State::Delivered | State::Opened | State::Unknown);
    assert!(messages.iter().all(|message| over(&message.state)), "{what}: {messages:?}");
    let unknown = messages.iter().filter(|message| message.state == State::Unknown).count();
    assert!(sent.len() + unknown >= 4, "{what}: {sent:?}");
    assert_eq!(world.campaign(campaign).await.standing, Standing::Executed, "{what}");
    let figures = world.figures(campaign).await;
    assert_eq!((figures.scheduled, figures.open, figures.treated.payers), (4, 0, 2), "{what}: {figures:?}");
    let broken = world.broken().await;
    assert!(broken.is_empty(), "{what}: {broken:?}");
}

/// Calls struck, spread over all of them: most are those of the release, alike in all sixteen shards.
const STRUCK: usize = 30;

async fn every_call(fault: Fault) {
    let folder = crate::world::folder();
    let calls = campaign_with(&folder.path().join("count"), fault, usize::MAX - 10).await;
    assert!(calls > 200, "the campaign makes {calls} calls");
    let stride = std::env::var("CAUCE_FAULT_STRIDE").ok().and_then(|s| s.parse().ok()).unwrap_or(1).max(calls / STRUCK);
    for at in (0..calls).step_by(stride) {
        let path = folder.path().join(at.to_string());
        campaign_with(&path, fault, at).await;
        let _ = std::fs::remove_dir_all(path);
    }
}

#[tokio::test]
async fn a_campaign_survives_a_call_that_fails() {
    every_call(Fault::Fail).await;
}
#[tokio::test]
async fn a_campaign_survives_a_call_cut_after_it_took_effect() {
    every_call(Fault::Cut).await;
}
#[tokio::test]
async fn a_campaign_survives_calls_made_twice() {
    every_call(Fault::Repeat).await;
}
#[tokio::test]
async fn a_campaign_survives_a_process_that_dies_before_any_call() {
    every_call(Fault::DieBefore).await;
}
#[tokio::test]
async fn a_campaign_survives_a_process_that_dies_after_any_call() {
    every_call(Fault::DieAfter).await;
}
