//! Files that go with a template: put by name, taken away by name.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Path, Problem};
use crate::templates::{bad_template, find, store};
use crate::versions::{if_match, tagged};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_domain::strategy::template::Template;
use cauce_engine::message_files::{self, LARGEST};
use cauce_engine::store::settings::Versioned;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(put, remove)).layer(DefaultBodyLimit::max(LARGEST))
}

/// Has a PDF, JPG or PNG go with the template's messages, in place of one of the same name: the body is the file, of up to 4 MB.
#[utoipa::path(put, path = "/v1/templates/{id}/files/{name}", tag = "plantillas", params(("id" = String, Path), ("name" = String, Path)), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn put(
    State(api): State<Api>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let known = find(&caller, &id)?;
    if_match(&headers, known.version)?;
    let too_large = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "el archivo pesa más de 4 MB");
    let file = message_files::keep(&api.ports, &caller.setup, &name, body.map_err(too_large)?).await?;
    let mut after = known.value.clone();
    after.files.retain(|other| other.name != file.name);
    after.files.push(file);
    save(&api, &caller, known, &after).await
}

/// Takes a file away from the template; what left with it keeps it.
#[utoipa::path(delete, path = "/v1/templates/{id}/files/{name}", tag = "plantillas", params(("id" = String, Path), ("name" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let known = find(&caller, &id)?;
    if_match(&headers, known.version)?;
    let mut after = known.value.clone();
    after.files.retain(|file| file.name != name);
    if after.files.len() == known.value.files.len() {
        return Err(Problem::not_found("el archivo"));
    }
    save(&api, &caller, known, &after).await
}

async fn save(api: &Api, caller: &Caller, before: &Versioned<Template>, after: &Template) -> Result<Response, Problem> {
    after.validate().map_err(|why| bad_template(&why, "files"))?;
    let version = store(api, caller, after, Some(before)).await?;
    Ok(tagged(StatusCode::OK, version, json!({ "template": after })))
}
