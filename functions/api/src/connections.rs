//! Accounts at providers: which there are and what they need, connecting one, checking it, the templates it knows.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::contact::channel::Channel;
use cauce_domain::ids::TemplateId;
use cauce_engine::approval;
use cauce_engine::connect::{self, Asked};
use cauce_engine::ports::secrets::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(providers))
        .routes(routes!(connect_channel, disconnect_channel))
        .routes(routes!(check_channel))
        .routes(routes!(registered))
        .routes(routes!(refresh))
        .routes(routes!(submit))
}

/// A provider, with what an account at it needs.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderView {
    /// Its name.
    provider: &'static str,
    /// The channels it serves.
    channels: Vec<&'static str>,
    /// What an account needs.
    fields: Vec<FieldView>,
    /// Where it has to be told to post, as this project's own address.
    webhook: String,
}

/// One thing an account needs.
#[derive(Debug, Serialize, ToSchema)]
struct FieldView {
    /// Its name.
    name: &'static str,
    /// What it is.
    description: &'static str,
    /// It is kept secret and never shown.
    secret: bool,
    /// The account does not work without it.
    required: bool,
    /// What it is when nothing is said.
    default: Option<&'static str>,
}

/// An account to connect. Credentials left out stay as they were.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConnectionBody {
    /// The provider.
    provider: String,
    /// Settings by name.
    #[serde(default)]
    settings: BTreeMap<String, String>,
    /// Credentials by name.
    #[serde(default)]
    credentials: BTreeMap<String, Credential>,
}

/// A credential as it is given; not printed.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
struct Credential(String);

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

fn channel(name: &str) -> Result<Channel, Problem> {
    name.parse().map_err(|_| Problem::not_found("el canal"))
}

/// Lists the providers a channel can be connected to, with what each needs.
#[utoipa::path(get, path = "/v1/providers", tag = "canales", responses((status = 200, body = [ProviderView])))]
async fn providers(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<ProviderView>>, Problem> {
    caller.may(Permission::Configure)?;
    let token = &caller.setup.project().hook_token;
    let view = |(name, provider): (&&'static str, &std::sync::Arc<dyn cauce_engine::ports::provider::Provider>)| {
        let field = |f: &cauce_engine::ports::provider::Field| FieldView {
            name: f.name,
            description: f.spanish,
            secret: f.is_credential,
            required: f.is_required,
            default: f.default,
        };
        let webhook = provider.signs(&Default::default()).map_or(*name, |signs| signs.webhook);
        ProviderView {
            provider: name,
            channels: provider.channels().iter().map(|c| c.code()).collect(),
            fields: provider.fields().iter().map(field).collect(),
            webhook: format!("{}/hooks/{webhook}/{token}", api.ports.public_url),
        }
    };
    Ok(Json(api.ports.providers.iter().map(view).collect()))
}

/// Connects a channel to an account, once the provider has said that it works.
#[utoipa::path(put, path = "/v1/channels/{channel}/connection", tag = "canales", params(("channel" = String, Path)), request_body = ConnectionBody, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn connect_channel(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body<ConnectionBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    let credentials = body.credentials.into_iter().map(|(name, given)| (name, Secret::new(given.0))).collect();
    let asked = Asked { provider: body.provider, settings: body.settings, credentials };
    let made = connect::connect(&api.ports, &caller.setup, channel(&name)?, asked, &caller.by(&api)).await?;
    Ok(Json(json!({ "connection": made })))
}

/// Gives the account back; messages leave by what the platform has for everybody, if anything.
#[utoipa::path(delete, path = "/v1/channels/{channel}/connection", tag = "canales", params(("channel" = String, Path)), responses((status = 204)))]
async fn disconnect_channel(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.may(Permission::Configure)?;
    connect::disconnect(&api.ports, &caller.setup, channel(&name)?, &caller.by(&api)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks the provider whether the account still works.
#[utoipa::path(post, path = "/v1/channels/{channel}/check", tag = "canales", params(("channel" = String, Path)), responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn check_channel(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    let known = connect::check(&api.ports, &caller.setup, channel(&name)?, &caller.by(&api)).await?;
    Ok(Json(json!({ "connection": known })))
}

/// Lists the templates the provider knows, with where each stands.
#[utoipa::path(get, path = "/v1/registered-templates", tag = "plantillas", responses((status = 200, body = [Object])))]
async fn registered(caller: Caller) -> Result<Json<Vec<Value>>, Problem> {
    caller.may(Permission::Read)?;
    Ok(Json(caller.setup.registered.iter().map(|known| json!(known.value)).collect()))
}

/// Asks the provider for every template of the account.
#[utoipa::path(post, path = "/v1/channels/{channel}/registered-templates", tag = "plantillas", params(("channel" = String, Path)), responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn refresh(State(api): State<Api>, caller: Caller, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    let changed = approval::refresh(&api.ports, &caller.setup, channel(&name)?, &caller.by(&api)).await?;
    Ok(Json(json!({ "changed": changed })))
}

/// The language a template is approved in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Language {
    /// Such as `es_MX`.
    language: String,
}

/// Sends a template to be approved; from then on it leaves as that, once it is.
#[utoipa::path(post, path = "/v1/templates/{id}/approval", tag = "plantillas", params(("id" = String, Path)), request_body = Language, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn submit(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<Language>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    let id = TemplateId::from(id.as_str());
    let known = approval::submit(&api.ports, &caller.setup, &id, &asked.language, &caller.by(&api)).await?;
    Ok(Json(json!({ "registered": known })))
}
