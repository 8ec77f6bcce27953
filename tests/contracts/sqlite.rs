//! `Table` on SQLite.

use crate::world::folder;
use cauce_engine::ports::table::{Change, Expect, Item, Key, Table, TableName};
use cauce_local::store::table::SqliteTable;
use std::sync::Arc;
use uuid::Uuid;

fn opened() -> (tempfile::TempDir, Arc<dyn Table>) {
    let folder = folder();
    let table = SqliteTable::open(&folder.path().join("t.db")).expect("a table");
    (folder, Arc::new(table))
}

super::table_contract!(opened());

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let folder = folder();
    let path = folder.path().join("t.db");
    let key = Key::new(TableName::Accounts, "p", "a");
    {
        let table = SqliteTable::open(&path).expect("a table");
        let put = Change::Put(Item::new(key.clone(), "{\"n\":1}".into()), Expect::Absent);
        table.write(Uuid::now_v7(), vec![put]).await.expect("written");
    }
    let table = SqliteTable::open(&path).expect("a table");
    assert_eq!(table.get(&key).await.expect("read").map(|s| s.body).as_deref(), Some("{\"n\":1}"));
}
