//! A new project, made by whoever runs the stage: its call carries the administration key instead of a project's own.

use crate::Api;
use crate::problem::{Body, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use cauce_domain::country::Country;
use cauce_domain::ids::ProjectId;
use cauce_engine::api_keys;
use cauce_engine::create_project::create_project;
use cauce_engine::store::edits::By;
use cauce_engine::store::{keys, settings};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The name of the administration key among the secrets; a stage without it makes no projects by API.
const ADMIN: &str = "admin";

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(create))
}

/// A project to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProjectBody {
    /// Its id: lower-case letters, digits and dashes. Never changes.
    id: String,
    /// The company's name, as messages show it.
    name: String,
    /// Its country, such as `PE`: windows, holidays, formats.
    country: String,
}

/// Makes a project, inactive, with usable templates and one flow; answers its first key, shown this once.
///
/// One that is there and has no key yet, because whoever made it was cut off, gets its first key.
#[utoipa::path(post, path = "/v1/projects", tag = "proyecto", request_body = ProjectBody, responses((status = 201, body = Object), (status = 401, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    State(api): State<Api>,
    headers: HeaderMap,
    Body(body): Body<ProjectBody>,
) -> Result<Response, Problem> {
    administers(&api, &headers).await?;
    let country: Country =
        body.country.parse().map_err(|_| Problem::invalid("country", "use PE, CO, MX, CL, AR o EC"))?;
    let name = body.name.trim();
    if name.is_empty() || name.chars().count() > 120 {
        return Err(Problem::invalid("name", "escriba el nombre de la empresa, en hasta 120 caracteres"));
    }
    let id = ProjectId::new(body.id);
    create_project(&api.ports, &id, name, country).await?;
    let setup = settings::load(&api.ports, &id).await?;
    if !api_keys::list(&api.ports, &setup).await?.is_empty() {
        let message = "el proyecto ya existe y tiene llave: use la suya o elija otro id";
        return Err(Problem::new(StatusCode::CONFLICT, "project_exists", message).field("id"));
    }
    let by = By { author: ADMIN.to_owned(), at: api.now() };
    let (_, key) = api_keys::make(&api.ports, &setup, "primera llave", None, &by).await?;
    let json = json!({ "id": id, "name": setup.project().name, "country": country, "key": key });
    Ok((StatusCode::CREATED, [("cache-control", "no-store")], Json(json)).into_response())
}

/// Lets whoever holds the administration key on. Digests are compared, which tell nothing by how long it takes.
pub(crate) async fn administers(api: &Api, headers: &HeaderMap) -> Result<(), Problem> {
    let bearer = headers.get("authorization").and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let known = api.ports.secrets.get(ADMIN).await.map_err(cauce_engine::Error::from)?;
    let digest = |text: &str| keys::sha256(text.trim().as_bytes());
    match (bearer, known) {
        (Some(sent), Some(known)) if !known.expose().is_empty() && digest(sent) == digest(known.expose()) => Ok(()),
        _ => {
            let message = "envíe la llave de administración en Authorization: Bearer …";
            Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message))
        }
    }
}
