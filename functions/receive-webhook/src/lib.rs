//! A provider's webhook over HTTP: verified over its raw bytes, queued, answered. No table call.

use aws_lambda_events::event::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use base64::Engine as _;
use cauce_engine::ports::channel::Request;
use cauce_engine::receive_webhook::{Taken, receive_webhook};
use cauce_engine::{Error, Ports};
use chrono::{DateTime, Utc};

/// Takes `POST /hooks/{provider}/{token}`.
pub async fn handle(
    ports: &Ports,
    event: ApiGatewayV2httpRequest,
    now: DateTime<Utc>,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let path = event.raw_path.unwrap_or_default();
    let mut parts = path.trim_matches('/').split('/');
    let (Some("hooks"), Some(provider), Some(token), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Ok(answer(404));
    };
    let text = event.body.unwrap_or_default();
    let body = if event.is_base64_encoded {
        match base64::engine::general_purpose::STANDARD.decode(text) {
            Ok(body) => body,
            Err(_) => return Ok(answer(400)),
        }
    } else {
        text.into_bytes()
    };
    let named = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers: Vec<(String, String)> = event.headers.iter().filter_map(named).collect();
    let taken = receive_webhook(ports, provider, token, &Request { headers: &headers, body: &body }, now).await?;
    if taken != Taken::Queued {
        tracing::warn!(provider, ?taken, "webhook rechazado");
    }
    Ok(answer(match taken {
        Taken::Queued => 200,
        Taken::NoRoute => 404,
        Taken::Forged => 401,
        Taken::Unfit => 413,
    }))
}

fn answer(status: i64) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    response
}
