//! `api` on Lambda: the router behind the HTTP API.

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use cauce_api::{Api, router};
use cauce_aws::start::{self, Parts};
use chrono::Utc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    start::logs();
    let Parts { ports, table, .. } = start::sending_parts().await?;
    let cold = Arc::new(AtomicBool::new(true));
    let measured = from_fn(move |request: Request, next: Next| {
        let (table, cold) = (Arc::clone(&table), Arc::clone(&cold));
        async move {
            let (began, before) = (Utc::now(), table.meter().used());
            let response = next.run(request).await;
            let (failed, cold) = (response.status().is_server_error(), cold.swap(false, Ordering::Relaxed));
            start::measure("api", began, failed, cold, before, table.meter().used());
            response
        }
    });
    lambda_http::run(router(Api { ports, now: Arc::new(Utc::now) }).layer(measured)).await
}
