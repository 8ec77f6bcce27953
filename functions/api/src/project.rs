//! The project: settings, mode, what blocks sends now, the stop of today.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Problem};
use crate::versions::{if_match, tagged};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Json, http::HeaderValue};
use cauce_domain::contact::calendar::{Calendar, Weekly};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::point::Email;
use cauce_domain::contact::price::Cost;
use cauce_domain::ids::FlowId;
use cauce_engine::plan_day::dry_run;
use cauce_engine::restore::{self, Left};
use cauce_engine::stop_today::stop_today;
use cauce_engine::store::settings::{ExpectedLoad, PaymentMode, Project, save_project};
use cauce_engine::{edit_customer, strategy};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(read, edit))
        .routes(routes!(blockers))
        .routes(routes!(activate))
        .routes(routes!(deactivate))
        .routes(routes!(stop))
        .routes(routes!(restored_sends))
}

/// What may be changed of a project; absent fields stay.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProjectEdit {
    /// Commercial name.
    name: Option<String>,
    /// IANA zone of its days and hours; a plan already begun keeps its own.
    time_zone: Option<String>,
    /// Weekly contact windows, Monday first; cut to what the law allows.
    #[schema(value_type = Option<Vec<Vec<Object>>>)]
    windows: Option<Weekly>,
    /// Close weekends.
    restrict_weekends: Option<bool>,
    /// Close holidays.
    restrict_holidays: Option<bool>,
    /// Dates of the project's own: `true` closes.
    dates: Option<BTreeMap<NaiveDate, bool>>,
    /// Automatic contacts per customer and day.
    contacts_per_day: Option<u32>,
    /// `movements` or `balance`.
    #[schema(value_type = Option<String>)]
    payment_mode: Option<PaymentMode>,
    /// Payment page with tags; empty erases.
    payment_url: Option<String>,
    /// How to pay; empty erases.
    how_to_pay: Option<String>,
    /// Addresses test sends may go to.
    test_addresses: Option<Vec<String>>,
    /// Addresses that hear of failures.
    alert_addresses: Option<Vec<String>>,
    /// Loads that come every allowed day, with the local hour by which; a missing one alerts.
    #[schema(value_type = Option<Vec<Object>>)]
    expected_loads: Option<Vec<ExpectedLoad>>,
    /// Sender addresses: no customer's contact.
    sender_addresses: Option<Vec<String>>,
    /// Payments must be loaded within so many hours; 0 switches off.
    payments_within_hours: Option<u32>,
    /// Percentage of open orders a load may change without confirmation.
    confirm_above_percent: Option<u32>,
    /// What a day's messages may cost: `currency` and `micros`, millionths of its unit; 0 takes the limit off.
    #[schema(value_type = Option<Object>)]
    daily_budget: Option<Cost>,
    /// A message that cannot reach its address is followed by a standard text on the channel that last worked.
    alternative_channel: Option<bool>,
    /// Whoever refuses marketing at WhatsApp is not written to there at all.
    marketing_stop_is_full: Option<bool>,
    /// The tray of addresses nobody is known to have is shown.
    unregistered_tray: Option<bool>,
}

fn shown(project: &Project) -> serde_json::Value {
    let mut json = serde_json::to_value(project).unwrap_or_default();
    if let Some(map) = json.as_object_mut() {
        map.remove("hook_token");
    }
    json
}

/// Reads the project's settings.
#[utoipa::path(get, path = "/v1/project", tag = "proyecto", responses((status = 200, body = Object)))]
async fn read(caller: Caller) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    Ok(tagged(StatusCode::OK, caller.setup.project.version, shown(caller.setup.project())))
}

