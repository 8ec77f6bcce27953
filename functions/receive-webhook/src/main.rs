//! `receive-webhook` on Lambda: providers' posts to the HTTP API.

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use cauce_aws::start::{self, Call};
use cauce_channels::sandbox::{PROVIDER, SandboxWebhook};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let mut parts = start::parts().await?;
    parts.ports.webhooks.insert(PROVIDER, Arc::new(SandboxWebhook));
    start::serve("receive-webhook", parts, |ports, event: ApiGatewayV2httpRequest, call: Call| async move {
        cauce_receive_webhook::handle(&ports, event, call.now).await
    })
    .await
}
