//! An emulator of AWS, installed once into a git-ignored folder and started on a free port; it ends with this process.

use super::tools::tools;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
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
    RUNNING.get_or_init(|| start(free_port(), &[]))
}

/// A port nobody has: taken and let go of, since the emulator wants a number.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port()
}

/// Starts an emulator on a port with more in its environment.
pub(crate) fn start(port: u16, environment: &[(&str, &str)]) -> Emulator {
    let tools = tools("requirements.txt");
    let folder = tempfile::tempdir().expect("a folder");
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