/// Changes the project's settings.
#[utoipa::path(put, path = "/v1/project", tag = "proyecto", request_body = ProjectEdit, responses((status = 200, body = Object), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Body(edit): Body<ProjectEdit>,
) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    if_match(&headers, caller.setup.project.version)?;
    for address in edit.sender_addresses.iter().flatten() {
        free_of_customers(&api, &caller, address).await?;
    }
    let mut project = caller.setup.project().clone();
    apply(&mut project, edit)?;
    let version = save_project(&api.ports, &caller.by(&api), &caller.setup.project, &project).await?;
    Ok(tagged(StatusCode::OK, version, shown(&project)))
}

/// Refuses an address that is already a customer's contact, naming the customer.
pub(crate) async fn free_of_customers(api: &Api, caller: &Caller, address: &str) -> Result<(), Problem> {
    let email = Email::parse(address).map_err(|e| Problem::invalid("email", format!("'{address}': {e}")))?;
    let owners = edit_customer::owners(&api.ports, &caller.setup, email.address()).await?;
    match owners.first() {
        None => Ok(()),
        Some(id) => {
            let found = cauce_engine::store::accounts::account(&api.ports, caller.setup.id(), id).await?;
            let name = found.map_or_else(|| id.to_string(), |(a, _)| a.customer.name);
            let message = format!("la dirección ya es contacto del cliente {name}: quítela del cliente primero");
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "address_of_customer", message).field("email"))
        }
    }
}

fn apply(project: &mut Project, edit: ProjectEdit) -> Result<(), Problem> {
    let text = |t: String| Some(t.trim().to_owned()).filter(|t| !t.is_empty());
    if let Some(name) = edit.name {
        project.name = text(name).ok_or_else(|| Problem::invalid("name", "el nombre no puede estar vacío"))?;
    }
    let calendar: &mut Calendar = &mut project.calendar;
    if let Some(zone) = edit.time_zone {
        calendar.zone =
            zone.parse().map_err(|_| Problem::invalid("time_zone", "no se conoce la zona: use America/Lima"))?;
    }
    edit.windows.into_iter().for_each(|w| calendar.windows = w);
    edit.restrict_weekends.into_iter().for_each(|r| calendar.restrict_weekends = r);
    edit.restrict_holidays.into_iter().for_each(|r| calendar.restrict_holidays = r);
    edit.dates.into_iter().for_each(|d| calendar.dates = d);
    if let Some(n) = edit.contacts_per_day {
        if n != 1 {
            return Err(Problem::invalid(
                "contacts_per_day",
                "por ahora un cliente recibe un contacto automático al día",
            ));
        }
        project.caps.per_day = n;
    }
    edit.payment_mode.into_iter().for_each(|m| project.payment_mode = m);
    if let Some(url) = edit.payment_url {
        cauce_domain::strategy::template::Compiled::parse(&url)
            .map_err(|e| Problem::invalid("payment_url", e.to_string()))?;
        project.payment_url = text(url);
    }
    edit.how_to_pay.into_iter().for_each(|t| project.how_to_pay = text(t));
    edit.test_addresses.into_iter().for_each(|a| project.test_addresses = a);
    edit.alert_addresses.into_iter().for_each(|a| project.alert_addresses = a);
    edit.expected_loads.into_iter().for_each(|e| project.expected_loads = e);
    edit.sender_addresses.into_iter().for_each(|a| project.sender_addresses = a);
    edit.payments_within_hours.into_iter().for_each(|h| project.payments_within_hours = Some(h).filter(|h| *h > 0));
    if let Some(percent) = edit.confirm_above_percent {
        if !(1..=100).contains(&percent) {
            return Err(Problem::invalid("confirm_above_percent", "use un porcentaje de 1 a 100"));
        }
        project.confirm_above_percent = percent;
    }
    if let Some(budget) = edit.daily_budget {
        if budget.micros < 0 {
            return Err(Problem::invalid("daily_budget", "el presupuesto no puede ser negativo"));
        }
        project.daily_budget = Some(Cost { settled: false, ..budget }).filter(|budget| budget.micros > 0);
    }
    project.alternative_channel = edit.alternative_channel.unwrap_or(project.alternative_channel);
    project.unregistered_tray = edit.unregistered_tray.unwrap_or(project.unregistered_tray);
    project.marketing_stop_is_full = edit.marketing_stop_is_full.unwrap_or(project.marketing_stop_is_full);
    Ok(())
}

