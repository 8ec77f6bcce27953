//! Calls: an adviser's telephone rings, then the customer's.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cauce_domain::contact::call::Call;
use cauce_domain::contact::point::Phone;
use cauce_engine::calls::{self, Asked};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(call))
}

/// A call to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CallBody {
    /// The telephone of whoever calls: it rings first.
    adviser_phone: String,
    /// The slot of the customer's phone; the first usable one when it is not said.
    slot: Option<u8>,
}

/// A call as a reader sees it, with the name of what came of it.
pub(crate) fn shown(call: &Call) -> Value {
    let mut json = serde_json::to_value(call).unwrap_or_default();
    json["channel"] = "call".into();
    json["result_name"] = call.result.map(|result| result.spanish()).into();
    json
}

/// Calls a customer: the adviser's telephone rings, and whoever answers is joined with the customer. States come to the
/// call in the customer's thread.
#[utoipa::path(post, path = "/v1/customers/{id}/calls", tag = "interacciones", params(("id" = String, Path)), request_body = CallBody, responses((status = 202, body = Object), (status = 422, body = Problem)))]
async fn call(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<CallBody>,
) -> Result<Response, Problem> {
    caller.may(Permission::Manage)?;
    let country = caller.setup.project().country;
    let adviser = Phone::parse(&body.adviser_phone, Some(country));
    let adviser = adviser.map_err(|e| Problem::invalid("adviser_phone", e.to_string()))?.e164().to_owned();
    let user = caller.user.as_ref().map(|user| user.id.clone());
    let asked = Asked { customer: caller.customer(&api, &id).await?, slot: body.slot, adviser, user };
    let made = calls::call(&api.ports, &caller.setup, &asked, api.now()).await?;
    Ok((StatusCode::ACCEPTED, Json(shown(&made))).into_response())
}
