//! Users: who customers are assigned to and who acts; sign-in comes later.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use crate::project::free_of_customers;
use crate::versions::{if_match, tagged};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_domain::ids::UserId;
use cauce_engine::store::settings::{Grant, Role, User, place, save};
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, edit))
}

/// A user as written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserBody {
    /// Id, the join key of assignment files; only when created.
    id: Option<String>,
    /// Name.
    name: String,
    /// E-mail, nobody's contact.
    email: String,
    /// `adviser`, `supervisor` or `administrator`.
    #[schema(value_type = String)]
    role: Role,
    /// Whether it may act.
    #[serde(default = "yes")]
    active: bool,
    /// What it may do besides what its role says: `edit_customers`, `unregistered`, `reports`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    grants: BTreeSet<Grant>,
    /// It sees the customers assigned to it alone.
    #[serde(default)]
    only_assigned: bool,
}

fn yes() -> bool {
    true
}

/// Lists the users.
#[utoipa::path(get, path = "/v1/users", tag = "usuarios", responses((status = 200, body = [Object])))]
async fn list(caller: Caller) -> Result<Json<Vec<User>>, Problem> {
    caller.may(Permission::Read)?;
    Ok(Json(caller.setup.users.iter().map(|u| u.value.clone()).collect()))
}

/// Names that stand for nobody, or for whoever acts without being a user.
const RESERVED: [&str; 7] = ["-", "none", "all", "api", "cauce", "agente", "carpeta"];

/// Creates a user.
#[utoipa::path(post, path = "/v1/users", tag = "usuarios", request_body = UserBody, responses((status = 201, body = Object), (status = 422, body = Problem)))]
async fn create(State(api): State<Api>, caller: Caller, Body(body): Body<UserBody>) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let id = body.id.clone().unwrap_or_else(|| api.ports.new_id().simple().to_string());
    if id.is_empty()
        || id.len() > 60
        || RESERVED.contains(&id.as_str())
        || id.contains('#')
        || id.contains(|c: char| c.is_whitespace() || c.is_control())
        || caller.setup.users.iter().any(|u| u.value.id.as_str() == id)
    {
        return Err(Problem::invalid("id", "el ID ya existe o no es válido (hasta 60 caracteres, sin # ni espacios)"));
    }
    let user = checked(&api, &caller, UserId::new(id), body).await?;
    let version =
        save(&api.ports, &caller.by(&api), place(caller.setup.id(), format!("user#{}", user.id)), None, &user).await?;
    Ok(tagged(StatusCode::CREATED, version, user))
}

async fn checked(api: &Api, caller: &Caller, id: UserId, body: UserBody) -> Result<User, Problem> {
    if body.name.trim().is_empty() {
        return Err(Problem::invalid("name", "el nombre no puede estar vacío"));
    }
    free_of_customers(api, caller, &body.email).await?;
    Ok(User {
        id,
        name: body.name,
        email: body.email.trim().to_lowercase(),
        role: body.role,
        active: body.active,
        grants: body.grants,
        only_assigned: body.only_assigned,
    })
}

/// Reads a user.
#[utoipa::path(get, path = "/v1/users/{id}", tag = "usuarios", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    let found = caller.setup.users.iter().find(|u| u.value.id.as_str() == id);
    let user = found.ok_or_else(|| Problem::not_found("el usuario"))?;
    Ok(tagged(StatusCode::OK, user.version, user.value.clone()))
}

/// Changes a user.
#[utoipa::path(put, path = "/v1/users/{id}", tag = "usuarios", params(("id" = String, Path)), request_body = UserBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<UserBody>,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let found = caller.setup.users.iter().find(|u| u.value.id.as_str() == id);
    let known = found.ok_or_else(|| Problem::not_found("el usuario"))?;
    if_match(&headers, known.version)?;
    let user = checked(&api, &caller, known.value.id.clone(), body).await?;
    let key = place(caller.setup.id(), format!("user#{id}"));
    let version = save(&api.ports, &caller.by(&api), key, Some(known), &user).await?;
    Ok(tagged(StatusCode::OK, version, user))
}
