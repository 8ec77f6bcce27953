//! Campaigns (*Campañas*): written, scheduled, tried, held up, and what they brought.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::page::{List, Page, limit};
use crate::problem::{Body, Path, Problem, Query};
use crate::segments::AudienceBody;
use crate::versions::{if_match, tagged};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::point::Levels;
use cauce_domain::ids::{CampaignId, TemplateId};
use cauce_domain::strategy::campaign::{Campaign, Communication, Content, Exclusion, WINDOW_HOURS};
use cauce_engine::campaign::{self, CampaignResult};
use cauce_engine::store::settings::Versioned;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, edit, delete))
        .routes(routes!(copy))
        .routes(routes!(schedule, unschedule))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(cancel))
        .routes(routes!(test_send))
        .routes(routes!(result))
}

/// A campaign as written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CampaignBody {
    /// Name.
    name: String,
    /// Whom it is for: segments, a condition, or both. It is looked up again when it starts.
    #[serde(default)]
    audience: AudienceBody,
    /// What it says, up to five.
    #[serde(default)]
    communications: Vec<CommunicationBody>,
    /// Whom it leaves out besides: `promise_live`, `payment_under_review`, `claim_open`, `uncollectible`, `nothing_due`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    exclusions: BTreeSet<Exclusion>,
    /// Share of the audience that is not written to, so that what the campaign brings can be told; percent, up to 50.
    #[serde(default)]
    hold_out: u8,
    /// Hours after a recipient's first message within which contact, actions and payments count; 72 where none is given.
    window_hours: Option<u16>,
}

/// One message of a campaign.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CommunicationBody {
    /// A template of type campaign.
    template: String,
    /// Of companies, the contact levels written to (`to`) and copied (`cc`).
    #[serde(default)]
    #[schema(value_type = Object)]
    levels: Levels,
}

impl From<CommunicationBody> for Communication {
    fn from(body: CommunicationBody) -> Self {
        Self { template: TemplateId::new(body.template), levels: body.levels }
    }
}

impl CampaignBody {
    fn content(self) -> Content {
        let Self { name, audience, communications, exclusions, hold_out, window_hours } = self;
        let window_hours = window_hours.unwrap_or(WINDOW_HOURS);
        let communications = communications.into_iter().map(Communication::from).collect();
        let (name, audience) = (name.trim().to_owned(), audience.into());
        Content { name, audience, communications, exclusions, hold_out, window_hours }
    }
}

fn shown(campaign: &Campaign) -> Value {
    let mut json = serde_json::to_value(campaign).unwrap_or_default();
    json["standing_name"] = campaign.standing.spanish().into();
    json
}

fn answered(status: StatusCode, campaign: &Versioned<Campaign>) -> Response {
    tagged(status, campaign.version, shown(&campaign.value))
}

async fn found(api: &Api, caller: &Caller, id: &str) -> Result<Versioned<Campaign>, Problem> {
    let found = campaign::read(&api.ports, caller.setup.id(), &CampaignId::from(id)).await?;
    found.ok_or_else(|| Problem::not_found("la campaña"))
}

/// One that is to be changed: as whoever changes it has seen it.
async fn to_change(api: &Api, caller: &Caller, id: &str, headers: &HeaderMap) -> Result<Versioned<Campaign>, Problem> {
    caller.may(Permission::Configure)?;
    let known = found(api, caller, id).await?;
    if_match(headers, known.version)?;
    Ok(known)
}

/// Lists the campaigns, the newest first, each with its state and its figures.
#[utoipa::path(get, path = "/v1/campaigns", tag = "campañas", params(Page), responses((status = 200, body = Object)))]
async fn list(State(api): State<Api>, caller: Caller, Query(page): Query<Page>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let list = List::new(&caller, "campaigns");
    let (_, after) = list.start(page.cursor.as_deref())?;
    let (campaigns, next) = campaign::page(&api.ports, caller.setup.id(), limit(page.limit), after).await?;
    let mut items = Vec::with_capacity(campaigns.len());
    for campaign in &campaigns {
        let mut item = shown(&campaign.value);
        if !caller.sees_some() && campaign.value.started.is_some() {
            let result = campaign::result(&api.ports, &caller.setup, &campaign.value, api.now()).await?;
            item["result"] = told(&result);
        }
        items.push(item);
    }
    Ok(list.page(items, next.map(|at| (0, Some(at)))))
}

/// Creates a campaign, a draft.
#[utoipa::path(post, path = "/v1/campaigns", tag = "campañas", request_body = CampaignBody, responses((status = 201, body = Object), (status = 422, body = Problem)))]
async fn create(State(api): State<Api>, caller: Caller, Body(body): Body<CampaignBody>) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let made = campaign::create(&api.ports, &caller.setup, body.content(), &caller.by(&api)).await?;
    Ok(answered(StatusCode::CREATED, &made))
}

/// Reads a campaign.
#[utoipa::path(get, path = "/v1/campaigns/{id}", tag = "campañas", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    Ok(answered(StatusCode::OK, &found(&api, &caller, &id).await?))
}

/// Changes a campaign that has not started.
#[utoipa::path(put, path = "/v1/campaigns/{id}", tag = "campañas", params(("id" = String, Path)), request_body = CampaignBody, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<CampaignBody>,
) -> Result<Response, Problem> {
    let known = to_change(&api, &caller, &id, &headers).await?;
    let edited = campaign::edit(&api.ports, &caller.setup, &known, body.content(), &caller.by(&api)).await?;
    Ok(answered(StatusCode::OK, &edited))
}

