//! Addresses that wrote and that no customer is known to have (*no registrados*): shown while the project has the tray on.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::customers::found;
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::debt::customer::Status;
use cauce_engine::store::received::{self, Unregistered};
use cauce_engine::unregistered::{hide, link};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read, remove)).routes(routes!(to_customer))
}

fn shown(caller: &Caller, contact: &Unregistered) -> Value {
    let mut json = serde_json::to_value(contact).unwrap_or_default();
    json["id"] = received::mark(&caller.setup, contact.channel, &contact.address).into();
    json
}

/// What may be done with them, by whoever may, while the tray is on.
fn may(caller: &Caller) -> Result<(), Problem> {
    caller.may(Permission::Unregistered)?;
    match caller.setup.project().unregistered_tray {
        true => Ok(()),
        false => {
            let message = "la bandeja No registrados está apagada: actívela en el proyecto (unregistered_tray)";
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "tray_off", message))
        }
    }
}

async fn contact(api: &Api, caller: &Caller, id: &str) -> Result<Unregistered, Problem> {
    let found = received::marked(&api.ports, &caller.setup, id).await?;
    found.map(|(contact, _)| contact).ok_or_else(|| Problem::not_found("el contacto"))
}

/// Lists the addresses, the one that wrote last first.
#[utoipa::path(get, path = "/v1/trays/unregistered", tag = "conversaciones", responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Value>, Problem> {
    may(&caller)?;
    let all = received::unregistered(&api.ports, &caller.setup).await?;
    let items: Vec<Value> = all.iter().filter(|contact| !contact.hidden).map(|it| shown(&caller, it)).collect();
    Ok(Json(json!({ "items": items })))
}

/// Reads what an address wrote, oldest first.
#[utoipa::path(get, path = "/v1/trays/unregistered/{id}", tag = "conversaciones", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    may(&caller)?;
    let contact = contact(&api, &caller, &id).await?;
    let messages = received::of_address(&api.ports, &caller.setup, contact.channel, &contact.address).await?;
    Ok(Json(json!({ "contact": shown(&caller, &contact), "messages": messages })))
}

/// Takes an address off the tray; a new message brings it back.
#[utoipa::path(delete, path = "/v1/trays/unregistered/{id}", tag = "conversaciones", params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn remove(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    may(&caller)?;
    hide(&api.ports, &caller.setup, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkBody {
    /// The customer's id.
    customer: String,
    /// The address becomes one of the customer's; without it only what it wrote moves.
    #[serde(default)]
    add_address: bool,
}

/// Links an address to a customer: what it wrote moves into that customer's thread.
#[utoipa::path(post, path = "/v1/trays/unregistered/{id}/link", tag = "conversaciones", params(("id" = String, Path)), request_body = LinkBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn to_customer(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<LinkBody>,
) -> Result<Json<Value>, Problem> {
    may(&caller)?;
    if body.add_address {
        caller.may(Permission::EditCustomers)?;
    }
    let contact = contact(&api, &caller, &id).await?;
    let (account, _) = found(&api, &caller, &body.customer).await?;
    if account.customer.status == Status::Deleted {
        return Err(Problem::not_found("el cliente"));
    }
    let by = caller.by(&api);
    link(&api.ports, &caller.setup, &contact, (&account.id, body.add_address), &by).await?;
    Ok(Json(json!({ "customer": account.id })))
}
