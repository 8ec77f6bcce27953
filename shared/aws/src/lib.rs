//! The engine's ports on AWS: `Table` on DynamoDB, `Queue` on SQS, `Files` on S3, `Secrets` on SSM, e-mail on SES.
//!
//! - [`environment`]: the variables a function reads, named once; the templates set the same ones.
//! - [`error`]: the one place that decides what an SDK error means.
//! - `start` (feature `lambda`): what a function's binary runs.
//! - one file per adapter, each over a client that is made at its first use and kept.

pub mod email;
pub mod environment;
pub mod error;
pub mod files;
#[cfg(feature = "lambda")]
pub mod give_back;
pub mod queue;
pub mod secrets;
#[cfg(feature = "lambda")]
pub mod start;
pub mod table;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, ConfigLoader, SdkConfig};
use std::time::Duration;

/// The SDK's configuration for every client: credentials and region of the environment, bounded time, few retries.
///
/// A function's calls carry its name in their user agent, so that the account's own log tells whose they are.
pub async fn config() -> SdkConfig {
    let loader = bounded(aws_config::defaults(aws_config::BehaviorVersion::latest()));
    let name = std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok().and_then(|name| AppName::new(name).ok());
    match name {
        Some(name) => loader.app_name(name).load().await,
        None => loader.load().await,
    }
}

/// Bounds every call in time and number: an invocation has seconds, and a queue tries again after it.
pub fn bounded(loader: ConfigLoader) -> ConfigLoader {
    let bounded = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(20))
        .build();
    let retries = RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(50));
    loader.retry_config(retries).timeout_config(bounded)
}
