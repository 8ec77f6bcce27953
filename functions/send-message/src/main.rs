//! `send-message` on Lambda: batches of the channels' queues.

use aws_lambda_events::event::sqs::SqsEvent;
use cauce_aws::start::{self, Call, Parts};
use cauce_channels::sandbox;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let Parts { mut ports, table } = start::parts().await?;
    ports.channels = sandbox::over(&ports);
    start::serve("send-message", Parts { ports, table }, |ports, event: SqsEvent, call: Call| async move {
        Ok(cauce_send_message::handle(&ports, event, call.now, &|| call.is_late()).await)
    })
    .await
}
