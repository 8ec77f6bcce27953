//! `Table` on SQLite, as strict as DynamoDB.

use super::apply::{apply, find, put};
use super::meter::Meter;
use super::page::page;
use super::readers::{Readers, failed};
use super::schema;
use super::writer::Writer;
use async_trait::async_trait;
use cauce_engine::ports::PortError;
use cauce_engine::ports::table::{
    Change, Item, Key, MAX_KEYS, Page, Query, Source, Stored, Table, WriteError, check_limits,
};
use rusqlite::{Connection, OptionalExtension};
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// The table.
pub struct SqliteTable {
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    meter: Arc<Meter>,
}

impl SqliteTable {
    /// Opens the file, creating what is missing.
    pub fn open(path: &Path) -> Result<Self, PortError> {
        let connection = schema::open(path).map_err(failed)?;
        schema::create(&connection).map_err(failed)?;
        // The writer alone touches pages all over the file: it gets the memory.
        connection.pragma_update(None, "cache_size", -24_576).map_err(failed)?;
        let writer =
            Writer::start(connection).map_err(|e| PortError::Unavailable("la base de datos", Some(Box::new(e))))?;
        let meter = Arc::new(Meter::default());
        Ok(Self { writer: Arc::new(writer), readers: Arc::new(Readers::new(path)), meter })
    }

    /// The one writer, shared with the queue of the same file.
    pub fn writer(&self) -> Arc<Writer> {
        Arc::clone(&self.writer)
    }
    /// What it did so far.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
    /// The file.
    pub fn path(&self) -> &Path {
        self.readers.path()
    }

    /// Reads with a connection nobody else holds.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, PortError> {
        self.readers.read(work)
    }

    /// The instant of the earliest entry of the release index, as its keys spell it.
    pub fn next_release(&self) -> Result<Option<String>, PortError> {
        let found = self.read(|c| {
            let first = "SELECT release_pk FROM interactions WHERE release_pk IS NOT NULL ORDER BY release_pk LIMIT 1";
            let Some(pk) = c.query_row(first, [], |r| r.get::<_, String>(0)).optional()? else { return Ok(None) };
            let hour = pk.split('#').next().unwrap_or_default();
            let sql = "SELECT min(release_sk) FROM interactions WHERE release_pk >= ?1 AND release_pk < ?2";
            c.query_row(sql, [hour, &format!("{hour}~")], |r| r.get::<_, Option<String>>(0))
        })?;
        Ok(found.and_then(|sk| sk.split('#').next().map(str::to_owned)))
    }

    /// The same, of the entries after an instant.
    pub fn next_release_after(&self, instant: &str) -> Result<Option<String>, PortError> {
        let sql = "SELECT min(release_sk) FROM interactions WHERE release_pk >= ?1 AND release_sk > ?2";
        let hour = instant.get(..13).unwrap_or(instant);
        let found =
            self.read(|c| c.query_row(sql, [hour, &format!("{instant}~")], |r| r.get::<_, Option<String>>(0)))?;
        Ok(found.and_then(|sk| sk.split('#').next().map(str::to_owned)))
    }
}

#[async_trait]
impl Table for SqliteTable {
    async fn get(&self, key: &Key) -> Result<Option<Stored>, PortError> {
        let found = self.read(|c| find(c, key))?;
        self.meter.get(found.as_ref().map_or(0, |s| s.body.len()));
        Ok(found)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, PortError> {
        if keys.len() > MAX_KEYS {
            return Err(PortError::Refused(format!("una lectura pide hasta {MAX_KEYS} elementos")));
        }
        let found: Vec<Option<Stored>> = self.read(|c| keys.iter().map(|key| find(c, key)).collect())?;
        found.iter().for_each(|s| self.meter.get(s.as_ref().map_or(0, |s| s.body.len())));
        Ok(found)
    }

    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        let (page, bytes) = match query.source {
            Source::Table(_) => self.read(|c| page(c, query))?,
            // What an index names lies all over the file: whoever asked for other pages at once goes on meanwhile.
            Source::Index(_) => {
                let (readers, query) = (Arc::clone(&self.readers), query.clone());
                let read = tokio::task::spawn_blocking(move || readers.read(|c| page(c, &query)));
                read.await.map_err(|e| PortError::Unavailable("la base de datos", Some(Box::new(e))))??
            }
        };
        self.meter.query(page.items.len(), bytes);
        Ok(page)
    }

    async fn write(&self, id: Uuid, changes: Vec<Change>) -> Result<(), WriteError> {
        check_limits(&changes)?;
        let meter = Arc::clone(&self.meter);
        self.writer.run(move |c| apply(c, &meter, id, &changes)).await?
    }

    async fn write_many(&self, id: Uuid, changes: Vec<Change>) -> Result<Vec<Result<(), WriteError>>, PortError> {
        changes.iter().try_for_each(|c| check_limits(std::slice::from_ref(c)))?;
        let meter = Arc::clone(&self.meter);
        let each = move |c: &Connection| {
            changes.iter().map(|change| apply(c, &meter, id, std::slice::from_ref(change))).collect()
        };
        self.writer.run(each).await
    }

    async fn add(&self, key: &Key, field: &str, by: i64) -> Result<i64, PortError> {
        let (key, field, meter) = (key.clone(), field.to_owned(), Arc::clone(&self.meter));
        let add = move |c: &Connection| {
            let stored = find(c, &key)?;
            let version = stored.as_ref().map_or(0, |s| s.version) + 1;
            let body = stored.map_or_else(|| "{}".to_owned(), |s| s.body);
            let mut json: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
            let sum = json[&field].as_i64().unwrap_or(0) + by;
            json[&field] = sum.into();
            put(c, Uuid::now_v7(), &Item::new(key, json.to_string()), version)?;
            meter.write(64, false, 0);
            Ok(sum)
        };
        self.writer.run(add).await
    }
}
