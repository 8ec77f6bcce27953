//! Two days with steps put off from one to the next — an order that came after its plan, a day closed after it was
//! planned — and a fault at every port call from there on: each step put off fires once, on the next day.

use super::calls::{Fault, Striker, strike};
use crate::world::{World, day, offset, utc};
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::State;
use cauce_engine::plan_day;
use cauce_engine::store::{jobs, settings};
use cauce_local::run::Runner;
use std::path::Path;
use std::sync::Arc;

/// Ana is planned for a day that is then closed; Beto's order comes after the plan.
async fn prepare(world: &World) {
    world.customers("Ana Beto Caro").await;
    world.orders("100 F-1 2026-03-10 100.00\n102 F-3 2026-06-10 30.00").await;
    world.plan().await;
    world.orders("101 F-2 2026-03-07 50.00").await;
    world.change(|p| p.calendar.dates.extend([(day("2026-03-10"), true)])).await;
    assert!(world.account("101").await.carry.is_some(), "the next plan has to look at Beto");
}

async fn live(runner: &Runner, world: &World, striker: &Striker) {
    let morning = utc("2026-03-11T05:05:00Z");
    pass(runner, striker, utc("2026-03-10T14:30:00Z").max(runner.house.clock.now())).await;
    if striker.is_dead() {
        return;
    }
    runner.house.clock.advance_to(morning.max(runner.house.clock.now()));
    for _ in 0..6 {
        let (ports, now) = (&runner.house.ports, runner.house.clock.now());
        if striker.is_dead() {
            return;
        }
        if let Ok(setup) = settings::load(ports, &world.project).await
            && plan_day::begin(ports, &setup, day("2026-03-11"), now).await.is_ok()
            && runner.drain().await.is_ok()
            && jobs::run(ports, setup.id(), day("2026-03-11")).await.is_ok_and(|r| r.is_some_and(|(r, _)| r.done))
        {
            break;
        }
        runner.house.clock.advance_to(now + chrono::TimeDelta::seconds(5));
    }
    pass(runner, striker, utc("2026-03-11T16:00:00Z")).await;
}

/// Lets what is waiting happen up to an instant, whatever fails meanwhile.
async fn pass(runner: &Runner, striker: &Striker, end: chrono::DateTime<chrono::Utc>) {
    while runner.house.clock.now() < end && !striker.is_dead() {
        let next = runner.next_event().expect("read").unwrap_or(end).min(end);
        runner.house.clock.advance_to(next.max(runner.house.clock.now() + chrono::TimeDelta::seconds(5)));
        let _ = runner.settle().await;
        if next == end {
            break;
        }
    }
}

async fn days_with(path: &Path, fault: Fault, at: usize) -> usize {
    let striker = Striker::new(fault, at);
    let (calls, ended) = {
        let world = World::open(path, utc("2026-03-10T05:05:00Z"), day("2026-03-10"), |house| house).await;
        prepare(&world).await;
        let World { runner, project, .. } = world;
        let runner = Arc::try_unwrap(runner).unwrap_or_else(|_| panic!("nobody else has it"));
        let struck = Arc::new(Runner::new(strike(runner.house, &striker)));
        let world = World::of(Arc::clone(&struck), project);
        live(&struck, &world, &striker).await;
        (striker.calls(), struck.house.clock.now())
    };
    let calm = Striker::new(Fault::Fail, usize::MAX - 10);
    let world = World::open(path, ended, day("2026-03-10"), |house| house).await;
    world.runner.resume().await.expect("resumed");
    live(&world.runner, &world, &calm).await;
    verify(&world, &format!("{fault:?} at call {at}")).await;
    calls
}

async fn verify(world: &World, what: &str) {
    let put_off = State::NotSent { reason: Reason::RestrictedDay };
    assert_eq!(world.only("2026-03-10").await, put_off, "{what}: Ana's step waits for tomorrow");
    let messages = world.messages("2026-03-11").await;
    let mut offsets: Vec<i32> = messages.iter().map(offset).collect();
    offsets.sort_unstable();
    assert_eq!(offsets, [0, 3], "{what}: {messages:?}");
    let outbox = world.outbox();
    for message in &messages {
        let reference = cauce_engine::store::interactions::reference(message);
        let times = outbox.iter().filter(|t| t.reference == reference).count();
        match &message.state {
            State::Delivered | State::Opened | State::Sent => assert_eq!(times, 1, "{what}: {message:?}"),
            State::Unknown => assert!(times <= 1, "{what}"),
            other => panic!("{what}: it ended as {other:?}"),
        }
    }
    assert!(outbox.len() <= 2, "{what}: {outbox:?}");
    for number in ["100", "101"] {
        assert!(world.account(number).await.carry.is_none(), "{what}: nothing is left to carry for {number}");
    }
    let broken = world.broken().await;
    assert!(broken.is_empty(), "{what}: {broken:?}");
}

/// Every third call: a pass of the release makes three to a shard, alike in all sixteen, and most of the calls are its.
async fn every_call(fault: Fault) {
    let stride =
        std::env::var("CAUCE_FAULT_STRIDE").ok().and_then(|s| s.parse().ok()).map_or(3_usize, |s: usize| s.max(3));
    let folder = crate::world::folder();
    let calls = days_with(&folder.path().join("count"), fault, usize::MAX - 10).await;
    assert!(calls > 80, "the days make {calls} calls");
    for at in (0..calls).step_by(stride.max(1)) {
        let path = folder.path().join(at.to_string());
        days_with(&path, fault, at).await;
        let _ = std::fs::remove_dir_all(path);
    }
}

#[tokio::test]
async fn steps_put_off_survive_a_call_that_fails() {
    every_call(Fault::Fail).await;
}
#[tokio::test]
async fn steps_put_off_survive_a_call_cut_after_it_took_effect() {
    every_call(Fault::Cut).await;
}
#[tokio::test]
async fn steps_put_off_survive_a_process_that_dies_before_any_call() {
    every_call(Fault::DieBefore).await;
}
#[tokio::test]
async fn steps_put_off_survive_a_process_that_dies_after_any_call() {
    every_call(Fault::DieAfter).await;
}
