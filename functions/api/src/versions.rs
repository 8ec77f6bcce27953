//! ETag and If-Match: an edit names the version it was made on, so that nobody's work is overwritten unseen.

use crate::problem::Problem;
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The version an edit was made on.
pub(crate) fn if_match(headers: &HeaderMap, current: u64) -> Result<(), Problem> {
    let given = headers.get(header::IF_MATCH).and_then(|v| v.to_str().ok());
    let message = "envíe If-Match con el ETag que leyó, para no pisar cambios de otros";
    let given = given.ok_or_else(|| Problem::new(StatusCode::PRECONDITION_REQUIRED, "if_match_required", message))?;
    if given.trim().trim_matches('"') == current.to_string() {
        return Ok(());
    }
    let message = "alguien lo modificó mientras tanto: léalo de nuevo y repita el cambio";
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, "version_changed", message))
}

/// A body with its ETag.
pub(crate) fn tagged<T: Serialize>(status: StatusCode, version: u64, body: T) -> Response {
    (status, [(header::ETAG, format!("\"{version}\""))], Json(body)).into_response()
}
