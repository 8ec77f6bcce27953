//! What providers told, from the queue: states, threads, wishes.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cauce_engine::Ports;
use cauce_engine::apply_event::apply_event;
use cauce_engine::error::Error;
use cauce_engine::messages::{RawEvent, batch};
use cauce_engine::ports::queue::{MAX_DELAY, Message, QueueName};
use cauce_engine::store::codec::{decode, encode};
use cauce_engine::store::setups::Setups;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;

/// The provider whose events come straight onto the queue, by EventBridge or by the bucket of received e-mails.
const STRAIGHT: &str = "aws";

/// Applies a batch; settings are read once per project and batch.
pub fn handle<'a>(
    ports: &'a Ports,
    event: SqsEvent,
    now: DateTime<Utc>,
    late: &'a (dyn Fn() -> bool + Sync),
) -> BoxFuture<'a, SqsBatchResponse> {
    Box::pin(async move {
        let records = event.records.into_iter().map(|r| (r.message_id.unwrap_or_default(), r.body.unwrap_or_default()));
        let setups = Setups::new(ports);
        let setups = &setups;
        let failed = batch(records, late, |body| async move {
            let raw = read(body, now)?;
            match apply_event(ports, setups, &raw).await?.parked {
                0 => Ok(()),
                _ => look_again(ports, &raw, now).await,
            }
        })
        .await;
        let mut response = SqsBatchResponse::default();
        response.set_failures(failed);
        response
    })
}

/// How long a post is looked at again in which something waits for its message.
const LOOKED_AT: TimeDelta = TimeDelta::hours(2);

/// Has a post looked at again a quarter of an hour later: whoever sent the message may have died before it saw what waits for
/// it. Applying a post twice is as once.
async fn look_again(ports: &Ports, raw: &RawEvent, now: DateTime<Utc>) -> Result<(), Error> {
    if now >= raw.received + LOOKED_AT {
        return Ok(());
    }
    let group = raw.project.as_ref().map_or(raw.provider.as_str(), |project| project.as_str()).to_owned();
    let again = Message { delay: MAX_DELAY, ..Message::new(group, encode(raw)?) };
    Ok(ports.queue.send(QueueName::Events, vec![again]).await?)
}

/// A webhook as `receive-webhook` queued it, or an event of AWS's own that its rules put here: nobody else may.
fn read(body: String, now: DateTime<Utc>) -> Result<RawEvent, Error> {
    match (decode(&body), straight(&body)) {
        (Err(_), Some(told)) => {
            let (provider, query, received) = (STRAIGHT.to_owned(), String::new(), told.unwrap_or(now));
            Ok(RawEvent { project: None, provider, query, body: Some(body), file: None, received })
        }
        (read, _) => read,
    }
}

/// Whether a record is AWS's own: an event of EventBridge's, or a notification of the mailbox's topic; and when AWS says
/// that it happened, which is the same however often it is tried.
fn straight(body: &str) -> Option<Option<DateTime<Utc>>> {
    let event: serde_json::Value = serde_json::from_str(body).ok()?;
    let at = match (event.get("detail-type"), event["Type"].as_str()) {
        (Some(_), _) => &event["time"],
        (None, Some("Notification")) => &event["Timestamp"],
        _ => return None,
    };
    Some(at.as_str().and_then(|at| at.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_cauces_own_or_of_aws_and_nothing_else() {
        let now = "2026-03-10T15:00:00Z".parse().expect("an instant");
        let read = |body: &str| read(body.to_owned(), now).map(|raw| (raw.provider, raw.received.to_rfc3339()));
        let bridge =
            r#"{"detail-type":"Email Delivered","source":"aws.ses","time":"2026-03-10T14:00:00Z","detail":{}}"#;
        assert_eq!(read(bridge).expect("read"), ("aws".to_owned(), "2026-03-10T14:00:00+00:00".to_owned()));
        let topic = r#"{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:us-east-1:1:t","Message":"{}","Timestamp":"2026-03-10T14:30:00.000Z"}"#;
        assert_eq!(read(topic).expect("read"), ("aws".to_owned(), "2026-03-10T14:30:00+00:00".to_owned()));
        let bare = r#"{"Type":"Notification","Message":"{}"}"#;
        assert_eq!(read(bare).expect("read").1, "2026-03-10T15:00:00+00:00");
        for other in ["", "x", "{}", "[]", r#"{"Records":[]}"#] {
            assert!(read(other).is_err(), "{other}");
        }
    }
}
