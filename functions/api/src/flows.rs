//! Flows: the steps of a segment, active or not.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use crate::versions::{if_match, tagged};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_domain::ids::{FlowId, SegmentId};
use cauce_domain::strategy::flow::{Flow, FlowStep};
use cauce_domain::strategy::template::Purpose;
use cauce_engine::store::settings::{Versioned, place, save};
use cauce_engine::strategy::has_companies;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, edit))
}

/// A flow as written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FlowBody {
    /// Name.
    name: String,
    /// Whether it sends.
    active: bool,
    /// The segments it serves.
    #[schema(value_type = Vec<String>)]
    segments: Vec<SegmentId>,
    /// Steps: offset, time, template, levels, repetition.
    #[schema(value_type = Vec<Object>)]
    steps: Vec<FlowStep>,
}

async fn checked(api: &Api, caller: &Caller, id: FlowId, body: FlowBody) -> Result<Flow, Problem> {
    let setup = &caller.setup;
    let FlowBody { name, active, segments, steps } = body;
    let flow = Flow { id, name, active, segments, steps, stopped: None };
    flow.validate().map_err(|e| Problem::invalid("steps", e.to_string()))?;
    for segment in &flow.segments {
        if !setup.segments.iter().any(|s| s.value.id == *segment) {
            return Err(Problem::invalid("segments", format!("no existe el segmento '{segment}'")));
        }
        let other =
            setup.flows.iter().find(|f| f.value.active && f.value.id != flow.id && f.value.segments.contains(segment));
        if let (true, Some(other)) = (flow.active, other) {
            let message =
                format!("el segmento '{segment}' ya tiene el flujo activo «{}»: desactívelo primero", other.value.name);
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "segment_has_flow", message).field("segments"));
        }
    }
    let companies = has_companies(&api.ports, setup).await?;
    for step in &flow.steps {
        let usable = setup.template(&step.template).is_some_and(|t| t.value.purposes.contains(&Purpose::Flow));
        if !usable && flow.active {
            return Err(Problem::invalid(
                "steps",
                format!("el paso {} necesita una plantilla de tipo flujo", step.offset),
            ));
        }
        if companies && flow.active && step.levels.to.is_empty() {
            let message = format!("el paso {} llega a empresas: elija sus niveles de contacto", step.offset);
            return Err(
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "contact_levels_missing", message).field("steps")
            );
        }
    }
    Ok(flow)
}

fn find<'a>(caller: &'a Caller, id: &str) -> Result<&'a Versioned<Flow>, Problem> {
    let found = caller.setup.flows.iter().find(|f| f.value.id.as_str() == id);
    found.ok_or_else(|| Problem::not_found("el flujo"))
}

/// Lists the flows.
#[utoipa::path(get, path = "/v1/flows", tag = "flujos", responses((status = 200, body = [Object])))]
async fn list(caller: Caller) -> Result<Json<Vec<Value>>, Problem> {
    caller.may(Permission::Read)?;
    Ok(Json(caller.setup.flows.iter().map(|f| json!({ "flow": f.value, "version": f.version })).collect()))
}

/// Creates a flow.
#[utoipa::path(post, path = "/v1/flows", tag = "flujos", request_body = FlowBody, responses((status = 201, body = Object), (status = 422, body = Problem)))]
async fn create(State(api): State<Api>, caller: Caller, Body(body): Body<FlowBody>) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let flow = checked(&api, &caller, FlowId::new(api.ports.new_id().simple().to_string()), body).await?;
    let version =
        save(&api.ports, &caller.by(&api), place(caller.setup.id(), format!("flow#{}", flow.id)), None, &flow).await?;
    Ok(tagged(StatusCode::CREATED, version, json!({ "flow": flow })))
}

/// Reads a flow.
#[utoipa::path(get, path = "/v1/flows/{id}", tag = "flujos", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    let found = find(&caller, &id)?;
    Ok(tagged(StatusCode::OK, found.version, json!({ "flow": found.value })))
}

/// Changes a flow; what is planned already keeps its steps.
#[utoipa::path(put, path = "/v1/flows/{id}", tag = "flujos", params(("id" = String, Path)), request_body = FlowBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<FlowBody>,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let known = find(&caller, &id)?;
    if_match(&headers, known.version)?;
    let flow = Flow { stopped: known.value.stopped, ..checked(&api, &caller, known.value.id.clone(), body).await? };
    let key = place(caller.setup.id(), format!("flow#{id}"));
    let version = save(&api.ports, &caller.by(&api), key, Some(known), &flow).await?;
    Ok(tagged(StatusCode::OK, version, json!({ "flow": flow })))
}
