//! One day — import, plan, release, send, settle, reports — with a fault at every single port call.
//!
//! Whatever fails, however, wherever: every due customer ends contacted exactly once, or *unknown*; nothing is doubled,
//! every row is loaded once, and the store's invariants hold.

use super::calls::{Fault, Striker, strike};
use crate::world::{World, day, orders_file, utc};
use cauce_domain::contact::interaction::State;
use cauce_engine::import::job::{Kind, LoadState};
use cauce_engine::import::{Request, request};
use cauce_engine::plan_day;
use cauce_engine::ports::files::{Files, whole};
use cauce_local::run::Runner;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const CUSTOMERS: &str = "Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1\n\
    DNI,100,Ana,987650100,a@x.com\nDNI,101,Beto,987650101,b@x.com\nDNI,102,Caro,987650102,c@x.com\n";
const ORDERS: &str =
    "100 F-1 2026-03-10 100.00\n101 F-2 2026-03-11 50.00\n102 F-3 2026-03-10 70.00\n102 F-4 2026-05-10 70.00";
const PAYMENTS: &str = "Código de pago,Código de movimiento,Fecha,Monto,Moneda\nF-3,M-1,09/03/2026,70.00,PEN\nF-1,M-2,09/03/2026,40.00,PEN\n";

/// Asks for what a team asks for in a day; asking again is harmless. Failures are left to the next try.
async fn ask(runner: &Runner, world: &World) -> Result<(), cauce_engine::Error> {
    let ports = &runner.house.ports;
    let setup = cauce_engine::store::settings::load(ports, &world.project).await?;
    let files = [
        (Kind::Customers, CUSTOMERS.to_owned()),
        (Kind::Orders, orders_file(ORDERS)),
        (Kind::Payments, PAYMENTS.to_owned()),
    ];
    for (kind, content) in files {
        let file = format!("uploads/lima/{}", kind.code());
        // The file is there before anybody is told of it.
        match &world.uploads {
            Some(files) => files.write(&file, whole(content)).await?,
            None => runner.house.folder.write(&file, whole(content)).await?,
        }
        let asked = Request {
            kind,
            file,
            file_name: kind.code().into(),
            requester: "prueba".into(),
            options: Default::default(),
        };
        request(ports, &setup, &format!("load-{}", kind.code()), asked, runner.house.clock.now()).await?;
    }
    runner.drain().await?;
    cauce_engine::import::turn::next(ports, &setup, runner.house.clock.now()).await?;
    runner.drain().await
}

/// Lives the day through; a dead process stops at once.
pub(super) async fn live(runner: &Runner, world: &World, striker: &Striker) -> Result<(), cauce_engine::Error> {
    for _ in 0..6 {
        if striker.is_dead() {
            return Ok(());
        }
        if ask(runner, world).await.is_ok() && loaded(runner, world).await {
            break;
        }
        later(runner, 5);
        let _ = runner.drain().await;
    }
    for _ in 0..6 {
        let ports = &runner.house.ports;
        if striker.is_dead() {
            return Ok(());
        }
        if let Ok(setup) = cauce_engine::store::settings::load(ports, &world.project).await
            && plan_day::begin(ports, &setup, day("2026-03-10"), runner.house.clock.now()).await.is_ok()
            && runner.drain().await.is_ok()
            && cauce_engine::store::jobs::run(ports, setup.id(), day("2026-03-10"))
                .await
                .is_ok_and(|r| r.is_some_and(|(r, _)| r.done))
        {
            break;
        }
        later(runner, 5);
    }
    let end = utc(if striker.strikes_stale() { "2026-03-11T04:50:00Z" } else { "2026-03-12T04:59:00Z" });
    while runner.house.clock.now() < end && !striker.is_dead() {
        let next = runner.next_event()?.unwrap_or(end).min(end);
        runner.house.clock.advance_to(next.max(runner.house.clock.now() + chrono::TimeDelta::seconds(5)));
        let _ = runner.settle().await;
        if next == end {
            break;
        }
    }
    Ok(())
}

async fn loaded(runner: &Runner, world: &World) -> bool {
    let log = cauce_engine::import::job::all(&runner.house.ports, &world.project).await.unwrap_or_default();
    log.len() == 3 && log.iter().all(|l| l.state.is_over())
}

fn later(runner: &Runner, seconds: i64) {
    runner.house.clock.advance_to(runner.house.clock.now() + chrono::TimeDelta::seconds(seconds));
}