/// Something that keeps messages from leaving now.
#[derive(Debug, Serialize, ToSchema)]
struct Blocker {
    /// Reason code.
    code: String,
    /// What it is about: a channel, a flow, a step.
    about: String,
    /// What to do.
    what_to_do: String,
}

fn blocker(code: &str, about: impl Into<String>, what_to_do: &str) -> Blocker {
    Blocker { code: code.to_owned(), about: about.into(), what_to_do: what_to_do.to_owned() }
}

/// Lists everything that keeps messages from leaving now: channels, days and hours, flows, mode.
#[utoipa::path(get, path = "/v1/project/blockers", tag = "proyecto", responses((status = 200, body = [Blocker])))]
async fn blockers(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<Blocker>>, Problem> {
    caller.may(Permission::Read)?;
    let (setup, now) = (&caller.setup, api.now());
    let strategy = strategy::gather(&api.ports, setup, now).await?;
    let mut found = Vec::new();
    for (channel, flags) in &setup.project().channels {
        if !flags.active {
            found.push(blocker("channel_inactive", channel.spanish(), "Actívelo en Canales"));
        } else if !flags.connected {
            found.push(blocker("channel_disconnected", channel.spanish(), "Revise su cuenta en Canales"));
        }
    }
    let calendar = &setup.project().calendar;
    if let Err(closed) = calendar.check(now) {
        let next = calendar
            .next_allowed(now)
            .map_or("—".to_owned(), |at| at.with_timezone(&calendar.zone).format("%d/%m/%Y %H:%M").to_string());
        let code = match closed {
            cauce_domain::contact::calendar::Closed::Day => "restricted_day",
            cauce_domain::contact::calendar::Closed::Hours => "outside_hours",
        };
        found.push(blocker(code, format!("próximo momento permitido: {next}"), "Revise la configuración horaria"));
    }
    for segment in &setup.segments {
        let served = setup.flows.iter().any(|f| f.value.active && f.value.segments.contains(&segment.value.id));
        if !served {
            found.push(blocker("flow_inactive", &segment.value.name, "Active un flujo para el segmento en Flujos"));
        }
    }
    let companies = strategy::has_companies(&api.ports, setup).await?;
    for flow in setup.flows.iter().filter(|f| f.value.active) {
        for (offset, step) in flow.value.moments() {
            if !strategy.templates.contains_key(&step.template) {
                let about = format!("{}, paso {offset}", flow.value.name);
                found.push(blocker("template_missing", about, "Asigne una plantilla de tipo flujo al paso"));
            } else if companies && step.levels.to.is_empty() {
                let about = format!("{}, paso {offset}", flow.value.name);
                found.push(blocker("contact_levels_missing", about, "Elija los niveles de contacto de las empresas"));
            }
        }
    }
    if setup.project().stopped.is_some_and(|at| calendar.local_day(at) == setup.today(now)) {
        found.push(blocker("stopped_by_user", "hoy", "Los envíos de hoy se detuvieron; mañana continúan"));
    }
    if strategy.switches.payments_needed_since > strategy.switches.payments_loaded {
        found.push(blocker("stale_payments", "novedades de pago", "Cargue los pagos; los envíos de hoy esperan"));
    }
    if !setup.project().active {
        found.push(blocker("platform_inactive", "proyecto", "Active la plataforma; los envíos de prueba sí salen"));
    }
    Ok(Json(found))
}

/// A switch that shows its effect first.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct Confirm {
    /// Without it, only what would happen is answered.
    #[serde(default)]
    confirm: bool,
}

