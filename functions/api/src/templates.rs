//! Templates: saved checked, duplicated whole, previewed and sent to oneself.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use crate::versions::{if_match, tagged};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::ids::TemplateId;
use cauce_domain::strategy::approval::Approval;
use cauce_domain::strategy::template::{Audience, BadTemplate, Purpose, Template};
use cauce_engine::preview::{Preview, preview, test_send};
use cauce_engine::store::settings::{Versioned, place, save};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, edit))
        .routes(routes!(duplicate))
        .routes(routes!(show))
        .routes(routes!(send_test))
}

/// A template as written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TemplateBody {
    /// Name.
    name: String,
    /// `whatsapp`, `sms` or `email`.
    #[schema(value_type = String)]
    channel: Channel,
    /// `customer`, `reference` or `guarantor`.
    #[serde(default)]
    #[schema(value_type = String)]
    audience: Audience,
    /// `flow`, `event`, `campaign`.
    #[schema(value_type = Vec<String>)]
    purposes: Vec<Purpose>,
    /// Subject, of e-mails.
    subject: Option<String>,
    /// Text with tags.
    body: String,
    /// The approved template it leaves as: name, language, what its heading and buttons take, and the text with tags of each
    /// place.
    #[schema(value_type = Option<Object>)]
    approval: Option<Approval>,
    /// The statement of account goes with it, as a PDF.
    #[serde(default)]
    statement: bool,
}

/// A template that cannot be saved.
pub(crate) fn bad_template(why: &BadTemplate, field: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_template", why.to_string()).field(field)
}

fn checked(id: TemplateId, files: Vec<MessageFile>, body: TemplateBody) -> Result<(Template, Vec<String>), Problem> {
    let TemplateBody { name, channel, audience, purposes, subject, body, approval, statement } = body;
    if let Some(Err(why)) = approval.as_ref().map(Approval::validate) {
        return Err(bad_template(&why, "approval"));
    }
    if name.trim().is_empty() {
        return Err(Problem::invalid("name", "la plantilla necesita un nombre"));
    }
    let template = Template { id, name, channel, audience, purposes, subject, body, approval, files, statement };
    let warnings = template.validate().map_err(|why| {
        let field = if matches!(why, BadTemplate::Files(_)) { "files" } else { "body" };
        bad_template(&why, field)
    })?;
    Ok((template, warnings))
}

pub(crate) fn find<'a>(caller: &'a Caller, id: &str) -> Result<&'a Versioned<Template>, Problem> {
    caller.setup.template(&TemplateId::from(id)).ok_or_else(|| Problem::not_found("la plantilla"))
}

pub(crate) async fn store(
    api: &Api,
    caller: &Caller,
    template: &Template,
    before: Option<&Versioned<Template>>,
) -> Result<u64, Problem> {
    let key = place(caller.setup.id(), format!("template#{}", template.id));
    Ok(save(&api.ports, &caller.by(api), key, before, template).await?)
}

/// Lists the templates.
#[utoipa::path(get, path = "/v1/templates", tag = "plantillas", responses((status = 200, body = [Object])))]
async fn list(caller: Caller) -> Result<Json<Vec<Value>>, Problem> {
    caller.may(Permission::Read)?;
    let view = |t: &Versioned<Template>| json!({ "template": t.value, "version": t.version });
    Ok(Json(caller.setup.templates.iter().map(view).collect()))
}

/// Creates a template; unknown tags, broken braces and split tags are refused, the rest warned about.
#[utoipa::path(post, path = "/v1/templates", tag = "plantillas", request_body = TemplateBody, responses((status = 201, body = Object), (status = 422, body = Problem)))]
async fn create(State(api): State<Api>, caller: Caller, Body(body): Body<TemplateBody>) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let (template, warnings) = checked(TemplateId::new(api.ports.new_id().simple().to_string()), Vec::new(), body)?;
    let version = store(&api, &caller, &template, None).await?;
    Ok(tagged(StatusCode::CREATED, version, json!({ "template": template, "warnings": warnings })))
}

/// Reads a template.
#[utoipa::path(get, path = "/v1/templates/{id}", tag = "plantillas", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    let found = find(&caller, &id)?;
    Ok(tagged(StatusCode::OK, found.version, json!({ "template": found.value })))
}

/// Changes a template.
#[utoipa::path(put, path = "/v1/templates/{id}", tag = "plantillas", params(("id" = String, Path)), request_body = TemplateBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<TemplateBody>,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let known = find(&caller, &id)?;
    if_match(&headers, known.version)?;
    let (template, warnings) = checked(known.value.id.clone(), known.value.files.clone(), body)?;
    let version = store(&api, &caller, &template, Some(known)).await?;
    Ok(tagged(StatusCode::OK, version, json!({ "template": template, "warnings": warnings })))
}

/// Duplicates a template into a new one that can be edited; everything is kept.
#[utoipa::path(post, path = "/v1/templates/{id}/duplicate", tag = "plantillas", params(("id" = String, Path)), responses((status = 201, body = Object), (status = 404, body = Problem)))]
async fn duplicate(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let known = &find(&caller, &id)?.value;
    let copy = Template {
        id: TemplateId::new(api.ports.new_id().simple().to_string()),
        name: format!("{} (copia)", known.name),
        ..known.clone()
    };
    let version = store(&api, &caller, &copy, None).await?;
    Ok(tagged(StatusCode::CREATED, version, json!({ "template": copy })))
}

/// Whose values fill the template, and where a test goes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Fill {
    /// A customer's id; absent uses a sample customer.
    customer: Option<String>,
    /// Where a test send goes.
    to: Option<String>,
}

/// Shows the template with a customer's values.
#[utoipa::path(post, path = "/v1/templates/{id}/preview", tag = "plantillas", params(("id" = String, Path)), request_body = Fill, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(fill): Body<Fill>,
) -> Result<Json<Preview>, Problem> {
    caller.may(Permission::Read)?;
    let template = &find(&caller, &id)?.value;
    let customer = caller.some_customer(&api, fill.customer).await?;
    Ok(Json(preview(&api.ports, &caller.setup, template, customer.as_ref(), api.now()).await?))
}

/// Sends the template to one's own address or a test address of the project.
#[utoipa::path(post, path = "/v1/templates/{id}/test-send", tag = "plantillas", params(("id" = String, Path)), request_body = Fill, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn send_test(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(fill): Body<Fill>,
) -> Result<Json<Preview>, Problem> {
    caller.may(Permission::Read)?;
    let template = &find(&caller, &id)?.value;
    let customer = caller.some_customer(&api, fill.customer).await?;
    let own = caller.user.as_ref().map(|u| u.email.as_str());
    let to = fill
        .to
        .or_else(|| own.map(str::to_owned))
        .ok_or_else(|| Problem::invalid("to", "indique a dónde enviar la prueba"))?;
    let now = api.now();
    Ok(Json(test_send(&api.ports, &caller.setup, template, customer.as_ref(), &to, own, now).await?))
}
