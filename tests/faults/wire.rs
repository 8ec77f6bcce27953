//! The same day over DynamoDB's protocol, with every so many-th request going wrong on the wire.

use super::calls::{Fault, Striker};
use super::every_call::{live, verify};
use crate::aws::{Mishap, between, config, create_tables, dynoxide};
use crate::world::{World, day, folder, utc};
use cauce_aws::table::DynamoTable;
use chrono::TimeDelta;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Lives the day through; answers how often something went wrong.
async fn day_with(mishap: Mishap, every: usize) -> usize {
    let folder = folder();
    let (_serving, upstream) = dynoxide().await;
    let names = create_tables(&config(&upstream, "000000000001").await, "t").await;
    let (endpoint, struck) = between(upstream, mishap, every).await;
    let table = DynamoTable::new(&config(&endpoint, "000000000001").await, names);
    let start = utc("2026-03-10T05:05:00Z");
    let world = World::open(&folder.path().join("data"), start, day("2026-03-10"), |mut house| {
        house.ports.table = Arc::new(table);
        house.poll = Some(TimeDelta::hours(2));
        house
    })
    .await;
    let calm = Striker::new(Fault::Fail, usize::MAX - 10);
    live(&world.runner, &world, &calm).await.expect("the day ends");
    verify(&world, &format!("{mishap:?} every {every}")).await;
    struck.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_day_ends_as_any_other() {
    assert!(day_with(Mishap::Throttle, 17).await > 20);
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_lost_answers_doubles_nothing() {
    assert!(day_with(Mishap::Lose, 17).await > 20);
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_errors_after_the_effect_doubles_nothing() {
    assert!(day_with(Mishap::Fail, 17).await > 20);
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_requests_that_arrive_twice_doubles_nothing() {
    assert!(day_with(Mishap::Twice, 2).await > 20);
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_transactions_that_meet_ends_as_any_other() {
    assert!(day_with(Mishap::Conflict, 2).await > 3);
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_unprocessed_batches_ends_as_any_other() {
    assert!(day_with(Mishap::Unprocessed, 2).await > 0);
}
