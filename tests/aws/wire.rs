//! What leaves on the wire, and what comes back: requests read, answered, handed on; a server that takes one and keeps it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Reads one request; answers its head and its body.
pub(crate) async fn request(stream: &mut BufReader<TcpStream>) -> std::io::Result<(String, Vec<u8>)> {
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

/// An answer's bytes.
/// An answer's bytes.
pub(crate) fn answer(status: &str, body: &str) -> String {
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

/// Hands a request on and brings the whole answer back.
pub(crate) async fn pass(upstream: &str, head: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
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

/// A server that gives every request the same answer; answers where it listens and how many came.
pub(crate) async fn count(answered: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            if request(&mut stream).await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.get_mut().write_all(answer("200 OK", answered).as_bytes()).await;
            }
        }
    });
    (endpoint, came)
}
