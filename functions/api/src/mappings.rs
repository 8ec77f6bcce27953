//! Mappings: how foreign files become loads.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use cauce_domain::country::NumberStyle;
use cauce_engine::import::dates::DateStyle;
use cauce_engine::store::settings::{FieldSource, Mapping, place, save};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(put))
}

/// A mapping as written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MappingBody {
    /// For each Spanish column name: `{"column": "..."}`, `{"constant": "..."}` or `{"pattern": "{col}@example.com"}`.
    #[schema(value_type = Object)]
    fields: BTreeMap<String, FieldSource>,
    /// Date format, such as `mm/dd/yyyy`.
    date_format: Option<String>,
    /// `dot_decimal` or `comma_decimal`.
    #[schema(value_type = Option<String>)]
    decimal: Option<NumberStyle>,
    /// Rows in which this field comes out empty are passed over.
    skip_when_empty: Option<String>,
}

/// Lists the mappings.
#[utoipa::path(get, path = "/v1/mappings", tag = "cargas", responses((status = 200, body = [Object])))]
async fn list(caller: Caller) -> Result<Json<Vec<Mapping>>, Problem> {
    caller.may(Permission::Read)?;
    Ok(Json(caller.setup.mappings.iter().map(|m| m.value.clone()).collect()))
}

/// Saves a mapping under a name.
#[utoipa::path(put, path = "/v1/mappings/{name}", tag = "cargas", params(("name" = String, Path)), request_body = MappingBody, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn put(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body<MappingBody>,
) -> Result<Json<Mapping>, Problem> {
    caller.may(Permission::Configure)?;
    if name.trim().is_empty() || name.len() > 60 || name.contains('#') {
        return Err(Problem::invalid("name", "el nombre lleva de 1 a 60 caracteres, sin #"));
    }
    if let Some(format) = body.date_format.as_ref().filter(|f| DateStyle::of_format(f).is_none()) {
        let message = format!("el formato de fecha '{format}' no se conoce: use dd/mm/yyyy, mm/dd/yyyy o yyyy-mm-dd");
        return Err(Problem::invalid("date_format", message));
    }
    let MappingBody { fields, date_format, decimal, skip_when_empty } = body;
    let mapping = Mapping { name: name.clone(), fields, date_format, decimal, skip_when_empty };
    let known = caller.setup.mappings.iter().find(|m| m.value.name == name);
    save(&api.ports, &caller.by(&api), place(caller.setup.id(), format!("mapping#{name}")), known, &mapping).await?;
    Ok(Json(mapping))
}
