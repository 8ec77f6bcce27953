//! `api` on Lambda: the router behind the HTTP API.

use cauce_api::{Api, router};
use cauce_aws::start;
use cauce_channels::sandbox;
use chrono::Utc;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    start::logs();
    let mut ports = start::parts().await?.ports;
    ports.channels = sandbox::over(&ports);
    lambda_http::run(router(Api { ports, now: Arc::new(Utc::now) })).await
}
