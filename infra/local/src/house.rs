//! A data folder opened: adapters wired, one process at a time.

use crate::clock::Clock;
use crate::files::Folder;
use crate::outbox::SandboxOutbox;
use crate::secrets::SecretFile;
use crate::store::queue::SqliteQueue;
use crate::store::table::SqliteTable;
use cauce_channels::network::{self, Addresses};
use cauce_channels::outside::Web;
use cauce_channels::sandbox::{Outbox, senders};
use cauce_channels::smtp::Smtp;
use cauce_domain::contact::channel::Channel;
use cauce_engine::Ports;
use cauce_engine::agent::rules::{self, Rules};
use cauce_engine::ports::agent::Agent;
use cauce_engine::ports::channel::Sender;
use cauce_engine::ports::files::Files;
use cauce_engine::ports::queue::Queue;
use cauce_engine::ports::table::Table;
use chrono::TimeDelta;
use fs4::fs_std::FileExt;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// A data folder that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("otro proceso de Cauce está usando la carpeta '{0}': ciérrelo o use otra con --data")]
    InUse(PathBuf),
    /// The folder cannot be read or written.
    #[error("no se pudo abrir la carpeta '{0}': {1}")]
    Folder(PathBuf, #[source] std::io::Error),
    /// The database cannot be opened.
    #[error("no se pudo abrir la base de datos de '{0}': {1}")]
    Database(PathBuf, String),
}

/// How a house is opened.
#[derive(Clone, Default)]
pub struct Options {
    /// Seed of the sandbox channels.
    pub seed: u64,
    /// The address under which providers reach this machine; without one they cannot.
    pub public_url: String,
    /// Where the providers' APIs are.
    pub addresses: Addresses,
    /// E-mail by SMTP instead of the sandbox.
    pub smtp: Option<cauce_channels::smtp::Settings>,
}

/// An open data folder.
pub struct House {
    /// The adapters.
    pub ports: Ports,
    /// The clock.
    pub clock: Arc<Clock>,
    /// The table, for its meter.
    pub table: Arc<SqliteTable>,
    /// The queue, to receive from.
    pub queue: Arc<SqliteQueue>,
    /// The files.
    pub folder: Arc<Folder>,
    /// The sandbox's memory.
    pub outbox: Arc<SandboxOutbox>,
    /// How often releases are looked for where the table in use is not the embedded one, which knows its next by itself.
    pub poll: Option<TimeDelta>,
    /// The data folder.
    pub data: PathBuf,
    /// Held while the house is open, to the last.
    _lock: Lock,
}

/// The folder's lock; the kernel lets go of it when the process dies.
struct Lock(File);

impl Drop for Lock {
    /// Lets go at once: a child being started at this moment holds a copy of the file until it runs its own program.
    fn drop(&mut self) {
        let _ = FileExt::unlock(&self.0);
    }
}

impl House {
    /// Opens a data folder, creating it if need be.
    pub fn open(data: &Path, clock: Clock, options: &Options) -> Result<Self, OpenError> {
        let folder_error = |e| OpenError::Folder(data.to_owned(), e);
        let database = |e: String| OpenError::Database(data.to_owned(), e);
        std::fs::create_dir_all(data).map_err(folder_error)?;
        let lock = File::create(data.join(".lock")).map_err(folder_error)?;
        if !lock.try_lock_exclusive().map_err(folder_error)? {
            return Err(OpenError::InUse(data.to_owned()));
        }
        let clock = Arc::new(clock);
        let table = Arc::new(SqliteTable::open(&data.join("cauce.db")).map_err(|e| database(chain(&e)))?);
        let queue = Arc::new(SqliteQueue::new(&table, Arc::clone(&clock)));
        let secrets = Arc::new(SecretFile::open(&data.join("secrets.json")).map_err(|e| database(chain(&e)))?);
        // Upload permissions live as long as the process: a restart asks for a new one.
        let key = [Uuid::now_v7().into_bytes(), Uuid::now_v7().into_bytes()].concat();
        let folder = Arc::new(Folder::new(data.to_owned(), key));
        let outbox = Arc::new(SandboxOutbox::open(data).map_err(|e| database(e.to_string()))?);
        let channels = channels(&outbox, options).map_err(|e| database(e.to_string()))?;
        let ports = Ports {
            table: Arc::clone(&table) as Arc<dyn Table>,
            queue: Arc::clone(&queue) as Arc<dyn Queue>,
            files: Arc::clone(&folder) as Arc<dyn Files>,
            secrets,
            channels,
            providers: network::providers(&options.addresses),
            webhooks: network::webhooks(),
            ids: {
                let clock = Arc::clone(&clock);
                Arc::new(move || clock.new_id())
            },
            agents: BTreeMap::from([(rules::NAME, Arc::new(Rules) as Arc<dyn Agent>)]),
            outside: Arc::new(Web::default()),
            public_url: options.public_url.clone(),
            restored: None,
        };
        Ok(Self { ports, clock, table, queue, folder, outbox, poll: None, data: data.to_owned(), _lock: Lock(lock) })
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

fn channels(
    outbox: &Arc<SandboxOutbox>,
    options: &Options,
) -> Result<BTreeMap<Channel, Arc<dyn Sender>>, cauce_channels::smtp::BadSettings> {
    let outbox: Arc<dyn Outbox> = Arc::clone(outbox) as Arc<dyn Outbox>;
    let mut channels = senders(Channel::WRITTEN, options.seed, &outbox);
    if let Some(smtp) = &options.smtp {
        channels.insert(Channel::Email, Arc::new(Smtp::new(smtp.clone())?));
    }
    Ok(channels)
}
