//! Reports (*Descargar reportes*): asked for by day, written at dawn, downloaded for a week.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::columns;
use crate::files;
use crate::page::{List, Page, limit};
use crate::problem::{Body, Path, Problem, Query};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cauce_domain::ids::JobId;
use cauce_engine::interaction_log::Filter;
use cauce_engine::process_log::Process;
use cauce_engine::report::{self, Asked, Asking, Format, Report, ReportState};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, ask)).routes(routes!(read)).routes(routes!(file))
}

/// A report to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportBody {
    /// `interactions`, `customers`, `orders`, `payments`, `promises` or `processes`.
    subject: String,
    /// `xlsx` or `csv`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    format: Format,
    /// Which rows: `from` and `to`, both included, `adviser`, `segment`, `portfolio`, `state`; of interactions every filter of the
    /// tray, up to 45 days. Days are those of interactions, the due dates of orders and promises, the value dates of payments.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    filter: Filter,
    /// Which columns, in order; those the caller sees, unless named.
    columns: Option<Vec<String>>,
}

/// A report as it is told.
pub(crate) fn shown(report: &Report) -> Value {
    let mut json = serde_json::to_value(report).unwrap_or_default();
    let process = Process::Report(Box::new(report.clone()));
    json["kind_name"] = process.spanish().into();
    json["state_name"] = process.state().into();
    json["expires"] = json!(report.expires());
    // What is not asked of rows is not told.
    if let Some(filter) = json["filter"].as_object_mut() {
        filter.retain(|_, value| !value.is_null() && *value != json!(false));
    }
    // Where the file is stored is nobody's: it is had by its own route.
    if let Some(file) = json["file"].as_str().map(|_| format!("/v1/reports/{}/file", report.id)) {
        json["file"] = file.into();
    }
    json
}

/// Asks for a report: it is written at the next local dawn (03:00), with the columns the caller sees now and the customers it may
/// see then, and stands in the process log. Once per subject, project and local day; another is answered 409. Notes are in none.
#[utoipa::path(post, path = "/v1/reports", tag = "reportes", request_body = ReportBody, responses((status = 202, body = Object), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn ask(State(api): State<Api>, caller: Caller, Body(body): Body<ReportBody>) -> Result<Response, Problem> {
    caller.may(Permission::Report)?;
    let subject = columns::subject(&body.subject)?;
    if !subject.is_of_customers() {
        caller.sees_all()?;
    }
    let columns = match body.columns {
        Some(codes) => columns::named(subject, codes)?,
        None => columns::of_caller(&api, &caller, subject).await?.iter().map(|it| it.code.to_owned()).collect(),
    };
    let asking = Asking { subject, format: body.format, filter: body.filter, columns };
    match report::ask(&api.ports, &caller.setup, asking, &caller.by(&api)).await? {
        Asked::Scheduled(report) => {
            let mut json = shown(&report);
            let at = report.at.with_timezone(&caller.setup.project().calendar.zone).format("%d/%m/%Y a las %H:%M");
            let message =
                format!("la descarga queda programada: se escribe el {at} y se encuentra en el log de procesos");
            json["notice"] = message.into();
            Ok((StatusCode::ACCEPTED, Json(json)).into_response())
        }
        Asked::Already(known) => {
            let message = format!(
                "hoy ya se pidió un reporte de {}: se pide uno por día; el de hoy lo pidió {} (proceso {})",
                subject.spanish().to_lowercase(),
                known.requester,
                known.id
            );
            Err(Problem::new(StatusCode::CONFLICT, "already_requested", message).field("subject"))
        }
    }
}

/// Lists the reports the caller asked for, the last first, a page at a time.
#[utoipa::path(get, path = "/v1/reports", tag = "reportes", params(Page), responses((status = 200, body = Object)))]
async fn list(State(api): State<Api>, caller: Caller, Query(page): Query<Page>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Report)?;
    let list = List::new(&caller, format!("reports {}", caller.author()));
    let (_, after) = list.start(page.cursor.as_deref())?;
    let page = (limit(page.limit).min(100), after);
    let (reports, next) = report::of_requester(&api.ports, caller.setup.id(), &caller.author(), page).await?;
    Ok(list.page(reports.iter().map(shown).collect(), next.map(|at| (0, Some(at)))))
}

/// A report the caller may have: its own, or anybody's where it sees every customer. One that was written while it saw more than
/// now is nobody's to it.
async fn found(api: &Api, caller: &Caller, id: String) -> Result<Report, Problem> {
    caller.may(Permission::Report)?;
    let found = report::read(&api.ports, caller.setup.id(), &JobId::new(id)).await?;
    let own = |report: &Report| report.requester == caller.author() && !report.of_all;
    found.filter(|report| !caller.sees_some() || own(report)).ok_or_else(|| Problem::not_found("el reporte"))
}

/// Reads a report, with its rows so far.
#[utoipa::path(get, path = "/v1/reports/{id}", tag = "reportes", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(shown(&found(&api, &caller, id).await?)))
}

/// Downloads a report: answers where its file is, for a few minutes.
#[utoipa::path(get, path = "/v1/reports/{id}/file", tag = "reportes", params(("id" = String, Path)), responses((status = 303), (status = 404, body = Problem), (status = 409, body = Problem), (status = 410, body = Problem)))]
async fn file(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let report = found(&api, &caller, id).await?;
    if report.state == ReportState::Failed {
        let why = report.message.unwrap_or_default();
        return Err(Problem::new(StatusCode::CONFLICT, "report_failed", format!("el reporte no se escribió: {why}")));
    }
    let (Some(key), Some(expires)) = (report.file.clone(), report.expires()) else {
        let message = "el reporte aún no está escrito: se escribe de madrugada";
        return Err(Problem::new(StatusCode::CONFLICT, "not_ready", message));
    };
    if expires <= api.now() {
        let message = "el reporte venció: se guarda siete días; pida otro";
        return Err(Problem::new(StatusCode::GONE, "expired", message));
    }
    files::download(&api, key, report.file_name(&caller.setup)).await
}
