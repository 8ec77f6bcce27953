//! `Table` on SQLite, as strict as DynamoDB.

use super::meter::Meter;
use super::schema::{self, indexes};
use super::writer::Writer;
use async_trait::async_trait;
use cauce_engine::ports::PortError;
use cauce_engine::ports::table::{
    Change, Cursor, Expect, Item, Key, MAX_KEYS, MAX_PAGE, Page, Query, Source, Stored, Table, TableName, WriteError,
    check_limits,
};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use uuid::Uuid;

/// Readers kept open.
const READERS: usize = 8;

/// The table.
pub struct SqliteTable {
    path: PathBuf,
    writer: Arc<Writer>,
    readers: Mutex<Vec<Connection>>,
    meter: Arc<Meter>,
}

fn failed(error: rusqlite::Error) -> PortError {
    PortError::Unavailable("la base de datos", Some(Box::new(error)))
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
        Ok(Self { path: path.to_owned(), writer: Arc::new(writer), readers: Mutex::new(Vec::new()), meter })
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
        &self.path
    }

    /// Reads with a connection nobody else holds.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, PortError> {
        let kept = self.readers.lock().ok().and_then(|mut readers| readers.pop());
        let connection = match kept {
            Some(connection) => connection,
            None => schema::open(&self.path).map_err(failed)?,
        };
        let answer = work(&connection).map_err(failed);
        if let Ok(mut readers) = self.readers.lock()
            && readers.len() < READERS
        {
            readers.push(connection);
        }
        answer
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
}

/// The statements of a table, spelled once.
struct Sql {
    known: String,
    put: String,
    delete: String,
}

static SQL: LazyLock<BTreeMap<TableName, Sql>> =
    LazyLock::new(|| TableName::ALL.into_iter().map(|t| (t, Sql::of(t))).collect());

impl Sql {
    fn of(table: TableName) -> Self {
        let name = table.name();
        let columns: String = indexes(table).map(|i| format!(", {0}_pk, {0}_sk", i.name())).collect();
        let places: String = (0..indexes(table).count() * 2).map(|n| format!(", ?{}", n + 7)).collect();
        let changed: String =
            indexes(table).map(|i| format!(", {0}_pk = excluded.{0}_pk, {0}_sk = excluded.{0}_sk", i.name())).collect();
        Self {
            known: format!("SELECT version{columns} FROM {name} WHERE pk = ?1 AND sk = ?2"),
            put: format!(
                "INSERT INTO {name} (pk, sk, body, version, write_id, expires{columns}) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6{places}) ON CONFLICT (pk, sk) DO UPDATE SET body = excluded.body, \
                 version = excluded.version, write_id = excluded.write_id, expires = excluded.expires{changed}"
            ),
            delete: format!("DELETE FROM {name} WHERE pk = ?1 AND sk = ?2"),
        }
    }
}

fn find(connection: &Connection, key: &Key) -> rusqlite::Result<Option<Stored>> {
    let sql = match key.table {
        TableName::Accounts => "SELECT body, version, write_id FROM accounts WHERE pk = ?1 AND sk = ?2",
        TableName::Interactions => "SELECT body, version, write_id FROM interactions WHERE pk = ?1 AND sk = ?2",
        TableName::Settings => "SELECT body, version, write_id FROM settings WHERE pk = ?1 AND sk = ?2",
        TableName::Jobs => "SELECT body, version, write_id FROM jobs WHERE pk = ?1 AND sk = ?2",
    };
    let mut statement = connection.prepare_cached(sql)?;
    let row = |r: &rusqlite::Row<'_>| {
        Ok(Stored { key: key.clone(), body: r.get(0)?, version: r.get(1)?, write: Uuid::from_bytes(r.get(2)?) })
    };
    statement.query_row([&key.pk, &key.sk], row).optional()
}

/// The version of an item, and its places in the indexes of its table.
type Known = (u64, Vec<Option<(String, String)>>);

fn known(connection: &Connection, key: &Key) -> rusqlite::Result<Option<Known>> {
    let count = indexes(key.table).count();
    let mut statement = connection.prepare_cached(&SQL[&key.table].known)?;
    let row = |r: &rusqlite::Row<'_>| {
        let mut places = Vec::with_capacity(count);
        for at in 0..count {
            let pk: Option<String> = r.get(1 + at * 2)?;
            places.push(match pk {
                Some(pk) => Some((pk, r.get(2 + at * 2)?)),
                None => None,
            });
        }
        Ok((r.get(0)?, places))
    };
    statement.query_row([&key.pk, &key.sk], row).optional()
}

fn holds(expect: Expect, version: Option<u64>) -> bool {
    match expect {
        Expect::Anything => true,
        Expect::Absent => version.is_none(),
        Expect::Version(wanted) => version == Some(wanted),
    }
}

/// Makes all changes or reports which expectations failed.
fn apply(
    connection: &Connection,
    meter: &Meter,
    id: Uuid,
    changes: &[Change],
) -> rusqlite::Result<Result<(), WriteError>> {
    let mut found = Vec::with_capacity(changes.len());
    let mut conflicts = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        let known = known(connection, change.key())?;
        if !holds(change.expect(), known.as_ref().map(|k| k.0)) {
            conflicts.push((at, find(connection, change.key())?));
        }
        found.push(known);
    }
    if !conflicts.is_empty() {
        return Ok(Err(WriteError::Conflict(conflicts)));
    }
    for (change, known) in changes.iter().zip(found) {
        match change {
            Change::Put(item, _) => put(connection, id, item, known.as_ref().map_or(0, |k| k.0) + 1)?,
            Change::Delete(key, _) => {
                connection.prepare_cached(&SQL[&key.table].delete)?.execute([&key.pk, &key.sk])?;
            }
            Change::Check(..) => {}
        }
        meter.write(change.size(), changes.len() > 1, index_units(change, known));
    }
    Ok(Ok(()))
}

