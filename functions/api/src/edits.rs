//! Who changed what, when: the log of settings, and of each customer with its debt.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::page::{List, Page, limit};
use crate::problem::{Path, Problem, Query};
use axum::Json;
use axum::extract::State;
use cauce_domain::ids::CustomerId;
use cauce_engine::store::{accounts, edits};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(of_settings)).routes(routes!(of_customer))
}

/// Lists changes to the project's settings, newest first: author, instant, what, which fields.
#[utoipa::path(get, path = "/v1/edits", tag = "cambios", params(Page), responses((status = 200, body = Object)))]
async fn of_settings(State(api): State<Api>, caller: Caller, Query(page): Query<Page>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    list(&api, &caller, None, &page).await
}

/// Lists changes to a customer and its orders by people and by API, newest first; loads are in the process log.
#[utoipa::path(get, path = "/v1/customers/{id}/edits", tag = "cambios", params(("id" = String, Path), Page), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn of_customer(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let id = caller.customer(&api, &id).await?;
    if accounts::account(&api.ports, caller.setup.id(), &id).await?.is_none() {
        return Err(Problem::not_found("el cliente"));
    }
    list(&api, &caller, Some(&id), &page).await
}

async fn list(api: &Api, caller: &Caller, customer: Option<&CustomerId>, page: &Page) -> Result<Json<Value>, Problem> {
    let list = List::new(caller, format!("edits {}", customer.map_or("", CustomerId::as_str)));
    let (_, after) = list.start(page.cursor.as_deref())?;
    let (items, next) = edits::page(&api.ports, caller.setup.id(), customer, limit(page.limit), after).await?;
    let items = items.into_iter().map(|edit| json!(edit)).collect();
    Ok(list.page(items, next.map(|at| (0, Some(at)))))
}
