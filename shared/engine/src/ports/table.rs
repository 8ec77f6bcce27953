//! `Table`: items by key, read strongly, written atomically under conditions.
//!
//! The limits are DynamoDB's on every adapter: 400 KB an item, 100 items and 4 MB a write, no item twice in one, pages of
//! 1 MB, no empty keys. Indexes may be stale; base reads are not.

use super::PortError;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Largest item, in bytes of keys and body.
pub const MAX_ITEM: usize = 400 * 1024;
/// Most changes in one write.
pub const MAX_CHANGES: usize = 100;
/// Largest write, in bytes.
pub const MAX_WRITE: usize = 4 * 1024 * 1024;
/// Largest page, in bytes.
pub const MAX_PAGE: usize = 1024 * 1024;
/// Most keys in one `get_many`.
pub const MAX_KEYS: usize = 100;

/// The four tables, each for one lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableName {
    /// The debt: customers, orders, payments.
    Accounts,
    /// Everything said or done.
    Interactions,
    /// What a project is set up with.
    Settings,
    /// Work in hand: loads, runs, dedupe.
    Jobs,
}

impl TableName {
    /// Every table.
    pub const ALL: [Self; 4] = [Self::Accounts, Self::Interactions, Self::Settings, Self::Jobs];
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Interactions => "interactions",
            Self::Settings => "settings",
            Self::Jobs => "jobs",
        }
    }
}

/// The secondary indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Index {
    /// Accounts by carrying due date; whole items.
    Due,
    /// Accounts a later plan looks at again; whole items.
    Carry,
    /// A project's customers; whole items.
    Customers,
    /// What is done to accounts by local day without anybody asking; whole items.
    Agenda,
    /// Accounts by adviser and last message received; whole items.
    Inbox,
    /// Accounts by adviser and first call to make; whole items.
    Calls,
    /// Accounts by the local day something last changed that the portfolio's sums are made of; keys only.
    Touched,
    /// Interactions by the instant something is to be done with them; keys only.
    Release,
    /// Interactions by local day; keys only.
    Day,
}

impl Index {
    /// Every index.
    pub const ALL: [Self; 9] = [
        Self::Due,
        Self::Carry,
        Self::Customers,
        Self::Agenda,
        Self::Inbox,
        Self::Calls,
        Self::Touched,
        Self::Release,
        Self::Day,
    ];
    /// The table it is on.
    pub fn table(self) -> TableName {
        match self {
            Self::Release | Self::Day => TableName::Interactions,
            _ => TableName::Accounts,
        }
    }
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Carry => "carry",
            Self::Customers => "customers",
            Self::Agenda => "agenda",
            Self::Inbox => "inbox",
            Self::Calls => "calls",
            Self::Touched => "touched",
            Self::Release => "release",
            Self::Day => "day",
        }
    }
    /// Whether a query over it answers without bodies.
    pub fn keys_only(self) -> bool {
        matches!(self, Self::Touched | Self::Release | Self::Day)
    }
}

/// The place of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Table.
    pub table: TableName,
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    /// A key.
    pub fn new(table: TableName, pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { table, pk: pk.into(), sk: sk.into() }
    }
}

/// An item's place in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKey {
    /// Which index.
    pub index: Index,
    /// Its partition key there.
    pub pk: String,
    /// Its sort key there.
    pub sk: String,
}

/// An item to be put. The body is a JSON object whose `type` names its shape and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its place.
    pub key: Key,
    /// JSON object.
    pub body: String,
    /// Its places in indexes.
    pub indexes: Vec<IndexKey>,
    /// When it may be dropped, seconds since 1970.
    pub expires: Option<i64>,
}

impl Item {
    /// An item outside every index.
    pub fn new(key: Key, body: String) -> Self {
        Self { key, body, indexes: Vec::new(), expires: None }
    }
    /// Adds a place in an index.
    #[must_use]
    pub fn indexed(mut self, index: Index, pk: impl Into<String>, sk: impl Into<String>) -> Self {
        self.indexes.push(IndexKey { index, pk: pk.into(), sk: sk.into() });
        self
    }
    /// Sets when it may be dropped.
    #[must_use]
    pub fn expiring(mut self, at: i64) -> Self {
        self.expires = Some(at);
        self
    }
}

/// An item as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place.
    pub key: Key,
    /// JSON object; empty when read from a keys-only index.
    pub body: String,
    /// Another one after every write of this item, never one it had before; 0 when read from a keys-only index.
    pub version: u64,
    /// The write that made it, by which a retry knows its own work.
    pub write: Uuid,
}

/// What a change expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Anything.
    Anything,
    /// No item.
    Absent,
    /// The item at this version.
    Version(u64),
}

/// One change of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Puts an item.
    Put(Item, Expect),
    /// Deletes an item.
    Delete(Key, Expect),
    /// Only checks.
    Check(Key, Expect),
}

impl Change {
    /// The key it concerns.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put(item, _) => &item.key,
            Self::Delete(key, _) | Self::Check(key, _) => key,
        }
    }
    /// What it expects.
    pub fn expect(&self) -> Expect {
        match self {
            Self::Put(_, e) | Self::Delete(_, e) | Self::Check(_, e) => *e,
        }
    }
    /// Its size in bytes, as limits count it.
    pub fn size(&self) -> usize {
        let key = self.key();
        let body = match self {
            Self::Put(item, _) => item.body.len() + item.indexes.iter().map(|i| i.pk.len() + i.sk.len()).sum::<usize>(),
            _ => 0,
        };
        key.pk.len() + key.sk.len() + body
    }
}

