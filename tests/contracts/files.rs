//! The contracts of `Files` and of the durable queue.

use crate::world::{folder, utc};
use cauce_engine::ports::files::{Files, whole};
use cauce_engine::ports::queue::{MAX_DELAY, MAX_MESSAGE, Message, Queue, QueueName};
use cauce_local::clock::Clock;
use cauce_local::files::Folder;
use cauce_local::store::queue::SqliteQueue;
use cauce_local::store::table::SqliteTable;
use futures::TryStreamExt;
use std::sync::Arc;

#[tokio::test]
async fn a_file_is_read_back_whole_and_in_part() {
    let temp = folder();
    let files = Folder::new(temp.path().to_owned(), vec![1]);
    let content: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    files.write("a/b/c.bin", whole(content.clone())).await.expect("written");
    let pieces: Vec<_> = files.read("a/b/c.bin").await.expect("open").try_collect().await.expect("read");
    assert_eq!(pieces.concat(), content);
    assert_eq!(files.read_range("a/b/c.bin", 1000, 50).await.expect("read"), content[1000..1050]);
    assert_eq!(files.size("a/b/c.bin").await.expect("read"), Some(200_000));
    assert_eq!(files.size("nada").await.expect("read"), None);
    let listed: Vec<String> = files.list("a/").await.expect("listed").into_iter().map(|f| f.key).collect();
    assert_eq!(listed, ["a/b/c.bin"]);
}

#[tokio::test]
async fn a_key_cannot_leave_the_folder() {
    let temp = folder();
    let files = Folder::new(temp.path().to_owned(), vec![1]);
    for key in ["../x", "/etc/passwd", "a/../../x", "", "a/./b/../../.."] {
        assert!(files.write(key, whole("x")).await.is_err(), "{key}");
        assert!(files.read(key).await.is_err(), "{key}");
    }
}

#[tokio::test]
async fn a_message_comes_again_until_deleted_and_then_dies() {
    let temp = folder();
    let clock = Arc::new(Clock::set_to(utc("2026-03-10T12:00:00Z")));
    let table = Arc::new(SqliteTable::open(&temp.path().join("t.db")).expect("a table"));
    let queue = SqliteQueue::new(&table, Arc::clone(&clock));
    queue.send(QueueName::Plan, vec![Message::new("p", "uno".into())]).await.expect("sent");
    let late = Message { delay: 60, ..Message::new("p", "dos".into()) };
    queue.send(QueueName::Plan, vec![late]).await.expect("sent");
    assert_eq!(queue.receive(QueueName::Plan, 10).await.expect("received").len(), 1, "the other is delayed");
    assert!(queue.receive(QueueName::Plan, 10).await.expect("received").is_empty(), "it is hidden while worked on");
    for _ in 0..4 {
        clock.advance_to(clock.now() + chrono::TimeDelta::minutes(3));
        assert!(queue.receive(QueueName::Plan, 10).await.expect("received").iter().any(|m| m.body == "uno"));
    }
    clock.advance_to(clock.now() + chrono::TimeDelta::minutes(3));
    assert!(!queue.receive(QueueName::Plan, 10).await.expect("received").iter().any(|m| m.body == "uno"));
    assert_eq!(queue.depth().expect("depth").1, 1, "a poison message ends among the dead letters");
}

#[tokio::test]
async fn what_no_queue_takes_is_refused_early() {
    let temp = folder();
    let table = Arc::new(SqliteTable::open(&temp.path().join("t.db")).expect("a table"));
    let queue = SqliteQueue::new(&table, Arc::new(Clock::real()));
    assert!(queue.send(QueueName::Plan, vec![Message::new("p", "x".repeat(MAX_MESSAGE + 1))]).await.is_err());
    let late = Message { delay: MAX_DELAY + 1, ..Message::new("p", "x".into()) };
    assert!(queue.send(QueueName::Plan, vec![late]).await.is_err());
}

#[tokio::test]
async fn a_large_group_keeps_no_other_waiting() {
    let temp = folder();
    let table = Arc::new(SqliteTable::open(&temp.path().join("t.db")).expect("a table"));
    let queue = SqliteQueue::new(&table, Arc::new(Clock::set_to(utc("2026-03-10T12:00:00Z"))));
    let of = |group: &str, count: usize| (0..count).map(|n| Message::new(group, format!("{group} {n}"))).collect();
    // A campaign of a large project first, then its own day's messages, then a small project's.
    for (group, count) in [("grande#campaign", 1_000), ("grande", 5), ("chico", 5)] {
        queue.send(QueueName::Plan, of(group, count)).await.expect("sent");
    }
    let first = queue.receive(QueueName::Plan, 30).await.expect("received");
    let served = |group: &str| first.iter().filter(|it| it.body.starts_with(&format!("{group} "))).count();
    assert_eq!((served("grande"), served("chico"), served("grande#campaign")), (5, 5, 20));
}
