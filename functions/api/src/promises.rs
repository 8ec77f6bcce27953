//! Promises to pay.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::idempotency::Once;
use crate::money::{currency, minor};
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::ids::MatterId;
use cauce_engine::promise::{self, Asked};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(make)).routes(routes!(annul))
}

/// What a customer promises.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromiseBody {
    /// By when, yyyy-mm-dd.
    date: NaiveDate,
    /// How much, such as `"100.00"`.
    amount: String,
    /// ISO 4217; the customer's when absent.
    currency: Option<String>,
    /// For which orders; none means whatever is owed.
    #[serde(default)]
    orders: Vec<String>,
}

impl PromiseBody {
    pub(crate) async fn read(self, api: &Api, caller: &Caller, customer: &str) -> Result<Asked, Problem> {
        let order = self.orders.first().map(String::as_str);
        let currency = currency(api, caller, customer, (self.currency.as_deref(), order)).await?;
        let amount = minor("promise.amount", &self.amount, currency)?;
        Ok(Asked { date: self.date, amount, currency: Some(currency), orders: self.orders })
    }
}

/// Notes a promise to pay; the customer leaves the flow until it is judged.
#[utoipa::path(post, path = "/v1/customers/{id}/promises", tag = "compromisos", params(("id" = String, Path)), request_body = PromiseBody, responses((status = 201, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn make(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path(id): Path<String>,
    Body(body): Body<PromiseBody>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may(Permission::Manage)?;
    let asked = body.read(&api, &caller, &id).await?;
    let by = caller.by(&api);
    let made =
        promise::make(&api.ports, &caller.setup, &caller.customer(&api, &id).await?, &asked, (&by, request)).await?;
    Ok((StatusCode::CREATED, Json(json!(made))))
}

/// Takes a promise back.
#[utoipa::path(post, path = "/v1/customers/{id}/promises/{promise}/annul", tag = "compromisos", params(("id" = String, Path), ("promise" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn annul(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path((id, promise)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Manage)?;
    let (customer, promise, by) = (caller.customer(&api, &id).await?, MatterId::new(promise), caller.by(&api));
    let annulled = promise::annul(&api.ports, &caller.setup, (&customer, &promise), (&by, request)).await?;
    Ok(Json(json!(annulled)))
}
