//! `Secrets`: small values that nobody may read in a log or a backup.

use super::PortError;
use async_trait::async_trait;
use std::fmt;
use std::time::Duration;

/// A secret text: not printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text as secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Keeps secrets by name.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Reads a secret.
    async fn get(&self, name: &str) -> Result<Option<Secret>, PortError>;
    /// Reads a secret as it was no longer ago than this, past whatever keeps it for longer: with nothing, as it is now.
    async fn get_within(&self, name: &str, _: Duration) -> Result<Option<Secret>, PortError> {
        self.get(name).await
    }
    /// Writes a secret.
    async fn put(&self, name: &str, secret: &Secret) -> Result<(), PortError>;
    /// Writes a secret where there is none, and answers the one that is there then: the same to all who do so at once.
    async fn claim(&self, name: &str, secret: &Secret) -> Result<Secret, PortError>;
}
