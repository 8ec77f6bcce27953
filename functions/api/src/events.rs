//! Events (*Eventos*): what is sent when something happens to a customer's debt.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use crate::versions::{if_match, tagged};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_domain::contact::channel::Channel;
use cauce_domain::ids::TemplateId;
use cauce_domain::strategy::template::{Purpose, Template};
use cauce_domain::strategy::trigger::{EventRule, Trigger};
use cauce_engine::store::settings::{Versioned, place, save};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read, write))
}

fn shown(rule: &EventRule) -> Value {
    let mut json = serde_json::to_value(rule).unwrap_or_default();
    json["name"] = rule.trigger.spanish().into();
    json
}

fn stored(caller: &Caller, trigger: Trigger) -> Option<&Versioned<EventRule>> {
    caller.setup.events.iter().find(|rule| rule.value.trigger == trigger)
}

fn named(code: &str) -> Result<Trigger, Problem> {
    Trigger::ALL.iter().copied().find(|it| it.code() == code).ok_or_else(|| Problem::not_found("el evento"))
}

/// Lists every event, set up or not.
#[utoipa::path(get, path = "/v1/events", tag = "eventos", responses((status = 200, body = Object)))]
async fn list(caller: Caller) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let items: Vec<Value> = Trigger::ALL.iter().map(|trigger| shown(&caller.setup.event(*trigger))).collect();
    Ok(Json(json!({ "items": items })))
}

/// Reads an event.
#[utoipa::path(get, path = "/v1/events/{trigger}", tag = "eventos", params(("trigger" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(caller: Caller, Path(code): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    let trigger = named(&code)?;
    let version = stored(&caller, trigger).map_or(0, |rule| rule.version);
    Ok(tagged(StatusCode::OK, version, shown(&caller.setup.event(trigger))))
}

/// What an event sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EventBody {
    /// Whether it sends.
    active: bool,
    /// Templates of type `event`, up to three: each leaves by its own channel.
    templates: Vec<String>,
    /// Minutes it waits first.
    #[serde(default)]
    delay_minutes: u32,
    /// How many days before its date a promise is spoken of; of `promise_upcoming` alone.
    days_before: Option<u8>,
}

/// Sets an event up.
#[utoipa::path(put, path = "/v1/events/{trigger}", tag = "eventos", params(("trigger" = String, Path)), request_body = EventBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn write(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Path(code): Path<String>,
    Body(body): Body<EventBody>,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let trigger = named(&code)?;
    let before = stored(&caller, trigger);
    if let Some(before) = before {
        if_match(&headers, before.version)?;
    }
    let EventBody { active, templates, delay_minutes, days_before } = body;
    let templates: Vec<TemplateId> = templates.into_iter().map(TemplateId::new).collect();
    for id in &templates {
        let written = |it: &Template| it.purposes.contains(&Purpose::Event) && it.channel != Channel::Call;
        let fits = caller.setup.template(id).is_some_and(|it| written(&it.value));
        if !fits {
            let say = format!("la plantilla {id} no existe, no es de tipo evento o es de llamada");
            return Err(Problem::invalid("templates", say));
        }
    }
    let rule = EventRule { trigger, active, templates, delay_minutes, days_before };
    rule.validate().map_err(|(field, why)| Problem::invalid(field, why))?;
    let key = place(caller.setup.id(), format!("event#{}", trigger.code()));
    let version = save(&api.ports, &caller.by(&api), key, before, &rule).await?;
    Ok(tagged(StatusCode::OK, version, shown(&rule)))
}
