//! Loads: an upload asked for, started, followed in the process log, confirmed; rejected rows and template files.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::files;
use crate::page::{List, Page, limit};
use crate::problem::{Body, Path, Problem, Query};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cauce_domain::ids::JobId;
use cauce_engine::import::finish::notes;
use cauce_engine::import::job::{self, Kind, Load, Options, Picture};
use cauce_engine::import::template_file::template_file;
use cauce_engine::import::{self, Request};
use cauce_engine::ports::files::Upload;
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(log, upload))
        .routes(routes!(template))
        .routes(routes!(read))
        .routes(routes!(start))
        .routes(routes!(confirm))
        .routes(routes!(discard))
        .routes(routes!(rejected))
        .routes(routes!(row_notes))
}

/// Largest upload, in bytes.
const MAX_UPLOAD: u64 = 2 * 1024 * 1024 * 1024;

/// A file to be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UploadBody {
    /// `customers`, `orders`, `payments`, `exclusiones` or `communications`.
    kind: String,
    /// Its name.
    file_name: String,
    /// Exact length in bytes.
    length: u64,
    /// SHA-256 of the content, in hex.
    sha256: String,
}

fn kind_of(name: &str) -> Result<Kind, Problem> {
    Kind::of(name)
        .ok_or_else(|| Problem::invalid("kind", "use customers, orders, payments, exclusiones o communications"))
}

fn file_key(caller: &Caller, id: &str, kind: Kind) -> String {
    format!("uploads/{}/{id}/{}", caller.setup.id(), kind.code())
}

/// Asks for an upload: answers a URL that takes exactly this file by PUT, once, with the headers given; then start the load.
#[utoipa::path(post, path = "/v1/imports", tag = "cargas", request_body = UploadBody, responses((status = 201, body = Object), (status = 422, body = Problem)))]
async fn upload(State(api): State<Api>, caller: Caller, Body(body): Body<UploadBody>) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let kind = kind_of(&body.kind)?;
    if body.length == 0 || body.length > MAX_UPLOAD {
        return Err(Problem::invalid("length", "el archivo está vacío o supera 2 GB"));
    }
    let hex = body.sha256.len() == 64 && body.sha256.bytes().all(|b| b.is_ascii_hexdigit());
    if !hex {
        return Err(Problem::invalid("sha256", "envíe el SHA-256 del archivo en 64 dígitos hexadecimales"));
    }
    let id = api.ports.new_id().simple().to_string();
    let until = api.now() + TimeDelta::minutes(60);
    let upload =
        Upload { key: file_key(&caller, &id, kind), length: body.length, sha256: body.sha256.to_lowercase(), until };
    let allowed = api.ports.files.presigned_put(&upload).await.map_err(cauce_engine::Error::from)?;
    let body = json!({ "id": id, "kind": kind, "upload_url": allowed.url, "upload_headers": allowed.headers, "until": until, "file_name": body.file_name });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// How an uploaded file is loaded.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartBody {
    /// `customers`, `orders`, `payments`, `exclusiones` or `communications`, as asked for.
    kind: String,
    /// Its name.
    #[serde(default)]
    file_name: String,
    /// Only tell what would change.
    #[serde(default)]
    trial: bool,
    /// A full picture: `project`, `current` or `written_off`.
    #[schema(value_type = Option<String>)]
    picture: Option<Picture>,
    /// A saved mapping.
    mapping: Option<String>,
}

/// Starts the load of an uploaded file; starting it again answers the same load.
#[utoipa::path(post, path = "/v1/imports/{id}/start", tag = "cargas", params(("id" = String, Path)), request_body = StartBody, responses((status = 202, body = Object), (status = 404, body = Problem)))]
async fn start(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<StartBody>,
) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let kind = kind_of(&body.kind)?;
    let plain = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let file = file_key(&caller, &id, kind);
    if !plain || api.ports.files.size(&file).await.map_err(cauce_engine::Error::from)?.is_none() {
        return Err(Problem::not_found("el archivo: súbalo a la URL que recibió"));
    }
    let options = Options { trial: body.trial, picture: body.picture, mapping: body.mapping, confirmed: false };
    let file_name = if body.file_name.is_empty() { kind.code().to_owned() } else { body.file_name };
    let asked = Request { kind, file, file_name, requester: caller.author(), options };
    let load = import::request(&api.ports, &caller.setup, &id, asked, api.now()).await?;
    Ok((StatusCode::ACCEPTED, Json(shown(&load))).into_response())
}

