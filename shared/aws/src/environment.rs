//! What a function reads from its environment. The templates set these variables and no others; a test compares them.

use cauce_engine::ports::queue::QueueName;
use cauce_engine::ports::table::TableName;

/// The bucket of drop folders, uploads and loads.
pub const BUCKET: &str = "CAUCE_BUCKET";
/// The path under which secrets are kept, such as `/cauce/prod`.
pub const SECRETS: &str = "CAUCE_SECRETS_PATH";
/// The address e-mails leave from.
pub const EMAIL_FROM: &str = "CAUCE_EMAIL_FROM";
/// The SES configuration set whose events come back.
pub const EMAIL_SET: &str = "CAUCE_EMAIL_CONFIGURATION_SET";

/// The variable with the name of a table.
pub fn table(table: TableName) -> String {
    format!("CAUCE_{}_TABLE", table.name().to_uppercase())
}

/// The variable with the address of a queue.
pub fn queue(queue: QueueName) -> String {
    format!("CAUCE_{}_QUEUE", queue.name().to_uppercase().replace('-', "_"))
}

/// A variable that is not set.
#[derive(Debug, thiserror::Error)]
#[error("falta la variable {0}")]
pub struct Missing(pub String);

/// Reads a variable.
pub fn read(name: &str) -> Result<String, Missing> {
    std::env::var(name).ok().filter(|v| !v.is_empty()).ok_or_else(|| Missing(name.to_owned()))
}
