//! `Secrets`: small values that nobody may read in a log or a backup.

use super::PortError;
use async_trait::async_trait;
use std::fmt;

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
    /// Reads a secret as it is now, past whatever keeps it for a while: before it is changed.
    async fn get_fresh(&self, name: &str) -> Result<Option<Secret>, PortError> {
        self.get(name).await
    }
    /// Writes a secret.
    async fn put(&self, name: &str, secret: &Secret) -> Result<(), PortError>;
}
