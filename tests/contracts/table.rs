//! The contract of `Table`, over every adapter and every engine there is to run it on.

use cauce_engine::ports::PortError;
use cauce_engine::ports::table::{
    Change, Expect, Index, Item, Key, MAX_ITEM, Query, Stored, Table, TableName, WriteError,
};
use std::sync::Arc;
use uuid::Uuid;

fn key(pk: &str, sk: &str) -> Key {
    Key::new(TableName::Accounts, pk, sk)
}
fn item(pk: &str, sk: &str, n: u32) -> Item {
    Item::new(key(pk, sk), format!("{{\"n\":{n}}}"))
}
fn put(pk: &str, sk: &str, n: u32, expect: Expect) -> Change {
    Change::Put(item(pk, sk, n), expect)
}
async fn body(table: &dyn Table, pk: &str, sk: &str) -> Option<String> {
    table.get(&key(pk, sk)).await.expect("read").map(|s| s.body)
}
fn lost(outcome: Result<(), WriteError>) -> Vec<(usize, Option<Stored>)> {
    match outcome {
        Err(WriteError::Conflict(lost)) => lost,
        other => panic!("a conflict, not {other:?}"),
    }
}

pub(crate) async fn a_write_makes_all_changes_or_none(table: Arc<dyn Table>) {
    table
        .write(Uuid::now_v7(), vec![put("p", "a", 1, Expect::Absent), put("p", "b", 1, Expect::Absent)])
        .await
        .expect("written");
    let outcome =
        table.write(Uuid::now_v7(), vec![put("p", "c", 2, Expect::Absent), put("p", "a", 2, Expect::Absent)]).await;
    let lost = lost(outcome);
    assert_eq!((lost.len(), lost[0].0), (1, 1));
    assert_eq!(body(&*table, "p", "c").await, None);
    assert_eq!(body(&*table, "p", "a").await.as_deref(), Some("{\"n\":1}"));
}

pub(crate) async fn a_failed_write_returns_what_is_stored_and_who_wrote_it(table: Arc<dyn Table>) {
    let mine = Uuid::now_v7();
    table.write(mine, vec![put("p", "a", 1, Expect::Absent)]).await.expect("written");
    let lost = lost(table.write(mine, vec![put("p", "a", 1, Expect::Absent)]).await);
    let stored = lost[0].1.as_ref().expect("an item");
    assert_eq!((stored.write, stored.version), (mine, 1), "a retry knows its own work");
}

pub(crate) async fn versions_count_writes_and_guard_them(table: Arc<dyn Table>) {
    for version in 1..=3 {
        let expect = if version == 1 { Expect::Absent } else { Expect::Version(version - 1) };
        table.write(Uuid::now_v7(), vec![put("p", "a", 1, expect)]).await.expect("written");
    }
    assert!(table.write(Uuid::now_v7(), vec![put("p", "a", 9, Expect::Version(2))]).await.is_err());
    table
        .write(Uuid::now_v7(), vec![Change::Check(key("p", "a"), Expect::Version(3)), put("p", "b", 1, Expect::Absent)])
        .await
        .expect("checked");
    table.write(Uuid::now_v7(), vec![Change::Delete(key("p", "a"), Expect::Version(3))]).await.expect("deleted");
    assert_eq!(body(&*table, "p", "a").await, None);
}

pub(crate) async fn of_many_writers_of_one_version_one_wins(table: Arc<dyn Table>) {
    table.write(Uuid::now_v7(), vec![put("p", "a", 0, Expect::Absent)]).await.expect("written");
    let writers = (0..50).map(|n| {
        let table = Arc::clone(&table);
        tokio::spawn(
            async move { table.write(Uuid::now_v7(), vec![put("p", "a", n, Expect::Version(1))]).await.is_ok() },
        )
    });
    let outcomes = futures::future::join_all(writers).await;
    assert_eq!(outcomes.into_iter().filter(|o| *o.as_ref().expect("joined")).count(), 1);
}

