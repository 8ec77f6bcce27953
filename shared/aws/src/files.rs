//! `Files` on S3: streams in and out, a file seen whole or not at all, uploads by a signed PUT of one exact content.

use crate::environment::{self, Misplaced};
use crate::error::classify;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use cauce_engine::ports::PortError;
use cauce_engine::ports::files::{ByteStream, Download, FileInfo, Files, SignedPut, Upload};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use std::sync::OnceLock;
use std::time::Duration;

const SERVICE: &str = "S3";
/// What is sent in one piece; S3 takes parts from 5 MB on.
const PART: usize = 8 * 1024 * 1024;

/// The files of a bucket.
pub struct S3Files {
    config: SdkConfig,
    client: OnceLock<Client>,
    bucket: String,
    path_style: bool,
}

impl S3Files {
    /// Over the bucket that the environment names.
    pub fn from_environment(config: &SdkConfig) -> Result<Self, Misplaced> {
        // An endpoint of one's own seldom has a host name for each bucket.
        let path_style = std::env::var("AWS_ENDPOINT_URL").is_ok();
        Ok(Self::new(config, environment::read(environment::BUCKET)?, path_style))
    }

    /// Over a bucket.
    pub fn new(config: &SdkConfig, bucket: String, path_style: bool) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), bucket, path_style }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(self.path_style);
            Client::from_conf(config.build())
        })
    }

    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        let asked = self.client().put_object().bucket(&self.bucket).key(key).body(content.into());
        asked.send().await.map(|_| ()).map_err(|e| classify(SERVICE, e).into())
    }

    /// Sends the parts of a file that does not fit in one; a part that fails leaves nothing to be seen.
    async fn put_parts(&self, key: &str, first: Bytes, rest: ByteStream) -> Result<(), PortError> {
        let begun = self.client().create_multipart_upload().bucket(&self.bucket).key(key).send().await;
        let id = begun.map_err(|e| classify(SERVICE, e))?.upload_id.unwrap_or_default();
        match self.parts(key, &id, first, rest).await {
            Ok(parts) => {
                let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
                let asked = self.client().complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(&id);
                let done = asked.multipart_upload(parts).send().await;
                done.map(|_| ()).map_err(|e| classify(SERVICE, e).into())
            }
            Err(error) => {
                // The bucket's own rule drops what even this leaves behind.
                let _ =
                    self.client().abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(&id).send().await;
                Err(error)
            }
        }
    }

    async fn parts(
        &self,
        key: &str,
        id: &str,
        first: Bytes,
        mut rest: ByteStream,
    ) -> Result<Vec<CompletedPart>, PortError> {
        let mut parts = Vec::new();
        let mut piece = first;
        loop {
            let number = i32::try_from(parts.len() + 1).unwrap_or(i32::MAX);
            let asked = self.client().upload_part().bucket(&self.bucket).key(key).upload_id(id).part_number(number);
            let sent = asked.body(piece.into()).send().await.map_err(|e| classify(SERVICE, e))?;
            parts.push(CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build());
            piece = next_piece(BytesMut::new(), &mut rest).await?.0;
            if piece.is_empty() {
                return Ok(parts);
            }
        }
    }

    async fn object(&self, key: &str, range: Option<String>) -> Result<aws_sdk_s3::primitives::ByteStream, PortError> {
        let asked = self.client().get_object().bucket(&self.bucket).key(key).set_range(range);
        Ok(asked.send().await.map_err(|e| classify(SERVICE, e))?.body)
    }
}

/// Fills a piece from the stream; tells whether the stream may hold more.
async fn next_piece(mut piece: BytesMut, content: &mut ByteStream) -> Result<(Bytes, bool), PortError> {
    while piece.len() < PART {
        match content.try_next().await? {
            Some(bytes) => piece.extend_from_slice(&bytes),
            None => return Ok((piece.freeze(), false)),
        }
    }
    Ok((piece.freeze(), true))
}

/// A permission that ends at an instant.
fn presigned(until: DateTime<Utc>) -> Result<PresigningConfig, PortError> {
    let left = (until - Utc::now()).to_std().unwrap_or(Duration::from_secs(1));
    PresigningConfig::expires_in(left).map_err(|e| PortError::Refused(e.to_string()))
}

fn cut(error: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::Unavailable(SERVICE, Some(Box::new(error)))
}

#[async_trait]
impl Files for S3Files {
    async fn size(&self, key: &str) -> Result<Option<u64>, PortError> {
        match self.client().head_object().bucket(&self.bucket).key(key).send().await {
            Ok(found) => Ok(found.content_length().and_then(|n| u64::try_from(n).ok())),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_not_found()) => Ok(None),
            Err(error) => Err(classify(SERVICE, error).into()),
        }
    }

    async fn read(&self, key: &str) -> Result<ByteStream, PortError> {
        let body = self.object(key, None).await?;
        let pieces = futures::stream::try_unfold(body, |mut body| async move {
            Ok(body.try_next().await.map_err(cut)?.map(|bytes| (bytes, body)))
        });
        Ok(Box::pin(pieces))
    }

    async fn read_range(&self, key: &str, from: u64, length: u64) -> Result<Bytes, PortError> {
        if length == 0 {
            return Ok(Bytes::new());
        }
        let body = self.object(key, Some(format!("bytes={from}-{}", from + length - 1))).await?;
        Ok(body.collect().await.map_err(cut)?.into_bytes())
    }

    async fn write(&self, key: &str, mut content: ByteStream) -> Result<(), PortError> {
        match next_piece(BytesMut::new(), &mut content).await? {
            (whole, false) => self.put(key, whole).await,
            (first, true) => self.put_parts(key, first, content).await,
        }
    }

    async fn presigned_put(&self, upload: &Upload) -> Result<SignedPut, PortError> {
        let digest = upload
            .sha256
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()));
        let digest: Option<Vec<u8>> = digest.collect();
        let digest = digest.ok_or_else(|| PortError::Refused("el SHA-256 no está en hexadecimal".to_owned()))?;
        let until = presigned(upload.until)?;
        let length = i64::try_from(upload.length).map_err(|e| PortError::Refused(e.to_string()))?;
        let asked = self.client().put_object().bucket(&self.bucket).key(&upload.key).content_length(length);
        // Once only: a permission that leaks cannot change what was uploaded with it.
        let asked = asked.checksum_sha256(STANDARD.encode(digest)).if_none_match("*");
        let signed = asked.presigned(until).await.map_err(|e| classify(SERVICE, e))?;
        let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(SignedPut { url: signed.uri().to_owned(), headers })
    }

    async fn presigned_get(&self, download: &Download) -> Result<String, PortError> {
        let until = presigned(download.until)?;
        let asked = self.client().get_object().bucket(&self.bucket).key(&download.key);
        let asked = asked.response_content_disposition(format!("attachment; filename=\"{}\"", download.name));
        Ok(asked.presigned(until).await.map_err(|e| classify(SERVICE, e))?.uri().to_owned())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<FileInfo>, PortError> {
        let mut pages = self.client().list_objects_v2().bucket(&self.bucket).prefix(prefix).into_paginator().send();
        let mut files = Vec::new();
        while let Some(page) = pages.next().await {
            for object in page.map_err(|e| classify(SERVICE, e))?.contents.unwrap_or_default() {
                let size = object.size().and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
                files.extend(object.key.map(|key| FileInfo { key, size }));
            }
        }
        Ok(files)
    }
}
