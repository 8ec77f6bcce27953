//! The ways to pay the project, and how its documents look.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Problem};
use crate::versions::{if_match, tagged};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_domain::contact::file::FileKind;
use cauce_domain::debt::payment_method::{MOST_METHODS, PaymentMethod};
use cauce_engine::message_files;
use cauce_engine::store::settings::{Brand, Project, save_project};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(read, write)).routes(routes!(look))
}

/// Reads the ways to pay, in the order they are offered.
#[utoipa::path(get, path = "/v1/project/payment-methods", tag = "proyecto", responses((status = 200, body = Object)))]
async fn read(caller: Caller) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    let project = &caller.setup.project;
    Ok(tagged(StatusCode::OK, project.version, json!({ "items": project.value.payment_methods })))
}

/// The ways to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MethodsBody {
    /// Each with `kind` (`gateway` or `bank`), `name`, and a `url` with tags, a `code` or `instructions`; the first is offered
    /// first.
    #[schema(value_type = Vec<Object>)]
    items: Vec<PaymentMethod>,
}

/// Replaces the ways to pay.
#[utoipa::path(put, path = "/v1/project/payment-methods", tag = "proyecto", request_body = MethodsBody, responses((status = 200, body = Object), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn write(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<MethodsBody>,
) -> Result<Response, Problem> {
    if body.items.len() > MOST_METHODS {
        return Err(Problem::invalid("items", "un proyecto tiene hasta 20 métodos de cobro"));
    }
    for (at, method) in body.items.iter().enumerate() {
        method.validate().map_err(|(field, why)| Problem::invalid(&format!("items[{at}].{field}"), why))?;
    }
    let items = body.items;
    let after = Project { payment_methods: items.clone(), ..caller.setup.project().clone() };
    let version = save(&api, &caller, &headers, &after).await?;
    Ok(tagged(StatusCode::OK, version, json!({ "items": items })))
}

async fn save(api: &Api, caller: &Caller, headers: &HeaderMap, after: &Project) -> Result<u64, Problem> {
    caller.may(Permission::Configure)?;
    if_match(headers, caller.setup.project.version)?;
    Ok(save_project(&api.ports, &caller.by(api), &caller.setup.project, after).await?)
}

/// How documents look.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BrandBody {
    /// The colour of headings and lines, as `#RRGGBB`.
    color: Option<String>,
    /// The logo, a PNG or JPG as `POST /v1/files` named it.
    logo: Option<String>,
    /// The line at the foot: address, tax number, telephone.
    foot: Option<String>,
}

/// Says how the project's documents look.
#[utoipa::path(put, path = "/v1/project/brand", tag = "proyecto", request_body = BrandBody, responses((status = 200, body = Object), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn look(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<BrandBody>,
) -> Result<Response, Problem> {
    let hex =
        |text: &String| text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit());
    if !body.color.as_ref().is_none_or(hex) {
        return Err(Problem::invalid("color", "el color se escribe como #174E7A"));
    }
    if body.foot.as_ref().is_some_and(|foot| foot.chars().count() > 120) {
        return Err(Problem::invalid("foot", "el pie lleva hasta 120 caracteres"));
    }
    let logo = body.logo.as_deref().map(|text| message_files::open(&caller.setup, text)).transpose()?;
    if logo.as_ref().is_some_and(|file| !matches!(file.kind, FileKind::Png | FileKind::Jpeg)) {
        return Err(Problem::invalid("logo", "el logo es un PNG o JPG"));
    }
    let brand = Brand { color: body.color, logo, foot: body.foot };
    let after = Project { brand: brand.clone(), ..caller.setup.project().clone() };
    let version = save(&api, &caller, &headers, &after).await?;
    Ok(tagged(StatusCode::OK, version, json!(brand)))
}
