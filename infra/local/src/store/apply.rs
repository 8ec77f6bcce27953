//! Changes made, by SQL, under the expectations they carry.

use super::meter::Meter;
use super::schema::indexes;
use cauce_engine::ports::table::{Change, Expect, Item, Key, Stored, TableName, WriteError};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use uuid::Uuid;

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

/// One item by its key.
pub(super) fn find(connection: &Connection, key: &Key) -> rusqlite::Result<Option<Stored>> {
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
pub(super) fn apply(
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

/// Puts an item under a version.
pub(super) fn put(connection: &Connection, id: Uuid, item: &Item, version: u64) -> rusqlite::Result<()> {
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
