//! `kill -9` at random moments, then the same command again, until a run ends: with the same end.

use crate::built::cauce;
use crate::world::folder;
use cauce_local::clock::Clock;
use cauce_local::house::{House, Options};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn demo(data: &Path) -> Child {
    Command::new(cauce())
        .args(["demo", "--json", "--date", "2026-03-10", "--customers", "400", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the demo starts")
}

#[tokio::test]
async fn killed_at_any_moment_the_demo_ends_the_same() {
    let folder = folder();
    let calm = demo(&folder.path().join("calm")).wait_with_output().expect("it ends");
    let expected: serde_json::Value = serde_json::from_slice(&calm.stdout).expect("a document");
    let data = folder.path().join("killed");
    let mut wait = 40;
    let document = loop {
        let mut child = demo(&data);
        std::thread::sleep(Duration::from_millis(wait));
        match child.try_wait().expect("its state") {
            Some(_) => {
                let output = child.wait_with_output().expect("it ended");
                break serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("a document");
            }
            None => {
                // SIGKILL: nothing of the process gets to say goodbye.
                child.kill().expect("killed");
                child.wait().expect("gone");
                wait += 35;
            }
        }
    };
    for part in ["imports", "plan"] {
        assert_eq!(document[part], expected[part], "{part}");
    }
    let send = document["plan"]["send"].as_u64().expect("a number");
    let states: u64 = document["states"].as_object().expect("states").values().filter_map(|n| n.as_u64()).sum();
    assert_eq!(states, send, "every message has one last state: {document}");
    verify(&data).await;
}

async fn verify(data: &Path) {
    let now = "2026-03-13T00:00:00Z".parse().expect("an instant");
    let house = House::open(data, Clock::set_to(now), &Options::default()).expect("a house");
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for taken in house.outbox.taken().expect("an outbox") {
        *sent.entry(taken.reference).or_default() += 1;
    }
    assert!(!sent.is_empty() && sent.values().all(|n| *n == 1), "nothing is sent twice");
    let checked = cauce_local::check::check(&house).await.expect("checked");
    assert!(checked.broken.is_empty(), "{:?}", checked.broken);
}

#[test]
fn a_second_process_on_the_folder_is_told_so() {
    let folder = folder();
    let _held = House::open(folder.path(), Clock::real(), &Options::default()).expect("a house");
    let output = Command::new(cauce()).args(["check", "--data"]).arg(folder.path()).output().expect("it ends");
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("otro proceso de Cauce"), "{text}");
}
