//! `Files` in a folder. A file is written aside and renamed, so it is seen whole or not at all.

use async_trait::async_trait;
use bytes::Bytes;
use cauce_engine::ports::PortError;
use cauce_engine::ports::files::{ByteStream, Download, FileInfo, Files, SignedPut, Upload};
use cauce_engine::store::keys::keyed;
use futures::TryStreamExt;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// Bytes read at once.
const PIECE: usize = 64 * 1024;

/// A folder.
pub struct Folder {
    root: PathBuf,
    key: Vec<u8>,
}

fn failed(error: std::io::Error) -> PortError {
    PortError::Unavailable("el disco", Some(Box::new(error)))
}

impl Folder {
    /// A folder; `key` signs the URLs of its uploads and downloads.
    pub fn new(root: PathBuf, key: Vec<u8>) -> Self {
        Self { root, key }
    }

    /// The path of a key, which may not leave the folder.
    pub fn path(&self, key: &str) -> Result<PathBuf, PortError> {
        let relative = Path::new(key);
        let plain = relative.components().all(|c| matches!(c, Component::Normal(_)));
        if key.is_empty() || key.len() > 900 || !plain || key.contains('\0') {
            return Err(PortError::Refused("nombre de archivo no permitido".to_owned()));
        }
        Ok(self.root.join(relative))
    }

    /// The mark of an upload's permission.
    pub fn permission(&self, upload: &Upload) -> String {
        let text = format!("{}\n{}\n{}\n{}", upload.key, upload.length, upload.sha256, upload.until.timestamp());
        keyed(&self.key, "upload", &text)
    }

    /// The mark of a download's permission.
    pub fn download_permission(&self, download: &Download) -> String {
        let text = format!("{}\n{}\n{}", download.key, download.name, download.until.timestamp());
        keyed(&self.key, "download", &text)
    }
}

/// For how many days the bucket's own rules keep what is under a prefix; of the folder this takes their place.
const KEPT: [(&str, u64); 1] = [("reports/", 7)];

impl Folder {
    /// Drops what has been kept long enough.
    pub fn drop_expired(&self, now: SystemTime) -> std::io::Result<()> {
        for (prefix, days) in KEPT {
            let (folder, mut found) = (self.root.join(prefix), Vec::new());
            walk(&self.root, &folder, &mut found)?;
            for file in found {
                let path = self.root.join(&file.key);
                let age = now.duration_since(std::fs::metadata(&path)?.modified()?).unwrap_or_default();
                if age > Duration::from_secs(days * 86_400) {
                    std::fs::remove_file(path)?;
                }
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Files for Folder {
    async fn size(&self, key: &str) -> Result<Option<u64>, PortError> {
        match tokio::fs::metadata(self.path(key)?).await {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    async fn read(&self, key: &str) -> Result<ByteStream, PortError> {
        let file = open(&self.path(key)?).await?;
        let stream = futures::stream::try_unfold(file, |mut file| async move {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).await.map_err(failed)?;
            piece.truncate(read);
            Ok((read > 0).then(|| (Bytes::from(piece), file)))
        });
        Ok(Box::pin(stream))
    }

    async fn read_range(&self, key: &str, from: u64, length: u64) -> Result<Bytes, PortError> {
        let mut file = open(&self.path(key)?).await?;
        file.seek(std::io::SeekFrom::Start(from)).await.map_err(failed)?;
        let mut out = Vec::new();
        file.take(length).read_to_end(&mut out).await.map_err(failed)?;
        Ok(out.into())
    }

    async fn write(&self, key: &str, mut content: ByteStream) -> Result<(), PortError> {
        let path = self.path(key)?;
        if let Some(parent) = path.parent() {
            tokio::fs::create_dir_all(parent).await.map_err(failed)?;
        }
        let aside = path.with_file_name(format!(".{}.tmp", uuid::Uuid::now_v7().simple()));
        let mut file = tokio::fs::File::create(&aside).await.map_err(failed)?;
        while let Some(piece) = content.try_next().await? {
            file.write_all(&piece).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        file.sync_data().await.map_err(failed)?;
        tokio::fs::rename(&aside, &path).await.map_err(failed)
    }

    async fn presigned_put(&self, upload: &Upload) -> Result<SignedPut, PortError> {
        self.path(&upload.key)?;
        let mark = self.permission(upload);
        let until = upload.until.timestamp();
        let url = format!(
            "/uploads/{}?length={}&sha256={}&until={until}&mark={mark}",
            upload.key, upload.length, upload.sha256
        );
        Ok(SignedPut { url, headers: BTreeMap::new() })
    }

    async fn presigned_get(&self, download: &Download) -> Result<String, PortError> {
        self.path(&download.key)?;
        let (mark, until) = (self.download_permission(download), download.until.timestamp());
        Ok(format!("/downloads/{}?name={}&until={until}&mark={mark}", download.key, download.name))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<FileInfo>, PortError> {
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let start = if folder.is_empty() { self.root.clone() } else { self.path(folder)? };
        let mut found = Vec::new();
        walk(&self.root, &start, &mut found).map_err(failed)?;
        found.retain(|f: &FileInfo| f.key.starts_with(prefix));
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }
}

async fn open(path: &Path) -> Result<tokio::fs::File, PortError> {
    tokio::fs::File::open(path).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => PortError::Refused("el archivo no existe".to_owned()),
        _ => failed(error),
    })
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<FileInfo>) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && !hidden {
            walk(root, &entry.path(), found)?;
        } else if kind.is_file() && !hidden {
            let path = entry.path();
            if let Some(key) = path.strip_prefix(root).ok().and_then(|p| p.to_str()) {
                found.push(FileInfo { key: key.to_owned(), size: entry.metadata()?.len() });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cauce_engine::ports::files::whole;

    #[tokio::test]
    async fn reports_are_dropped_after_a_week_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Folder::new(folder.path().to_owned(), vec![1]);
        for key in ["reports/p/r/a.csv", "uploads/p/1/customers"] {
            files.write(key, whole("x")).await.expect("written");
        }
        let (now, day) = (SystemTime::now(), Duration::from_secs(86_400));
        files.drop_expired(now + day * 6).expect("looked");
        assert!(files.size("reports/p/r/a.csv").await.expect("read").is_some());
        files.drop_expired(now + day * 8).expect("looked");
        assert!(files.size("reports/p/r/a.csv").await.expect("read").is_none());
        assert!(files.size("uploads/p/1/customers").await.expect("read").is_some());
    }
}