pub(crate) fn shown(load: &Load) -> Value {
    let mut json = serde_json::to_value(load).unwrap_or_default();
    json["state_name"] = load.state.spanish().into();
    json["kind_name"] = load.kind.spanish().into();
    json
}

/// Lists the loads of the process log, newest first, a page at a time.
#[utoipa::path(get, path = "/v1/imports", tag = "cargas", params(Page), responses((status = 200, body = Object)))]
async fn log(State(api): State<Api>, caller: Caller, Query(page): Query<Page>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let list = List::new(&caller, "imports");
    let (_, after) = list.start(page.cursor.as_deref())?;
    let (loads, next) = job::log(&api.ports, caller.setup.id(), limit(page.limit).min(100), after).await?;
    Ok(list.page(loads.iter().map(shown).collect(), next.map(|at| (0, Some(at)))))
}

async fn found(api: &Api, caller: &Caller, id: &str) -> Result<Load, Problem> {
    let stored = job::read(&api.ports, caller.setup.id(), &JobId::from(id)).await?;
    stored.map(|(load, _)| load).ok_or_else(|| Problem::not_found("la carga"))
}

/// Reads one load.
#[utoipa::path(get, path = "/v1/imports/{id}", tag = "cargas", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    Ok(Json(shown(&found(&api, &caller, &id).await?)))
}

/// Confirms a load that would change a lot.
#[utoipa::path(post, path = "/v1/imports/{id}/confirm", tag = "cargas", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn confirm(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Operate)?;
    found(&api, &caller, &id).await?;
    Ok(Json(shown(&import::confirm(&api.ports, &caller.setup, &JobId::new(id), api.now()).await?)))
}

/// Discards a load that waits to be confirmed: nothing of it is applied.
#[utoipa::path(post, path = "/v1/imports/{id}/discard", tag = "cargas", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn discard(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Operate)?;
    found(&api, &caller, &id).await?;
    Ok(Json(shown(&import::discard(&api.ports, &caller.setup, &JobId::new(id), api.now()).await?)))
}

/// Downloads the rejected rows in the file's own format, with a column `Error`: answers where they are, for a few minutes.
#[utoipa::path(get, path = "/v1/imports/{id}/rejected", tag = "cargas", params(("id" = String, Path)), responses((status = 303), (status = 404, body = Problem)))]
async fn rejected(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let load = found(&api, &caller, &id).await?;
    let key = load.rejected_file.ok_or_else(|| Problem::not_found("filas rechazadas en esta carga"))?;
    let name = if key.ends_with("xlsx") { "rechazadas.xlsx" } else { "rechazadas.csv" };
    files::download(&api, key, name.to_owned()).await
}

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
struct Limit {
    /// Most notes, up to 1000.
    limit: Option<usize>,
}

/// Lists errors and observations by row.
#[utoipa::path(get, path = "/v1/imports/{id}/notes", tag = "cargas", params(("id" = String, Path), Limit), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn row_notes(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Query(limit): Query<Limit>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let load = found(&api, &caller, &id).await?;
    let items = notes(&api.ports, &caller.setup, &load, limit.limit.unwrap_or(200).min(1000)).await?;
    Ok(Json(json!({ "items": items })))
}

/// Downloads the template file of a kind, with its help sheet.
#[utoipa::path(get, path = "/v1/imports/templates/{kind}", tag = "cargas", params(("kind" = String, Path)), responses((status = 200, content_type = "application/octet-stream"), (status = 422, body = Problem)))]
async fn template(caller: Caller, Path(kind): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let kind = kind_of(&kind)?;
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.xlsx\"", kind.code())),
    ];
    Ok((headers, template_file(kind)?).into_response())
}
