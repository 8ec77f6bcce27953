//! A person's edit of a customer, kept apart from what loads say.

use super::{found, shown};
use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use crate::versions::{if_match, tagged};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Status;
use cauce_engine::edit_customer::by_hand::{self, Edit};
use cauce_engine::import::touch::Touch;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(edit, delete))
}

/// Edits a customer; what is not named stays. Loading the value that was there before does not undo it. Fields: `name`,
/// `phones` and `emails` by slot, `status`, `variables`, `adviser`, `supervisor`, `portfolio`, `time_zone`, `references` and
/// `guarantors` by place; an empty text takes off.
#[utoipa::path(patch, path = "/v1/customers/{id}", tag = "clientes", params(("id" = String, Path)), request_body = Object, responses((status = 200, body = Object), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(edit): Body<Edit>,
) -> Result<Response, Problem> {
    caller.may(Permission::EditCustomers)?;
    if edit.assigns() {
        caller.may(Permission::Operate)?;
    }
    let (before, version) = found(&api, &caller, &id).await?;
    if_match(&headers, version)?;
    if before.customer.status == Status::Deleted {
        caller.may(Permission::Operate)?;
    }
    let mut after = before.clone();
    by_hand::apply(&caller.setup, &mut after, &edit)?;
    store(&api, &caller, &before, after, version).await
}

async fn store(
    api: &Api,
    caller: &Caller,
    before: &Account,
    mut after: Account,
    version: u64,
) -> Result<Response, Problem> {
    let setup = &caller.setup;
    Touch::gather(&api.ports, setup, api.now()).await?.settle(Some(before), &mut after);
    let shared =
        cauce_engine::edit_customer::save(&api.ports, setup, before, &mut after, version, &caller.by(api)).await?;
    let mut body = shown(caller, &after, setup.today(api.now()));
    body["shared_addresses"] = shared.len().into();
    Ok(tagged(StatusCode::OK, version + 1, body))
}

/// Deletes a customer: nothing more is sent to it, and files that name it are refused row by row.
#[utoipa::path(delete, path = "/v1/customers/{id}", tag = "clientes", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn delete(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let (before, version) = found(&api, &caller, &id).await?;
    let mut after = before.clone();
    after.customer.status = Status::Deleted;
    store(&api, &caller, &before, after, version).await
}
