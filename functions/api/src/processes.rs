//! The process log (*Log de procesos*): loads, updates of segments, counts, reports; each with its progress and its result.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::imports;
use crate::page::{List, Page, limit};
use crate::problem::{Path, Problem, Query};
use crate::reports;
use axum::Json;
use axum::extract::State;
use cauce_domain::ids::JobId;
use cauce_engine::process_log::{self, Process};
use cauce_engine::report;
use cauce_engine::walk::{self, Walk};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read)).routes(routes!(moves))
}

/// A process as it is told.
pub(crate) fn shown(process: &Process) -> Value {
    let mut json = match process {
        Process::Load(load) => return imports::shown(load),
        Process::Report(report) => return reports::shown(report),
        Process::Walk(walk) => serde_json::to_value(walk).unwrap_or_default(),
    };
    json["kind_name"] = process.spanish().into();
    json["state_name"] = process.state().into();
    if let Process::Walk(walk) = process {
        json["progress_percent"] = walk.percent().into();
    }
    json
}

/// Lists the process log, newest first, a page at a time.
#[utoipa::path(get, path = "/v1/processes", tag = "procesos", params(Page), responses((status = 200, body = Object)))]
async fn list(State(api): State<Api>, caller: Caller, Query(page): Query<Page>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let list = List::new(&caller, "processes");
    let (_, after) = list.start(page.cursor.as_deref())?;
    let limit = limit(page.limit).min(100);
    let (processes, next) = process_log::page(&api.ports, caller.setup.id(), limit, after).await?;
    Ok(list.page(processes.iter().map(shown).collect(), next.map(|at| (0, Some(at)))))
}

async fn found(api: &Api, caller: &Caller, id: &str) -> Result<Process, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let (project, id) = (caller.setup.id(), JobId::from(id));
    let missing = || Problem::not_found("el proceso");
    match process_log::read(&api.ports, project, &id).await?.ok_or_else(missing)? {
        Process::Walk(_) => {
            let walk: Option<Walk> = walk::read(&api.ports, project, &id).await?;
            Ok(Process::Walk(Box::new(walk.ok_or_else(missing)?)))
        }
        Process::Report(_) => {
            let report = report::read(&api.ports, project, &id).await?;
            Ok(Process::Report(Box::new(report.ok_or_else(missing)?)))
        }
        load => Ok(load),
    }
}

/// Reads one process, with its progress.
#[utoipa::path(get, path = "/v1/processes/{id}", tag = "procesos", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(shown(&found(&api, &caller, &id).await?)))
}

/// Lists who moved from which segment to which, of an update of the segments.
#[utoipa::path(get, path = "/v1/processes/{id}/moves", tag = "procesos", params(("id" = String, Path), Page), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn moves(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Problem> {
    found(&api, &caller, &id).await?;
    let list = List::new(&caller, format!("moves {id}"));
    let (_, after) = list.start(page.cursor.as_deref())?;
    let (moves, next) = walk::moves(&api.ports, caller.setup.id(), &JobId::new(id), limit(page.limit), after).await?;
    Ok(list.page(moves.iter().map(|it| json!(it)).collect(), next.map(|at| (0, Some(at)))))
}
