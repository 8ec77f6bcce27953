//! The loop that plays the part of schedules, queues and webhooks around the functions.

use crate::house::House;
use crate::outbox::Owed;
use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use cauce_channels::sandbox::{PROVIDER, SIGNATURE, sign};
use cauce_domain::ids::ProjectId;
use cauce_engine::Error;
use cauce_engine::hooks;
use cauce_engine::ports::PortError;
use cauce_engine::ports::files::Files;
use cauce_engine::ports::queue::{Message, Queue, QueueName};
use cauce_engine::store::{keys, settings};
use chrono::{DateTime, DurationRound, TimeDelta, Timelike, Utc};
use futures::StreamExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

/// Records handed to a function at once, by queue: a load's chunk is work enough for one.
fn batch_size(queue: QueueName) -> u32 {
    match queue {
        QueueName::Import | QueueName::Reports => 1,
        QueueName::Plan => 4,
        QueueName::Send(_) | QueueName::Events => 512,
        QueueName::Webhooks => 64,
    }
}

/// How long a chunk may work before it queues itself again.
const CHUNK_TIME: Duration = Duration::from_secs(60);

/// Runs the functions of a house.
pub struct Runner {
    /// The house.
    pub house: House,
    seen: Mutex<HashMap<String, (u64, Option<SystemTime>)>>,
    hour: Mutex<Option<DateTime<Utc>>>,
    /// Up to where releases were queued.
    released: Mutex<Option<DateTime<Utc>>>,
}

fn schedule() -> EventBridgeEvent<Value> {
    EventBridgeEvent::default()
}

impl Runner {
    /// A runner of a house.
    pub fn new(house: House) -> Self {
        Self { house, seen: Mutex::new(HashMap::new()), hour: Mutex::new(None), released: Mutex::new(None) }
    }

    fn now(&self) -> DateTime<Utc> {
        self.house.clock.now()
    }

    /// Takes up what a process before this one left in hand.
    pub async fn resume(&self) -> Result<(), Error> {
        self.house.queue.wake().await?;
        for project in settings::projects(&self.house.ports).await? {
            let setup = settings::load(&self.house.ports, &project).await?;
            cauce_engine::import::turn::next(&self.house.ports, &setup, self.now()).await?;
        }
        Ok(())
    }

    /// Everything that is to be done at this moment, schedules included.
    pub async fn tick(&self) -> Result<(), Error> {
        let now = self.now();
        let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
        let fresh = self.hour.lock().map(|mut known| known.replace(hour) != Some(hour)).unwrap_or(true);
        if fresh {
            cauce_close_day::on_schedule(&self.house.ports, schedule(), now).await?;
            cauce_plan_day::on_schedule(&self.house.ports, schedule(), now).await?;
            // Files age by the disk's own time.
            if let Err(error) = self.house.folder.drop_expired(SystemTime::now()) {
                tracing::warn!(%error, "los archivos vencidos no se pudieron borrar");
            }
        }
        self.settle().await
    }

    /// What is due now, without the hourly schedules.
    pub async fn settle(&self) -> Result<(), Error> {
        self.look_into_drop_folder().await?;
        let due = self.next_release()?.is_some_and(|at| at <= self.now());
        let sweeps = self.now().minute().is_multiple_of(15);
        if due || sweeps {
            cauce_release_due::on_schedule(&self.house.ports, schedule(), self.now()).await?;
            if let Ok(mut released) = self.released.lock() {
                *released = Some(self.now());
            }
        }
        self.deliver_webhooks().await?;
        self.drain().await
    }

    /// Moves a set clock to an instant, stopping wherever something is to be done.
    pub async fn advance_to(&self, target: DateTime<Utc>) -> Result<(), Error> {
        self.tick().await?;
        while self.now() < target {
            let hour = self.now().duration_trunc(TimeDelta::hours(1)).unwrap_or(target) + TimeDelta::hours(1);
            let next = self.next_event()?.unwrap_or(target).min(hour).min(target);
            self.house.clock.advance_to(next.max(self.now() + TimeDelta::milliseconds(1)));
            self.tick().await?;
        }
        Ok(())
    }

    fn next_release(&self) -> Result<Option<DateTime<Utc>>, Error> {
        let Some(every) = self.house.poll else {
            let next: Option<DateTime<Utc>> = self.house.table.next_release()?.and_then(|text| text.parse().ok());
            let released = self.released.lock().map(|known| *known).unwrap_or_default();
            // What was released and waits on its queue is not due again.
            return Ok(match (next, released) {
                (Some(at), Some(released)) if at <= released => {
                    let later = self.house.table.next_release_after(&keys::instant(released))?;
                    later.and_then(|text| text.parse().ok())
                }
                _ => next,
            });
        };
        let now = self.now();
        Ok(now.duration_trunc(every).ok().map(|last| if last == now { now } else { last + every }))
    }