pub(crate) async fn each_of_many_stands_by_itself(table: Arc<dyn Table>) {
    table.write(Uuid::now_v7(), vec![put("p", "a", 1, Expect::Absent)]).await.expect("written");
    let changes = vec![put("p", "a", 2, Expect::Absent), put("p", "b", 2, Expect::Absent)];
    let answers = table.write_many(Uuid::now_v7(), changes).await.expect("answered");
    assert!(answers[0].is_err() && answers[1].is_ok());
}

pub(crate) async fn limits_are_kept_before_anything_is_written(table: Arc<dyn Table>) {
    let large = Item::new(key("p", "x"), "x".repeat(MAX_ITEM));
    let cases: Vec<Vec<Change>> = vec![
        vec![],
        (0..101).map(|n| put("p", &n.to_string(), 1, Expect::Anything)).collect(),
        vec![put("p", "a", 1, Expect::Anything), put("p", "a", 2, Expect::Anything)],
        vec![Change::Put(large, Expect::Anything)],
        vec![put("", "a", 1, Expect::Anything)],
        vec![put("p", "", 1, Expect::Anything)],
        vec![Change::Put(item("p", "a", 1).indexed(Index::Due, "", "s"), Expect::Anything)],
        (0..90)
            .map(|n| Change::Put(Item::new(key("p", &n.to_string()), "x".repeat(50_000)), Expect::Anything))
            .collect(),
    ];
    for (n, changes) in cases.into_iter().enumerate() {
        let outcome = table.write(Uuid::now_v7(), changes).await;
        assert!(matches!(outcome, Err(WriteError::Port(PortError::Refused(_)))), "case {n}: {outcome:?}");
    }
    assert!(table.get_many(&vec![key("p", "a"); 101]).await.is_err());
    assert_eq!(body(&*table, "p", "a").await, None);
}