fn put(connection: &Connection, id: Uuid, item: &Item, version: u64) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&SQL[&item.key.table].put)?;
    statement.raw_bind_parameter(1, &item.key.pk)?;
    statement.raw_bind_parameter(2, &item.key.sk)?;
    statement.raw_bind_parameter(3, &item.body)?;
    statement.raw_bind_parameter(4, i64::try_from(version).unwrap_or(i64::MAX))?;
    statement.raw_bind_parameter(5, &id.as_bytes()[..])?;
    statement.raw_bind_parameter(6, item.expires)?;
    for (at, index) in indexes(item.key.table).enumerate() {
        let place = item.indexes.iter().find(|i| i.index == index);
        statement.raw_bind_parameter(7 + at * 2, place.map(|p| &p.pk))?;
        statement.raw_bind_parameter(8 + at * 2, place.map(|p| &p.sk))?;
    }
    statement.raw_execute().map(|_| ())
}

/// What DynamoDB would bill for the indexes: a place that changes is taken out and put in.
fn index_units(change: &Change, known: Option<Known>) -> u64 {
    let before = known.map(|k| k.1).unwrap_or_default();
    let size = change.size().div_ceil(1024).max(1) as u64;
    let mut units = 0;
    for (at, index) in indexes(change.key().table).enumerate() {
        let old = before.get(at).cloned().flatten();
        let new = match change {
            Change::Put(item, _) => {
                item.indexes.iter().find(|i| i.index == index).map(|i| (i.pk.clone(), i.sk.clone()))
            }
            _ => None,
        };
        let whole = if index.keys_only() { 1 } else { size };
        units += match (&old, &new) {
            (None, None) => 0,
            (Some(old), Some(new)) if old == new => {
                if index.keys_only() {
                    0
                } else {
                    whole
                }
            }
            (old, new) => u64::from(old.is_some()) + if new.is_some() { whole } else { 0 },
        };
    }
    units
}

/// The SQL of a query and its parameters.
fn select(query: &Query) -> (String, Vec<Value>) {
    let (table, pk, sk, extra) = match query.source {
        Source::Table(table) => (table, "pk".to_owned(), "sk".to_owned(), String::new()),
        Source::Index(index) => {
            let name = index.name();
            (index.table(), format!("{name}_pk"), format!("{name}_sk"), ", pk, sk".to_owned())
        }
    };
    let mut values: Vec<Value> = vec![query.pk.clone().into()];
    let mut sql = format!("SELECT pk, sk, {sk}, body, version, write_id FROM {} WHERE {pk} = ?1", table.name());
    let mut bound = |sql: &mut String, operator: &str, value: &str| {
        values.push(Value::from(value.to_owned()));
        sql.push_str(&format!(" AND {sk} {operator} ?{}", values.len()));
    };
    if let Some(from) = &query.from {
        bound(&mut sql, ">=", from);
    }
    if let Some(to) = &query.to {
        bound(&mut sql, "<=", to);
    }
    let (compare, order) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    if let Some(after) = &query.after {
        let n = values.len();
        values.extend([after.sk.clone(), after.base_pk.clone(), after.base_sk.clone()].map(Value::from));
        sql.push_str(&match query.source {
            Source::Table(_) => format!(" AND {sk} {compare} ?{}", n + 1),
            Source::Index(_) => format!(" AND ({sk}, pk, sk) {compare} (?{}, ?{}, ?{})", n + 1, n + 2, n + 3),
        });
        if matches!(query.source, Source::Table(_)) {
            values.truncate(n + 1);
        }
    }
    let extra = extra.replace(',', &format!(" {order},"));
    sql.push_str(&format!(" ORDER BY {sk}{extra} {order}"));
    (sql, values)
}

fn page(connection: &Connection, query: &Query) -> rusqlite::Result<(Page, usize)> {
    let (sql, values) = select(query);
    let table = match query.source {
        Source::Table(table) => table,
        Source::Index(index) => index.table(),
    };
    let bodiless = matches!(query.source, Source::Index(index) if index.keys_only());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let (mut page, mut bytes) = (Page::default(), 0);
    let limit = query.limit.map_or(usize::MAX, |l| l as usize);
    while let Some(row) = rows.next()? {
        if page.items.len() >= limit || bytes >= MAX_PAGE {
            let last = page.items.last().zip(page.sort_keys.last());
            page.next = last.map(|(item, sort)| Cursor {
                sk: sort.clone(),
                base_pk: item.key.pk.clone(),
                base_sk: item.key.sk.clone(),
            });
            break;
        }
        let key = Key::new(table, row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        let body: String = if bodiless { String::new() } else { row.get(3)? };
        bytes += key.pk.len() + key.sk.len() + body.len();
        page.sort_keys.push(row.get(2)?);
        page.items.push(Stored { key, body, version: row.get(4)?, write: Uuid::from_bytes(row.get(5)?) });
    }
    Ok((page, bytes))
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
        let (page, bytes) = self.read(|c| page(c, query))?;
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
