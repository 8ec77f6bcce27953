//! Calls to providers over HTTP: once each, bounded in time and size, and what their failing means.

use crate::answer::{Refused, Taken};
use cauce_domain::contact::disposition::Disposition;
use cauce_engine::ports::channel::{self, Answer};
use cauce_engine::ports::told::Refusal;
use std::sync::OnceLock;
use std::time::Duration;

/// Larger than any answer of an API.
const MOST: usize = 1024 * 1024;
/// Larger than any file that is kept.
const MOST_OF_A_FILE: usize = 26 * 1024 * 1024;

/// A client that follows no redirect and tries nothing twice; made at its first use and kept.
#[derive(Default)]
pub struct Http(OnceLock<reqwest::Client>);

impl Http {
    /// The client; one that cannot be made is of a machine that has no certificates, and calls nobody.
    pub fn client(&self) -> &reqwest::Client {
        self.0.get_or_init(|| {
            let client = reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(3))
                .timeout(Duration::from_secs(15))
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(concat!("Cauce/", env!("CARGO_PKG_VERSION")));
            client.build().unwrap_or_default()
        })
    }
}

/// An API's answer.
pub struct Heard {
    /// HTTP status.
    pub status: u16,
    /// Seconds it asks to wait.
    pub retry_after: Option<u64>,
    /// Body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The request did not leave: nobody was there.
    NotSent,
    /// It left, and whether it was heeded nobody knows.
    Unknown,
}

/// Makes one call.
pub async fn call(request: reqwest::RequestBuilder) -> Result<Heard, Silence> {
    let mut answer = request.send().await.map_err(|error| match error.is_connect() || error.is_builder() {
        true => Silence::NotSent,
        false => Silence::Unknown,
    })?;
    let after = answer.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
    let (status, mut body) = (answer.status().as_u16(), Vec::new());
    while let Some(piece) = answer.chunk().await.map_err(|_| Silence::Unknown)? {
        body.extend_from_slice(&piece);
        if body.len() > MOST {
            break;
        }
    }
    Ok(Heard { status, retry_after: after, body })
}

/// Fetches a file: its bytes, or where it is instead.
pub async fn file(request: reqwest::RequestBuilder) -> Result<File, String> {
    let failed = |_| "el archivo no llegó".to_owned();
    let mut answer = request.send().await.map_err(failed)?;
    if answer.status().is_redirection() {
        let elsewhere = answer.headers().get("location").and_then(|v| v.to_str().ok());
        return elsewhere.map(|url| File::Elsewhere(url.to_owned())).ok_or_else(|| "sin dirección".to_owned());
    }
    match answer.status().as_u16() {
        200..300 => {}
        404 | 410 => return Ok(File::Gone),
        other => return Err(format!("HTTP {other}")),
    }
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(failed)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MOST_OF_A_FILE {
            return Ok(File::Gone);
        }
    }
    Ok(File::Here(bytes))
}

/// A file that was asked for.
pub enum File {
    /// Its bytes.
    Here(Vec<u8>),
    /// It lies at another address.
    Elsewhere(String),
    /// It is not there any more, or larger than what is kept: asking again helps nothing.
    Gone,
}

/// The host an address names.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

/// What a send's answer means for the message. `provider` is named to the user.
pub fn answer(provider: &str, heard: Result<Taken, Silence>) -> Answer {
    match heard {
        Ok(Taken::Accepted(accepted)) => Answer::Accepted(accepted.id),
        Ok(Taken::Refused(refused)) => refusal(provider, refused),
        Err(Silence::NotSent) => Answer::not_now(format!("no se pudo conectar a {provider}")),
        Err(Silence::Unknown) => Answer::Unknown(format!("{provider} no respondió")),
    }
}

fn refusal(provider: &str, refused: Refused) -> Answer {
    use Disposition::*;
    let Refused { code, disposition, wait, detail: _ } = refused;
    // Providers quote addresses and words in what they say: only its code is logged.
    tracing::info!(provider, code = code.as_deref().unwrap_or("-"), ?disposition, "no se aceptó un mensaje");
    let wait = u32::try_from(wait).unwrap_or(u32::MAX);
    let refusal = Refusal::of(code, disposition);
    let words = refusal.words();
    match disposition {
        _ if refusal.is_of_a_country() => Answer::Refused(channel::Refused { words, refusal: Some(refusal) }),
        Retry | RetryOnce | RetryLimited => Answer::NotNow { why: words, wait },
        Ambiguous => Answer::Unknown(words),
        // A quota that frees by itself is waited for.
        StopAccount => Answer::Disconnected { why: words, wait: (wait >= 600).then_some(wait) },
        _ => Answer::Refused(channel::Refused { words, refusal: Some(refusal) }),
    }
}
