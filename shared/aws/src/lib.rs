//! The engine's ports on AWS: `Table` on DynamoDB, `Queue` on SQS, `Files` on S3, `Secrets` on SSM, e-mail on SES.
//!
//! - [`environment`]: the variables a function reads, named once; the templates set the same ones.
//! - [`error`]: the one place that decides what an SDK error means.
//! - `start` (feature `lambda`): what a function's binary runs.
//! - one file per adapter, each over a client that is made at its first use and kept.

pub mod bedrock;
pub mod email;
pub mod environment;
pub mod error;
pub mod files;
#[cfg(feature = "lambda")]
pub mod give_back;
pub mod queue;
pub mod secrets;
pub mod signed;
pub mod sms;
#[cfg(feature = "lambda")]
pub mod start;
pub mod subscriptions;
pub mod table;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, ConfigLoader, SdkConfig};
use cauce_engine::ports::provider::Signs;
use std::time::Duration;

/// The name under which AWS's ids of messages are kept, e-mails' and SMS' alike, and by which its events come.
pub const PROVIDER: &str = "aws";

/// What AWS's posts are judged by: the topics a user named, each signed by AWS itself.
fn signs(topics: &str) -> Signs {
    let topics = topics.split(',').map(|topic| topic.trim().to_owned()).filter(|topic| !topic.is_empty());
    Signs { webhook: PROVIDER, topics: topics.collect(), ..Signs::default() }
}

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
