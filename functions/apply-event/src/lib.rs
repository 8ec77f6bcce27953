//! What providers told, from the queue: states, threads, wishes.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cauce_engine::Ports;
use cauce_engine::apply_event::apply_event;
use cauce_engine::error::Error;
use cauce_engine::messages::{RawEvent, batch};
use cauce_engine::store::codec::decode;
use cauce_engine::store::setups::Setups;
use chrono::{DateTime, Utc};

/// The provider whose events come straight onto the queue, by EventBridge or by the bucket of received e-mails.
const STRAIGHT: &str = "aws";

/// Applies a batch; settings are read once per project and batch.
pub async fn handle(
    ports: &Ports,
    event: SqsEvent,
    now: DateTime<Utc>,
    late: &(dyn Fn() -> bool + Sync),
) -> SqsBatchResponse {
    let records = event.records.into_iter().map(|r| (r.message_id.unwrap_or_default(), r.body.unwrap_or_default()));
    let setups = Setups::new(ports);
    let setups = &setups;
    let failed = batch(records, late, |body| async move {
        let raw = read(body, now)?;
        apply_event(ports, setups, &raw).await.map(|_| ())
    })
    .await;
    let mut response = SqsBatchResponse::default();
    response.set_failures(failed);
    response
}

/// A webhook as `receive-webhook` queued it, or an event of AWS's own that its rules put here: nobody else may.
fn read(body: String, now: DateTime<Utc>) -> Result<RawEvent, Error> {
    match decode(&body) {
        Err(_) if body.contains("\"detail-type\"") || body.contains("\"Records\"") => {
            let (provider, query) = (STRAIGHT.to_owned(), String::new());
            let received = told_at(&body).unwrap_or(now);
            Ok(RawEvent { project: None, provider, query, body: Some(body), file: None, received })
        }
        read => read,
    }
}

/// When AWS says that it happened: the same however often the event is tried.
fn told_at(body: &str) -> Option<DateTime<Utc>> {
    let event: serde_json::Value = serde_json::from_str(body).ok()?;
    event["time"].as_str()?.parse().ok()
}
