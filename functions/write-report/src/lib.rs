//! Reports whose dawn has come: written part by part, then put together.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cauce_engine::messages::{WriteReport, batch};
use cauce_engine::report::work;
use cauce_engine::store::codec::decode;
use cauce_engine::store::settings;
use cauce_engine::{Error, Ports};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

/// Works on the reports of a batch; `late` tells when the time is nearly out.
pub fn handle<'a>(
    ports: &'a Ports,
    event: SqsEvent,
    now: DateTime<Utc>,
    late: &'a (dyn Fn() -> bool + Sync),
) -> BoxFuture<'a, SqsBatchResponse> {
    Box::pin(async move {
        let records = event.records.into_iter().map(|r| (r.message_id.unwrap_or_default(), r.body.unwrap_or_default()));
        let failed = batch(records, late, |body| one(ports, body, now, late)).await;
        let mut response = SqsBatchResponse::default();
        response.set_failures(failed);
        response
    })
}

async fn one(ports: &Ports, body: String, now: DateTime<Utc>, late: &(dyn Fn() -> bool + Sync)) -> Result<(), Error> {
    let message: WriteReport = decode(&body)?;
    let setup = settings::load(ports, &message.project).await?;
    work(ports, &setup, &message, late, now).await
}
