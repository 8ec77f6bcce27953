//! What DynamoDB counts for a day's work, and what each function costs before its first answer, beside a bare function that makes the same calls, and beside Node.js
//! and Python with their SDK; and how large it is to upload.
//!
//! Each program runs as Lambda would run it, against a server of this process that plays both Lambda's runtime API and
//! AWS, empty: time of the processor until the first answer, and the most memory held until then.

use crate::lambda::{Cost, first_answer};
use serde_json::{Value, json};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Each function with an event that it answers by reading.
fn events() -> Vec<(&'static str, Value)> {
    let http = |method: &str, path: &str| {
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "isBase64Encoded": false,
            "headers": { "authorization": "Bearer ck_nadie", "content-type": "application/json" }, "body": "{}",
            "requestContext": { "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "d", "requestId": "r",
                "routeKey": "$default", "stage": "$default", "time": "10/Mar/2026:14:00:00 +0000", "timeEpoch": 1773151200000_i64,
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "b" } },
        })
    };
    let sqs = |body: &str| json!({ "Records": [{ "messageId": "m", "body": body, "attributes": {}, "messageAttributes": {} }] });
    let schedule = json!({ "version": "0", "id": "i", "detail-type": "Scheduled Event", "source": "aws.scheduler",
        "account": "1", "time": "2026-03-10T14:00:00Z", "region": "us-east-1", "resources": [], "detail": {} });
    vec![
        ("api", http("GET", "/v1/project")),
        ("receive-webhook", http("POST", "/hooks/sandbox/0123456789abcdef0123456789abcdef")),
        ("import-file", sqs(r#"{"type":"import_v1","project":"p","job":"j","work":{"what":"read"}}"#)),
        ("send-message", sqs(r#"{"type":"send_v1","project":"p","customer":"c","day":"2026-03-10","send":"s"}"#)),
        (
            "apply-event",
            sqs(
                r#"{"type":"event_v1","project":"p","provider":"sandbox","body":"{}","received":"2026-03-10T14:00:00Z"}"#,
            ),
        ),
        ("deliver-webhook", sqs(r#"{"type":"deliver_v1","project":"p","shard":"0","delivery":"msg_x"}"#)),
        ("write-report", sqs(r#"{"type":"write_report_v1","project":"p","report":"r"}"#)),
        ("plan-day", schedule.clone()),
        ("release-due", schedule.clone()),
        ("close-day", schedule),
    ]
}

/// Builds the functions as they are deployed; answers their folder.
fn build() -> Result<PathBuf> {
    let target = Path::new("target/figures");
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--locked", "--profile", "lambda", "--bins", "-p", "cauce-hello"])
        .env("CARGO_TARGET_DIR", target);
    for (function, _) in events() {
        cargo.args(["-p", &format!("cauce-{function}"), "--features", &format!("cauce-{function}/lambda")]);
    }
    if !cargo.status()?.success() {
        return Err("the functions do not build".into());
    }
    Ok(target.join("lambda"))
}

/// Installs the other languages' SDKs; answers the commands of their handlers.
fn others(folder: &Path) -> Result<[(&'static str, Vec<String>); 2]> {
    let own = Path::new("tests/bench/others").canonicalize()?;
    std::fs::create_dir_all(folder)?;
    let node = folder.join("handler.mjs");
    std::fs::copy(own.join("handler.mjs"), &node)?;
    let done = Command::new("npm")
        .args(["install", "--silent", "--prefix"])
        .arg(folder)
        .arg("@aws-sdk/client-dynamodb@3")
        .status()?;
    let made = Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")).status()?;
    let python = folder.join("venv/bin/python");
    let brought = Command::new(&python).args(["-m", "pip", "install", "--quiet", "boto3"]).status()?;
    if !(done.success() && made.success() && brought.success()) {
        return Err("Node.js or Python could not be made ready".into());
    }
    let text = |path: &Path| path.to_string_lossy().into_owned();
    Ok([
        ("Node.js, its SDK, one call", vec!["node".to_owned(), text(&node)]),
        ("Python, its SDK, one call", vec![text(&python), text(&own.join("handler.py"))]),
    ])
}

fn zipped(binary: &Path, folder: &Path) -> Result<u64> {
    let zip = folder.join("bootstrap.zip");
    let script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED, compresslevel=9)\nz.write(sys.argv[2], 'bootstrap')";
    if !Command::new("python3").args(["-c", script]).arg(&zip).arg(binary).status()?.success() {
        return Err("it could not be zipped".into());
    }
    Ok(std::fs::metadata(zip)?.len())
}

/// What DynamoDB would count, from the tests that keep its budgets.
fn units() -> Result<()> {
    crate::head("DynamoDB units");
    let mut cargo = Command::new("cargo");
    let output = cargo.args(["test", "--workspace", "--test", "cauce", "budgets", "--", "--nocapture"]).output()?;
    if !output.status.success() {
        return Err("the budgets are not kept: cargo test --workspace budgets".into());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    for (name, units) in text.lines().filter(|l| l.contains(" units")).filter_map(|l| l.split_once(": ")) {
        crate::line(name, units);
    }
    Ok(())
}

/// Measures and prints.
pub(crate) fn figures(folder: &Path) -> Result<()> {
    let (built, others_at) = (build()?, folder.join("others"));
    units()?;
    crate::head("functions: until the first answer");
    let row = |name: &str, cost: &Cost, more: String| {
        let text = format!(
            "{:>6.1} ms of CPU, {:>4} MB; {} calls{more}",
            cost.cpu_ms,
            cost.peak_mb,
            cost.dynamodb + cost.ssm + cost.others
        );
        crate::line(name, &text);
    };
    for (function, event) in events() {
        let binary = built.join(function);
        let cost = first_answer(&[binary.to_string_lossy().into_owned()], function, &event, &[])?;
        let calls = [("HELLO_DYNAMODB", cost.dynamodb.to_string()), ("HELLO_SSM", cost.ssm.to_string())];
        let hello =
            first_answer(&[built.join("cauce-hello").to_string_lossy().into_owned()], "hello", &json!({}), &calls)?;
        let ratio = cost.cpu_ms / hello.cpu_ms;
        let zip = zipped(&binary, folder)? / 1024;
        let bare = format!(
            "; a bare function with the same calls {:.1} ms, {} MB: {ratio:.2} times (budget ≤ 2); zip {zip} KB",
            hello.cpu_ms, hello.peak_mb
        );
        row(function, &cost, bare);
    }
    for (name, command) in others(&others_at)? {
        row(name, &first_answer(&command, "other", &json!({}), &[])?, String::new());
    }
    Ok(())
}