/// Deletes a campaign that has not started.
#[utoipa::path(delete, path = "/v1/campaigns/{id}", tag = "campañas", params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = to_change(&api, &caller, &id, &headers).await?;
    campaign::delete(&api.ports, &caller.setup, &known, &caller.by(&api)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Copies a campaign into a draft.
#[utoipa::path(post, path = "/v1/campaigns/{id}/copy", tag = "campañas", params(("id" = String, Path)), responses((status = 201, body = Object), (status = 404, body = Problem)))]
async fn copy(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Configure)?;
    let known = found(&api, &caller, &id).await?;
    let made = campaign::copy(&api.ports, &caller.setup, &known.value, &caller.by(&api)).await?;
    Ok(answered(StatusCode::CREATED, &made))
}

/// When a campaign is to leave, in the project's zone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Moment {
    /// Local day.
    date: NaiveDate,
    /// Local hour, such as `10:30`.
    #[schema(value_type = String)]
    time: String,
}

impl Moment {
    fn instant(&self, caller: &Caller) -> Result<DateTime<Utc>, Problem> {
        let time = NaiveTime::parse_from_str(&self.time, "%H:%M")
            .or_else(|_| NaiveTime::parse_from_str(&self.time, "%H:%M:%S"))
            .map_err(|_| Problem::invalid("time", "escriba la hora como 10:30"))?;
        Ok(caller.setup.project().calendar.instant(self.date.and_time(time)))
    }
}

/// Schedules a campaign (*Programar*), at a moment on which contact is allowed.
#[utoipa::path(put, path = "/v1/campaigns/{id}/schedule", tag = "campañas", params(("id" = String, Path)), request_body = Moment, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn schedule(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(moment): Body<Moment>,
) -> Result<Response, Problem> {
    let known = to_change(&api, &caller, &id, &headers).await?;
    let at = Some(moment.instant(&caller)?);
    let scheduled = campaign::schedule(&api.ports, &caller.setup, &known, at, &caller.by(&api)).await?;
    Ok(answered(StatusCode::OK, &scheduled))
}

/// Takes a scheduled campaign back among the drafts.
#[utoipa::path(delete, path = "/v1/campaigns/{id}/schedule", tag = "campañas", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn unschedule(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = to_change(&api, &caller, &id, &headers).await?;
    let draft = campaign::schedule(&api.ports, &caller.setup, &known, None, &caller.by(&api)).await?;
    Ok(answered(StatusCode::OK, &draft))
}

/// Holds a running campaign up.
#[utoipa::path(post, path = "/v1/campaigns/{id}/pause", tag = "campañas", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn pause(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let known = found(&api, &caller, &id).await?;
    let held = campaign::pause(&api.ports, &caller.setup, &known, true, &caller.by(&api)).await?;
    Ok(answered(StatusCode::OK, &held))
}

/// Lets a campaign that is held up go on: nobody is written to twice.
#[utoipa::path(post, path = "/v1/campaigns/{id}/resume", tag = "campañas", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn resume(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let known = found(&api, &caller, &id).await?;
    let goes_on = campaign::pause(&api.ports, &caller.setup, &known, false, &caller.by(&api)).await?;
    Ok(answered(StatusCode::OK, &goes_on))
}

/// Stops the rest of a running campaign, for good.
#[utoipa::path(post, path = "/v1/campaigns/{id}/cancel", tag = "campañas", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn cancel(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let known = found(&api, &caller, &id).await?;
    let stopped = campaign::cancel(&api.ports, &caller.setup, &known, &caller.by(&api)).await?;
    Ok(answered(StatusCode::OK, &stopped))
}

/// Where a test goes, and whose values fill it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Test {
    /// A customer's id; absent uses a sample customer.
    customer: Option<String>,
    /// The user's own e-mail where absent, or a test address of the project.
    to: Option<String>,
}

/// Sends what a campaign says to one's own address: no interaction, no figure, no contact of anybody's.
#[utoipa::path(post, path = "/v1/campaigns/{id}/test-send", tag = "campañas", params(("id" = String, Path)), request_body = Test, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn test_send(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(test): Body<Test>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let known = found(&api, &caller, &id).await?.value;
    let customer = caller.some_customer(&api, test.customer).await?;
    let own = caller.user.as_ref().map(|user| user.email.as_str());
    let to = test.to.or_else(|| own.map(str::to_owned));
    let to = to.ok_or_else(|| Problem::invalid("to", "indique a dónde enviar la prueba"))?;
    let sent = campaign::test_send(&api.ports, &caller.setup, &known, customer.as_ref(), (&to, own), api.now()).await?;
    Ok(Json(json!({ "items": sent })))
}

/// What a campaign brought so far: messages scheduled and sent, recipients, contact and actions within the window, payments, what
/// was not sent and why, cost, and what it brought beside those held out.
#[utoipa::path(get, path = "/v1/campaigns/{id}/result", tag = "campañas", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn result(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let known = found(&api, &caller, &id).await?.value;
    let result = campaign::result(&api.ports, &caller.setup, &known, api.now()).await?;
    Ok(Json(told(&result)))
}

fn told(result: &CampaignResult) -> Value {
    let mut json = serde_json::to_value(result).unwrap_or_default();
    let name = |code: &str| Reason::ALL.iter().find(|reason| reason.code() == code).map(|reason| reason.spanish());
    let not_sent = result.figures.not_sent.iter();
    let not_sent = not_sent.map(|(code, count)| json!({ "reason": code, "name": name(code), "count": count }));
    json["not_sent"] = not_sent.collect();
    // What only the comparison is made of.
    for side in ["treated", "control"] {
        let customers = json[side]["customers"].take();
        let payers = json[side]["payers"].take();
        json[side] = json!({ "customers": customers, "payers": payers, "amounts": json[side]["amounts"] });
    }
    json
}
