//! What a function reads from its environment. The templates set these variables and no others; a test compares them.

use cauce_engine::ports::queue::QueueName;
use cauce_engine::ports::table::TableName;
use chrono::{DateTime, Utc};
use std::ops::RangeInclusive;

/// The bucket of drop folders, uploads and loads.
pub const BUCKET: &str = "CAUCE_BUCKET";
/// The path under which secrets are kept, such as `/cauce/prod`.
pub const SECRETS: &str = "CAUCE_SECRETS_PATH";
/// The address e-mails leave from.
pub const EMAIL_FROM: &str = "CAUCE_EMAIL_FROM";
/// The SES configuration set whose events come back.
pub const EMAIL_SET: &str = "CAUCE_EMAIL_CONFIGURATION_SET";
/// The address under which providers and people reach the HTTP API, without a slash after it.
pub const PUBLIC_URL: &str = "CAUCE_PUBLIC_URL";

/// The newest version of stored items that may be written.
pub const ITEM_VERSION: &str = "CAUCE_ITEM_VERSION";
/// When the tables were restored from a copy, if they were.
pub const RESTORED_AT: &str = "CAUCE_RESTORED_AT";

/// The versions of items that this code reads and may write: a release that knows a new one is deployed first, and what
/// is written is raised when no older code is left to read it.
pub const KNOWN: RangeInclusive<u32> = 1..=1;

/// The variable with the name of a table.
pub fn table(table: TableName) -> String {
    format!("CAUCE_{}_TABLE", table.name().to_uppercase())
}

/// The variable with the address of a queue.
pub fn queue(queue: QueueName) -> String {
    format!("CAUCE_{}_QUEUE", queue.name().to_uppercase().replace('-', "_"))
}

/// A variable that is not set, or cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum Misplaced {
    /// Not set.
    #[error("falta la variable {0}")]
    Missing(String),
    /// Not an instant.
    #[error("{RESTORED_AT} no es un instante: use 2026-03-10T14:00:00Z")]
    BadInstant,
    /// Code that does not know the items it would write.
    #[error("{ITEM_VERSION} pide la versión {0} y este código conoce de la {first} a la {last}: despliegue uno que la conozca", first = KNOWN.start(), last = KNOWN.end())]
    ItemVersion(String),
}

/// Reads a variable.
pub fn read(name: &str) -> Result<String, Misplaced> {
    std::env::var(name).ok().filter(|v| !v.is_empty()).ok_or_else(|| Misplaced::Missing(name.to_owned()))
}

/// The model or inference profile of Amazon Bedrock that understands messages; none without it.
pub const BEDROCK_MODEL: &str = "CAUCE_BEDROCK_MODEL";

/// Where the providers' APIs are, for a trial against played ones.
pub const WHATSAPP_URL: &str = "CAUCE_WHATSAPP_URL";
/// The same of Twilio's.
pub const TWILIO_URL: &str = "CAUCE_TWILIO_URL";

/// The instant of the last restore.
pub fn restored_at() -> Result<Option<DateTime<Utc>>, Misplaced> {
    match read(RESTORED_AT) {
        Ok(text) => text.parse().map(Some).map_err(|_| Misplaced::BadInstant),
        Err(_) => Ok(None),
    }
}

/// Refuses to run where another version of items is written: what is stored could not be read by the code beside it.
pub fn check_item_version() -> Result<(), Misplaced> {
    match read(ITEM_VERSION) {
        Ok(text) if !text.parse().is_ok_and(|version| KNOWN.contains(&version)) => Err(Misplaced::ItemVersion(text)),
        _ => Ok(()),
    }
}
