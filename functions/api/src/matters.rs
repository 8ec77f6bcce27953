//! What stands over a customer's debt, and what is done by hand about it: agreements taken back, orders given up on or void,
//! pauses, alerts, reminders.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::customers::found;
use crate::idempotency::Once;
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::contact::alert::Alert;
use cauce_domain::ids::MatterId;
use cauce_engine::order_standing::{self, Standing};
use cauce_engine::store::accounts;
use cauce_engine::{agreement, pause};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(annul_agreement))
        .routes(routes!(set_standing))
        .routes(routes!(pause_customer))
        .routes(routes!(resume))
        .routes(routes!(clear_alert))
        .routes(routes!(reminder_done))
}

/// Lists promises, payments to verify, claims, agreements and reminders, those that are over last.
#[utoipa::path(get, path = "/v1/customers/{id}/matters", tag = "clientes", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn list(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let (account, _) = found(&api, &caller, &id).await?;
    let matters = accounts::matters(&api.ports, caller.setup.id(), &account.id).await?;
    Ok(Json(json!({ "items": matters })))
}

/// Takes an agreement on other terms back.
#[utoipa::path(post, path = "/v1/customers/{id}/agreements/{agreement}/annul", tag = "acuerdos", params(("id" = String, Path), ("agreement" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn annul_agreement(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path((id, agreement)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Manage)?;
    let (of, by) = ((&caller.customer(&api, &id).await?, &MatterId::new(agreement)), caller.by(&api));
    Ok(Json(json!(agreement::annul(&api.ports, &caller.setup, of, (&by, request)).await?)))
}

/// What becomes of orders.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StandingBody {
    /// `uncollectible`, `collectible`, `annulled` or `restored`.
    #[schema(value_type = String)]
    standing: Standing,
    /// Their codes; all are changed or none.
    orders: Vec<String>,
    /// Why, in words.
    reason: Option<String>,
}

/// Gives up on orders, chases them again, annuls them or takes that back.
#[utoipa::path(post, path = "/v1/customers/{id}/orders/standing", tag = "órdenes", params(("id" = String, Path)), request_body = StandingBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_standing(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path(id): Path<String>,
    Body(body): Body<StandingBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Operate)?;
    let (by, today) = (caller.by(&api), caller.setup.today(api.now()));
    let asked = (body.orders.as_slice(), body.standing, body.reason.as_deref());
    let orders =
        order_standing::set(&api.ports, &caller.setup, &caller.customer(&api, &id).await?, asked, (&by, request))
            .await?;
    let items: Vec<Value> = orders.iter().map(|order| crate::orders::shown(order, today)).collect();
    Ok(Json(json!({ "items": items })))
}

/// Until when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PauseBody {
    /// The last day of the pause, yyyy-mm-dd, from tomorrow on.
    until: NaiveDate,
}

/// Pauses everything automatic to a customer; a new pause replaces the old.
#[utoipa::path(post, path = "/v1/customers/{id}/pause", tag = "clientes", params(("id" = String, Path)), request_body = PauseBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn pause_customer(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path(id): Path<String>,
    Body(body): Body<PauseBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Manage)?;
    let by = caller.by(&api);
    let until =
        pause::pause(&api.ports, &caller.setup, &caller.customer(&api, &id).await?, body.until, (&by, request)).await?;
    Ok(Json(json!({ "paused_until": until })))
}

/// Ends a pause.
#[utoipa::path(post, path = "/v1/customers/{id}/resume", tag = "clientes", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn resume(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Manage)?;
    let by = caller.by(&api);
    pause::resume(&api.ports, &caller.setup, &caller.customer(&api, &id).await?, (&by, request)).await?;
    Ok(Json(json!({ "paused_until": null })))
}

/// Takes an alert away.
#[utoipa::path(delete, path = "/v1/customers/{id}/alerts/{alert}", tag = "clientes", params(("id" = String, Path), ("alert" = String, Path)), responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn clear_alert(
    State(api): State<Api>,
    caller: Caller,
    Path((id, alert)): Path<(String, Alert)>,
) -> Result<StatusCode, Problem> {
    caller.may(Permission::Manage)?;
    let by = caller.by(&api);
    pause::clear_alert(&api.ports, &caller.setup, &caller.customer(&api, &id).await?, alert, (&by, None)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a reminder off.
#[utoipa::path(post, path = "/v1/customers/{id}/reminders/{reminder}/done", tag = "clientes", params(("id" = String, Path), ("reminder" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn reminder_done(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path((id, reminder)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Manage)?;
    let (of, by) = ((&caller.customer(&api, &id).await?, &MatterId::new(reminder)), caller.by(&api));
    Ok(Json(json!(pause::take_off(&api.ports, &caller.setup, of, (&by, request)).await?)))
}