/// Activates the platform; without `confirm`, answers what the next plan would do.
#[utoipa::path(post, path = "/v1/project/activate", tag = "proyecto", request_body = Confirm, responses((status = 200, body = Object)))]
async fn activate(
    State(api): State<Api>,
    caller: Caller,
    Body(asked): Body<Confirm>,
) -> Result<Json<serde_json::Value>, Problem> {
    caller.may(Permission::Configure)?;
    let (setup, now) = (&caller.setup, api.now());
    let calendar = &setup.project().calendar;
    let tomorrow = setup.today(now).succ_opt().unwrap_or_default();
    let date = calendar.next_allowed_day(tomorrow).unwrap_or(tomorrow);
    let mut trial = (**setup).clone();
    trial.project.value.active = true;
    let plan = dry_run(&api.ports, &trial, date, now).await?;
    if asked.confirm {
        let mut project = setup.project().clone();
        project.active_since = if project.active { project.active_since } else { Some(setup.today(now)) };
        project.activated = if project.active { project.activated } else { Some(now) };
        project.active = true;
        save_project(&api.ports, &caller.by(&api), &setup.project, &project).await?;
    }
    Ok(Json(serde_json::json!({ "active": asked.confirm || setup.project().active, "date": date, "plan": plan })))
}

/// What left after the copy that the store was restored from was made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeftBody {
    /// Messages as the provider's log tells them, at most 1000 at once.
    items: Vec<LeftItem>,
}

/// One of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeftItem {
    /// Our reference, as the provider was given it.
    reference: String,
    /// `whatsapp`, `sms` or `email`.
    #[schema(value_type = String)]
    channel: Channel,
}

/// Enters in the contact ledger what left since a restored copy was made; to be done before the project is activated.
#[utoipa::path(post, path = "/v1/project/restored-sends", tag = "proyecto", request_body = LeftBody, responses((status = 200, body = Object), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn restored_sends(
    State(api): State<Api>,
    caller: Caller,
    Body(body): Body<LeftBody>,
) -> Result<Json<serde_json::Value>, Problem> {
    caller.may(Permission::Configure)?;
    if caller.setup.project().active {
        let message = "el proyecto está activo: desactívelo antes de completar su historia";
        return Err(Problem::new(StatusCode::CONFLICT, "project_active", message));
    }
    if body.items.len() > 1000 {
        return Err(Problem::invalid("items", "envíe hasta 1000 mensajes por llamada"));
    }
    let (mut entered, mut known) = (0, 0);
    for LeftItem { reference, channel } in body.items {
        match restore::enter(&api.ports, &caller.setup, &Left { reference, channel }).await? {
            true => entered += 1,
            false => known += 1,
        }
    }
    Ok(Json(serde_json::json!({ "entered": entered, "known": known })))
}

/// Deactivates the platform: nothing leaves but test sends; what was due ends *No enviado*.
#[utoipa::path(post, path = "/v1/project/deactivate", tag = "proyecto", responses((status = 200, body = Object)))]
async fn deactivate(State(api): State<Api>, caller: Caller) -> Result<Json<serde_json::Value>, Problem> {
    caller.may(Permission::Configure)?;
    let mut project = caller.setup.project().clone();
    project.active = false;
    save_project(&api.ports, &caller.by(&api), &caller.setup.project, &project).await?;
    Ok(Json(serde_json::json!({ "active": false })))
}

/// What to stop.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct Stop {
    /// One flow; absent stops them all.
    flow: Option<String>,
}

/// Stops what is left of today, of one flow or of all.
#[utoipa::path(post, path = "/v1/project/stop-today", tag = "proyecto", request_body = Stop, responses((status = 200, body = Object)))]
async fn stop(State(api): State<Api>, caller: Caller, Body(asked): Body<Stop>) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let flow = asked.flow.map(FlowId::new);
    stop_today(&api.ports, &caller.setup, flow.as_ref(), &caller.by(&api)).await?;
    let mut response = axum::response::IntoResponse::into_response(Json(serde_json::json!({ "stopped": true })));
    response.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
    Ok(response)
}
