//! A customer's statement of account, as figures and as the document that is sent.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::customers::found;
use crate::problem::{Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use cauce_domain::debt::account::Account;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::statement::{Line, Statement};
use cauce_engine::Error;
use cauce_engine::statement_document::draw;
use cauce_engine::store::accounts::open_account;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(figures)).routes(routes!(document))
}

async fn owed(api: &Api, caller: &Caller, id: &str) -> Result<(Account, Vec<Order>), Problem> {
    caller.may(Permission::Read)?;
    let (account, _) = found(api, caller, id).await?;
    let open = open_account(&api.ports, caller.setup.id(), &account.id).await?;
    let open = open.ok_or(Error::NotFound("el cliente"))?;
    Ok((open.account, open.orders.into_iter().map(|(order, ..)| order).collect()))
}

/// Reads what a customer owes, the oldest first; what is disputed or given up on is not in it.
#[utoipa::path(get, path = "/v1/customers/{id}/statement", tag = "conversaciones", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn figures(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let (_, orders) = owed(&api, &caller, &id).await?;
    let today = caller.setup.today(api.now());
    let statement = Statement::of(&orders, today);
    let line = |line: &Line| {
        let Line { code, product, due, overdue, balance } = line;
        json!({ "code": code, "product": product, "due": due, "overdue": overdue, "balance": balance.minor, "currency": balance.currency })
    };
    let lines: Vec<Value> = statement.lines.iter().map(line).collect();
    Ok(Json(json!({ "date": today, "lines": lines, "totals": statement.totals })))
}

/// Reads it as the PDF that is sent.
#[utoipa::path(get, path = "/v1/customers/{id}/statement.pdf", tag = "conversaciones", params(("id" = String, Path)), responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404, body = Problem)))]
async fn document(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let (account, orders) = owed(&api, &caller, &id).await?;
    let bytes = draw(&api.ports, &caller.setup, &account, &orders, caller.setup.today(api.now())).await?;
    Ok(([(header::CONTENT_TYPE, "application/pdf")], bytes).into_response())
}
