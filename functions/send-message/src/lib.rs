//! Messages of one channel's queue: each claimed, asked about again, sent and settled.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cauce_engine::Ports;
use cauce_engine::messages::{SendOne, batch};
use cauce_engine::send_message::send_message;
use cauce_engine::store::codec::decode;
use cauce_engine::store::setups::Setups;
use chrono::{DateTime, Utc};

/// Sends a batch; settings are read once per project and batch.
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
        let one: SendOne = decode(&body)?;
        let setup = setups.get(&one.project).await?;
        send_message(ports, &setup, &one, now).await.map(|_| ())
    })
    .await;
    let mut response = SqsBatchResponse::default();
    response.set_failures(failed);
    response
}
