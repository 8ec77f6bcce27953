//! The repository, and what cargo makes of its sources as they are: `cargo test` by itself builds no binary.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Every function.
pub(crate) const FUNCTIONS: [&str; 10] = [
    "api",
    "import-file",
    "plan-day",
    "release-due",
    "send-message",
    "receive-webhook",
    "apply-event",
    "deliver-webhook",
    "write-report",
    "close-day",
];

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a root").to_owned()
}

/// Cargo, in the repository.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root());
    // What cargo tells this test about its own package would make build scripts run again.
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST")) {
        cargo.env_remove(name);
    }
    cargo
}

/// Builds binaries into a target folder; answers where they are.
fn build(target: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> PathBuf {
    let mut cargo = cargo();
    cargo.args(["build", "--locked", "--bins"]).args(arguments).envs(environment.iter().copied());
    assert!(cargo.env("CARGO_TARGET_DIR", target).status().expect("cargo").success());
    target.join("debug")
}

/// The target folder these tests were built into.
fn target() -> PathBuf {
    let exe = std::env::current_exe().expect("this test");
    exe.ancestors().nth(3).expect("target/profile/deps/test").to_owned()
}

/// The one-process binary, beside the tests.
pub(crate) fn cauce() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&target(), &["--workspace"], &[]).join("cauce")).clone()
}

/// The functions' binaries, in a target folder of their own: their features must not become the tests'.
pub(crate) fn functions() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let mut arguments: Vec<String> =
        FUNCTIONS.iter().flat_map(|f| [format!("-pcauce-{f}"), format!("--features=cauce-{f}/lambda")]).collect();
    // They wait for the emulator: what compiling their dependencies well would take, they never gain back.
    arguments.push("--config=profile.dev.package.\"*\".opt-level=0".to_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Without line tables they are a quarter smaller to upload.
    BUILT.get_or_init(|| build(&target().join("functions"), &arguments, &[("CARGO_PROFILE_DEV_DEBUG", "0")])).clone()
}