/// The day with one fault; answers how many port calls it made.
async fn day_with(path: &Path, fault: Fault, at: usize) -> usize {
    let striker = Striker::new(fault, at);
    let start = utc("2026-03-10T05:05:00Z");
    let (calls, ended) = {
        let world = World::open(path, start, day("2026-03-10"), |house| house).await;
        let World { runner, project, .. } = world;
        let runner = Arc::try_unwrap(runner).unwrap_or_else(|_| panic!("nobody else has it"));
        let struck = Arc::new(Runner::new(strike(runner.house, &striker)));
        let world = World::of(Arc::clone(&struck), project);
        live(&struck, &world, &striker).await.expect("the day goes on");
        (striker.calls(), struck.house.clock.now())
    };
    // After a death the next process finds what this one left, at the moment it died or after.
    let calm = Striker::new(if fault == Fault::Stale { fault } else { Fault::Fail }, usize::MAX - 10);
    let world = World::open(path, ended.max(start), day("2026-03-10"), |house| house).await;
    world.runner.resume().await.expect("resumed");
    live(&world.runner, &world, &calm).await.expect("the day ends");
    if fault == Fault::Stale {
        // Whom the index hid from a plan, the next day's finds by the carry.
        world.until("2026-03-12T04:59:59Z").await;
        contacted_by_the_next_day(&world, at).await;
        return calls;
    }
    verify(&world, &format!("{fault:?} at call {at}")).await;
    calls
}

/// Nobody whom a stale index hid is forgotten: both due customers were written to by the end of the next day, at most
/// once a day.
async fn contacted_by_the_next_day(world: &World, at: usize) {
    let mut customers = std::collections::BTreeSet::new();
    for date in ["2026-03-10", "2026-03-11"] {
        let sent = world.messages(date).await.into_iter().filter(|m| m.provider_id.is_some());
        customers.extend(sent.map(|m| m.customer.to_string()));
    }
    assert_eq!(customers.len(), 2, "Stale at call {at}");
    let broken = world.broken().await;
    assert!(broken.is_empty(), "Stale at call {at}: {broken:?}");
}

pub(super) async fn verify(world: &World, what: &str) {
    for load in cauce_engine::import::job::all(&world.house().ports, &world.project).await.expect("read") {
        assert_eq!(load.state, LoadState::Finished, "{what}: {load:?}");
        assert_eq!((load.counts.accepted, load.counts.rejected), (load.counts.rows, 0), "{what}: {:?}", load.kind);
    }
    let balance =
        |account: &cauce_domain::debt::account::Account| account.summary.open.values().map(|o| o.balance).sum::<i64>();
    for (number, expected) in [("100", 6_000), ("101", 5_000), ("102", 7_000)] {
        assert_eq!(balance(&world.account(number).await), expected, "{what}: customer {number}");
    }
    let messages = world.messages("2026-03-10").await;
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for taken in world.outbox() {
        *sent.entry(taken.reference).or_default() += 1;
    }
    assert!(sent.values().all(|n| *n == 1), "{what}: something was sent twice: {sent:?}");
    assert_eq!(messages.len(), 2, "{what}: Ana and Beto are due: {messages:?}");
    for message in &messages {
        let times = sent.get(&cauce_engine::store::interactions::reference(message)).copied().unwrap_or(0);
        match &message.state {
            State::Delivered | State::Opened | State::Sent => assert_eq!(times, 1, "{what}: {message:?}"),
            State::Unknown => assert!(times <= 1, "{what}"),
            other => panic!("{what}: it ended as {other:?}"),
        }
    }
    let broken = world.broken().await;
    assert!(broken.is_empty(), "{what}: {broken:?}");
}

/// Every call of the day, spread over the machine's cores; `CAUCE_FAULT_STRIDE` thins it out while working.
async fn every_call(fault: Fault) {
    let stride = std::env::var("CAUCE_FAULT_STRIDE").ok().and_then(|s| s.parse().ok()).unwrap_or(1_usize);
    let folder = crate::world::folder();
    let calls = day_with(&folder.path().join("count"), fault, usize::MAX - 10).await;
    assert!(calls > 200, "the day makes {calls} calls");
    for at in (0..calls).step_by(stride.max(1)) {
        let path = folder.path().join(at.to_string());
        day_with(&path, fault, at).await;
        let _ = std::fs::remove_dir_all(path);
    }
}

#[tokio::test]
async fn a_call_that_fails_costs_nothing() {
    every_call(Fault::Fail).await;
}
#[tokio::test]
async fn a_call_cut_after_it_took_effect_doubles_nothing() {
    every_call(Fault::Cut).await;
}
#[tokio::test]
async fn a_call_made_twice_doubles_nothing() {
    every_call(Fault::Repeat).await;
}
#[tokio::test]
async fn a_call_that_comes_late_changes_nothing() {
    every_call(Fault::Delay).await;
}
#[tokio::test]
async fn a_process_that_dies_before_any_call_is_taken_up() {
    every_call(Fault::DieBefore).await;
}
#[tokio::test]
async fn a_process_that_dies_after_any_call_is_taken_up() {
    every_call(Fault::DieAfter).await;
}
#[tokio::test]
async fn an_index_that_answers_late_loses_nobody() {
    every_call(Fault::Stale).await;
}
