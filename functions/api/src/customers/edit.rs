//! A person's edit of a customer, kept apart from what loads say.

use super::{found, shown};
use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Body, Path, Problem};
use crate::versions::{if_match, tagged};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cauce_domain::contact::point::{Email, Phone};
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Status;
use cauce_engine::import::touch::Touch;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(edit, delete))
}

/// A person's edit; absent fields stay. Loading the value that was there before does not undo it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CustomerEdit {
    /// Name.
    name: Option<String>,
    /// Phones by slot; an empty text frees the slot.
    phones: Option<BTreeMap<u8, String>>,
    /// E-mails by slot; an empty text frees the slot.
    emails: Option<BTreeMap<u8, String>>,
    /// `active` or `inactive`.
    #[schema(value_type = Option<String>)]
    status: Option<Status>,
    /// Variables; an empty text removes one.
    variables: Option<BTreeMap<String, String>>,
    /// No automatic messages up to and including this day; an empty text resumes.
    paused_until: Option<String>,
}

/// Edits a customer.
#[utoipa::path(patch, path = "/v1/customers/{id}", tag = "clientes", params(("id" = String, Path)), request_body = CustomerEdit, responses((status = 200, body = Object), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(edit): Body<CustomerEdit>,
) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let (before, version) = found(&api, &caller, &id).await?;
    if_match(&headers, version)?;
    let today = caller.setup.today(api.now());
    let mut after = before.clone();
    apply(&caller, &mut after, edit, today)?;
    store(&api, &caller, &before, after, version).await
}

async fn store(
    api: &Api,
    caller: &Caller,
    before: &Account,
    mut after: Account,
    version: u64,
) -> Result<Response, Problem> {
    let setup = &caller.setup;
    Touch::gather(&api.ports, setup, api.now()).await?.settle(Some(before), &mut after);
    let shared =
        cauce_engine::edit_customer::save(&api.ports, setup, before, &mut after, version, &caller.by(api)).await?;
    let mut body = shown(caller, &after, setup.today(api.now()));
    body["shared_addresses"] = shared.len().into();
    Ok(tagged(StatusCode::OK, version + 1, body))
}

fn apply(caller: &Caller, account: &mut Account, edit: CustomerEdit, today: NaiveDate) -> Result<(), Problem> {
    let internal = caller.setup.internal_addresses();
    let guard = |field: &str, address: &str| match internal.iter().any(|a| a == address) {
        true => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "internal_contact",
            "la dirección pertenece a un usuario o remitente del proyecto: no puede ser contacto de un cliente",
        )
        .field(field)),
        false => Ok(()),
    };
    let customer = &mut account.customer;
    if let Some(name) = edit.name {
        if name.trim().is_empty() || name.chars().count() > 200 {
            return Err(Problem::invalid("name", "el nombre lleva de 1 a 200 caracteres"));
        }
        customer.remember("name", Some(customer.name.clone()));
        customer.name = name.trim().to_owned();
    }
    for (slot, text) in edit.phones.into_iter().flatten() {
        let country = caller.setup.project().country;
        let phone = match text.trim() {
            "" => None,
            text => Some(Phone::parse(text, Some(country)).map_err(|e| Problem::invalid("phones", e.to_string()))?),
        };
        phone.iter().try_for_each(|p| guard("phones", p.e164()))?;
        let before = cauce_engine::edit_customer::put_point(&mut customer.phones, slot, phone)
            .map_err(|e| Problem::invalid("phones", e))?;
        customer.remember(format!("phone.{slot}"), before.map(|p| p.e164().to_owned()));
    }
    for (slot, text) in edit.emails.into_iter().flatten() {
        let email = match text.trim() {
            "" => None,
            text => Some(Email::parse(text).map_err(|e| Problem::invalid("emails", e.to_string()))?),
        };
        email.iter().try_for_each(|e| guard("emails", e.address()))?;
        let before = cauce_engine::edit_customer::put_point(&mut customer.emails, slot, email)
            .map_err(|e| Problem::invalid("emails", e))?;
        customer.remember(format!("email.{slot}"), before.map(|e| e.address().to_owned()));
    }
    for (name, value) in edit.variables.into_iter().flatten() {
        let before = customer.variables.get(&name).cloned();
        customer.remember(format!("variable.{name}"), before);
        match value.as_str() {
            "" => drop(customer.variables.remove(&name)),
            _ => drop(customer.variables.insert(name, value)),
        }
    }
    match edit.status {
        Some(Status::Deleted) => return Err(Problem::invalid("status", "para eliminar use DELETE")),
        Some(status) => {
            let loaded = if customer.status == Status::Inactive { "inactivo" } else { "activo" };
            customer.remember("status", Some(loaded.to_owned()));
            customer.status = status;
        }
        None => {}
    }
    match edit.paused_until.as_deref() {
        None => {}
        Some("") => account.holds.paused_until = None,
        Some(text) => {
            let day: NaiveDate = text.parse().map_err(|_| Problem::invalid("paused_until", "escriba aaaa-mm-dd"))?;
            if day <= today {
                return Err(Problem::invalid("paused_until", "la pausa termina mañana o después"));
            }
            account.holds.paused_until = Some(day);
        }
    }
    Ok(())
}

/// Deletes a customer: nothing more is sent to it, and files that name it are refused row by row.
#[utoipa::path(delete, path = "/v1/customers/{id}", tag = "clientes", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn delete(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.may(Permission::Operate)?;
    let (before, version) = found(&api, &caller, &id).await?;
    let mut after = before.clone();
    after.customer.status = Status::Deleted;
    store(&api, &caller, &before, after, version).await
}
