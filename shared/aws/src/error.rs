//! What an SDK error means, decided once: whether to try again, and whether the call may have taken effect.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use cauce_engine::ports::PortError;
use std::error::Error as StdError;

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// AWS asks to slow down; the call took no effect.
    Throttled,
    /// The call never left: no connection.
    NotSent,
    /// The call left and nothing certain came back: a time-out, a broken connection, a 5xx.
    Uncertain,
    /// AWS refuses the call as it is: it would be refused again.
    Refused,
}

/// Error codes by which AWS services say *slow down*.
const THROTTLED: [&str; 9] = [
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "TooManyRequestsException",
    "SlowDown",
    "TransactionInProgressException",
];

/// An SDK error with its class.
#[derive(Debug, thiserror::Error)]
#[error("{service} {class:?}: {code}")]
pub struct AwsError {
    /// Which service.
    pub service: &'static str,
    /// What became of the call.
    pub class: Class,
    /// AWS's code, or the kind of failure on the way.
    pub code: String,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl AwsError {
    /// Class and code, for who acts on them.
    pub fn class_and_code(self) -> (Class, String) {
        (self.class, self.code)
    }
}

/// Classifies an SDK error.
pub fn classify<E>(service: &'static str, error: SdkError<E, Response>) -> AwsError
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    let (class, code) = match &error {
        SdkError::ConstructionFailure(_) => (Class::Refused, "request".to_owned()),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => (Class::Uncertain, "timeout".to_owned()),
        SdkError::DispatchFailure(failure) => {
            let refused = failure.as_connector_error().is_some_and(|e| refused_connection(e));
            if refused { (Class::NotSent, "connect".to_owned()) } else { (Class::Uncertain, "dispatch".to_owned()) }
        }
        SdkError::TimeoutError(_) => (Class::Uncertain, "timeout".to_owned()),
        SdkError::ResponseError(_) => (Class::Uncertain, "response".to_owned()),
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or("unknown").to_owned();
            let status = context.raw().status().as_u16();
            let class = match status {
                _ if THROTTLED.contains(&code.as_str()) => Class::Throttled,
                429 => Class::Throttled,
                // Something in between gave up, or a success whose words were cut off.
                408 | 200..300 => Class::Uncertain,
                500.. => Class::Uncertain,
                _ => Class::Refused,
            };
            (class, code)
        }
        _ => (Class::Uncertain, "unknown".to_owned()),
    };
    AwsError { service, class, code, source: Some(Box::new(error)) }
}

/// Whether the connection was never made, anywhere in the chain of causes.
fn refused_connection(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = inner.source();
    }
    false
}

impl From<AwsError> for PortError {
    fn from(error: AwsError) -> Self {
        match error.class {
            Class::Refused => Self::Refused(error.to_string()),
            _ => Self::Unavailable(error.service, Some(Box::new(error))),
        }
    }
}
