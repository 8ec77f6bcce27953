//! The way out of e-mails: a page with a button, and the one click of RFC 8058.
//!
//! No sign-in, no cookies, no redirects. Looking at the page takes nobody off: mailboxes follow links by themselves. A link
//! that is not ours gets the same kind of page, so that nothing can be learnt from it.

use crate::Api;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use cauce_domain::contact::wish::Source;
use cauce_engine::apply_event::unsubscribe;
use cauce_engine::reply_token::follow_way_out;
use cauce_engine::store::settings;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(page, leave))
}

/// A page for people: a title and what stands under it, both written by us or escaped.
pub(crate) fn shown(title: &str, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"es\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\"><title>{title}</title></head>\
         <body style=\"font-family:sans-serif;max-width:32em;margin:3em auto;padding:0 1em\"><h1>{title}</h1>{body}</body></html>"
    );
    Html(page).into_response()
}

fn not_ours() -> Response {
    shown("Enlace no válido", "<p>Abra el enlace del último correo que recibió.</p>")
}

/// Shows the button.
#[utoipa::path(get, path = "/u/{token}", tag = "bajas", params(("token" = String, Path)), security(()), responses((status = 200, content_type = "text/html")))]
async fn page(State(api): State<Api>, Path(token): Path<String>) -> Response {
    match follow_way_out(&api.ports, &token).await {
        Ok(Some(_)) => shown(
            "Dejar de recibir correos",
            "<p>Si continúa, no le enviaremos más correos de cobranza a esta dirección. Su deuda no cambia.</p>\
             <form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\">\
             <button style=\"font-size:1.1em;padding:.6em 1.2em\">No recibir más correos</button></form>",
        ),
        Ok(None) => not_ours(),
        Err(_) => unavailable(),
    }
}

/// Takes the address off, as often as it is asked; the body's form does not matter, mailboxes send either.
#[utoipa::path(post, path = "/u/{token}", tag = "bajas", params(("token" = String, Path)), security(()), responses((status = 200, content_type = "text/html")))]
async fn leave(State(api): State<Api>, Path(token): Path<String>) -> Response {
    let left = async {
        let Some((project, receipt)) = follow_way_out(&api.ports, &token).await? else { return Ok(false) };
        let setup = settings::load(&api.ports, &project).await?;
        unsubscribe(&api.ports, &setup, &receipt, Source::OneClick, api.now()).await
    };
    match left.await {
        Ok(true) => shown("Listo", "<p>No le enviaremos más correos a esta dirección.</p>"),
        Ok(false) => not_ours(),
        Err(error) => {
            let error: cauce_engine::Error = error;
            tracing::error!(%error, "una baja no se pudo guardar");
            unavailable()
        }
    }
}

/// Nothing was lost: the mailbox or the person tries again.
fn unavailable() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, shown("Intente de nuevo", "<p>No pudimos guardar su pedido.</p>")).into_response()
}
