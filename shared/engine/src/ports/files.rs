//! `Files`: streams of bytes by key.

use super::PortError;
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use std::collections::BTreeMap;

/// Bytes as they come.
pub type ByteStream = BoxStream<'static, Result<Bytes, PortError>>;

/// A file in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Key.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// What an upload has to be: the server chose the key and the client promised length and digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Key.
    pub key: String,
    /// Exact length in bytes.
    pub length: u64,
    /// SHA-256 of the content, in hex.
    pub sha256: String,
    /// When the permission ends.
    pub until: DateTime<Utc>,
}

/// What may be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Key.
    pub key: String,
    /// The name its reader saves it under: letters, digits, dashes and a dot.
    pub name: String,
    /// When the permission ends.
    pub until: DateTime<Utc>,
}

/// Where and how an upload is put: the headers are signed and have to be sent as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPut {
    /// URL.
    pub url: String,
    /// Headers by name.
    pub headers: BTreeMap<String, String>,
}

/// Reads and writes files.
#[async_trait]
pub trait Files: Send + Sync {
    /// The size of a file, if it is there.
    async fn size(&self, key: &str) -> Result<Option<u64>, PortError>;
    /// A whole file, as it comes.
    async fn read(&self, key: &str) -> Result<ByteStream, PortError>;
    /// Part of a file.
    async fn read_range(&self, key: &str, from: u64, length: u64) -> Result<Bytes, PortError>;
    /// Writes a file; it is seen whole or not at all.
    async fn write(&self, key: &str, content: ByteStream) -> Result<(), PortError>;
    /// What a client needs to PUT exactly the upload described.
    async fn presigned_put(&self, upload: &Upload) -> Result<SignedPut, PortError>;
    /// A URL by which whoever has it downloads a file until an instant, under a name.
    async fn presigned_get(&self, download: &Download) -> Result<String, PortError>;
    /// The files whose key begins so, in order of key.
    async fn list(&self, prefix: &str) -> Result<Vec<FileInfo>, PortError>;
}

/// A stream of one piece.
pub fn whole(content: impl Into<Bytes>) -> ByteStream {
    let content = content.into();
    Box::pin(futures::stream::once(async move { Ok(content) }))
}