/// A write that was not made.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Changes whose expectation failed, with what is stored instead; nothing was written.
    #[error("otra escritura llegó antes")]
    Conflict(Vec<(usize, Option<Stored>)>),
    /// The port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Reads a partition in sort order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Base table, or an index of it.
    pub source: Source,
    /// Partition key.
    pub pk: String,
    /// First sort key, included.
    pub from: Option<String>,
    /// Last sort key, included.
    pub to: Option<String>,
    /// Highest first.
    pub descending: bool,
    /// Most items.
    pub limit: Option<u32>,
    /// Where the page before ended.
    pub after: Option<Cursor>,
}

/// What a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A table, strongly.
    Table(TableName),
    /// An index, possibly stale.
    Index(Index),
}

/// The last item of a page: its sort key in the source and its base key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Sort key in the source.
    pub sk: String,
    /// Base partition key.
    pub base_pk: String,
    /// Base sort key.
    pub base_sk: String,
}

impl Query {
    /// A whole partition of a table.
    pub fn table(table: TableName, pk: impl Into<String>) -> Self {
        Self::over(Source::Table(table), pk.into())
    }
    /// A whole partition of an index.
    pub fn index(index: Index, pk: impl Into<String>) -> Self {
        Self::over(Source::Index(index), pk.into())
    }
    fn over(source: Source, pk: String) -> Self {
        Self { source, pk, from: None, to: None, descending: false, limit: None, after: None }
    }
    /// Only sort keys in the range, both ends included.
    #[must_use]
    pub fn between(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.from = Some(from.into());
        self.to = Some(to.into());
        self
    }
    /// Only sort keys that begin so.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        self.between(prefix, format!("{prefix}\u{10FFFF}"))
    }
    /// Highest first.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }
    /// At most so many.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }
    /// Goes on after a page.
    #[must_use]
    pub fn after(mut self, cursor: Option<Cursor>) -> Self {
        self.after = cursor;
        self
    }
}

/// A page of items.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The items.
    pub items: Vec<Stored>,
    /// Their sort keys in the source.
    pub sort_keys: Vec<String>,
    /// Set while there is more.
    pub next: Option<Cursor>,
}

impl Page {
    /// Where a page after one of the items begins.
    pub fn place_of(&self, key: &Key) -> Option<Cursor> {
        let at = self.items.iter().position(|item| item.key == *key)?;
        Some(Cursor { sk: self.sort_keys.get(at)?.clone(), base_pk: key.pk.clone(), base_sk: key.sk.clone() })
    }
}

/// Items by key.
#[async_trait]
pub trait Table: Send + Sync {
    /// Reads one item, strongly.
    async fn get(&self, key: &Key) -> Result<Option<Stored>, PortError>;
    /// Reads up to [`MAX_KEYS`] items, strongly, in the order asked.
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, PortError>;
    /// Reads a page of a partition.
    async fn query(&self, query: &Query) -> Result<Page, PortError>;
    /// Makes all changes or none, under the id by which the writer knows them again.
    async fn write(&self, id: Uuid, changes: Vec<Change>) -> Result<(), WriteError>;
    /// Makes each change by itself; answers one by one, in order.
    async fn write_many(&self, id: Uuid, changes: Vec<Change>) -> Result<Vec<Result<(), WriteError>>, PortError>;
    /// Adds to a number of an item, creating it at zero. Statistics only: a repeated call adds twice.
    async fn add(&self, key: &Key, field: &str, by: i64) -> Result<i64, PortError>;
}

/// Finds what in a write no adapter may take.
pub fn check_limits(changes: &[Change]) -> Result<(), PortError> {
    let refuse = |text: String| Err(PortError::Refused(text));
    if changes.is_empty() || changes.len() > MAX_CHANGES {
        return refuse(format!("una escritura lleva de 1 a {MAX_CHANGES} cambios, no {}", changes.len()));
    }
    if changes.iter().map(Change::size).sum::<usize>() > MAX_WRITE {
        return refuse(format!("una escritura no pasa de {MAX_WRITE} bytes"));
    }
    let mut keys: Vec<&Key> = changes.iter().map(Change::key).collect();
    keys.sort();
    if keys.windows(2).any(|w| w[0] == w[1]) {
        return refuse("un elemento aparece dos veces en la escritura".to_owned());
    }
    for change in changes {
        let key = change.key();
        let empty_index = match change {
            Change::Put(item, _) => item.indexes.iter().any(|i| i.pk.is_empty() || i.sk.is_empty()),
            _ => false,
        };
        if key.pk.is_empty() || key.sk.is_empty() || empty_index || key.pk.len() > 2048 || key.sk.len() > 1024 {
            return refuse("una clave está vacía o es demasiado larga".to_owned());
        }
        if change.size() > MAX_ITEM {
            return refuse(format!("un elemento no pasa de {MAX_ITEM} bytes"));
        }
    }
    Ok(())
}
