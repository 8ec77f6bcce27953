//! Segments, with their count of customers as of the last *Actualizar*.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use crate::processes::shown;
use crate::versions::{if_match, tagged};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use cauce_domain::ids::SegmentId;
use cauce_domain::strategy::campaign::Audience;
use cauce_domain::strategy::segment::{DEFAULT, FIELDS, Predicate, Segment};
use cauce_engine::process_log::Process;
use cauce_engine::store::settings::{place, save};
use cauce_engine::walk::{self, Task, counts};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(fields))
        .routes(routes!(refresh))
        .routes(routes!(count))
        .routes(routes!(edit))
}

/// A segment as written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SegmentBody {
    /// Name.
    name: String,
    /// Lower comes first.
    priority: i32,
    /// Who belongs: `all`, `any` or `is` with field, operator and values.
    #[schema(value_type = Object)]
    predicate: Predicate,
}

/// Lists the segments with their customers.
#[utoipa::path(get, path = "/v1/segments", tag = "segmentos", responses((status = 200, body = [Object])))]
async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<Value>>, Problem> {
    caller.may(Permission::Read)?;
    let counted = if caller.sees_some() { None } else { counts(&api.ports, &caller.setup).await? };
    let mut segments: Vec<_> = caller.setup.segments.iter().collect();
    segments.sort_by(|a, b| (a.value.priority, &a.value.id).cmp(&(b.value.priority, &b.value.id)));
    let view = |s: &&cauce_engine::store::settings::Versioned<Segment>| {
        let customers = counted.as_ref().map(|c| c.customers.get(s.value.id.as_str()).copied().unwrap_or(0));
        json!({ "segment": s.value, "version": s.version, "customers": customers, "counted_at": counted.as_ref().map(|c| c.at) })
    };
    Ok(Json(segments.iter().map(view).collect()))
}

/// Whom something is for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AudienceBody {
    /// Ids of segments; those in any of them.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    segments: Vec<SegmentId>,
    /// A condition, as of segments.
    #[schema(value_type = Option<Object>)]
    filter: Option<Predicate>,
}

impl From<AudienceBody> for Audience {
    fn from(body: AudienceBody) -> Self {
        let AudienceBody { segments, filter } = body;
        Self { segments, filter }
    }
}

fn checked(id: SegmentId, body: SegmentBody) -> Result<(Segment, Vec<String>), Problem> {
    if body.name.trim().is_empty() {
        return Err(Problem::invalid("name", "el segmento necesita un nombre"));
    }
    let warnings = body.predicate.validate().map_err(|e| Problem::invalid("predicate", e.to_string()))?;
    Ok((Segment { id, name: body.name, priority: body.priority, predicate: Some(body.predicate) }, warnings))
}

/// Creates a segment; *Actualizar* assigns customers to it.
#[utoipa::path(post, path = "/v1/segments", tag = "segmentos", request_body = SegmentBody, responses((status = 201, body = Object), (status = 422, body = Problem)))]
async fn create(State(api): State<Api>, caller: Caller, Body(body): Body<SegmentBody>) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let (segment, warnings) = checked(SegmentId::new(api.ports.new_id().simple().to_string()), body)?;
    let version =
        save(&api.ports, &caller.by(&api), place(caller.setup.id(), format!("segment#{}", segment.id)), None, &segment)
            .await?;
    Ok(tagged(StatusCode::CREATED, version, json!({ "segment": segment, "warnings": warnings })))
}

/// Changes a segment.
#[utoipa::path(put, path = "/v1/segments/{id}", tag = "segmentos", params(("id" = String, Path)), request_body = SegmentBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<SegmentBody>,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let found = caller.setup.segments.iter().find(|s| s.value.id.as_str() == id);
    let known = found.ok_or_else(|| Problem::not_found("el segmento"))?;
    if_match(&headers, known.version)?;
    if id == DEFAULT {
        return Err(Problem::invalid("id", "el segmento general recoge a los demás y no lleva condiciones"));
    }
    let (segment, warnings) = checked(known.value.id.clone(), body)?;
    let key = place(caller.setup.id(), format!("segment#{id}"));
    let version = save(&api.ports, &caller.by(&api), key, Some(known), &segment).await?;
    Ok(tagged(StatusCode::OK, version, json!({ "segment": segment, "warnings": warnings })))
}

/// *Actualizar*: has every customer's segment worked out again, in the background; who moved from where to where is told by the
/// process.
#[utoipa::path(post, path = "/v1/segments/refresh", tag = "segmentos", responses((status = 202, body = Object)))]
async fn refresh(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    begin(&api, &caller, Task::Segments).await
}

/// Counts an audience in the background, before a segment or campaign of it is saved: how many customers, and how many of them
/// have an address, by channel.
#[utoipa::path(post, path = "/v1/segments/count", tag = "segmentos", request_body = AudienceBody, responses((status = 202, body = Object), (status = 422, body = Problem)))]
async fn count(State(api): State<Api>, caller: Caller, Body(body): Body<AudienceBody>) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let audience = Audience::from(body);
    caller.sees_all()?;
    if let Some(Err(why)) = audience.filter.as_ref().map(Predicate::validate) {
        return Err(Problem::invalid("filter", why.to_string()));
    }
    begin(&api, &caller, Task::Count { audience }).await
}

async fn begin(api: &Api, caller: &Caller, task: Task) -> Result<Response, Problem> {
    let walk = walk::begin(&api.ports, &caller.setup, task, &caller.by(api)).await?;
    Ok((StatusCode::ACCEPTED, Json(shown(&Process::Walk(Box::new(walk))))).into_response())
}

/// Lists the fields a condition may name.
#[utoipa::path(get, path = "/v1/segments/fields", tag = "segmentos", responses((status = 200, body = Object)))]
async fn fields(caller: Caller) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let items = FIELDS.iter().map(|(field, meaning)| json!({ "field": field, "meaning": meaning }));
    Ok(Json(json!({ "items": items.collect::<Vec<_>>() })))
}
