//! Connections that only read.

use super::schema;
use cauce_engine::ports::PortError;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Readers kept open.
const KEPT: usize = 8;

/// The readers of a file: as many as are asked for at once, a few kept open for the next.
pub(super) struct Readers {
    path: PathBuf,
    kept: Mutex<Vec<Connection>>,
}

/// A failure of the file, as the port tells it.
pub(super) fn failed(error: rusqlite::Error) -> PortError {
    PortError::Unavailable("la base de datos", Some(Box::new(error)))
}

impl Readers {
    /// Of a file.
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), kept: Mutex::new(Vec::new()) }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads with a connection nobody else holds.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, PortError> {
        let kept = self.kept.lock().ok().and_then(|mut kept| kept.pop());
        let connection = match kept {
            Some(connection) => connection,
            None => schema::open(&self.path).map_err(failed)?,
        };
        let answer = work(&connection).map_err(failed);
        if let Ok(mut kept) = self.kept.lock()
            && kept.len() < KEPT
        {
            kept.push(connection);
        }
        answer
    }
}
