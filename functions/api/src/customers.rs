//! Customers: listed, found, loaded one by one, edited, explained.

mod edit;

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::page::{List, Page, limit};
use crate::problem::{Body, Path, Problem, Query};
use crate::versions::tagged;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use cauce_domain::contact::point::{Email, Phone};
use cauce_domain::debt::account::Account;
use cauce_domain::debt::document::Document;
use cauce_domain::debt::order::days_past_due;
use cauce_domain::ids::CustomerId;
use cauce_engine::edit_customer::owners;
use cauce_engine::explain::{Why, explain};
use cauce_engine::import::direct::{Taken, direct};
use cauce_engine::import::job::Kind;
use cauce_engine::ports::table::{Index, Query as TableQuery};
use cauce_engine::search::{self, Found};
use cauce_engine::store::codec::decode;
use cauce_engine::store::{accounts, keys};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, upsert))
        .routes(routes!(search))
        .routes(routes!(read))
        .merge(edit::routes())
        .routes(routes!(customer_orders))
        .routes(routes!(customer_payments))
        .routes(routes!(why))
}

/// A customer as read: the account, and what today makes of it.
pub(crate) fn shown(caller: &Caller, account: &Account, today: NaiveDate) -> Value {
    let carrying = account.summary.carrying.as_ref();
    let mut json = serde_json::to_value(account).unwrap_or_default();
    if let Some(customer) = json.get_mut("customer").and_then(|c| c.as_object_mut()) {
        customer.remove("edited");
    }
    json["days_past_due"] = carrying.map_or(Value::Null, |c| days_past_due(c.due, today).into());
    json["project"] = caller.setup.id().as_str().into();
    json
}

/// Accounts looked at for one page, at most: whoever sees few is answered with what was found so far.
const LOOKED_AT: usize = 2000;

/// Lists customers, a page at a time.
#[utoipa::path(get, path = "/v1/customers", tag = "clientes", params(Page), responses((status = 200, body = Object)))]
async fn list(State(api): State<Api>, caller: Caller, Query(page): Query<Page>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let setup = &caller.setup;
    let (list, limit) = (List::new(&caller, "customers"), limit(page.limit));
    let (mut shard, mut after) = list.start(page.cursor.as_deref())?;
    let (mut items, mut looked) = (Vec::new(), 0);
    while shard < keys::SHARDS && items.len() < limit as usize && looked < LOOKED_AT {
        let room = limit - u32::try_from(items.len()).unwrap_or(0);
        let partition = keys::customers_shard(setup.id(), keys::SHARD_NAMES[shard]);
        let query = TableQuery::index(Index::Customers, partition).after(after.take()).limit(room);
        let found = api.ports.table.query(&query).await.map_err(cauce_engine::Error::from)?;
        looked += found.items.len() + 1;
        for stored in &found.items {
            let account: Account = decode(&stored.body)?;
            items.extend(caller.sees(&account).then(|| shown(&caller, &account, setup.today(api.now()))));
        }
        match found.next {
            Some(next) => after = Some(next),
            None => shard += 1,
        }
    }
    Ok(list.page(items, (shard < keys::SHARDS).then_some((shard, after))))
}

/// Whom to look for: a document, or an address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// Document type, with `document_number`.
    document_kind: Option<String>,
    /// Document number.
    document_number: Option<String>,
    /// A phone or an e-mail.
    address: Option<String>,
    /// Or whatever there is: part of a name, a document's number, a phone, an e-mail, an order's code.
    text: Option<String>,
}

/// Finds customers by document, by address or by whatever somebody has of them; in the body, so that none of it is logged.
#[utoipa::path(post, path = "/v1/customers/search", tag = "clientes", request_body = Search, responses((status = 200, body = Object)))]
async fn search(State(api): State<Api>, caller: Caller, Body(asked): Body<Search>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let setup = &caller.setup;
    if let Some(text) = &asked.text {
        let found = search::find(&api.ports, setup, text, &|account| caller.sees(account)).await?;
        let shown = |found: &Found| line(&api, &caller, &found.account, found.exactly);
        return Ok(Json(json!({ "items": found.iter().filter_map(shown).collect::<Vec<_>>() })));
    }
    let ids = match (&asked.document_kind, &asked.document_number, &asked.address) {
        (Some(kind), Some(number), _) => {
            let document =
                Document::parse(kind, number).map_err(|e| Problem::invalid("document_number", e.to_string()))?;
            vec![setup.customer_id(&document)]
        }
        (_, _, Some(text)) => {
            let address = match text.contains('@') {
                true => Email::parse(text).ok().map(|e| e.address().to_owned()),
                false => Phone::parse(text, Some(setup.project().country)).ok().map(|p| p.e164().to_owned()),
            };
            let address = address.ok_or_else(|| Problem::invalid("address", "no es un celular ni un correo válido"))?;
            owners(&api.ports, setup, &address).await?
        }
        _ => return Err(Problem::invalid("document_number", "indique tipo y número de documento, o una dirección")),
    };
    let mut items = Vec::new();
    for id in ids {
        if let Some((account, _)) = accounts::account(&api.ports, setup.id(), &id).await? {
            items.extend(line(&api, &caller, &account, true));
        }
    }
    Ok(Json(json!({ "items": items })))
}

