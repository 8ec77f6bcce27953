//! The functions' binaries, built once into a target folder of their own: their features must not become the tests'.

use crate::world::{cargo, root};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Every function.
pub(crate) const FUNCTIONS: [&str; 8] =
    ["api", "import-file", "plan-day", "release-due", "send-message", "receive-webhook", "apply-event", "close-day"];

/// The folder of the functions' binaries, as new as their sources.
pub(crate) fn binaries() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let target = root().join("target/functions");
        let mut build = cargo();
        build
            .args(["build", "--locked", "--bins"])
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_PROFILE_DEV_DEBUG", "0");
        for function in FUNCTIONS {
            build.args(["-p", &format!("cauce-{function}"), "--features", &format!("cauce-{function}/lambda")]);
        }
        assert!(build.status().expect("cargo").success());
        target.join("debug")
    };
    BUILT.get_or_init(build).clone()
}
