//! Outgoing webhooks: where the company is told what happens here, and what became of each telling.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem, Query};
use crate::versions::{if_match, tagged};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cauce_engine::webhook::endpoints::{self, change, create, deliveries, find, replay, rotate};
use cauce_engine::webhook::{Delivery, Endpoint, Family, attempt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(edit, remove))
        .routes(routes!(new_secret))
        .routes(routes!(send_test))
        .routes(routes!(told))
        .routes(routes!(tell_again))
        .routes(routes!(tell_all_again))
}

/// A webhook as written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookBody {
    /// Where it is told: `https://…`, at a public address.
    url: String,
    /// What it hears of: `communications`, `events`, `notes` (with their text).
    #[schema(value_type = Vec<String>)]
    families: BTreeSet<Family>,
    /// Whether it is told.
    #[serde(default = "yes")]
    active: bool,
}

fn yes() -> bool {
    true
}

/// Lists the webhooks.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", responses((status = 200, body = Object)))]
async fn list(caller: Caller) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    let shown = |it: &cauce_engine::store::settings::Versioned<Endpoint>| {
        let mut json = serde_json::to_value(&it.value).unwrap_or_default();
        json["version"] = it.version.into();
        json
    };
    Ok(Json(json!({ "items": caller.setup.endpoints.iter().map(shown).collect::<Vec<_>>() })))
}

/// Makes a webhook; its key, with which posts are signed as Standard Webhooks says, is shown this once.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", request_body = WebhookBody, responses((status = 201, body = Object), (status = 422, body = Problem)))]
async fn make(State(api): State<Api>, caller: Caller, Body(body): Body<WebhookBody>) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let id = api.ports.new_id().simple().to_string();
    let endpoint = Endpoint { id, url: body.url, families: body.families, active: body.active, stopped: None };
    let (endpoint, secret) = create(&api.ports, &caller.setup, endpoint, &caller.by(&api)).await?;
    let shown = json!({ "webhook": endpoint, "secret": secret });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(shown)).into_response())
}

/// Changes a webhook.
#[utoipa::path(put, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)), request_body = WebhookBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(body): Body<WebhookBody>,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let before = find(&caller.setup, &id)?;
    if_match(&headers, before.version)?;
    let after = Endpoint { id, url: body.url, families: body.families, active: body.active, stopped: None };
    let version = change(&api.ports, &caller.setup, before, &after, &caller.by(&api)).await?;
    Ok(tagged(StatusCode::OK, version, after))
}

/// Gives a webhook a new key, shown this once; the one before signs beside it for a day.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate", tag = "webhooks", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn new_secret(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let secret = rotate(&api.ports, &caller.setup, &id, api.now()).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({ "secret": secret }))).into_response())
}

/// Posts something of no consequence, and answers what the endpoint did.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "webhooks", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn send_test(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    let endpoint = &find(&caller.setup, &id)?.value;
    Ok(Json(shown(&attempt::test(&api.ports, &caller.setup, endpoint, api.now()).await?)))
}

/// A delivery without its body: the text of notes leaves by webhook alone.
fn shown(delivery: &Delivery) -> Value {
    let mut json = serde_json::to_value(delivery).unwrap_or_default();
    json.as_object_mut().map(|fields| fields.remove("body"));
    json
}

/// Takes a webhook off, with its key; what waits for it is told to nobody.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn remove(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    caller.may(Permission::Configure)?;
    endpoints::remove(&api.ports, &caller.setup, &id, &caller.by(&api)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
struct Which {
    /// Those alone that were given up on.
    #[serde(default)]
    dead: bool,
}

/// Lists a webhook's newest deliveries of the last thirty days, up to 200, with what it answered.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks", params(("id" = String, Path), Which), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn told(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    find(&caller.setup, &id)?;
    caller.sees_all()?;
    let found = deliveries(&api.ports, &caller.setup, &id, which.dead).await?;
    Ok(Json(json!({ "items": found.iter().map(shown).collect::<Vec<_>>() })))
}

/// Has one delivery told again, under the same id.
#[utoipa::path(post, path = "/v1/webhooks/{id}/deliveries/{delivery}/replay", tag = "webhooks", params(("id" = String, Path), ("delivery" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn tell_again(
    State(api): State<Api>,
    caller: Caller,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    let again = replay(&api.ports, &caller.setup, &id, Some(&delivery), api.now()).await?;
    Ok(Json(json!({ "replayed": again })))
}

/// Has the newest deliveries that were given up on told again, up to 200: ask again while there are more.
#[utoipa::path(post, path = "/v1/webhooks/{id}/replay", tag = "webhooks", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn tell_all_again(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    let again = replay(&api.ports, &caller.setup, &id, None, api.now()).await?;
    Ok(Json(json!({ "replayed": again })))
}
