//! The sandbox's own memory: what it was given to send, and the webhooks it still owes.
//!
//! A file of its own (`sandbox.db`), as a provider's would be: Cauce's crash does not take back what a provider took. Each
//! day's messages can be read in `outbox/{day}.txt`.

use async_trait::async_trait;
use cauce_channels::sandbox::{Outbox, Post};
use cauce_domain::contact::channel::Channel;
use cauce_engine::ports::channel::Outgoing;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A webhook the sandbox owes.
#[derive(Debug, Clone)]
pub struct Owed {
    /// Its id in the file.
    pub id: i64,
    /// The project.
    pub project: String,
    /// JSON body.
    pub body: String,
}

/// A message the sandbox took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Our reference.
    pub reference: String,
    /// Channel.
    pub channel: String,
    /// Recipients.
    pub recipients: String,
    /// Text.
    pub text: String,
}

/// The outbox.
pub struct SandboxOutbox {
    connection: Mutex<Connection>,
    folder: PathBuf,
}

impl SandboxOutbox {
    /// Opens the sandbox of a data folder.
    pub fn open(data: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(data.join("sandbox.db"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, at TEXT, project TEXT, reference TEXT, channel TEXT, \
             provider_id TEXT, recipients TEXT, subject TEXT, text TEXT);
             CREATE TABLE IF NOT EXISTS owed (id INTEGER PRIMARY KEY, due INTEGER NOT NULL, project TEXT, body TEXT);
             CREATE INDEX IF NOT EXISTS owed_due ON owed (due);",
        )?;
        Ok(Self { connection: Mutex::new(connection), folder: data.join("outbox") })
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, String> {
        let connection = self.connection.lock().map_err(|e| e.to_string())?;
        work(&connection).map_err(|e| e.to_string())
    }

    /// The webhooks due by an instant, oldest first.
    pub fn due(&self, by: DateTime<Utc>, most: u32) -> Result<Vec<Owed>, String> {
        self.with(|c| {
            let sql = "SELECT id, project, body FROM owed WHERE due <= ?1 ORDER BY due, id LIMIT ?2";
            let row = |r: &rusqlite::Row<'_>| Ok(Owed { id: r.get(0)?, project: r.get(1)?, body: r.get(2)? });
            c.prepare_cached(sql)?.query_map(params![by.timestamp_millis(), most], row)?.collect()
        })
    }

    /// When the next webhook is due.
    pub fn next_due(&self) -> Result<Option<DateTime<Utc>>, String> {
        let found: Option<i64> = self.with(|c| c.query_row("SELECT min(due) FROM owed", [], |r| r.get(0)))?;
        Ok(found.and_then(DateTime::from_timestamp_millis))
    }

    /// Forgets webhooks that were taken.
    pub fn paid(&self, ids: &[i64]) -> Result<(), String> {
        self.with(|c| {
            let transaction = c.unchecked_transaction()?;
            for id in ids {
                transaction.prepare_cached("DELETE FROM owed WHERE id = ?1")?.execute([id])?;
            }
            transaction.commit()
        })
    }

    /// Everything the sandbox ever took, in order.
    pub fn taken(&self) -> Result<Vec<Taken>, String> {
        self.with(|c| {
            let sql = "SELECT reference, channel, recipients, text FROM outbox ORDER BY id";
            let row = |r: &rusqlite::Row<'_>| {
                Ok(Taken { reference: r.get(0)?, channel: r.get(1)?, recipients: r.get(2)?, text: r.get(3)? })
            };
            c.prepare(sql)?.query_map([], row)?.collect()
        })
    }

    fn note(&self, channel: Channel, to: &str, message: &Outgoing) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(format!("{}.txt", message.at.format("%Y-%m-%d")));
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        let subject = message.subject.as_ref().map_or(String::new(), |s| format!("Asunto: {s}\n"));
        let at = message.at.format("%H:%M:%S");
        file.write_all(format!("── {at} UTC · {} · {to}\n{subject}{}\n\n", channel.spanish(), message.text).as_bytes())
    }
}

#[async_trait]
impl Outbox for SandboxOutbox {
    async fn keep(
        &self,
        channel: Channel,
        id: &str,
        message: &Outgoing,
        posts: &[(DateTime<Utc>, Post)],
    ) -> Result<(), String> {
        let names = |list: &[cauce_domain::contact::point::Destination]| {
            list.iter().map(|d| d.address.clone()).collect::<Vec<_>>().join(", ")
        };
        let mut to = names(&message.recipients.to);
        if !message.recipients.cc.is_empty() {
            to.push_str(&format!(" (copia: {})", names(&message.recipients.cc)));
        }
        let at = message.at.to_rfc3339();
        let project = message.project.as_str();
        self.with(|c| {
            let transaction = c.unchecked_transaction()?;
            transaction
                .prepare_cached(
                    "INSERT INTO outbox (at, project, reference, channel, provider_id, recipients, subject, text) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    at,
                    project,
                    message.reference,
                    channel.code(),
                    id,
                    to,
                    message.subject,
                    message.text
                ])?;
            for (due, post) in posts {
                let body = serde_json::to_string(post).unwrap_or_default();
                transaction
                    .prepare_cached("INSERT INTO owed (due, project, body) VALUES (?1, ?2, ?3)")?
                    .execute(params![due.timestamp_millis(), project, body])?;
            }
            transaction.commit()
        })?;
        // The readable copy is a courtesy: a full disk must not undo what the provider took.
        if let Err(error) = self.note(channel, &to, message) {
            tracing::warn!(%error, "no se pudo escribir la bandeja de salida legible");
        }
        Ok(())
    }
}
