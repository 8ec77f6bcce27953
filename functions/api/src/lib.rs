//! The HTTP API: `/v1`, one file per resource. JSON in snake_case; errors as RFC 9457 problems with a stable code, a
//! Spanish message and the field; cursors; idempotency keys on POST; ETag and If-Match on edits.
//!
//! Every call carries a key of one project (`Authorization: Bearer …` or `X-Api-Key`); a handler sees that project alone.

mod addresses;
mod agent;
mod caller;
mod calls;
mod campaigns;
mod changes;
mod channels;
mod claims;
mod columns;
mod connections;
mod conversations;
mod customers;
mod days;
mod edits;
mod events;
mod files;
mod flows;
mod idempotency;
mod imports;
mod indicators;
mod interaction_log;
mod interactions;
mod keys;
mod mappings;
mod matters;
mod messages;
mod money;
mod notes;
mod orders;
mod outcomes;
mod page;
mod pay_here;
mod payment_methods;
mod payments_to_verify;
mod prices;
mod problem;
mod processes;
mod project;
mod projects;
mod promises;
mod reports;
mod rules;
mod runs;
mod segments;
mod shared_routes;
mod statement;
mod tags;
mod template_files;
mod templates;
mod trays;
mod unregistered;
mod unsubscribe;
mod users;
mod versions;
mod webhooks;

use axum::Router;
use axum::extract::State;
use cauce_engine::Ports;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

/// What handlers work with.
#[derive(Clone)]
pub struct Api {
    /// The ports.
    pub ports: Ports,
    /// The time.
    pub now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

impl Api {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Cauce", description = "Cobranza omnicanal: carga, decide, envía, sigue y explica."),
    security(("key" = []))
)]
struct Document;

fn parts() -> (Router<Api>, utoipa::openapi::OpenApi) {
    let mut document = Document::openapi();
    let key = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    document.components.get_or_insert_with(Default::default).add_security_scheme("key", key);
    OpenApiRouter::with_openapi(document)
        .merge(project::routes())
        .merge(rules::routes())
        .merge(agent::routes())
        .merge(payment_methods::routes())
        .merge(users::routes())
        .merge(keys::routes())
        .merge(webhooks::routes())
        .merge(channels::routes())
        .merge(connections::routes())
        .merge(prices::routes())
        .merge(tags::routes())
        .merge(customers::routes())
        .merge(addresses::routes())
        .merge(orders::routes())
        .merge(segments::routes())
        .merge(templates::routes())
        .merge(template_files::routes())
        .merge(flows::routes())
        .merge(events::routes())
        .merge(mappings::routes())
        .merge(imports::routes())
        .merge(processes::routes())
        .merge(campaigns::routes())
        .merge(runs::routes())
        .merge(interactions::routes())
        .merge(interaction_log::routes())
        .merge(columns::routes())
        .merge(reports::routes())
        .merge(indicators::routes())
        .merge(calls::routes())
        .merge(trays::routes())
        .merge(changes::routes())
        .merge(unregistered::routes())
        .merge(messages::routes())
        .merge(statement::routes())
        .merge(notes::routes())
        .merge(conversations::routes())
        .merge(outcomes::routes())
        .merge(promises::routes())
        .merge(payments_to_verify::routes())
        .merge(claims::routes())
        .merge(matters::routes())
        .merge(days::routes())
        .merge(files::routes())
        .merge(edits::routes())
        .split_for_parts()
}

/// The OpenAPI document, made from the handlers.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = parts().1;
    document.merge(projects::routes().into_openapi());
    document.merge(shared_routes::routes().into_openapi());
    document.merge(unsubscribe::routes().into_openapi());
    document.merge(pay_here::routes().into_openapi());
    document
}

/// The API over its ports.
pub fn router(api: Api) -> Router {
    let routes = parts().0;
    let text = openapi().to_pretty_json().unwrap_or_default();
    // Nobody's project is known yet.
    let open = projects::routes().merge(shared_routes::routes()).merge(unsubscribe::routes()).merge(pay_here::routes());
    let open = Router::from(open)
        .route(
            "/openapi.json",
            axum::routing::get(move || async move { ([("content-type", "application/json")], text) }),
        )
        .route("/health", axum::routing::get(health));
    let layered = routes
        .layer(axum::middleware::from_fn_with_state(api.clone(), idempotency::once))
        .layer(axum::middleware::from_fn_with_state(api.clone(), caller::identify));
    layered.merge(open).fallback(missing).with_state(api)
}

async fn health(State(_): State<Api>) -> &'static str {
    "ok"
}

async fn missing() -> problem::Problem {
    problem::Problem::not_found("la ruta")
}
