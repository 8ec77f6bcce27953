//! Channels: visible, active and connected, three flags apart.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use crate::versions::{if_match, tagged};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_domain::contact::channel::{Channel, ChannelFlags};
use cauce_engine::connect::Connection;
use cauce_engine::store::settings::{Setup, save_project};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(edit))
}

/// A channel with its flags.
#[derive(Debug, Serialize, ToSchema)]
struct ChannelView {
    /// `whatsapp`, `sms` or `email`.
    channel: String,
    /// Shown in editors.
    visible: bool,
    /// Switched on.
    active: bool,
    /// Its account works.
    connected: bool,
    /// Who sends.
    provider: String,
    /// Its provider takes nothing before this instant; what was due waits.
    #[schema(value_type = Option<String>)]
    paused_until: Option<DateTime<Utc>>,
    /// The project's own account, where it has one.
    #[schema(value_type = Option<Object>)]
    connection: Option<Connection>,
}

/// Flags to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Flags {
    /// Shown in editors.
    visible: Option<bool>,
    /// Switched on.
    active: Option<bool>,
    /// Its account was mended; a send that finds it refused drops the channel again.
    connected: Option<bool>,
}

fn view(api: &Api, setup: &Setup, channel: Channel, flags: ChannelFlags) -> ChannelView {
    let connection = setup.connections.get(&channel).map(|c| c.value.clone());
    let own = connection.as_ref().map(|c| c.provider.clone());
    let provider =
        own.or_else(|| api.ports.channels.get(&channel).map(|s| s.provider().to_owned())).unwrap_or_default();
    let ChannelFlags { visible, active, connected, paused_until } = flags;
    let paused_until = paused_until.filter(|until| api.now() < *until);
    ChannelView { channel: channel.code().to_owned(), visible, active, connected, provider, paused_until, connection }
}

/// Lists the channels.
#[utoipa::path(get, path = "/v1/channels", tag = "canales", responses((status = 200, body = [ChannelView])))]
async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    let channels: Vec<ChannelView> =
        caller.setup.project().channels.iter().map(|(c, f)| view(&api, &caller.setup, *c, *f)).collect();
    Ok(tagged(StatusCode::OK, caller.setup.project.version, channels))
}

/// Changes a channel's flags; the ETag is the project's.
#[utoipa::path(put, path = "/v1/channels/{channel}", tag = "canales", params(("channel" = String, Path)), request_body = Flags, responses((status = 200, body = ChannelView), (status = 404, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(flags): Body<Flags>,
) -> Result<Json<ChannelView>, Problem> {
    caller.may(Permission::Configure)?;
    if_match(&headers, caller.setup.project.version)?;
    let channel: Channel = name.parse().map_err(|_| Problem::not_found("el canal"))?;
    let mut project = caller.setup.project().clone();
    let known = project.channels.get_mut(&channel).ok_or_else(|| Problem::not_found("el canal"))?;
    known.visible = flags.visible.unwrap_or(known.visible);
    known.active = flags.active.unwrap_or(known.active);
    known.connected = flags.connected.unwrap_or(known.connected);
    if flags.connected == Some(true) {
        known.paused_until = None;
    }
    let changed = *known;
    save_project(&api.ports, &caller.by(&api), &caller.setup.project, &project).await?;
    Ok(Json(view(&api, &caller.setup, channel, changed)))
}
