//! Internal notes, seen by the team alone.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::files::named;
use crate::idempotency::Once;
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::contact::note::{ManagementKind, Note, Origin};
use cauce_engine::note::{self, Asked};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(write))
}

/// A note as a reader sees it.
pub(crate) fn shown(note: &Note) -> Value {
    let mut json = serde_json::to_value(note).unwrap_or_default();
    json["channel"] = "note".into();
    json["state"] = "registered".into();
    json["state_name"] = "Registrada".into();
    json
}

/// A note to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    /// `call`, `message_received`, `message_sent`, `visit` or `other`.
    #[schema(value_type = String)]
    origin: Origin,
    /// `outbound_contact`, `outbound_no_contact`, `inbound_contact` or `inbound_no_contact`.
    #[schema(value_type = Option<String>)]
    kind: Option<ManagementKind>,
    /// The payment, order or invoice it is about.
    code: Option<String>,
    /// What happened.
    comment: String,
    /// Files, as `POST /v1/files` named them.
    #[serde(default)]
    files: Vec<String>,
}

/// Keeps an internal note in a customer's thread.
#[utoipa::path(post, path = "/v1/customers/{id}/notes", tag = "conversaciones", params(("id" = String, Path)), request_body = NoteBody, responses((status = 201, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn write(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path(id): Path<String>,
    Body(body): Body<NoteBody>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may(Permission::Manage)?;
    let customer = caller.customer(&api, &id).await?;
    let files = named(&caller, &body.files)?;
    let asked = Asked { origin: body.origin, kind: body.kind, code: body.code, comment: body.comment, files };
    let by = caller.by(&api);
    let note = note::write(&api.ports, &caller.setup, &customer, &asked, (&by, request)).await?;
    Ok((StatusCode::CREATED, Json(shown(&note))))
}