    /// The next instant at which something waits: a message, a lease, a webhook, a delayed record. Webhooks are taken by
    /// the minute.
    pub fn next_event(&self) -> Result<Option<DateTime<Utc>>, Error> {
        let broken = |e: String| Error::Port(PortError::Unavailable("el sandbox", Some(e.into())));
        let owed = self.house.outbox.next_due().map_err(broken)?;
        let owed = owed.map(|at| at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at) + TimeDelta::minutes(1));
        let queued = self.house.queue.next_visible()?.and_then(DateTime::from_timestamp_millis);
        Ok([self.next_release()?, owed, queued].into_iter().flatten().min())
    }

    /// Works through every queue until none has anything to see.
    pub async fn drain(&self) -> Result<(), Error> {
        loop {
            let mut worked = false;
            for queue in QueueName::ALL {
                let received = self.house.queue.receive(queue, batch_size(queue)).await?;
                if received.is_empty() {
                    continue;
                }
                worked = true;
                let mut event = SqsEvent::default();
                event.records = received
                    .iter()
                    .map(|r| {
                        let mut message = SqsMessage::default();
                        message.message_id = Some(r.id.to_string());
                        message.body = Some(r.body.clone());
                        message
                    })
                    .collect();
                let response = self.call(queue, event).await;
                let failed: Vec<i64> =
                    response.batch_item_failures.iter().filter_map(|f| f.item_identifier.parse().ok()).collect();
                let done = received.iter().map(|r| r.id).filter(|id| !failed.contains(id)).collect();
                self.house.queue.delete(done).await?;
                if !failed.is_empty() {
                    self.house.queue.give_back(failed, 2).await?;
                }
            }
            if !worked {
                return Ok(());
            }
        }
    }

    async fn call(&self, queue: QueueName, event: SqsEvent) -> SqsBatchResponse {
        // No deadline here but for long work: a process that is stopped finishes what it has in hand.
        let never = || false;
        let (ports, now, begun) = (&self.house.ports, self.now(), Instant::now());
        match queue {
            QueueName::Import => {
                cauce_import_file::handle(ports, event, now, &move || begun.elapsed() > CHUNK_TIME).await
            }
            QueueName::Plan => {
                cauce_plan_day::on_shards(ports, event, now, &move || begun.elapsed() > CHUNK_TIME).await
            }
            QueueName::Send(_) => cauce_send_message::handle(ports, event, now, &never).await,
            QueueName::Events => cauce_apply_event::handle(ports, event, now, &never).await,
            QueueName::Webhooks => cauce_deliver_webhook::handle(ports, event, now, &never).await,
            QueueName::Reports => {
                cauce_write_report::handle(ports, event, now, &move || begun.elapsed() > CHUNK_TIME).await
            }
        }
    }

    /// Turns new files of the drop folder into the events S3 would send.
    async fn look_into_drop_folder(&self) -> Result<(), Error> {
        for file in self.house.folder.list("drop/").await? {
            let path = self.house.folder.path(&file.key)?;
            let stamp = (file.size, std::fs::metadata(&path).and_then(|m| m.modified()).ok());
            let known =
                self.seen.lock().map(|mut seen| seen.insert(file.key.clone(), stamp) == Some(stamp)).unwrap_or(false);
            if known {
                continue;
            }
            let etag = digest(&path).map_err(|e| PortError::Unavailable("el disco", Some(Box::new(e))))?;
            let project = file.key.split('/').nth(1).unwrap_or_default().to_owned();
            let event = json!({
                "source": "aws.s3", "detail-type": "Object Created",
                "detail": {"bucket": {"name": "local"}, "object": {"key": file.key, "size": file.size, "etag": etag}},
            });
            self.house.queue.send(QueueName::Import, vec![Message::new(project, event.to_string())]).await?;
        }
        Ok(())
    }

    /// Posts the sandbox's due webhooks to `receive-webhook`; what is not answered with 200 stays owed.
    async fn deliver_webhooks(&self) -> Result<(), Error> {
        let broken = |e: String| Error::Port(PortError::Unavailable("el sandbox", Some(e.into())));
        let mut routes: BTreeMap<String, Option<(String, String)>> = BTreeMap::new();
        loop {
            let due = self.house.outbox.due(self.now(), 1024).map_err(broken)?;
            if due.is_empty() {
                return Ok(());
            }
            for owed in &due {
                if !routes.contains_key(&owed.project) {
                    routes.insert(owed.project.clone(), self.route(&owed.project).await?);
                }
            }
            let mut posts = Vec::with_capacity(due.len());
            for owed in &due {
                posts.push(self.post(owed, routes.get(&owed.project).cloned().flatten()));
            }
            let taken: Vec<Option<i64>> = futures::stream::iter(posts).buffered(512).collect().await;
            let taken: Vec<i64> = taken.into_iter().flatten().collect();
            if taken.is_empty() {
                return Ok(());
            }
            self.house.outbox.paid(&taken).map_err(broken)?;
        }
    }

    /// The token and secret of a project's sandbox webhooks.
    async fn route(&self, project: &str) -> Result<Option<(String, String)>, Error> {
        let setup = settings::load(&self.house.ports, &ProjectId::from(project)).await?;
        let token = setup.project().hook_token.clone();
        let hook = hooks::read(&self.house.ports, &token).await?;
        let keys = hook.as_ref().and_then(|hook| hook.keys.get(PROVIDER));
        Ok(keys.and_then(|keys| keys.valid(None, self.now()).next()).map(|key| (token, key.to_owned())))
    }

    async fn post(&self, owed: &Owed, route: Option<(String, String)>) -> Option<i64> {
        let (token, secret) = route?;
        let mut request = ApiGatewayV2httpRequest::default();
        request.raw_path = Some(format!("/hooks/{PROVIDER}/{token}"));
        request.headers.insert(SIGNATURE, sign(&secret, owed.body.as_bytes()).parse().ok()?);
        request.body = Some(owed.body.clone());
        let answer = cauce_receive_webhook::handle(&self.house.ports, request, self.now()).await.ok()?;
        (answer.status_code == 200).then_some(owed.id)
    }
}

fn digest(path: &std::path::Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    std::io::copy(&mut file, &mut hasher)?;
    Ok(cauce_engine::store::keys::hex(&hasher.finalize()[..16]))
}
