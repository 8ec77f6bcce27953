//! The API, the webhooks, uploads and downloads over one port, with the functions' loop beside them.

use crate::files::Folder;
use crate::house::House;
use crate::run::Runner;
use aws_lambda_events::event::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, OriginalUri, Path, Query, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use cauce_api::Api;
use cauce_engine::ports::PortError;
use cauce_engine::ports::files::{Download, Files, Upload};
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// The whole router of a house; `sandbox` adds the routes that move the clock and read the outbox.
pub fn router(runner: &Arc<Runner>, sandbox: bool) -> Router {
    let house: &House = &runner.house;
    let clock = Arc::clone(&house.clock);
    let api = cauce_api::router(Api { ports: house.ports.clone(), now: Arc::new(move || clock.now()) });
    let mut local = Router::new()
        .route("/hooks/{provider}/{token}", get(hook).post(hook).layer(DefaultBodyLimit::max(4 * 1024 * 1024)))
        .route("/uploads/{*key}", put(upload).layer(DefaultBodyLimit::disable()))
        .route("/downloads/{*key}", get(download));
    if sandbox {
        local = local.route("/sandbox/advance", post(advance)).route("/sandbox/outbox", get(outbox));
    }
    local.with_state(Arc::clone(runner)).merge(api)
}

/// Serves until asked to stop, then lets what is in hand finish.
pub async fn serve(
    runner: Arc<Runner>,
    listener: tokio::net::TcpListener,
    sandbox: bool,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (halt, halted) = tokio::sync::watch::channel(false);
    let looping = tokio::spawn(work(Arc::clone(&runner), halted));
    let app = router(&runner, sandbox);
    let served = axum::serve(listener, app).with_graceful_shutdown(stop).await;
    let _ = halt.send(true);
    let _ = looping.await;
    served
}

