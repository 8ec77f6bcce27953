//! Runs of the plan: asked for, tried on any day, replayed, with their result.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cauce_engine::close_day;
use cauce_engine::plan_day::{begin, dry_run, replay};
use cauce_engine::run_result::{RunResult, run_result};
use cauce_engine::spend;
use cauce_engine::store::jobs;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(plan))
        .routes(routes!(result))
        .routes(routes!(trial))
        .routes(routes!(again))
        .routes(routes!(counts))
}

/// Which day to plan.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanBody {
    /// Today; another day cannot be planned, only tried.
    date: Option<NaiveDate>,
}

/// Plans today, if it is not planned yet.
#[utoipa::path(post, path = "/v1/runs", tag = "planes", request_body = PlanBody, responses((status = 202, body = Object), (status = 422, body = Problem)))]
async fn plan(State(api): State<Api>, caller: Caller, Body(body): Body<PlanBody>) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let today = caller.setup.today(api.now());
    if body.date.is_some_and(|d| d != today) {
        return Err(Problem::invalid("date", "solo se planifica el día de hoy; para otro día use la simulación"));
    }
    let run = begin(&api.ports, &caller.setup, today, api.now()).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "date": today, "restricted": run.is_none() }))).into_response())
}

/// The result of a day's plan: decisions and what became of them, with the age of the last payments.
#[utoipa::path(get, path = "/v1/runs/{date}", tag = "planes", params(("date" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn result(State(api): State<Api>, caller: Caller, Path(date): Path<NaiveDate>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let found: Option<RunResult> = run_result(&api.ports, &caller.setup, date).await?;
    let found = found.ok_or_else(|| Problem::not_found("un plan de ese día"))?;
    let loaded = jobs::mark(&api.ports, caller.setup.id(), "payments_loaded").await?;
    Ok(Json(json!({ "date": date, "result": found, "payments_loaded_at": loaded })))
}

/// Tries any day: what its plan would decide as things stand; nothing is stored.
#[utoipa::path(get, path = "/v1/runs/{date}/dry-run", tag = "planes", params(("date" = String, Path)), responses((status = 200, body = Object)))]
async fn trial(State(api): State<Api>, caller: Caller, Path(date): Path<NaiveDate>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let plan = dry_run(&api.ports, &caller.setup, date, api.now()).await?;
    let restricted = !caller.setup.project().calendar.allows_day(date);
    let estimate = spend::estimate(&caller.setup, &plan.by_channel, date);
    Ok(Json(json!({ "date": date, "restricted": restricted, "plan": plan, "estimate": estimate })))
}

/// Replays a past day from the facts it stored; `differ` is 0 unless the rules have changed since.
#[utoipa::path(get, path = "/v1/runs/{date}/replay", tag = "planes", params(("date" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn again(State(api): State<Api>, caller: Caller, Path(date): Path<NaiveDate>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let (decisions, differ) = replay(&api.ports, &caller.setup, date).await?;
    Ok(Json(json!({ "date": date, "decisions": decisions, "differ": differ })))
}

/// The counts of a closed day: customers, by segment, open orders and balances, and who is past the last step.
#[utoipa::path(get, path = "/v1/counts/{date}", tag = "planes", params(("date" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn counts(State(api): State<Api>, caller: Caller, Path(date): Path<NaiveDate>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let found = close_day::counts(&api.ports, &caller.setup, date).await?;
    let found = found.ok_or_else(|| Problem::not_found("el cierre de ese día: se hace al empezar el siguiente"))?;
    Ok(Json(json!({ "date": date, "counts": found })))
}
