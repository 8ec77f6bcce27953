//! Lambda's runtime API and an empty AWS on one port, for one program and one event.

use serde_json::Value;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// What a program took until its first answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Milliseconds of the processor.
    pub(crate) cpu_ms: f64,
    /// The most memory held, in MB.
    pub(crate) peak_mb: u64,
    /// Calls of DynamoDB.
    pub(crate) dynamodb: usize,
    /// Calls of SSM.
    pub(crate) ssm: usize,
    /// Calls of anything else.
    pub(crate) others: usize,
}

/// How often each is run; the run in the middle counts.
const RUNS: usize = 9;

#[derive(Default)]
struct Counts {
    given: AtomicBool,
    dynamodb: AtomicUsize,
    ssm: AtomicUsize,
    others: AtomicUsize,
}

/// Runs a program until it has answered an event.
pub(crate) fn first_answer(
    command: &[String],
    name: &str,
    event: &Value,
    more: &[(&str, String)],
) -> Result<Cost, Box<dyn Error>> {
    let mut runs = (0..RUNS).map(|_| once(command, name, event, more)).collect::<Result<Vec<_>, _>>()?;
    runs.sort_by(|a, b| a.cpu_ms.total_cmp(&b.cpu_ms));
    Ok(runs[RUNS / 2])
}

fn once(command: &[String], name: &str, event: &Value, more: &[(&str, String)]) -> Result<Cost, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let host = listener.local_addr()?.to_string();
    let (answered, waits) = mpsc::channel();
    let (counts, event) = (Arc::new(Counts::default()), event.to_string());
    let counted = Arc::clone(&counts);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (event, counted, answered) = (event.clone(), Arc::clone(&counted), answered.clone());
            std::thread::spawn(move || serve(stream, &event, &counted, &answered));
        }
    });
    let mut program = Command::new(&command[0]);
    program.args(&command[1..]).env_clear().stdout(Stdio::null()).stderr(Stdio::null());
    program.envs(["PATH", "HOME"].into_iter().filter_map(|n| Some((n, std::env::var_os(n)?))));
    program.env("AWS_LAMBDA_RUNTIME_API", &host).env("AWS_ENDPOINT_URL", format!("http://{host}"));
    program.envs([
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
    ]);
    program.envs([("AWS_LAMBDA_FUNCTION_NAME", name), ("AWS_LAMBDA_FUNCTION_VERSION", "1")]);
    program.envs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"), ("AWS_LAMBDA_LOG_GROUP_NAME", "g")]);
    program.envs([("AWS_LAMBDA_LOG_STREAM_NAME", "s"), ("AWS_EC2_METADATA_DISABLED", "true")]);
    for table in ["ACCOUNTS", "INTERACTIONS", "SETTINGS", "JOBS"] {
        program.env(format!("CAUCE_{table}_TABLE"), table);
    }
    for queue in ["IMPORT", "PLAN", "SEND_WHATSAPP", "SEND_SMS", "SEND_EMAIL", "EVENTS", "WEBHOOKS"] {
        program.env(format!("CAUCE_{queue}_QUEUE"), format!("http://{host}/1/{queue}"));
    }
    program.env("CAUCE_BUCKET", "b").env("CAUCE_SECRETS_PATH", "/p").envs(more.iter().map(|(n, v)| (*n, v)));
    let mut child = program.spawn()?;
    let outcome = waits.recv_timeout(Duration::from_secs(30));
    let cost = outcome.map_err(|_| format!("{name} did not answer").into()).and_then(|()| read(&child, &counts));
    child.kill()?;
    child.wait()?;
    cost
}

/// What the system knows of a program.
fn read(child: &Child, counts: &Counts) -> Result<Cost, Box<dyn Error>> {
    let process = format!("/proc/{}", child.id());
    let mut nanoseconds = 0_u64;
    for thread in std::fs::read_dir(format!("{process}/task"))?.flatten() {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        nanoseconds += text.split(' ').next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    }
    let status = std::fs::read_to_string(format!("{process}/status"))?;
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let count = |n: &AtomicUsize| n.load(Ordering::SeqCst);
    Ok(Cost {
        cpu_ms: nanoseconds as f64 / 1e6,
        peak_mb: peak.unwrap_or(0) / 1024,
        dynamodb: count(&counts.dynamodb),
        ssm: count(&counts.ssm),
        others: count(&counts.others),
    })
}

/// Answers one connection's requests.
fn serve(stream: TcpStream, event: &str, counts: &Counts, answered: &mpsc::Sender<()>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (line, target, length) = head(&mut stream)?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        let answer = if line.contains("/invocation/next") {
            if counts.given.swap(true, Ordering::SeqCst) {
                // Nothing more comes.
                std::thread::sleep(Duration::from_secs(60));
                return None;
            }
            let far = 4_000_000_000_000_u64;
            let extra = format!(
                "lambda-runtime-aws-request-id: r\r\nlambda-runtime-deadline-ms: {far}\r\nlambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:1:function:f\r\n"
            );
            http("200 OK", &extra, event)
        } else if line.contains("/runtime/") {
            let _ = answered.send(());
            http("202 Accepted", "", "{}")
        } else {
            aws(&target, counts)
        };
        stream.get_mut().write_all(answer.as_bytes()).ok()?;
    }
}

fn head(stream: &mut BufReader<TcpStream>) -> Option<(String, String, usize)> {
    let (mut first, mut target, mut length) = (String::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Some((first, target, length));
        }
        if first.is_empty() {
            first = line.to_owned();
        }
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if let Some(value) = lower.strip_prefix("x-amz-target:") {
            target = value.trim().to_owned();
        }
    }
}

/// An AWS with nothing in it.
fn aws(target: &str, counts: &Counts) -> String {
    let (service, action) = target.split_once('.').unwrap_or_default();
    let count = match service {
        s if s.starts_with("dynamodb") => &counts.dynamodb,
        "amazonssm" => &counts.ssm,
        _ => &counts.others,
    };
    count.fetch_add(1, Ordering::SeqCst);
    let body = match action {
        "query" => r#"{"Items":[],"Count":0,"ScannedCount":0}"#,
        "batchgetitem" => r#"{"Responses":{},"UnprocessedKeys":{}}"#,
        "getparameter" => return http("400 Bad Request", "", r#"{"__type":"ParameterNotFound"}"#),
        _ => "{}",
    };
    http("200 OK", "", body)
}

fn http(status: &str, extra: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{extra}\r\n{body}")
}
