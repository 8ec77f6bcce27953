//! Addresses: what they asked for, noted or taken back by a user; and made sure of. In the body, so that none is logged.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::contact::channel::Scope;
use cauce_domain::contact::point::{Email, Phone};
use cauce_domain::contact::wish::{Source, Wish};
use cauce_engine::{edit_customer, exclude};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(wishes))
        .routes(routes!(silence))
        .routes(routes!(consent))
        .routes(routes!(verify))
}

/// An address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddressBody {
    /// A phone or an e-mail.
    address: String,
}

/// A wish of an address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WishBody {
    /// A phone or an e-mail.
    address: String,
    /// `whatsapp`, `sms`, `email` or `all`.
    channel: String,
    /// Why, or what proves it.
    reason: Option<String>,
}

fn normal(caller: &Caller, text: &str) -> Result<String, Problem> {
    let address = match text.contains('@') {
        true => Email::parse(text).ok().map(|e| e.address().to_owned()),
        false => Phone::parse(text, Some(caller.setup.project().country)).ok().map(|p| p.e164().to_owned()),
    };
    address.ok_or_else(|| Problem::invalid("address", "no es un celular ni un correo válido"))
}

fn scope(text: &str) -> Result<Scope, Problem> {
    text.parse().map_err(|_| Problem::invalid("channel", "use whatsapp, sms, email o all"))
}

/// Lists what an address asked for, with where it was said and what proves it.
#[utoipa::path(post, path = "/v1/addresses/wishes", tag = "clientes", request_body = AddressBody, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn wishes(State(api): State<Api>, caller: Caller, Body(body): Body<AddressBody>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let address = normal(&caller, &body.address)?;
    let wishes = exclude::wishes(&api.ports, &caller.setup, &address).await?;
    let shown = |wish: &Wish| {
        let mut json = serde_json::to_value(wish).unwrap_or_default();
        json["source_name"] = wish.source.spanish().into();
        json
    };
    Ok(Json(json!({ "items": wishes.iter().map(shown).collect::<Vec<_>>() })))
}

/// Notes that an address wants no more messages; in force at once, for whoever has it and will have it.
#[utoipa::path(post, path = "/v1/addresses/silence", tag = "clientes", request_body = WishBody, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn silence(State(api): State<Api>, caller: Caller, Body(body): Body<WishBody>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Operate)?;
    let (address, by) = (normal(&caller, &body.address)?, caller.by(&api));
    let (scope, author) = (scope(&body.channel)?, Some(by.author.clone()));
    let wish =
        Wish { scope, source: Source::User, evidence: None, at: by.at, again: None, reason: body.reason, author };
    let changed = exclude::address(&api.ports, &caller.setup, &address, &wish, Some(&by)).await?;
    Ok(Json(json!({ "changed": changed })))
}

/// Takes every wish of a channel back, as the person asked of a user; the reason says what proves it.
#[utoipa::path(post, path = "/v1/addresses/consent", tag = "clientes", request_body = WishBody, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn consent(State(api): State<Api>, caller: Caller, Body(body): Body<WishBody>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Operate)?;
    if body.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Problem::invalid("reason", "indique cómo consta que la persona aceptó recibir mensajes"));
    }
    let (address, by) = (normal(&caller, &body.address)?, caller.by(&api));
    let scope = scope(&body.channel)?;
    let changed = exclude::lift(&api.ports, &caller.setup, &address, scope, (by.at, Some(&by)), |_| true).await?;
    Ok(Json(json!({ "changed": changed })))
}

/// Notes that somebody made sure an address is the customer's and works: what use had shown against it is forgotten. What
/// it asked for stays.
#[utoipa::path(post, path = "/v1/addresses/verify", tag = "clientes", request_body = AddressBody, responses((status = 204), (status = 422, body = Problem)))]
async fn verify(State(api): State<Api>, caller: Caller, Body(body): Body<AddressBody>) -> Result<StatusCode, Problem> {
    caller.may(Permission::Operate)?;
    let (address, by) = (normal(&caller, &body.address)?, caller.by(&api));
    edit_customer::verify(&api.ports, &caller.setup, &address, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}
