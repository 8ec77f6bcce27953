//! Problem details (RFC 9457).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cauce_engine::Error;
use cauce_engine::ports::PortError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// A request that was not served.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Stable name of the problem.
    #[serde(rename = "type")]
    kind: String,
    /// HTTP status.
    status: u16,
    /// Stable code.
    code: String,
    /// What is wrong and what to do, in Spanish.
    title: String,
    /// The field it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, title: impl Into<String>) -> Self {
        let kind = format!("urn:cauce:problem:{code}");
        Self { kind, status: status.as_u16(), code: code.to_owned(), title: title.into(), field: None }
    }
    pub(crate) fn field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("no se encontró {what}"))
    }
    pub(crate) fn invalid(field: &str, title: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", title).field(field)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => {
                let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.code, refusal.message);
                match refusal.field {
                    Some(field) => problem.field(&field),
                    None => problem,
                }
            }
            Error::NotFound(what) => Self::not_found(what),
            Error::Raced => Self::new(StatusCode::CONFLICT, "conflict", error.to_string()),
            Error::Port(PortError::Refused(why)) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", why),
            Error::Port(inner) => {
                tracing::error!(error = %inner, "puerto no disponible");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "intente de nuevo en unos segundos")
            }
            Error::Broken(what, why) => {
                tracing::error!(what, why, "dato ilegible");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "broken_data", "un dato almacenado no se puede leer")
            }
        }
    }
}

/// A part of the path, read as what it has to be.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let message = "la dirección no es válida: revise el identificador o la fecha (aaaa-mm-dd)";
        read.map(|found| Self(found.0)).map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "bad_path", message))
    }
}

/// The parameters after `?`, read as what they have to be.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        read.map(|found| Self(found.0)).map_err(|e| {
            // The reader's own words name the parameter.
            let message = format!("un parámetro no es válido: {}", e.body_text());
            Problem::new(StatusCode::BAD_REQUEST, "bad_query", message)
        })
    }
}

/// Reads a JSON body, telling what is wrong in it.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> axum::extract::FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        let bytes = bytes::Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "el cuerpo es demasiado grande"))?;
        let text = if bytes.is_empty() { &b"{}"[..] } else { &bytes[..] };
        serde_json::from_slice(text).map(Self).map_err(|e| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_json", format!("el cuerpo no es el JSON esperado: {e}"))
        })
    }
}
