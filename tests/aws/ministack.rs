//! An emulator of AWS, installed once into a git-ignored folder and started on a free port; it ends with this process.

use crate::world::root;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A running emulator.
pub(crate) struct Emulator {
    /// Where it answers.
    pub(crate) endpoint: String,
    /// Its pipe, held: when this process ends, however it ends, the emulator sees it close.
    _child: Child,
    _folder: tempfile::TempDir,
}

/// The emulator of this process.
pub(crate) fn emulator() -> &'static Emulator {
    static RUNNING: OnceLock<Emulator> = OnceLock::new();
    RUNNING.get_or_init(|| start(&[]))
}

/// The folder of Python's tools, installed if need be: pinned, once for every process that waits here.
pub(crate) fn tools() -> PathBuf {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(install).clone()
}

fn install() -> PathBuf {
    let pins = root().join("tests/aws/requirements.txt");
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

/// Starts an emulator with more in its environment.
pub(crate) fn start(environment: &[(&str, &str)]) -> Emulator {
    let tools = tools();
    let folder = tempfile::tempdir().expect("a folder");
    // Taken and let go of: the emulator wants a number.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let child = Command::new("sh")
        .args(["-c", r#""$@" >"$LOG" 2>&1 & p=$!; cat >/dev/null; kill $p"#, "sh"])
        .arg(tools.join("ministack"))
        .env_clear()
        // Functions inherit this: without the endpoint they would call AWS itself.
        .envs([("GATEWAY_PORT", port.to_string().as_str()), ("BIND_HOST", "127.0.0.1"), ("LOG_LEVEL", "WARNING")])
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("PATH", path(&tools))
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("LOG", folder.path().join("log"))
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .spawn()
        .expect("the emulator starts");
    wait(port, folder.path());
    Emulator { endpoint, _child: child, _folder: folder }
}

fn path(tools: &Path) -> String {
    format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default())
}

fn wait(port: u16, folder: &Path) {
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert!(begun.elapsed() < Duration::from_secs(60), "the emulator does not answer:\n{}", log());
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// An account nobody else of this process has, whose emulator it is: twelve digits, which it takes as an account of
/// their own.
pub(crate) fn account() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);
    NEXT.fetch_add(1, Ordering::SeqCst).to_string()
}
