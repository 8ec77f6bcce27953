//! Addresses that wrote and that no customer is known to have (*no registrados*): shown while the project has the tray on.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::customers::found;
use crate::files::named;
use crate::idempotency::Once;
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::contact::reply::Reply;
use cauce_domain::debt::customer::Status;
use cauce_engine::reply_unregistered::{Asked, reply};
use cauce_engine::store::received::{self, Unregistered};
use cauce_engine::unregistered::{hide, link};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    let one = OpenApiRouter::new().routes(routes!(read, remove)).routes(routes!(to_customer)).routes(routes!(answer));
    one.routes(routes!(list))
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

/// Reads what an address wrote and was answered, oldest first.
#[utoipa::path(get, path = "/v1/trays/unregistered/{id}", tag = "conversaciones", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    may(&caller)?;
    let contact = contact(&api, &caller, &id).await?;
    let messages = received::of_address(&api.ports, &caller.setup, contact.channel, &contact.address).await?;
    let replies = received::replies(&api.ports, &caller.setup, &contact).await?;
    let replies: Vec<Value> = replies.iter().map(|reply| replied(reply, api.now())).collect();
    Ok(Json(json!({ "contact": shown(&caller, &contact), "messages": messages, "replies": replies })))
}

/// Takes an address off the tray; a new message brings it back.
#[utoipa::path(delete, path = "/v1/trays/unregistered/{id}", tag = "conversaciones", params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn remove(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    may(&caller)?;
    hide(&api.ports, &caller.setup, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A reply as a reader sees it.
pub(crate) fn replied(reply: &Reply, now: DateTime<Utc>) -> Value {
    let mut json = serde_json::to_value(reply).unwrap_or_default();
    json["state_name"] = reply.spanish(now).into();
    json["origin"] = "manual".into();
    let files = reply.files.iter().map(|file| json!({ "name": file.name, "kind": file.kind, "size": file.size }));
    json["files"] = files.collect();
    json
}

/// An answer to an address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    /// Subject, of e-mails; that of what is answered when absent.
    subject: Option<String>,
    /// What it says: no tags, nobody knows whose debt to speak of.
    text: String,
    /// Files, as `POST /v1/files` named them: of an e-mail several, of a WhatsApp one.
    #[serde(default)]
    files: Vec<String>,
}

/// Answers an address by the channel it wrote by: e-mail, or WhatsApp within the day.
#[utoipa::path(post, path = "/v1/trays/unregistered/{id}/reply", tag = "conversaciones", params(("id" = String, Path)), request_body = AnswerBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn answer(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path(id): Path<String>,
    Body(body): Body<AnswerBody>,
) -> Result<Json<Value>, Problem> {
    may(&caller)?;
    let contact = contact(&api, &caller, &id).await?;
    let asked = Asked { subject: body.subject, text: body.text, files: named(&caller, &body.files)? };
    let reply = reply(&api.ports, &caller.setup, &contact, &asked, (&caller.by(&api), request)).await?;
    Ok(Json(replied(&reply, api.now())))
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
