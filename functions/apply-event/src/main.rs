//! `apply-event` on Lambda: batches of what providers reported.

use cauce_aws::start::{self, Call};
use cauce_channels::sandbox::{PROVIDER, SandboxWebhook};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let mut parts = start::parts().await?;
    parts.ports.webhooks.insert(PROVIDER, Arc::new(SandboxWebhook));
    start::serve_batches("apply-event", parts, |ports, event, call: Call| async move {
        cauce_apply_event::handle(&ports, event, call.now, &|| call.is_late()).await
    })
    .await
}
