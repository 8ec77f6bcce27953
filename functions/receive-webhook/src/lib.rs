//! A provider's webhook over HTTP: verified over its raw bytes, queued, answered. No table call.

use aws_lambda_events::encodings::Body;
use aws_lambda_events::event::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use base64::Engine as _;
use cauce_engine::ports::webhook::Request;
use cauce_engine::receive_webhook::{Taken, receive_webhook};
use cauce_engine::{Error, Ports};
use chrono::{DateTime, Utc};
use http::header::CONTENT_TYPE;

/// Takes `POST /hooks/{provider}/{token}`, and the `GET` by which a provider asks whether the address is ours.
pub async fn handle(
    ports: &Ports,
    event: ApiGatewayV2httpRequest,
    now: DateTime<Utc>,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let path = event.raw_path.unwrap_or_default();
    let mut parts = path.trim_matches('/').split('/');
    let (Some("hooks"), Some(provider), Some(token), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Ok(answer(404, None));
    };
    let text = event.body.unwrap_or_default();
    let body = if event.is_base64_encoded {
        match base64::engine::general_purpose::STANDARD.decode(text) {
            Ok(body) => body,
            Err(_) => return Ok(answer(400, None)),
        }
    } else {
        text.into_bytes()
    };
    let named = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers: Vec<(String, String)> = event.headers.iter().filter_map(named).collect();
    // Never of the request's own host: whoever signs the address signs the one we gave out.
    let query = event.raw_query_string.filter(|query| !query.is_empty()).map_or_else(String::new, |q| format!("?{q}"));
    let url = format!("{}{path}{query}", ports.public_url);
    let method = event.request_context.http.method;
    let request = Request { method: method.as_str(), url: &url, headers: &headers, body: &body, at: now };
    Ok(told(provider, receive_webhook(ports, provider, token, &request).await?))
}

fn told(provider: &str, taken: Taken) -> ApiGatewayV2httpResponse {
    let code = taken.code();
    match taken {
        Taken::Queued(thanks) => return answer(200, Some((thanks.content_type, thanks.body.to_owned()))),
        Taken::Handshake(challenge) => return answer(200, Some(("text/plain", challenge))),
        _ => {}
    }
    // An alarm counts these lines.
    tracing::warn!(state = "webhook_refused", provider, why = code, "webhook rechazado");
    answer(
        match taken {
            Taken::Stale => 200,
            Taken::NoRoute => 404,
            Taken::TooLarge => 413,
            _ => 401,
        },
        None,
    )
}

fn answer(status: i64, body: Option<(&'static str, String)>) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    if let Some((kind, text)) = body {
        response.headers.insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
        response.body = Some(Body::Text(text));
    }
    response
}