/// Ticks every second until halted; a tick in hand ends first.
async fn work(runner: Arc<Runner>, mut halted: tokio::sync::watch::Receiver<bool>) {
    loop {
        if let Err(error) = runner.tick().await {
            tracing::error!(%error, "una tarea no pudo terminar; se reintenta");
        }
        tokio::select! {
            _ = halted.changed() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

async fn hook(
    State(runner): State<Arc<Runner>>,
    method: Method,
    uri: OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut request = ApiGatewayV2httpRequest::default();
    request.request_context.http.method = method;
    request.raw_path = Some(uri.path().to_owned());
    request.raw_query_string = uri.query().map(str::to_owned);
    request.headers = headers;
    // As API Gateway does with anything that may not be text.
    request.is_base64_encoded = true;
    request.body = Some(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &body));
    let now = runner.house.clock.now();
    match cauce_receive_webhook::handle(&runner.house.ports, request, now).await {
        Ok(answer) => answered(answer),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn answered(answer: ApiGatewayV2httpResponse) -> Response {
    let status = u16::try_from(answer.status_code).ok().and_then(|s| StatusCode::from_u16(s).ok()).unwrap_or_default();
    let body = answer.body.map_or_else(Vec::new, |body| body.to_vec());
    (status, answer.headers, body).into_response()
}

#[derive(Deserialize)]
struct Permission {
    length: u64,
    sha256: String,
    until: i64,
    mark: String,
}

fn refused(status: StatusCode, why: &str) -> Response {
    let code = status.as_u16();
    (
        status,
        axum::Json(
            json!({ "type": "urn:cauce:problem:file_refused", "status": code, "code": "file_refused", "title": why }),
        ),
    )
        .into_response()
}

/// Takes an upload: exactly the length and digest that were signed, once.
async fn upload(
    State(runner): State<Arc<Runner>>,
    Path(key): Path<String>,
    Query(asked): Query<Permission>,
    request: Request,
) -> Response {
    let folder: &Folder = &runner.house.folder;
    let until = DateTime::<Utc>::from_timestamp(asked.until, 0).unwrap_or_default();
    let upload = Upload { key, length: asked.length, sha256: asked.sha256, until };
    let genuine: bool = folder.permission(&upload).as_bytes().ct_eq(asked.mark.as_bytes()).into();
    if !genuine || until < runner.house.clock.now() {
        return refused(StatusCode::FORBIDDEN, "el permiso de carga no es válido o venció: pida otro");
    }
    match folder.size(&upload.key).await {
        Ok(None) => {}
        _ => return refused(StatusCode::CONFLICT, "el archivo ya se subió: inicie su carga"),
    }
    match take(folder, &upload, request.into_body()).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(PortError::Refused(why)) => refused(StatusCode::UNPROCESSABLE_ENTITY, &why),
        Err(_) => refused(StatusCode::SERVICE_UNAVAILABLE, "no se pudo guardar el archivo: intente de nuevo"),
    }
}

#[derive(Deserialize)]
struct DownloadPermission {
    name: String,
    until: i64,
    mark: String,
}

/// Gives a file to whoever has its permission.
async fn download(
    State(runner): State<Arc<Runner>>,
    Path(key): Path<String>,
    Query(asked): Query<DownloadPermission>,
) -> Response {
    let folder: &Folder = &runner.house.folder;
    let until = DateTime::<Utc>::from_timestamp(asked.until, 0).unwrap_or_default();
    let download = Download { key, name: asked.name, until };
    let genuine: bool = folder.download_permission(&download).as_bytes().ct_eq(asked.mark.as_bytes()).into();
    if !genuine || until < runner.house.clock.now() {
        return refused(StatusCode::FORBIDDEN, "el permiso de descarga no es válido o venció: pida otro");
    }
    match folder.read(&download.key).await {
        Ok(content) => {
            let named = format!("attachment; filename=\"{}\"", download.name);
            let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_DISPOSITION, named)];
            (headers, Body::from_stream(content.map_err(std::io::Error::other))).into_response()
        }
        Err(_) => refused(StatusCode::NOT_FOUND, "el archivo ya no está"),
    }
}

async fn take(folder: &Folder, upload: &Upload, body: Body) -> Result<(), PortError> {
    let broken = || PortError::Refused("la subida se cortó: intente de nuevo".to_owned());
    let differs = || PortError::Refused("el archivo no coincide con el tamaño o el SHA-256 anunciados".to_owned());
    let (length, wanted) = (upload.length, upload.sha256.clone());
    let state = (body.into_data_stream().map_err(move |_| broken()), Sha256::new(), 0_u64);
    let checked = futures::stream::try_unfold(state, move |(mut stream, mut digest, mut seen)| {
        let wanted = wanted.clone();
        async move {
            match stream.next().await.transpose()? {
                Some(piece) => {
                    seen += piece.len() as u64;
                    digest.update(&piece);
                    if seen > length { Err(differs()) } else { Ok(Some((piece, (stream, digest, seen)))) }
                }
                None if seen == length && cauce_engine::store::keys::hex(&digest.finalize()) == wanted => Ok(None),
                None => Err(differs()),
            }
        }
    });
    folder.write(&upload.key, Box::pin(checked)).await
}

#[derive(Deserialize)]
struct Advance {
    to: DateTime<Utc>,
}

/// Moves the set clock forward, doing everything that falls due on the way.
async fn advance(State(runner): State<Arc<Runner>>, axum::Json(asked): axum::Json<Advance>) -> Response {
    if !runner.house.clock.is_set() {
        return refused(StatusCode::CONFLICT, "el reloj es el real: inicie con --now para poder adelantarlo");
    }
    match runner.advance_to(asked.to).await {
        Ok(()) => axum::Json(json!({ "now": runner.house.clock.now() })).into_response(),
        Err(error) => refused(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

async fn outbox(State(runner): State<Arc<Runner>>) -> Response {
    match runner.house.outbox.taken() {
        Ok(taken) => {
            let item = |t: &crate::outbox::Taken| json!({ "reference": t.reference, "channel": t.channel, "recipients": t.recipients, "text": t.text });
            axum::Json(json!({ "items": taken.iter().rev().take(500).map(item).collect::<Vec<_>>() })).into_response()
        }
        Err(why) => refused(StatusCode::SERVICE_UNAVAILABLE, &why),
    }
}
