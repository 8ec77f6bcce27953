//! The same day over AWS's protocols — table, queue, files and secrets — with every so many-th request going wrong on the
//! wire: it ends as any other.

use super::calls::{Fault, Striker};
use super::every_call::{live, verify};
use crate::aws::{Mishap, account, between, config, create_tables, dynoxide, emulator, hasty};
use crate::world::{World, day, folder, utc};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use cauce_aws::files::S3Files;
use cauce_aws::queue::SqsQueue;
use cauce_aws::secrets::SsmSecrets;
use cauce_aws::table::DynamoTable;
use cauce_engine::ports::PortError;
use cauce_engine::ports::queue::{Message, Queue, QueueName};
use cauce_local::house::House;
use chrono::TimeDelta;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A queue on SQS whose records, as often as they really arrived there, come to the runner of this process.
struct Pumped {
    sqs: SqsQueue,
    calm: Client,
    urls: BTreeMap<QueueName, String>,
    arrived: Arc<dyn Queue>,
}

#[async_trait]
impl Queue for Pumped {
    async fn send(&self, queue: QueueName, messages: Vec<Message>) -> Result<(), PortError> {
        let sent = self.sqs.send(queue, messages).await;
        for (queue, url) in &self.urls {
            loop {
                let asked =
                    self.calm.receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(600);
                let got = asked.send().await.expect("received").messages.unwrap_or_default();
                if got.is_empty() {
                    break;
                }
                let records = got.into_iter().map(|m| Message::new("lima", m.body.unwrap_or_default())).collect();
                self.arrived.send(*queue, records).await?;
            }
        }
        sent
    }
}

async fn pumped(faulty: &SdkConfig, calm: &SdkConfig, house: &House) -> Pumped {
    let calm = Client::new(calm);
    let mut urls = BTreeMap::new();
    for queue in QueueName::ALL {
        let made = calm.create_queue().queue_name(queue.name()).send().await.expect("a queue");
        urls.insert(queue, made.queue_url.expect("its address"));
    }
    Pumped { sqs: SqsQueue::new(faulty, urls.clone()), calm, urls, arrived: Arc::clone(&house.ports.queue) }
}

/// Lives the day through over every adapter but e-mail, whose turn is in the contracts: every so many-th request to the
/// table goes wrong, and every so many-th to the others, who get few. Answers how often each did.
async fn day_with(mishap: Mishap, every: [usize; 2]) -> [usize; 2] {
    let folder = folder();
    let (_serving, upstream) = dynoxide().await;
    let names = create_tables(&config(&upstream, "000000000001").await, "t").await;
    let (endpoint, table_struck) = between(upstream, mishap, every[0]).await;
    let table = DynamoTable::new(&hasty(&endpoint, "000000000001").await, names);
    let own = account();
    let calm = config(&emulator().endpoint, &own).await;
    let (endpoint, struck) = between(emulator().endpoint.clone(), mishap, every[1]).await;
    let faulty = hasty(&endpoint, &own).await;
    let s3 = aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(&calm).force_path_style(true).build());
    let bucket = format!("cauce-{}", uuid::Uuid::now_v7().simple());
    s3.create_bucket().bucket(&bucket).send().await.expect("a bucket");
    let files = Arc::new(S3Files::new(&faulty, bucket.clone(), true));
    let data = folder.path().join("data");
    let mut house = House::open(
        &data,
        cauce_local::clock::Clock::set_to(utc("2026-03-10T05:05:00Z")),
        &cauce_local::house::Options::default(),
    )
    .expect("a house");
    house.ports.table = Arc::new(table);
    house.ports.queue = Arc::new(pumped(&faulty, &calm, &house).await);
    house.ports.files = files;
    house.ports.secrets = Arc::new(SsmSecrets::new(&faulty, format!("/{own}")));
    house.poll = Some(TimeDelta::hours(2));
    let mut world = World::around(house, day("2026-03-10")).await;
    world.uploads = Some(Arc::new(S3Files::new(&calm, bucket, true)));
    let nobody = Striker::new(Fault::Fail, usize::MAX - 10);
    live(&world.runner, &world, &nobody).await.expect("the day ends");
    verify(&world, &format!("{mishap:?} every {every:?}")).await;
    [table_struck, struck].map(|n: Arc<AtomicUsize>| n.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_day_ends_as_any_other() {
    let [table, others] = day_with(Mishap::Throttle, [17, 3]).await;
    assert!(table > 20 && others > 8, "{table} {others}");
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_lost_answers_doubles_nothing() {
    let [table, others] = day_with(Mishap::Lose, [17, 3]).await;
    assert!(table > 20 && others > 8, "{table} {others}");
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_errors_after_the_effect_doubles_nothing() {
    let [table, others] = day_with(Mishap::Fail, [17, 3]).await;
    assert!(table > 20 && others > 8, "{table} {others}");
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_requests_that_arrive_twice_doubles_nothing() {
    let [table, others] = day_with(Mishap::Twice, [2, 2]).await;
    assert!(table > 20 && others > 15, "{table} {others}");
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_answers_nobody_waited_for_doubles_nothing() {
    let [table, others] = day_with(Mishap::Late, [401, 4]).await;
    assert!(table > 20 && others > 5, "{table} {others}");
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_requests_that_arrive_after_their_repeats_doubles_nothing() {
    let [table, others] = day_with(Mishap::Delayed, [401, 4]).await;
    assert!(table > 20 && others > 5, "{table} {others}");
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_transactions_that_meet_ends_as_any_other() {
    assert!(day_with(Mishap::Conflict, [2, 2]).await[0] > 3);
}
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_batches_done_in_part_ends_as_any_other() {
    let [table, others] = day_with(Mishap::Unprocessed, [2, 2]).await;
    assert!(table > 0 && others > 0, "{table} {others}");
}
