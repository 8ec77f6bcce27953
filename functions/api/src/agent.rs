//! The automatic agent: whether it answers, who understands for it, and what it may do.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Problem};
use crate::versions::{if_match, tagged};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_engine::agent::AgentSettings;
use cauce_engine::store::settings::{Project, save_project};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(read, write))
}

/// Reads how the project has its agent, and who may understand for it.
#[utoipa::path(get, path = "/v1/project/agent", tag = "proyecto", responses((status = 200, body = Object)))]
async fn read(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    let project = &caller.setup.project;
    let kinds: Vec<&str> = api.ports.agents.keys().copied().collect();
    Ok(tagged(StatusCode::OK, project.version, json!({ "agent": project.value.agent, "kinds": kinds })))
}

/// How the agent works.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AgentBody {
    /// Whether it answers what linked customers write by WhatsApp and e-mail.
    active: bool,
    /// Who understands: `rules`, or `bedrock` where a model is deployed.
    kind: String,
    /// Whether it may note payments, promises and claims; otherwise it answers questions alone.
    acts: bool,
}

/// Says how the agent works. It is off until this switches it on.
#[utoipa::path(put, path = "/v1/project/agent", tag = "proyecto", request_body = AgentBody, responses((status = 200, body = Object), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn write(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<AgentBody>,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let before = &caller.setup.project;
    if_match(&headers, before.version)?;
    if !api.ports.agents.contains_key(body.kind.as_str()) {
        let known = api.ports.agents.keys().copied().collect::<Vec<_>>().join(", ");
        return Err(Problem::invalid("kind", format!("ese agente no está instalado; hay: {known}")));
    }
    let agent = AgentSettings { active: body.active, kind: body.kind, acts: body.acts };
    let after = Project { agent: Some(agent), ..before.value.clone() };
    let version = save_project(&api.ports, &caller.by(&api), before, &after).await?;
    Ok(tagged(StatusCode::OK, version, json!({ "agent": after.agent })))
}
