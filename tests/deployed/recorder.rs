//! What each function asked of AWS: a server between the functions and the emulator that hands everything on and notes
//! whose call it was, what for and on what.

use crate::aws::{pass, request};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// One call: the function, the action as a role names it, and the resource.
pub(crate) type Made = (String, String, String);

/// The recorder.
pub(crate) struct Recorder {
    /// Where it listens.
    pub(crate) endpoint: String,
    made: Arc<Mutex<BTreeSet<Made>>>,
}

impl Recorder {
    /// Every call so far, each once.
    pub(crate) fn made(&self) -> BTreeSet<Made> {
        self.made.lock().expect("calls").clone()
    }
}

/// Starts a recorder before an endpoint.
pub(crate) async fn record(upstream: &str) -> Recorder {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let upstream = upstream.trim_start_matches("http://").to_owned();
    let made: Arc<Mutex<BTreeSet<Made>>> = Arc::default();
    let noted = Arc::clone(&made);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (upstream, noted) = (upstream.clone(), Arc::clone(&noted));
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let Ok((head, body)) = request(&mut stream).await else { return };
                noted.lock().expect("calls").extend(calls(&head, &body));
                if let Ok(answer) = pass(&upstream, &head, &body).await {
                    let _ = stream.get_mut().write_all(&answer).await;
                }
            });
        }
    });
    Recorder { endpoint, made }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|l| l.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim()))
}

/// What a request is to be allowed by.
fn calls(head: &str, body: &[u8]) -> Vec<Made> {
    let agent = ["user-agent", "x-amz-user-agent"].map(|name| header(head, name).unwrap_or_default()).join(" ");
    let app = agent.split("app/").nth(1).and_then(|a| a.split(' ').next());
    let function = app.and_then(|a| a.split_once('-')?.1.split_once('-')).map_or("", |(_, function)| function);
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let line = head.lines().next().unwrap_or_default();
    let calls: Vec<(String, String)> = match header(head, "x-amz-target").and_then(|t| t.split_once('.')) {
        Some((service, action)) if service.starts_with("DynamoDB") => of_dynamodb(action, &body),
        Some(("AmazonSQS", action)) => {
            let queue = body["QueueUrl"].as_str().and_then(|u| u.rsplit('/').next()).unwrap_or_default();
            vec![(format!("sqs:{}", action.trim_end_matches("Batch")), queue.to_owned())]
        }
        Some(("AmazonSSM", action)) => vec![(format!("ssm:{action}"), "*".to_owned())],
        _ if line.contains("/v2/email/") => vec![("ses:SendEmail".to_owned(), "*".to_owned())],
        _ => vec![of_s3(line)],
    };
    // An upload is signed by the function that allows it and made by somebody else.
    let function = if function.is_empty() && line.contains("X-Amz-Signature") { "api" } else { function };
    calls.into_iter().map(|(action, resource)| (function.to_owned(), action, resource)).collect()
}

fn of_s3(line: &str) -> (String, String) {
    let action = match line.split(' ').next() {
        Some("PUT" | "POST" | "DELETE") => "s3:PutObject",
        _ if line.contains("list-type=2") => "s3:ListBucket",
        _ => "s3:GetObject",
    };
    (action.to_owned(), "*".to_owned())
}

fn of_dynamodb(action: &str, body: &Value) -> Vec<(String, String)> {
    let table =
        |value: &Value| value["TableName"].as_str().and_then(|n| n.rsplit('-').next()).unwrap_or_default().to_owned();
    let named = |action: &str, value: &Value| (format!("dynamodb:{action}"), table(value));
    match action {
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().cloned().unwrap_or_default();
            let parts = items.iter().filter_map(|i| i.as_object()?.iter().next().map(|(k, v)| (k.clone(), v.clone())));
            let action = |kind: &str| match kind {
                "ConditionCheck" => "ConditionCheckItem".to_owned(),
                kind => format!("{kind}Item"),
            };
            parts.map(|(kind, value)| named(&action(&kind), &value)).collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().cloned().unwrap_or_default();
            let last = |name: &String| name.rsplit('-').next().unwrap_or_default().to_owned();
            tables.keys().map(|name| ("dynamodb:BatchGetItem".to_owned(), last(name))).collect()
        }
        _ => {
            let (action, table) = named(action, body);
            match body["IndexName"].as_str() {
                Some(index) => vec![(action, format!("{table}/index/{index}"))],
                None => vec![(action, table)],
            }
        }
    }
}
