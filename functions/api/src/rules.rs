//! What a project decides about promises, declared payments, claims and calls.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Problem};
use crate::versions::{if_match, tagged};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_domain::debt::rules::Rules;
use cauce_engine::store::settings::{Project, save_project};
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(read, edit))
}

/// Reads the rules.
#[utoipa::path(get, path = "/v1/project/rules", tag = "proyecto", responses((status = 200, body = Object)))]
async fn read(caller: Caller) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    let project = &caller.setup.project;
    Ok(tagged(StatusCode::OK, project.version, project.value.rules))
}

/// Changes the rules; those that are not named stay.
#[utoipa::path(patch, path = "/v1/project/rules", tag = "proyecto", request_body = Object, responses((status = 200, body = Object), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Body(asked): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let before = &caller.setup.project;
    if_match(&headers, before.version)?;
    let rules = with(before.value.rules, asked)?;
    let after = Project { rules, ..before.value.clone() };
    let version = save_project(&api.ports, &caller.by(&api), before, &after).await?;
    Ok(tagged(StatusCode::OK, version, rules))
}

/// The rules with what is named changed.
fn with(rules: Rules, asked: Map<String, Value>) -> Result<Rules, Problem> {
    let bad = |why: String| Problem::invalid("rules", why);
    let mut json = serde_json::to_value(rules).map_err(|e| bad(e.to_string()))?;
    for (name, value) in asked {
        if json.get(&name).is_none() && name != "promise_horizon" {
            return Err(bad(format!("no hay una regla {name}")));
        }
        json[name] = value;
    }
    let rules: Rules = serde_json::from_value(json).map_err(|e| bad(format!("una regla no es válida: {e}")))?;
    rules.validate().map_err(|why| bad(why.to_owned()))?;
    Ok(rules)
}
