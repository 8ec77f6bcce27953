//! Messages that a person of the team writes to a customer.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::files::named;
use crate::idempotency::Once;
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::contact::channel::Channel;
use cauce_domain::ids::TemplateId;
use cauce_engine::compose::{self, Asked, Composed};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(send)).routes(routes!(preview))
}

/// A message to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MessageBody {
    /// `whatsapp`, `sms` or `email`.
    #[schema(value_type = String)]
    channel: Channel,
    /// A saved template, instead of words.
    template: Option<String>,
    /// Subject with tags, of e-mails; of an answer it is the one answered when absent.
    subject: Option<String>,
    /// Text with tags, such as `{nombre}`, `{estado_de_cuenta}` or `{paga_aqui}`.
    #[serde(default)]
    text: String,
    /// Files, as `POST /v1/files` named them: of an e-mail several, of a WhatsApp one.
    #[serde(default)]
    files: Vec<String>,
    /// The statement of account goes with it, as a PDF.
    #[serde(default)]
    statement: bool,
    /// Which of the customer's addresses; the first usable one when absent.
    to: Option<String>,
    /// The warnings that the preview told were read.
    #[serde(default)]
    accept_warnings: bool,
}

impl MessageBody {
    fn read(self, caller: &Caller) -> Result<Asked, Problem> {
        Ok(Asked {
            channel: self.channel,
            template: self.template.map(TemplateId::new),
            subject: self.subject,
            text: self.text,
            files: named(caller, &self.files)?,
            statement: self.statement,
            to: self.to,
            accept_warnings: self.accept_warnings,
        })
    }
}

/// Sends a message to a customer. The law, an opt-out and an inactive platform or channel refuse it; the project's own hours, a
/// pause and what else stops reminders are warnings, which `accept_warnings` passes over. Who wrote within the day is
/// answered at any hour.
#[utoipa::path(post, path = "/v1/customers/{id}/messages", tag = "conversaciones", params(("id" = String, Path)), request_body = MessageBody, responses((status = 202, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn send(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path(id): Path<String>,
    Body(body): Body<MessageBody>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may(Permission::Manage)?;
    let customer = caller.customer(&api, &id).await?;
    let (asked, by) = (body.read(&caller)?, caller.by(&api));
    let sent = compose::send(&api.ports, &caller.setup, &customer, &asked, (&by, request)).await?;
    Ok((StatusCode::ACCEPTED, Json(crate::interactions::shown(&sent))))
}

/// Shows a message as it would leave now: its words filled, why it cannot leave, and what to know before it does.
#[utoipa::path(post, path = "/v1/customers/{id}/messages/preview", tag = "conversaciones", params(("id" = String, Path)), request_body = MessageBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn preview(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<MessageBody>,
) -> Result<Json<Composed>, Problem> {
    caller.may(Permission::Manage)?;
    let customer = caller.customer(&api, &id).await?;
    let (asked, by) = (body.read(&caller)?, caller.by(&api));
    Ok(Json(compose::preview(&api.ports, &caller.setup, &customer, &asked, &by).await?))
}
