//! A server that stands between a client and AWS's protocols and lets things go wrong, each as its service would say it.

use super::wire::{answer, pass, request};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It is throttled, without effect.
    Throttle,
    /// It takes effect and the connection closes without an answer.
    Lose,
    /// It takes effect and the answer is a 500.
    Fail,
    /// It arrives twice; the second one is answered.
    Twice,
    /// It takes effect and its answer comes when nobody waits for it any more.
    Late,
    /// It arrives long after it was given up and sent again.
    Delayed,
    /// A transaction meets another in flight; anything else passes.
    Conflict,
    /// A batch comes back undone, or in part; anything else passes.
    Unprocessed,
}

/// Stands before an endpoint and lets every so many-th request go wrong; answers where it listens and how often it did.
pub(crate) async fn between(upstream: String, mishap: Mishap, every: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let upstream = upstream.trim_start_matches("http://").to_owned();
    let (seen, struck) = (Arc::new(AtomicUsize::new(1)), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&struck);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (upstream, seen, struck) = (upstream.clone(), Arc::clone(&seen), Arc::clone(&counted));
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let Ok((head, body)) = request(&mut stream).await else { return };
                let strikes = seen.fetch_add(1, Ordering::SeqCst) % every == 0;
                let answer = match strikes {
                    true => go_wrong(&upstream, mishap, &head, &body, &struck).await,
                    false => pass(&upstream, &head, &body).await.ok(),
                };
                if let Some(answer) = answer {
                    let _ = stream.get_mut().write_all(&answer).await;
                }
            });
        }
    });
    (endpoint, struck)
}

/// Longer than the clients of these tests wait for an answer.
pub(crate) const TOO_LATE: Duration = Duration::from_millis(900);

/// The service a request is signed for.
fn service(head: &str) -> &str {
    let scope = head.split("/aws4_request").next().unwrap_or_default();
    scope.rsplit('/').next().unwrap_or_default()
}

async fn go_wrong(upstream: &str, mishap: Mishap, head: &str, body: &[u8], struck: &AtomicUsize) -> Option<Vec<u8>> {
    let lower = head.to_lowercase();
    let asks = |operation: &str| lower.contains(&format!(".{operation}"));
    let strikes = match mishap {
        Mishap::Conflict => asks("transactwriteitems"),
        Mishap::Unprocessed => asks("batchgetitem") || asks("sendmessagebatch"),
        _ => true,
    };
    if !strikes {
        return pass(upstream, head, body).await.ok();
    }
    struck.fetch_add(1, Ordering::SeqCst);
    match mishap {
        Mishap::Throttle => Some(throttled(service(head))),
        Mishap::Lose => pass(upstream, head, body).await.ok().and(None),
        Mishap::Fail => {
            let _ = pass(upstream, head, body).await;
            Some(answer("500 Internal Server Error", "{\"__type\":\"InternalServerError\"}").into_bytes())
        }
        Mishap::Twice => {
            let _ = pass(upstream, head, body).await;
            pass(upstream, head, body).await.ok()
        }
        Mishap::Late => {
            let answered = pass(upstream, head, body).await.ok();
            tokio::time::sleep(TOO_LATE).await;
            answered
        }
        Mishap::Delayed => {
            let (upstream, head, body) = (upstream.to_owned(), head.to_owned(), body.to_vec());
            tokio::spawn(async move {
                tokio::time::sleep(TOO_LATE).await;
                let _ = pass(&upstream, &head, &body).await;
            });
            tokio::time::sleep(TOO_LATE).await;
            None
        }
        Mishap::Conflict => Some(conflict(body)),
        Mishap::Unprocessed => Some(undone(upstream, head, body).await),
    }
}

fn throttled(service: &str) -> Vec<u8> {
    match service {
        "s3" => answer(
            "503 Slow Down",
            "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>",
        ),
        "sqs" => answer("400 Bad Request", r#"{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow"}"#),
        "ses" => answer("429 Too Many Requests", r#"{"__type":"TooManyRequestsException","message":"slow"}"#),
        _ => answer(
            "400 Bad Request",
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow"}"#,
        ),
    }
    .into_bytes()
}

/// The first item of the transaction is in another one.
fn conflict(body: &[u8]) -> Vec<u8> {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = asked["TransactItems"].as_array().map_or(0, Vec::len);
    let reason = json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" });
    let reasons: Vec<Value> =
        (0..items).map(|n| if n == 0 { reason.clone() } else { json!({ "Code": "None" }) }).collect();
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let body = json!({ "__type": kind, "message": kind, "CancellationReasons": reasons });
    answer("400 Bad Request", &body.to_string()).into_bytes()
}

/// Nothing of a batch of keys was read; of a batch of messages only the first was taken.
async fn undone(upstream: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let mut asked: Value = serde_json::from_slice(body).unwrap_or_default();
    if asked["RequestItems"].is_object() {
        let body = json!({ "Responses": {}, "UnprocessedKeys": asked["RequestItems"] });
        return answer("200 OK", &body.to_string()).into_bytes();
    }
    let entries = asked["Entries"].as_array().cloned().unwrap_or_default();
    asked["Entries"] = entries.iter().take(1).cloned().collect();
    let first = asked.to_string();
    let shorter: String =
        head.lines().filter(|l| !l.to_lowercase().starts_with("content-length:")).map(|l| format!("{l}\r\n")).collect();
    let head = format!("{shorter}content-length: {}\r\n", first.len());
    let taken = pass(upstream, &head, first.as_bytes()).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&taken).into_owned();
    let done: Value = text.split_once("\r\n\r\n").and_then(|(_, b)| serde_json::from_str(b).ok()).unwrap_or_default();
    let failed: Vec<Value> = entries
        .iter()
        .skip(1)
        .map(|e| json!({ "Id": e["Id"], "SenderFault": false, "Code": "InternalError", "Message": "again" }))
        .collect();
    let body = json!({ "Successful": done["Successful"], "Failed": failed });
    answer("200 OK", &body.to_string()).into_bytes()
}
