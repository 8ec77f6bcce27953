//! `apply-event` on Lambda: batches of what providers reported.

use aws_lambda_events::event::sqs::SqsEvent;
use cauce_aws::start::{self, Call, Parts};
use cauce_channels::sandbox::{PROVIDER, SandboxWebhook};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let Parts { mut ports, table } = start::parts().await?;
    ports.webhooks.insert(PROVIDER, Arc::new(SandboxWebhook));
    start::serve("apply-event", Parts { ports, table }, |ports, event: SqsEvent, call: Call| async move {
        Ok(cauce_apply_event::handle(&ports, event, &|| call.is_late()).await)
    })
    .await
}
