//! Payments to verify: declared, verified, rejected, annulled.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::files::named;
use crate::idempotency::Once;
use crate::money::{currency, minor};
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::debt::matter::Matter;
use cauce_domain::ids::MatterId;
use cauce_engine::payment_to_verify::{self, Declared, Seen};
use cauce_engine::store::accounts;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(declare)).routes(routes!(verify)).routes(routes!(reject)).routes(routes!(annul))
}

/// What a customer says it paid.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclaredBody {
    /// When, yyyy-mm-dd; today when absent.
    date: Option<NaiveDate>,
    /// How much, such as `"100.00"`; it may be told when the payment is verified.
    amount: Option<String>,
    /// ISO 4217; the customer's when absent.
    currency: Option<String>,
    /// Means of payment.
    method: Option<String>,
    /// Notes or references.
    reference: Option<String>,
    /// The order it pays; the oldest when absent.
    order: Option<String>,
    /// Receipts, as `POST /v1/files` named them.
    #[serde(default)]
    files: Vec<String>,
}

impl DeclaredBody {
    pub(crate) async fn read(self, api: &Api, caller: &Caller, customer: &str) -> Result<Declared, Problem> {
        let of = (self.currency.as_deref(), self.order.as_deref());
        let currency = currency(api, caller, customer, of).await?;
        let amount = self.amount.map(|text| minor("payment.amount", &text, currency)).transpose()?;
        let files = named(caller, &self.files)?;
        let currency = Some(currency);
        let (date, method, reference, order) = (self.date, self.method, self.reference, self.order);
        Ok(Declared { date, amount, currency, method, reference, order, files })
    }
}

/// Notes a payment the customer says it made; the flow waits for somebody to look at it.
#[utoipa::path(post, path = "/v1/customers/{id}/payments-to-verify", tag = "pagos", params(("id" = String, Path)), request_body = DeclaredBody, responses((status = 201, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn declare(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path(id): Path<String>,
    Body(body): Body<DeclaredBody>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may(Permission::Manage)?;
    let declared = body.read(&api, &caller, &id).await?;
    let (customer, by) = (caller.customer(&api, &id).await?, caller.by(&api));
    let noted = payment_to_verify::declare(&api.ports, &caller.setup, &customer, &declared, (&by, request)).await?;
    Ok((StatusCode::CREATED, Json(json!(noted))))
}

/// What whoever saw the money knows of it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeenBody {
    /// How much, in the declared payment's currency, where it was not declared or is another amount.
    amount: Option<String>,
    /// When, where it is another day.
    date: Option<NaiveDate>,
    /// The code of the payment it is, where that was loaded already: no second one is made.
    movement: Option<String>,
}

/// The money was seen: it becomes an effective payment.
#[utoipa::path(post, path = "/v1/customers/{id}/payments-to-verify/{payment}/verify", tag = "pagos", params(("id" = String, Path), ("payment" = String, Path)), request_body = SeenBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn verify(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path((id, payment)): Path<(String, String)>,
    Body(body): Body<SeenBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Manage)?;
    let (customer, payment, by) = (caller.customer(&api, &id).await?, MatterId::new(payment), caller.by(&api));
    let known = accounts::matter(&api.ports, caller.setup.id(), &customer, &payment).await?;
    let Some(Matter::PaymentToVerify(known)) = known else { return Err(Problem::not_found("el pago a verificar")) };
    let amount = body.amount.as_deref().map(|text| minor("amount", text, known.currency)).transpose()?;
    let seen = Seen { amount, date: body.date, movement: body.movement };
    let verified =
        payment_to_verify::verify(&api.ports, &caller.setup, (&customer, &payment), &seen, (&by, request)).await?;
    Ok(Json(json!(verified)))
}

/// Why there is no such payment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RejectBody {
    /// In words.
    reason: String,
}

/// There is no such money: the customer returns to the flow.
#[utoipa::path(post, path = "/v1/customers/{id}/payments-to-verify/{payment}/reject", tag = "pagos", params(("id" = String, Path), ("payment" = String, Path)), request_body = RejectBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn reject(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path((id, payment)): Path<(String, String)>,
    Body(body): Body<RejectBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Manage)?;
    let (customer, payment, by) = (caller.customer(&api, &id).await?, MatterId::new(payment), caller.by(&api));
    let of = (&customer, &payment);
    let rejected = payment_to_verify::reject(&api.ports, &caller.setup, of, &body.reason, (&by, request)).await?;
    Ok(Json(json!(rejected)))
}

/// Takes a verified payment back together with the payment it became.
#[utoipa::path(post, path = "/v1/customers/{id}/payments-to-verify/{payment}/annul", tag = "pagos", params(("id" = String, Path), ("payment" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn annul(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path((id, payment)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Operate)?;
    let (customer, payment, by) = (caller.customer(&api, &id).await?, MatterId::new(payment), caller.by(&api));
    let annulled = payment_to_verify::annul(&api.ports, &caller.setup, (&customer, &payment), (&by, request)).await?;
    Ok(Json(json!(annulled)))
}
