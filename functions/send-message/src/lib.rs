//! Messages of one channel's queue: each with its place in its account's row, claimed, asked about again, sent and settled.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cauce_engine::messages::{SendOne, batch};
use cauce_engine::pace;
use cauce_engine::send_message::{Ended, send_message};
use cauce_engine::store::codec::decode;
use cauce_engine::store::setups::Setups;
use cauce_engine::{Error, Ports};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use std::sync::Mutex;

/// Sends a batch; settings are read once per project and batch. What has its place later goes back to the queue.
pub fn handle<'a>(
    ports: &'a Ports,
    event: SqsEvent,
    now: DateTime<Utc>,
    late: &'a (dyn Fn() -> bool + Sync),
) -> BoxFuture<'a, SqsBatchResponse> {
    Box::pin(async move {
        let read = |body: String| decode::<SendOne>(&body);
        let records = event.records.into_iter();
        let records = records.map(|r| (r.message_id.unwrap_or_default(), read(r.body.unwrap_or_default()))).collect();
        let setups = Setups::new(ports);
        let setups = &setups;
        let paced = pace::by_account(ports, setups, records, now).await;
        let unused = &Mutex::new(Vec::new());
        let failed = batch(paced, late, |one| async move {
            let one: SendOne = match one {
                Ok(pace::Turn::Now(one)) => one,
                Ok(pace::Turn::Later) => return Ok(()),
                Err(error) => return Err::<(), Error>(error),
            };
            let setup = setups.get(&one.project).await?;
            if send_message(ports, &setup, &one, now).await? == Ended::NotSent
                && let Ok(mut unused) = unused.lock()
            {
                unused.push(one);
            }
            Ok(())
        })
        .await;
        let unused = unused.lock().map(|all| all.clone()).unwrap_or_default();
        if let Err(error) = pace::left_unused(ports, setups, &unused).await {
            tracing::warn!(%error, "quedan contadas como escritas personas que no lo fueron");
        }
        let mut response = SqsBatchResponse::default();
        response.set_failures(failed);
        response
    })
}
