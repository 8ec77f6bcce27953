//! Claims: opened, changed, closed.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::files::named;
use crate::idempotency::Once;
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::debt::claim::Category;
use cauce_domain::ids::MatterId;
use cauce_engine::claim::{self, Asked};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(open)).routes(routes!(edit)).routes(routes!(close))
}

/// What a customer objects to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimBody {
    /// `contract`, `billing`, `payment` or `product`.
    #[schema(value_type = String)]
    category: Category,
    /// The orders it is about; none means all.
    #[serde(default)]
    orders: Vec<String>,
    /// What the customer says.
    description: String,
    /// What shows it, as `POST /v1/files` named it.
    #[serde(default)]
    files: Vec<String>,
}

impl ClaimBody {
    pub(crate) fn read(self, caller: &Caller) -> Result<Asked, Problem> {
        let files = named(caller, &self.files)?;
        Ok(Asked { category: self.category, orders: self.orders, description: self.description, files })
    }
}

/// Opens a claim; its orders are not chased, or as the project has it.
#[utoipa::path(post, path = "/v1/customers/{id}/claims", tag = "reclamos", params(("id" = String, Path)), request_body = ClaimBody, responses((status = 201, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn open(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path(id): Path<String>,
    Body(body): Body<ClaimBody>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may(Permission::Manage)?;
    let (asked, by) = (body.read(&caller)?, caller.by(&api));
    let opened =
        claim::open(&api.ports, &caller.setup, &caller.customer(&api, &id).await?, &asked, (&by, request)).await?;
    Ok((StatusCode::CREATED, Json(json!(opened))))
}

/// Changes an open claim; files are added to those it has.
#[utoipa::path(put, path = "/v1/customers/{id}/claims/{claim}", tag = "reclamos", params(("id" = String, Path), ("claim" = String, Path)), request_body = ClaimBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path((id, claim)): Path<(String, String)>,
    Body(body): Body<ClaimBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Manage)?;
    let (asked, by) = (body.read(&caller)?, caller.by(&api));
    let of = (&caller.customer(&api, &id).await?, &MatterId::new(claim));
    Ok(Json(json!(claim::edit(&api.ports, &caller.setup, of, &asked, (&by, None)).await?)))
}

/// How a claim ended.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CloseBody {
    /// In words.
    resolution: Option<String>,
}

/// Closes a claim; its orders are chased again.
#[utoipa::path(post, path = "/v1/customers/{id}/claims/{claim}/close", tag = "reclamos", params(("id" = String, Path), ("claim" = String, Path)), request_body = CloseBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn close(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path((id, claim)): Path<(String, String)>,
    Body(body): Body<CloseBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Manage)?;
    let (of, by) = ((&caller.customer(&api, &id).await?, &MatterId::new(claim)), caller.by(&api));
    let closed = claim::close(&api.ports, &caller.setup, of, body.resolution.as_deref(), (&by, request)).await?;
    Ok(Json(json!(closed)))
}
