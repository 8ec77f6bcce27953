//! `receive-webhook` on Lambda: providers' posts to the HTTP API.

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use cauce_aws::start::{self, Call};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let parts = start::parts().await?;
    start::serve("receive-webhook", parts, |ports, event: ApiGatewayV2httpRequest, call: Call| async move {
        cauce_receive_webhook::handle(&ports, event, call.now).await
    })
    .await
}
