//! A night of indicators with a fault at port calls all along: the sums are those of a recount.

use super::calls::{Fault, Striker, strike};
use crate::world::{World, day, utc};
use cauce_engine::indicators;
use cauce_local::run::Runner;
use chrono::TimeDelta;
use std::path::Path;
use std::sync::Arc;

async fn prepare(world: &World) {
    world.customers("Ana Beto Caro Dora").await;
    world.orders("100 F-1 2026-06-01 100.00\n101 F-2 2026-02-01 50.00\n102 F-3 2026-07-01 50.00").await;
    world.until("2026-03-11T08:00:00Z").await;
    world.pay("P-1", "F-1", "2026-03-11", "10.00").await;
    world.pay("P-2", "F-2", "2026-03-11", "50.00").await;
    world.orders("103 F-4 2026-01-01 70.00").await;
    world.until("2026-03-12T06:59:00Z").await;
}

/// Tries what is due, as the schedules and queues do, again and again.
async fn night(runner: &Runner, striker: &Striker) {
    for minute in 0..20 {
        let at = utc("2026-03-12T07:00:00Z") + TimeDelta::minutes(minute);
        if at > runner.house.clock.now() {
            runner.house.clock.advance_to(at);
        }
        if striker.is_dead() {
            return;
        }
        let _ = runner.tick().await;
    }
}

async fn night_with(path: &Path, fault: Fault, at: usize) -> usize {
    let striker = Striker::new(fault, at);
    let (calls, ended) = {
        let world = World::open(path, utc("2026-03-10T05:05:00Z"), day("2026-03-10"), |house| house).await;
        prepare(&world).await;
        let runner = Arc::try_unwrap(world.runner).unwrap_or_else(|_| panic!("nobody else has it"));
        let struck = Runner::new(strike(runner.house, &striker));
        night(&struck, &striker).await;
        (striker.calls(), struck.house.clock.now())
    };
    let world = World::open(path, ended, day("2026-03-10"), |house| house).await;
    world.runner.resume().await.expect("resumed");
    // What was lost is looked for every hour.
    world.until("2026-03-12T09:30:00Z").await;
    let (counted, kept) = indicators::recount(&world.house().ports, &world.project).await.expect("counted");
    assert_eq!(kept, counted, "{fault:?} at call {at}");
    assert_eq!(world.indicator("portfolio").await["day"], "2026-03-12", "{fault:?} at call {at}");
    assert_eq!(world.indicator("portfolio").await["currencies"][0]["pending"], 21000, "{fault:?} at call {at}");
    calls
}

/// Calls struck, spread over all of them: most are alike in all sixteen shards.
const STRUCK: usize = 40;

async fn every_call(fault: Fault) {
    let folder = crate::world::folder();
    let calls = night_with(&folder.path().join("count"), fault, usize::MAX - 10).await;
    assert!(calls > 100, "a night makes {calls} calls");
    let asked = std::env::var("CAUCE_FAULT_STRIDE").ok().and_then(|s| s.parse().ok());
    let stride = asked.unwrap_or(calls / STRUCK).max(1);
    for at in (0..calls).step_by(stride) {
        let path = folder.path().join(at.to_string());
        night_with(&path, fault, at).await;
        let _ = std::fs::remove_dir_all(path);
    }
}

#[tokio::test]
async fn a_night_survives_a_call_that_fails() {
    every_call(Fault::Fail).await;
}
#[tokio::test]
async fn a_night_survives_a_call_cut_after_it_took_effect() {
    every_call(Fault::Cut).await;
}
#[tokio::test]
async fn a_night_survives_calls_made_twice() {
    every_call(Fault::Repeat).await;
}
#[tokio::test]
async fn a_night_survives_a_process_that_dies_before_any_call() {
    every_call(Fault::DieBefore).await;
}
#[tokio::test]
async fn a_night_survives_a_process_that_dies_after_any_call() {
    every_call(Fault::DieAfter).await;
}
