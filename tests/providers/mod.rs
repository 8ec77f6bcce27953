//! What providers send, read as they send it: samples of each kind with what they mean, signatures with what they are
//! worth. The samples are in `events/providers/`; where a larger collection lies beside the project, that one too.

mod answers;
mod golden;
mod hostile;
pub(crate) mod live;
mod mail;
mod signatures;

use crate::built::root;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Every collection of samples there is.
fn collections() -> Vec<PathBuf> {
    let own = root().join("events/providers");
    let beside = root().parent().expect("a parent").join("shared/payloads");
    [own, beside].into_iter().filter(|folder| folder.is_dir()).collect()
}

fn json(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
