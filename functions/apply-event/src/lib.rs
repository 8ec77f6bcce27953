//! Provider reports from the queue become states.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cauce_engine::apply_event::apply_event;
use cauce_engine::messages::{RawEvent, batch};
use cauce_engine::store::codec::decode;
use cauce_engine::store::settings;
use cauce_engine::{Error, Ports};

/// Applies a batch; settings are read once per project and batch.
pub async fn handle(ports: &Ports, event: SqsEvent, late: &(dyn Fn() -> bool + Sync)) -> SqsBatchResponse {
    let records: Vec<(String, String)> =
        event.records.into_iter().map(|r| (r.message_id.unwrap_or_default(), r.body.unwrap_or_default())).collect();
    let projects: Vec<_> =
        records.iter().filter_map(|(_, body)| Some(decode::<RawEvent>(body).ok()?.project)).collect();
    let setups = settings::load_each(ports, projects).await;
    let setups = &setups;
    let failed = batch(records, late, |body| async move {
        let raw: RawEvent = decode(&body)?;
        let setup = setups.get(&raw.project).ok_or(Error::NotFound("el proyecto"))?;
        apply_event(ports, setup, &raw).await.map(|_| ())
    })
    .await;
    let mut response = SqsBatchResponse::default();
    response.set_failures(failed);
    response
}
