//! The columns of trays and of their reports, and which of them each user chose to see (*Agregar/Quitar columnas*).

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use cauce_engine::columns::Column;
use cauce_engine::report::Subject;
use cauce_engine::store::chosen_columns;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, choose))
}

/// The subject of a name.
pub(crate) fn subject(code: &str) -> Result<Subject, Problem> {
    let all = Subject::ALL.map(Subject::code).join(", ");
    Subject::of(code).ok_or_else(|| Problem::invalid("subject", format!("use uno de: {all}")))
}

/// The columns a caller chose of a subject; the usual ones until it does.
pub(crate) async fn of_caller(api: &Api, caller: &Caller, subject: Subject) -> Result<Vec<&'static Column>, Problem> {
    let chosen = chosen_columns::chosen(&api.ports, caller.setup.id(), &caller.author(), subject.code()).await?;
    Ok(match chosen {
        Some(codes) => codes.iter().filter_map(|code| subject.column(code)).collect(),
        None => subject.columns().iter().filter(|column| column.usual).collect(),
    })
}

/// Columns by name, each once, in the order given.
pub(crate) fn named(subject: Subject, codes: Vec<String>) -> Result<Vec<String>, Problem> {
    if let Some(unknown) = codes.iter().find(|code| subject.column(code).is_none()) {
        return Err(Problem::invalid("columns", format!("no existe la columna '{unknown}'")));
    }
    let mut seen = BTreeSet::new();
    let codes: Vec<String> = codes.into_iter().filter(|code| seen.insert(code.clone())).collect();
    match codes.is_empty() {
        true => Err(Problem::invalid("columns", "elija al menos una columna")),
        false => Ok(codes),
    }
}

/// Lists the columns of `interactions`, `customers`, `orders`, `payments`, `promises` or `processes`, and which of them the
/// caller sees.
#[utoipa::path(get, path = "/v1/columns/{subject}", tag = "reportes", params(("subject" = String, Path)), responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn list(State(api): State<Api>, caller: Caller, Path(code): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let subject = subject(&code)?;
    let chosen: Vec<&str> = of_caller(&api, &caller, subject).await?.iter().map(|column| column.code).collect();
    let all = subject.columns().iter().map(|column| json!({ "code": column.code, "title": column.title }));
    Ok(Json(json!({ "items": all.collect::<Vec<_>>(), "chosen": chosen })))
}

/// A choice of columns.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Choice {
    /// Their codes, in the order they are to be shown.
    columns: Vec<String>,
}

/// Chooses the columns the caller sees, in the tray and in its reports.
#[utoipa::path(put, path = "/v1/columns/{subject}", tag = "reportes", params(("subject" = String, Path)), request_body = Choice, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn choose(
    State(api): State<Api>,
    caller: Caller,
    Path(code): Path<String>,
    Body(choice): Body<Choice>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let subject = subject(&code)?;
    let codes = named(subject, choice.columns)?;
    let author = caller.author();
    chosen_columns::choose(&api.ports, caller.setup.id(), (&author, subject.code()), codes.clone()).await?;
    Ok(Json(json!({ "chosen": codes })))
}
