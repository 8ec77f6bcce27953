//! What leaves on the wire, and what comes back: a server that takes one request and keeps it, and one that stands
//! between a client and DynamoDB's protocol and lets things go wrong.

use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Reads one request; answers its head and its body.
async fn request(stream: &mut BufReader<TcpStream>) -> std::io::Result<(String, Vec<u8>)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((head, body))
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// A server that answers one request and gives its body.
pub(crate) async fn catch(answered: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let caught = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut stream = BufReader::new(stream);
        let (_, body) = request(&mut stream).await.expect("a request");
        stream.get_mut().write_all(answer("200 OK", answered).as_bytes()).await.expect("answered");
        String::from_utf8(body).expect("text")
    });
    (endpoint, caught)
}

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
    /// A transaction meets another in flight; anything else passes.
    Conflict,
    /// A batch comes back unprocessed; anything else passes.
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

/// Hands a request on and brings the whole answer back.
async fn pass(upstream: &str, head: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(upstream).await?;
    for line in head.lines().filter(|l| !l.to_lowercase().starts_with("connection:")) {
        stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    }
    stream.write_all(b"connection: close\r\n\r\n").await?;
    stream.write_all(body).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

async fn go_wrong(upstream: &str, mishap: Mishap, head: &str, body: &[u8], struck: &AtomicUsize) -> Option<Vec<u8>> {
    let head_lower = head.to_lowercase();
    let asks = |operation: &str| head_lower.contains(&format!(".{operation}"));
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = |kind: &str, more: Value| {
        let mut body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": kind });
        more.as_object().into_iter().flatten().for_each(|(name, value)| body[name.as_str()] = value.clone());
        Some(answer("400 Bad Request", &body.to_string()).into_bytes())
    };
    let strikes = match mishap {
        Mishap::Conflict => asks("transactwriteitems"),
        Mishap::Unprocessed => asks("batchgetitem"),
        _ => true,
    };
    if !strikes {
        return pass(upstream, head, body).await.ok();
    }
    struck.fetch_add(1, Ordering::SeqCst);
    match mishap {
        Mishap::Throttle => error("ThrottlingException", Value::Null),
        Mishap::Lose => {
            let _ = pass(upstream, head, body).await;
            None
        }
        Mishap::Fail => {
            let _ = pass(upstream, head, body).await;
            Some(answer("500 Internal Server Error", "{\"__type\":\"InternalServerError\"}").into_bytes())
        }
        Mishap::Twice => {
            let _ = pass(upstream, head, body).await;
            pass(upstream, head, body).await.ok()
        }
        Mishap::Conflict => {
            let items = asked["TransactItems"].as_array().map_or(0, Vec::len);
            let reason = json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" });
            let reasons: Vec<Value> =
                (0..items).map(|n| if n == 0 { reason.clone() } else { json!({ "Code": "None" }) }).collect();
            error("TransactionCanceledException", json!({ "CancellationReasons": reasons }))
        }
        Mishap::Unprocessed => {
            let body = json!({ "Responses": {}, "UnprocessedKeys": asked["RequestItems"] });
            Some(answer("200 OK", &body.to_string()).into_bytes())
        }
    }
}