/// A customer that was found. Of another's whoever asked for exactly that is told who has it, and nothing else.
fn line(api: &Api, caller: &Caller, account: &Account, exactly: bool) -> Option<Value> {
    match caller.sees(account) {
        true => Some(shown(caller, account, caller.setup.today(api.now()))),
        false => exactly.then(|| json!({ "assigned_to": account.customer.adviser })),
    }
}

/// A customer to load; absent fields stay, `-` erases.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CustomerBody {
    /// DNI, RUC, CC, NIT, RFC, RUT, CUIT, CI…
    document_kind: String,
    /// Number.
    document_number: String,
    /// Name.
    #[serde(default)]
    name: String,
    /// Phones by slot.
    #[serde(default)]
    phones: Vec<String>,
    /// E-mails by slot.
    #[serde(default)]
    emails: Vec<String>,
    /// Adviser's user id.
    adviser: Option<String>,
    /// Supervisor's user id.
    supervisor: Option<String>,
    /// `vigente` or `castigada`.
    portfolio: Option<String>,
    /// `activo` or `inactivo`.
    status: Option<String>,
    /// IANA zone, when it is not the project's.
    time_zone: Option<String>,
    /// Variables.
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

const PHONES: [&str; 5] = ["Celular_1", "Celular_2", "Celular_3", "Celular_4", "Celular_5"];
const EMAILS: [&str; 5] = ["Correo_1", "Correo_2", "Correo_3", "Correo_4", "Correo_5"];

impl CustomerBody {
    fn fields(&self) -> BTreeMap<&'static str, String> {
        let mut fields = BTreeMap::from([
            ("Tipo de documento", self.document_kind.clone()),
            ("Número de documento", self.document_number.clone()),
            ("Nombre", self.name.clone()),
        ]);
        fields.extend(PHONES.into_iter().zip(self.phones.iter().cloned()));
        fields.extend(EMAILS.into_iter().zip(self.emails.iter().cloned()));
        let optional = [
            ("Asesor ID", &self.adviser),
            ("Supervisor ID", &self.supervisor),
            ("Tipo de cartera", &self.portfolio),
            ("Estado", &self.status),
            ("Zona horaria", &self.time_zone),
        ];
        fields.extend(optional.into_iter().filter_map(|(column, value)| Some((column, value.clone()?))));
        fields
    }
}

/// What a load of one did.
pub(crate) fn taken(taken: &Taken) -> Value {
    let observations: Vec<String> = taken.observations.iter().map(|o| o.sentence()).collect();
    json!({ "customer": taken.customer, "changed": taken.changed, "observations": observations })
}

/// Loads a customer by document: creates it or changes what the body says.
#[utoipa::path(post, path = "/v1/customers", tag = "clientes", request_body = CustomerBody, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn upsert(
    State(api): State<Api>,
    caller: Caller,
    Body(body): Body<CustomerBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Operate)?;
    let (setup, by) = (&caller.setup, caller.by(&api));
    let done = direct(&api.ports, setup, Kind::Customers, &body.fields(), &body.variables, &by).await?;
    Ok(Json(taken(&done)))
}

pub(crate) async fn found(api: &Api, caller: &Caller, id: &str) -> Result<(Account, u64), Problem> {
    let stored = accounts::account(&api.ports, caller.setup.id(), &CustomerId::from(id)).await?;
    stored.filter(|(account, _)| caller.sees(account)).ok_or_else(|| Problem::not_found("el cliente"))
}

/// Reads a customer.
#[utoipa::path(get, path = "/v1/customers/{id}", tag = "clientes", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Read)?;
    let (account, version) = found(&api, &caller, &id).await?;
    Ok(tagged(StatusCode::OK, version, shown(&caller, &account, caller.setup.today(api.now()))))
}

/// Lists a customer's orders, open and closed.
#[utoipa::path(get, path = "/v1/customers/{id}/orders", tag = "clientes", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn customer_orders(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let (account, _) = found(&api, &caller, &id).await?;
    let today = caller.setup.today(api.now());
    let orders = accounts::all_orders(&api.ports, caller.setup.id(), &account.id).await?;
    let items: Vec<Value> = orders.iter().map(|o| crate::orders::shown(o, today)).collect();
    Ok(Json(json!({ "items": items })))
}

/// Lists a customer's payments and adjustments.
#[utoipa::path(get, path = "/v1/customers/{id}/payments", tag = "clientes", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn customer_payments(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let (account, _) = found(&api, &caller, &id).await?;
    let items = accounts::movements(&api.ports, caller.setup.id(), &account.id).await?;
    Ok(Json(json!({ "items": items })))
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
struct OnDay {
    /// Local day; today when absent.
    date: Option<NaiveDate>,
}

/// Explains a day: for each step what was decided, by which rule, on which facts, and when the next message may go.
#[utoipa::path(get, path = "/v1/customers/{id}/why", tag = "clientes", params(("id" = String, Path), OnDay), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn why(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Query(on): Query<OnDay>,
) -> Result<Json<Why>, Problem> {
    caller.may(Permission::Read)?;
    let date = on.date.unwrap_or_else(|| caller.setup.today(api.now()));
    let why = explain(&api.ports, &caller.setup, &caller.customer(&api, &id).await?, date, api.now()).await?;
    Ok(Json(why))
}
