//! The price book of messages.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Problem};
use axum::Json;
use axum::extract::State;
use cauce_domain::contact::price::{Price, PriceBook};
use cauce_engine::store::settings::{place, save};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, put))
}

/// The whole book.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BookBody {
    /// Prices: channel, category, country, currency, `micros` (millionths of its unit) and the first day they hold.
    #[schema(value_type = Vec<Object>)]
    prices: Vec<Price>,
}

/// Reads the price book.
#[utoipa::path(get, path = "/v1/prices", tag = "canales", responses((status = 200, body = Object)))]
async fn list(caller: Caller) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    Ok(Json(json!({ "prices": caller.setup.prices.as_ref().map(|book| &book.value.prices) })))
}

/// Writes the price book anew; what has left keeps what it cost.
#[utoipa::path(put, path = "/v1/prices", tag = "canales", request_body = BookBody, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn put(State(api): State<Api>, caller: Caller, Body(body): Body<BookBody>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Configure)?;
    if body.prices.len() > 500 || body.prices.iter().any(|price| price.micros < 0) {
        return Err(Problem::invalid("prices", "hasta 500 precios, ninguno negativo"));
    }
    let book = PriceBook { prices: body.prices };
    let (key, before) = (place(caller.setup.id(), "prices"), caller.setup.prices.as_ref());
    save(&api.ports, &caller.by(&api), key, before, &book).await?;
    Ok(Json(json!({ "prices": book.prices })))
}
