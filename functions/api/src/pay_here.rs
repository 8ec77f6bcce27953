//! *Paga aquí*: the page a message's link leads to, with the ways to pay in their order.
//!
//! No sign-in and nothing of the debt: whoever holds the link learns how to pay. Programs that look a link up before a person
//! does are let look, and count as nobody.

use crate::Api;
use crate::unsubscribe::shown;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cauce_domain::debt::payment_method::PaymentMethod;
use cauce_engine::Error;
use cauce_engine::pay_link::{Led, follow, seen};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(page)).routes(routes!(choose))
}

/// What programs that fetch links without a person call themselves by.
const PROGRAMS: [&str; 11] =
    ["bot", "crawl", "spider", "preview", "facebookexternalhit", "whatsapp", "slack", "curl", "wget", "python", "scan"];

fn is_program(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let agent = agent.to_lowercase();
    agent.is_empty() || PROGRAMS.iter().any(|program| agent.contains(program))
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.replace('\n', "<br>")
}

fn method(token: &str, at: usize, method: &PaymentMethod) -> String {
    let logo = method.logo.as_ref().map_or_else(String::new, |logo| {
        format!("<img src=\"{}\" alt=\"\" style=\"max-height:2.5em;float:right\">", escaped(logo))
    });
    let code = method.code.as_ref().map_or_else(String::new, |code| format!("<p><code>{}</code></p>", escaped(code)));
    let words = method.instructions.as_ref().map_or_else(String::new, |words| format!("<p>{}</p>", escaped(words)));
    let button = method.url.as_ref().map_or_else(String::new, |_| {
        format!(
            "<form method=\"post\" action=\"/p/{token}/{at}\"><button style=\"font-size:1.1em;padding:.6em 1.2em\">Pagar</button></form>"
        )
    });
    format!("<section style=\"margin:1.5em 0\">{logo}<h2>{}</h2>{code}{words}{button}</section>", escaped(&method.name))
}

fn not_ours() -> Response {
    (StatusCode::NOT_FOUND, shown("Enlace no válido", "<p>Abra el enlace del último mensaje que recibió.</p>"))
        .into_response()
}

fn failed(error: &Error) -> Response {
    tracing::error!(%error, "una página de pago no se pudo mostrar");
    (StatusCode::SERVICE_UNAVAILABLE, shown("Intente de nuevo", "<p>No pudimos abrir la página.</p>")).into_response()
}

/// Shows the ways to pay.
#[utoipa::path(get, path = "/p/{token}", tag = "pagos", params(("token" = String, Path)), security(()), responses((status = 200, content_type = "text/html"), (status = 404, content_type = "text/html")))]
async fn page(State(api): State<Api>, headers: HeaderMap, Path(token): Path<String>) -> Response {
    let Led { company, methods } = match follow(&api.ports, &token, api.now()).await {
        Ok(Some(led)) => led,
        Ok(None) => return not_ours(),
        Err(error) => return failed(&error),
    };
    if !is_program(&headers)
        && let Err(error) = seen(&api.ports, &token, false, api.now()).await
    {
        tracing::warn!(%error, "quien abrió un enlace de pago no quedó anotado");
    }
    let all: String = methods.iter().enumerate().map(|(at, it)| method(&token, at, it)).collect();
    shown(&format!("Pagar a {}", escaped(&company)), &all)
}

/// Leads to one of them.
#[utoipa::path(post, path = "/p/{token}/{at}", tag = "pagos", params(("token" = String, Path), ("at" = usize, Path)), security(()), responses((status = 303), (status = 404, content_type = "text/html")))]
async fn choose(State(api): State<Api>, Path((token, at)): Path<(String, usize)>) -> Response {
    let led = match follow(&api.ports, &token, api.now()).await {
        Ok(led) => led,
        Err(error) => return failed(&error),
    };
    let chosen = led.and_then(|led| led.methods.into_iter().nth(at)?.url);
    let Some(url) = chosen else { return not_ours() };
    if let Err(error) = seen(&api.ports, &token, true, api.now()).await {
        tracing::warn!(%error, "quien eligió cómo pagar no quedó anotado");
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, url)]).into_response()
}
