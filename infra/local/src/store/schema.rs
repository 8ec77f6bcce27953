//! Tables of the file: one per Cauce table, its indexes as columns, bodies as JSON that a person can query.

use cauce_engine::ports::table::{Index, TableName};
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

/// The indexes of a table.
pub fn indexes(table: TableName) -> impl Iterator<Item = Index> {
    Index::ALL.into_iter().filter(move |i| i.table() == table)
}

/// Opens a connection with the pragmas every one of them needs.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    // Small pages: order codes come scattered, and each one touched is written to the log whole.
    connection.pragma_update(None, "page_size", 4096)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Every commit reaches the disk: a claim lost to a power cut would be a message sent twice.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -4096)?;
    connection.pragma_update(None, "wal_autocheckpoint", 8000)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Creates what is missing.
///
/// Bodies lie in the order they came, apart from the keys: a tree of keys alone stays shallow however long the bodies
/// are, so that a look-up costs nearly the same in a file ten times as large.
pub fn create(connection: &Connection) -> rusqlite::Result<()> {
    for table in TableName::ALL {
        let name = table.name();
        let columns: String = indexes(table).map(|i| format!(", {0}_pk TEXT, {0}_sk TEXT", i.name())).collect();
        connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {name} (pk TEXT NOT NULL, sk TEXT NOT NULL, body TEXT NOT NULL, \
             version INTEGER NOT NULL, write_id BLOB NOT NULL, expires INTEGER{columns}, PRIMARY KEY (pk, sk));"
        ))?;
        for index in indexes(table) {
            let i = index.name();
            // A file made before there was this index.
            let known = format!("SELECT count(*) FROM pragma_table_info('{name}') WHERE name = '{i}_pk'");
            if connection.query_row(&known, [], |row| row.get::<_, i64>(0))? == 0 {
                connection.execute_batch(&format!(
                    "ALTER TABLE {name} ADD COLUMN {i}_pk TEXT; ALTER TABLE {name} ADD COLUMN {i}_sk TEXT;"
                ))?;
            }
            connection.execute_batch(&format!(
                "CREATE INDEX IF NOT EXISTS {name}_{i} ON {name} ({i}_pk, {i}_sk, pk, sk) WHERE {i}_pk IS NOT NULL;"
            ))?;
        }
    }
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL, \
         grp TEXT NOT NULL, visible_at INTEGER NOT NULL, receives INTEGER NOT NULL DEFAULT 0);
         CREATE INDEX IF NOT EXISTS queue_visible ON queue (name, visible_at);
         CREATE INDEX IF NOT EXISTS queue_group ON queue (name, grp, visible_at);
         CREATE TABLE IF NOT EXISTS dead_letters (id INTEGER PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL, \
         grp TEXT NOT NULL, receives INTEGER NOT NULL, died_at INTEGER NOT NULL);",
    )
}
