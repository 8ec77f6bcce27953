//! The call catalogue, and what came of a call.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::claims::ClaimBody;
use crate::files::named;
use crate::idempotency::Once;
use crate::money::{currency, minor};
use crate::payments_to_verify::DeclaredBody;
use crate::problem::{Body, Path, Problem};
use crate::promises::PromiseBody;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cauce_domain::contact::outcome::{CATALOGUE, Entry, Outcome, Situation};
use cauce_domain::debt::agreement::Terms;
use cauce_domain::ids::SendId;
use cauce_engine::agreement;
use cauce_engine::edit_customer::by_hand::Edit;
use cauce_engine::register_outcome::{Asked, register};
use chrono::{NaiveDate, NaiveTime};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(catalogue)).routes(routes!(add))
}

fn shown(entry: &Entry) -> Value {
    json!({
        "situation": entry.situation,
        "outcome": entry.outcome,
        "name": entry.outcome.spanish(),
        "requires": entry.requires,
        "one_of": entry.one_of,
        "accepts": entry.accepts,
    })
}

/// Lists the outcomes of each situation, with what has to be told and what may be.
#[utoipa::path(get, path = "/v1/outcomes", tag = "llamadas", responses((status = 200, body = Object)))]
async fn catalogue(caller: Caller) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    Ok(Json(json!({ "items": CATALOGUE.iter().map(shown).collect::<Vec<_>>() })))
}

/// When to call again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CallBackBody {
    /// The day, yyyy-mm-dd, on which contact has to be allowed.
    date: NaiveDate,
    /// The hour, hh:mm:ss, where one was agreed on.
    time: Option<NaiveTime>,
}

/// New terms of a debt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TermsBody {
    /// What is to be paid in all, such as `"1200.00"`.
    amount: String,
    /// ISO 4217; the customer's when absent.
    currency: Option<String>,
    /// In how many instalments.
    instalments: u32,
    /// When the first is due, yyyy-mm-dd.
    first_due: NaiveDate,
    /// Yearly rate in hundredths of a percent.
    yearly_rate: Option<u32>,
    /// Anything else.
    comment: Option<String>,
    /// The orders it is about; none means all.
    #[serde(default)]
    orders: Vec<String>,
    /// The orders are annulled, and one order per instalment takes their place, a month apart.
    #[serde(default)]
    replace_orders: bool,
    /// The document signed, as `POST /v1/files` named it.
    #[serde(default)]
    files: Vec<String>,
}

impl TermsBody {
    async fn read(self, api: &Api, caller: &Caller, customer: &str) -> Result<agreement::Asked, Problem> {
        let order = self.orders.first().map(String::as_str);
        let currency = currency(api, caller, customer, (self.currency.as_deref(), order)).await?;
        let amount = minor("terms.amount", &self.amount, currency)?;
        let (instalments, first_due) = (self.instalments, self.first_due);
        let (yearly_rate, comment) = (self.yearly_rate, self.comment);
        let terms = Terms { amount, currency, instalments, first_due, yearly_rate, comment };
        let (files, replaces) = (named(caller, &self.files)?, self.replace_orders);
        if replaces {
            caller.may(Permission::Operate)?;
        }
        Ok(agreement::Asked { orders: self.orders, terms, files, replaces })
    }
}

/// A fact for the next who works the customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReminderBody {
    /// What to remember.
    text: String,
    /// The day, yyyy-mm-dd, on which it asks for a call.
    date: Option<NaiveDate>,
}

/// What came of a call.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OutcomeBody {
    /// `outbound_contact`, `outbound_no_contact` or `inbound`.
    #[schema(value_type = String)]
    situation: Situation,
    /// As `GET /v1/outcomes` lists it.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// Which of the customer's numbers, by its slot.
    phone: Option<u8>,
    /// The call it was, where it was dialled from here.
    call: Option<String>,
    /// A note.
    note: Option<String>,
    /// The payment, order or invoice it is about.
    code: Option<String>,
    /// Who answered, to the customer.
    relation: Option<String>,
    /// Files, as `POST /v1/files` named them.
    #[serde(default)]
    files: Vec<String>,
    /// What was promised.
    promise: Option<PromiseBody>,
    /// What the customer says it paid.
    payment: Option<DeclaredBody>,
    /// When to call again.
    call_back: Option<CallBackBody>,
    /// New terms.
    terms: Option<TermsBody>,
    /// What the customer objects to.
    claim: Option<ClaimBody>,
    /// What to remember.
    reminder: Option<ReminderBody>,
    /// The last day of a pause.
    pause_until: Option<NaiveDate>,
    /// What is changed of the customer itself, as `PATCH /v1/customers/{id}` takes it.
    #[schema(value_type = Option<Object>)]
    edit: Option<Edit>,
}

impl OutcomeBody {
    async fn read(self, api: &Api, caller: &Caller, customer: &str) -> Result<Asked, Problem> {
        let promise = match self.promise {
            Some(body) => Some(body.read(api, caller, customer).await?),
            None => None,
        };
        let payment = match self.payment {
            Some(body) => Some(body.read(api, caller, customer).await?),
            None => None,
        };
        let terms = match self.terms {
            Some(body) => Some(body.read(api, caller, customer).await?),
            None => None,
        };
        Ok(Asked {
            phone: self.phone,
            call: self.call.map(SendId::new),
            note: self.note,
            code: self.code,
            relation: self.relation,
            files: named(caller, &self.files)?,
            promise,
            payment,
            call_back: self.call_back.map(|body| (body.date, body.time)),
            terms,
            claim: self.claim.map(|body| body.read(caller)).transpose()?,
            reminder: self.reminder.map(|body| (body.text, body.date)),
            pause_until: self.pause_until,
            edit: self.edit,
            ..Asked::plain(self.situation, self.outcome)
        })
    }
}

/// Registers what came of a call, with everything that follows from it, whole or not at all.
#[utoipa::path(post, path = "/v1/customers/{id}/outcomes", tag = "llamadas", params(("id" = String, Path)), request_body = OutcomeBody, responses((status = 201, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn add(
    State(api): State<Api>,
    caller: Caller,
    Once(request): Once,
    Path(id): Path<String>,
    Body(body): Body<OutcomeBody>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may(Permission::Manage)?;
    if let Some(edit) = &body.edit {
        caller.may(Permission::EditCustomers)?;
        if edit.assigns() {
            caller.may(Permission::Operate)?;
        }
    }
    let asked = body.read(&api, &caller, &id).await?;
    let by = caller.by(&api);
    let done = register(&api.ports, &caller.setup, &caller.customer(&api, &id).await?, &asked, (&by, request)).await?;
    Ok((StatusCode::CREATED, Json(json!(done))))
}
