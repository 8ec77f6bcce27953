//! Python's tools that the tests use, each set installed once into a git-ignored folder.

use crate::built::root;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

/// The programs of a list of pins in `tests/aws`, installed if need be, once for every process that waits here.
pub(crate) fn tools(pins: &str) -> PathBuf {
    let pins = root().join("tests/aws").join(pins);
    let text = std::fs::read(&pins).expect("the pins");
    let folder = root().join("target/emulators").join(&cauce_engine::store::keys::sha256(&text)[..16]);
    std::fs::create_dir_all(&folder).expect("a folder");
    let lock = File::create(folder.join(".lock")).expect("a lock");
    lock.lock().expect("locked");
    if !folder.join(".done").exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")));
        run(Command::new(folder.join("venv/bin/pip")).args(["install", "--quiet", "-r"]).arg(&pins));
        File::create(folder.join(".done")).expect("marked");
    }
    folder.join("venv/bin")
}

fn run(command: &mut Command) {
    let needed = "these tests need Python 3.10 or newer with its venv module (Debian: apt-get install python3-venv)";
    let status = command.status().unwrap_or_else(|e| panic!("{command:?}: {e}; {needed}"));
    assert!(status.success(), "{command:?} failed; {needed}");
}
