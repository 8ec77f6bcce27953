//! API keys of the project: made, listed, revoked. The key itself is shown once, when it is made.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cauce_domain::ids::UserId;
use cauce_engine::api_keys::{self, ApiKey};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyBody {
    /// What it is for.
    name: String,
    /// The user it acts as; absent, it acts as the project.
    user: Option<String>,
}

fn shown(key: &ApiKey) -> Value {
    let mut json = serde_json::to_value(key).unwrap_or_default();
    if let Some(map) = json.as_object_mut() {
        map.remove("digest");
    }
    json
}

/// Lists the keys, without themselves.
#[utoipa::path(get, path = "/v1/keys", tag = "llaves", responses((status = 200, body = Object)))]
async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    let keys = api_keys::list(&api.ports, &caller.setup).await?;
    Ok(Json(json!({ "items": keys.iter().map(shown).collect::<Vec<_>>() })))
}

/// Makes a key for the project or for one of its users; `key` is shown this once.
#[utoipa::path(post, path = "/v1/keys", tag = "llaves", request_body = KeyBody, responses((status = 201, body = Object), (status = 422, body = Problem)))]
async fn create(State(api): State<Api>, caller: Caller, Body(body): Body<KeyBody>) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    if body.name.trim().is_empty() || body.name.chars().count() > 80 {
        return Err(Problem::invalid("name", "diga para qué es la llave, en hasta 80 caracteres"));
    }
    let user = body.user.map(UserId::new);
    let (listed, key) = api_keys::make(&api.ports, &caller.setup, body.name.trim(), user, &caller.by(&api)).await?;
    let mut json = shown(&listed);
    json["key"] = key.into();
    Ok((StatusCode::CREATED, [("cache-control", "no-store")], Json(json)).into_response())
}

/// Revokes a key: from the next call on it opens nothing.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "llaves", params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn revoke(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    caller.may(Permission::Configure)?;
    api_keys::revoke(&api.ports, &caller.setup, &id, &caller.by(&api)).await?;
    Ok(StatusCode::NO_CONTENT)
}
