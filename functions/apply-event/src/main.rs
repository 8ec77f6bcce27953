//! `apply-event` on Lambda: batches of what providers reported.

use cauce_aws::start::{self, Call};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let parts = start::sending_parts().await?;
    start::serve_batches("apply-event", parts, |ports, event, call: Call| async move {
        cauce_apply_event::handle(&ports, event, call.now, &|| call.is_late()).await
    })
    .await
}
