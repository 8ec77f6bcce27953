//! Routes that several projects share, for one app of a provider's that serves them all: each event is of the project that
//! holds the account it names. Made and changed by whoever runs the stage, with the administration key.

use crate::Api;
use crate::problem::{Body, Path, Problem};
use crate::projects::administers;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use cauce_engine::Error;
use cauce_engine::hooks::{self, Hook};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(share)).routes(routes!(change))
}

/// What a provider's posts to the route are judged by. Its secrets are never shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SharedRouteBody {
    /// The provider, such as `whatsapp`.
    provider: String,
    /// The key it signs with; another one comes beside the one before, which is still taken for a week.
    signing_key: Option<String>,
    /// The account that signs with it, where each signs with its own.
    account: Option<String>,
    /// The word it names when it asks whether the address is ours.
    handshake: Option<String>,
    /// The topics that may post, of SNS.
    #[serde(default)]
    topics: Vec<String>,
}

/// Makes a route that projects share.
#[utoipa::path(post, path = "/v1/shared-routes", tag = "proyecto", request_body = SharedRouteBody, responses((status = 201, body = Object), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn share(
    State(api): State<Api>,
    headers: HeaderMap,
    Body(body): Body<SharedRouteBody>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    administers(&api, &headers).await?;
    let token = hooks::new_token(&api.ports).await?;
    let shown = keep(&api, &token, true, body).await?;
    Ok((StatusCode::CREATED, shown))
}

/// Changes what a shared route takes.
#[utoipa::path(put, path = "/v1/shared-routes/{token}", tag = "proyecto", params(("token" = String, Path)), request_body = SharedRouteBody, responses((status = 200, body = Object), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(token): Path<String>,
    Body(body): Body<SharedRouteBody>,
) -> Result<Json<Value>, Problem> {
    administers(&api, &headers).await?;
    keep(&api, &token, false, body).await
}

async fn keep(api: &Api, token: &str, is_new: bool, body: SharedRouteBody) -> Result<Json<Value>, Problem> {
    if !api.ports.webhooks.contains_key(body.provider.as_str()) {
        let known: Vec<_> = api.ports.webhooks.keys().copied().collect();
        return Err(Problem::invalid("provider", format!("use {}", known.join(", "))));
    }
    if body.signing_key.as_deref().is_none_or(str::is_empty) && body.topics.is_empty() {
        return Err(Problem::invalid("signing_key", "escriba la clave con que firma el proveedor, o sus temas de SNS"));
    }
    let webhook = format!("{}/hooks/{}/{token}", api.ports.public_url, body.provider);
    let now = api.now();
    hooks::change(&api.ports, token, now, |known| {
        // A project's own route is changed by connecting its channels.
        let shared = known.filter(|hook| hook.project.is_none()).or(is_new.then(Hook::default));
        let mut hook = shared.ok_or(Error::NotFound("la ruta compartida"))?;
        let keys = hook.keys.entry(body.provider).or_default();
        keys.accept((body.account.as_deref(), body.signing_key.as_deref()), body.handshake, body.topics, now);
        Ok(hook)
    })
    .await?;
    Ok(Json(json!({ "token": token, "webhook": webhook })))
}
