//! `Secrets` in one file that only its owner reads (0600).

use async_trait::async_trait;
use cauce_engine::ports::PortError;
use cauce_engine::ports::secrets::{Secret, Secrets};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The file and what it holds.
pub struct SecretFile {
    path: PathBuf,
    known: Mutex<BTreeMap<String, String>>,
}

fn failed(error: std::io::Error) -> PortError {
    PortError::Unavailable("el archivo de secretos", Some(Box::new(error)))
}

impl SecretFile {
    /// Reads the file, if it is there.
    pub fn open(path: &Path) -> Result<Self, PortError> {
        let known = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|_| PortError::Refused(format!("{} no se puede leer: restaure una copia", path.display())))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(failed(error)),
        };
        Ok(Self { path: path.to_owned(), known: Mutex::new(known) })
    }

    fn save(&self, known: &BTreeMap<String, String>) -> std::io::Result<()> {
        let aside = self.path.with_extension("tmp");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&aside)?;
        file.write_all(serde_json::to_string_pretty(known)?.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&aside, &self.path)
    }
}

#[async_trait]
impl Secrets for SecretFile {
    async fn get(&self, name: &str) -> Result<Option<Secret>, PortError> {
        let known = self.known.lock().map_err(|_| PortError::Unavailable("el archivo de secretos", None))?;
        Ok(known.get(name).map(Secret::new))
    }

    async fn put(&self, name: &str, secret: &Secret) -> Result<(), PortError> {
        let mut known = self.known.lock().map_err(|_| PortError::Unavailable("el archivo de secretos", None))?;
        known.insert(name.to_owned(), secret.expose().to_owned());
        self.save(&known).map_err(failed)
    }

    async fn claim(&self, name: &str, secret: &Secret) -> Result<Secret, PortError> {
        let mut known = self.known.lock().map_err(|_| PortError::Unavailable("el archivo de secretos", None))?;
        if let Some(kept) = known.get(name) {
            return Ok(Secret::new(kept));
        }
        known.insert(name.to_owned(), secret.expose().to_owned());
        self.save(&known).map_err(failed)?;
        Ok(secret.clone())
    }
}