pub(crate) async fn a_query_reads_a_range_in_order_page_by_page(table: Arc<dyn Table>) {
    for n in 0..25 {
        table.write(Uuid::now_v7(), vec![put("p", &format!("s{n:02}"), n, Expect::Absent)]).await.expect("written");
    }
    table.write(Uuid::now_v7(), vec![put("q", "s00", 0, Expect::Absent)]).await.expect("written");
    for descending in [false, true] {
        let base = Query::table(TableName::Accounts, "p").between("s03", "s20").limit(4);
        let base = if descending { base.descending() } else { base };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = table.query(&base.clone().after(after)).await.expect("a page");
            assert!(page.items.len() <= 4);
            seen.extend(page.items.into_iter().map(|s| s.key.sk));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let mut expected: Vec<String> = (3..=20).map(|n| format!("s{n:02}")).collect();
        if descending {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
}

pub(crate) async fn a_page_ends_at_a_megabyte(table: Arc<dyn Table>) {
    for n in 0..5 {
        let large = Item::new(key("p", &format!("s{n}")), format!("{{\"x\":\"{}\"}}", "x".repeat(300_000)));
        table.write(Uuid::now_v7(), vec![Change::Put(large, Expect::Absent)]).await.expect("written");
    }
    let page = table.query(&Query::table(TableName::Accounts, "p")).await.expect("a page");
    // Engines differ in whether the item that crosses the line is still on the page.
    assert!((3..=4).contains(&page.items.len()), "{}", page.items.len());
    let rest = table.query(&Query::table(TableName::Accounts, "p").after(page.next.clone())).await.expect("a page");
    assert!(page.next.is_some() && page.items.len() + rest.items.len() == 5);
}

pub(crate) async fn an_item_moves_through_its_indexes_and_pages_with_equal_sort_keys(table: Arc<dyn Table>) {
    for n in 0..7 {
        let indexed = item(&format!("p{n}"), "a", n).indexed(Index::Due, "day#0", "same");
        table.write(Uuid::now_v7(), vec![Change::Put(indexed, Expect::Absent)]).await.expect("written");
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = table.query(&Query::index(Index::Due, "day#0").limit(2).after(after)).await.expect("a page");
        seen.extend(page.items.into_iter().map(|s| s.key.pk));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), 7);
    seen.dedup();
    assert_eq!(seen.len(), 7, "nobody is skipped or seen twice");
    table
        .write(
            Uuid::now_v7(),
            vec![Change::Put(item("p0", "a", 0).indexed(Index::Due, "day#1", "s"), Expect::Version(1))],
        )
        .await
        .expect("moved");
    table.write(Uuid::now_v7(), vec![put("p1", "a", 0, Expect::Version(1))]).await.expect("taken out");
    assert_eq!(table.query(&Query::index(Index::Due, "day#0")).await.expect("a page").items.len(), 5);
    assert_eq!(table.query(&Query::index(Index::Due, "day#1")).await.expect("a page").items.len(), 1);
}

pub(crate) async fn a_keys_only_index_answers_without_bodies(table: Arc<dyn Table>) {
    let key = Key::new(TableName::Interactions, "p", "i#1");
    let indexed = Item::new(key.clone(), "{\"n\":1}".into()).indexed(Index::Day, "p#d#0", "c");
    table.write(Uuid::now_v7(), vec![Change::Put(indexed, Expect::Absent)]).await.expect("written");
    let page = table.query(&Query::index(Index::Day, "p#d#0")).await.expect("a page");
    assert_eq!((page.items[0].key.clone(), page.items[0].body.as_str(), page.sort_keys[0].as_str()), (key, "", "c"));
}

pub(crate) async fn sums_start_at_zero(table: Arc<dyn Table>) {
    assert_eq!(table.add(&key("p", "n"), "n", 5).await.expect("added"), 5);
    assert_eq!(table.add(&key("p", "n"), "n", -2).await.expect("added"), 3);
}

pub(crate) async fn no_version_comes_twice_whatever_a_write_expects(table: Arc<dyn Table>) {
    let mut seen = Vec::new();
    for expect in std::iter::once(Expect::Absent).chain(std::iter::repeat_n(Expect::Anything, 40)) {
        table.write(Uuid::now_v7(), vec![put("p", "a", 1, expect)]).await.expect("written");
        let version = table.get(&key("p", "a")).await.expect("read").expect("an item").version;
        assert!(!seen.contains(&version), "{version} again after {seen:?}");
        seen.push(version);
    }
    let last = seen.pop().expect("a version");
    for old in seen {
        assert!(table.write(Uuid::now_v7(), vec![put("p", "a", 2, Expect::Version(old))]).await.is_err(), "long gone");
    }
    table.write(Uuid::now_v7(), vec![put("p", "a", 2, Expect::Version(last))]).await.expect("the one that stands");
}

pub(crate) async fn a_body_comes_back_as_it_was(table: Arc<dyn Table>) {
    let body = serde_json::json!({
        "name": "Ñandú «José»\n\"x\"", "none": null, "empty": "", "yes": true, "list": [1, "dos", [], {}],
        "money": 9_007_199_254_740_993_i64, "less": -1, "deep": { "PEN": { "balance": 12, "size": "" } },
    });
    let text = format!("{{\"type\":\"thing_v1\",{}", &body.to_string()[1..]);
    let put = Change::Put(Item::new(key("p", "a"), text.clone()), Expect::Absent);
    table.write(Uuid::now_v7(), vec![put]).await.expect("written");
    let body: serde_json::Value = serde_json::from_str(&text).expect("json");
    let stored = table.get(&key("p", "a")).await.expect("read").expect("an item").body;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stored).expect("json"), body);
    let page = table.query(&Query::table(TableName::Accounts, "p")).await.expect("a page");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&page.items[0].body).expect("json"), body);
    assert!(stored.starts_with("{\"type\":\"thing_v1\","), "its type is told without reading it whole: {stored}");
}

pub(crate) async fn many_are_read_in_the_order_asked(table: Arc<dyn Table>) {
    for n in [3, 1, 2] {
        table.write(Uuid::now_v7(), vec![put("p", &n.to_string(), n, Expect::Absent)]).await.expect("written");
    }
    let keys = ["2", "9", "1", "2"].map(|sk| key("p", sk));
    let found = table.get_many(&keys).await.expect("read");
    let bodies: Vec<Option<String>> = found.into_iter().map(|s| s.map(|s| s.body)).collect();
    let body = |n: u32| Some(format!("{{\"n\":{n}}}"));
    assert_eq!(bodies, [body(2), None, body(1), body(2)]);
    assert!(table.get_many(&[]).await.expect("read").is_empty());
}
