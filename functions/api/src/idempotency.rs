//! `Idempotency-Key` on POST: the same key and body get the first answer again; the same key with another body, 422.

use crate::Api;
use crate::caller::Caller;
use crate::problem::Problem;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use cauce_engine::Error;
use cauce_engine::message_files::LARGEST;
use cauce_engine::ports::table::{Change, Expect, Item};
use cauce_engine::store::codec::{decode, encode};
use cauce_engine::store::commit::{Committed, commit};
use cauce_engine::store::jobs::{Answered, answered_key};
use cauce_engine::store::keys::sha256;
use std::convert::Infallible;

/// Largest body of a request: a file's; other routes take less.
const MAX_BODY: usize = LARGEST;
/// How long a request may be in hand, in seconds, before another with its key takes it for dead: longer than any
/// function runs.
const LEASE: i64 = 120;
/// How long an answer is kept, in seconds.
const KEPT: i64 = 7 * 86_400;

/// What is answered again where the first answer was not to be kept.
const SHOWN: &str = r#"{"note":"la operación se hizo; su respuesta se mostró una sola vez"}"#;

/// What tells a request from others, where it has a key.
#[derive(Clone)]
struct RequestMark(String);

/// The mark under which a use case does a request once, even where whoever did it first died before it answered.
pub(crate) struct Once(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Once {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<RequestMark>().map(|mark| mark.0.clone())))
    }
}

/// Runs a POST once per key.
pub(crate) async fn once(State(api): State<Api>, request: Request, next: Next) -> Result<Response, Problem> {
    let key = request.headers().get("idempotency-key").and_then(|k| k.to_str().ok()).map(str::to_owned);
    let caller = request.extensions().get::<Caller>().cloned();
    let (Some(key), Some(caller), &Method::POST) = (key, caller, request.method()) else {
        return Ok(next.run(request).await);
    };
    if key.is_empty() || key.len() > 200 {
        return Err(Problem::invalid("Idempotency-Key", "la llave de idempotencia lleva de 1 a 200 caracteres"));
    }
    let (parts, body) = request.into_parts();
    let too_large = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "el cuerpo supera 4 MB");
    let bytes = to_bytes(body, MAX_BODY).await.map_err(too_large)?;
    let digest = sha256(&[parts.uri.to_string().as_bytes(), b"\n", &bytes].concat());
    // Each caller's own: what one is answered is not another's to read.
    let key = format!("{}\u{1}{key}", caller.author());
    let place = answered_key(caller.setup.id(), &key);
    let now = api.now().timestamp();
    let claim = Answered { request: digest.clone(), status: None, body: String::new(), begun: now };
    let expires = now + KEPT;
    let put = |answer: &Answered| Ok::<_, Error>(Item::new(place.clone(), encode(answer)?).expiring(expires));
    if let Committed::Lost(lost) = commit(&api.ports, vec![Change::Put(put(&claim)?, Expect::Absent)]).await? {
        let stored = lost.into_iter().next().and_then(|(_, stored)| stored).ok_or(Error::Raced)?;
        let known: Answered = decode(&stored.body)?;
        let abandoned = known.request == digest && known.status.is_none() && known.begun + LEASE < now;
        let taken = vec![Change::Put(put(&claim)?, Expect::Version(stored.version))];
        if !abandoned || !matches!(commit(&api.ports, taken).await?, Committed::Made) {
            return again(known, &digest);
        }
    }
    let mut request = Request::from_parts(parts, Body::from(bytes));
    request.extensions_mut().insert(RequestMark(format!("{key}\u{1}{digest}")));
    let response = next.run(request).await;
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let change = if head.status.is_server_error() || head.status == StatusCode::CONFLICT {
        // What failed on our side, or lost a race, may be tried again under the same key.
        Change::Delete(place.clone(), Expect::Anything)
    } else {
        // What is shown once is not kept either.
        let once = head.headers.get(header::CACHE_CONTROL).is_some_and(|v| v == "no-store");
        let text = if once { SHOWN.to_owned() } else { String::from_utf8_lossy(&body).into_owned() };
        Change::Put(put(&Answered { status: Some(head.status.as_u16()), body: text, ..claim })?, Expect::Anything)
    };
    commit(&api.ports, vec![change]).await?;
    Ok(Response::from_parts(head, Body::from(body)))
}

fn again(known: Answered, digest: &str) -> Result<Response, Problem> {
    if known.request != digest {
        let message = "la llave de idempotencia ya se usó con otro contenido: use una nueva";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message));
    }
    let running =
        || Problem::new(StatusCode::CONFLICT, "in_progress", "la misma operación está en curso: espere su respuesta");
    let status = known.status.and_then(|s| StatusCode::from_u16(s).ok()).ok_or_else(running)?;
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let built =
        Response::builder().status(status).header(header::CONTENT_TYPE, kind).header("idempotent-replayed", "true");
    built.body(Body::from(known.body)).map_err(|_| running())
}
