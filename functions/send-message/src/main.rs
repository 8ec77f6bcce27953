//! `send-message` on Lambda: batches of the channels' queues.

use cauce_aws::start::{self, Call};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let parts = start::sending_parts().await?;
    start::serve_batches("send-message", parts, |ports, event, call: Call| async move {
        cauce_send_message::handle(&ports, event, call.now, &|| call.is_late()).await
    })
    .await
}
