//! Files that go with outcomes, claims and messages: kept first, then named by what is answered here.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Path, Problem};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use cauce_domain::contact::file::MessageFile;
use cauce_engine::message_files::{self, LARGEST};
use cauce_engine::ports::files::Download;
use chrono::TimeDelta;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(keep)).layer(DefaultBodyLimit::max(LARGEST))
}

/// Keeps a PDF, JPG or PNG of up to 4 MB: the body is the file. Answers the text that names it in other requests.
#[utoipa::path(post, path = "/v1/files/{name}", tag = "archivos", params(("name" = String, Path)), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, body = Object), (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn keep(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may(Permission::Manage)?;
    let too_large = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "el archivo pesa más de 4 MB");
    let file = message_files::keep(&api.ports, &caller.setup, &name, body.map_err(too_large)?).await?;
    let named = message_files::seal(&caller.setup, &file)?;
    Ok((StatusCode::CREATED, Json(json!({ "file": named, "name": file.name, "kind": file.kind, "size": file.size }))))
}

/// How long a download may be begun, in minutes.
const DOWNLOAD_MINUTES: i64 = 10;

/// Sends the caller to where a file is: it is too large to be answered here.
pub(crate) async fn download(api: &Api, key: String, name: String) -> Result<Response, Problem> {
    let until = api.now() + TimeDelta::minutes(DOWNLOAD_MINUTES);
    let url = api.ports.files.presigned_get(&Download { key, name, until }).await.map_err(cauce_engine::Error::from)?;
    let there = [(LOCATION, url.clone())];
    Ok((StatusCode::SEE_OTHER, there, Json(json!({ "url": url, "until": until }))).into_response())
}

/// The files that a request names.
pub(crate) fn named(caller: &Caller, files: &[String]) -> Result<Vec<MessageFile>, Problem> {
    Ok(files.iter().map(|text| message_files::open(&caller.setup, text)).collect::<Result<_, _>>()?)
}
