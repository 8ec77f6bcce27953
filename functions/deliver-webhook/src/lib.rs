//! Deliveries of outgoing webhooks: each claimed, posted to the company's endpoint, settled.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cauce_engine::Ports;
use cauce_engine::messages::batch;
use cauce_engine::store::codec::decode;
use cauce_engine::store::setups::Setups;
use cauce_engine::webhook::DeliverOne;
use cauce_engine::webhook::attempt::deliver;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

/// Makes a batch of deliveries; settings are read once per project and batch.
pub fn handle<'a>(
    ports: &'a Ports,
    event: SqsEvent,
    now: DateTime<Utc>,
    late: &'a (dyn Fn() -> bool + Sync),
) -> BoxFuture<'a, SqsBatchResponse> {
    Box::pin(async move {
        let read = |body: String| decode::<DeliverOne>(&body);
        let records = event.records.into_iter();
        let records = records.map(|r| (r.message_id.unwrap_or_default(), read(r.body.unwrap_or_default())));
        let setups = &Setups::new(ports);
        let failed = batch(records.collect::<Vec<_>>(), late, |one| async move {
            let one = one?;
            let setup = setups.get(&one.project).await?;
            deliver(ports, &setup, &one, now).await
        })
        .await;
        let mut response = SqsBatchResponse::default();
        response.set_failures(failed);
        response
    })
}
