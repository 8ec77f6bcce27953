//! A person's edit of a customer, kept apart from what loads say: a file that repeats the old value does not undo it.

use crate::edit_customer::put_point;
use crate::error::Error;
use crate::limits;
use crate::store::settings::Setup;
use cauce_domain::contact::alert::Alert;
use cauce_domain::contact::point::{Email, Phone};
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::{Customer, MAX_RELATED, Portfolio, Related, Status};
use cauce_domain::ids::UserId;
use chrono_tz::Tz;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a person changes; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Name.
    pub name: Option<String>,
    /// Phones by slot; an empty text frees the slot.
    #[serde(default)]
    pub phones: BTreeMap<u8, String>,
    /// E-mails by slot; an empty text frees the slot.
    #[serde(default)]
    pub emails: BTreeMap<u8, String>,
    /// `active` or `inactive`.
    pub status: Option<Status>,
    /// Variables; an empty text removes one.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// The adviser's user id; an empty text takes it off.
    pub adviser: Option<String>,
    /// The supervisor's user id; an empty text takes it off.
    pub supervisor: Option<String>,
    /// `current` or `written_off`.
    pub portfolio: Option<Portfolio>,
    /// IANA zone; an empty text takes it off.
    pub time_zone: Option<String>,
    /// References by place, 1 or 2; of one without name, phone and e-mail the place is freed.
    #[serde(default)]
    pub references: BTreeMap<u8, Person>,
    /// Guarantors by place, 1 or 2.
    #[serde(default)]
    pub guarantors: BTreeMap<u8, Person>,
}

/// A reference or guarantor as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its phone.
    #[serde(default)]
    pub phone: String,
    /// Its e-mail.
    #[serde(default)]
    pub email: String,
}

impl Edit {
    /// Whether it gives the customer to somebody else.
    pub fn assigns(&self) -> bool {
        self.adviser.is_some() || self.supervisor.is_some()
    }
}

fn invalid(field: &'static str, why: impl Into<String>) -> Error {
    Error::refused("invalid_value", field, why)
}

/// Variables a customer may have.
const MOST_VARIABLES: usize = 100;

/// Applies an edit to an account.
pub fn apply(setup: &Setup, account: &mut Account, edit: &Edit) -> Result<(), Error> {
    let customer = &mut account.customer;
    name(customer, edit)?;
    addresses(setup, customer, edit)?;
    limits::most("variables", customer.variables.len() + edit.variables.len(), MOST_VARIABLES)?;
    for (name, value) in &edit.variables {
        limits::text("variables", name, limits::SHORT)?;
        limits::some("variables", Some(value), limits::LONG)?;
        let before = customer.variables.get(name).cloned();
        customer.remember(format!("variable.{name}"), before);
        match value.as_str() {
            "" => drop(customer.variables.remove(name)),
            _ => drop(customer.variables.insert(name.clone(), value.clone())),
        }
    }
    status(customer, edit)?;
    people(setup, customer, edit)?;
    let Customer { references, guarantors, edited, .. } = customer;
    related(setup, ("references", "reference"), (references, edited), &edit.references)?;
    related(setup, ("guarantors", "guarantor"), (guarantors, edited), &edit.guarantors)?;
    if !account.customer.phones.iter().any(|point| point.invalid) {
        account.alerts.clear(Alert::FailedContact);
    }
    Ok(())
}

fn name(customer: &mut Customer, edit: &Edit) -> Result<(), Error> {
    let Some(name) = &edit.name else { return Ok(()) };
    if name.trim().is_empty() || name.chars().count() > 200 {
        return Err(invalid("name", "el nombre lleva de 1 a 200 caracteres"));
    }
    customer.remember("name", Some(customer.name.clone()));
    customer.name = name.trim().to_owned();
    Ok(())
}

/// Refuses what is a user's or a sender's own.
fn guard(setup: &Setup, field: &'static str, address: &str) -> Result<(), Error> {
    let message = "la dirección pertenece a un usuario o remitente del proyecto: no puede ser contacto de un cliente";
    match setup.internal_addresses().iter().any(|internal| internal == address) {
        true => Err(Error::refused("internal_contact", field, message)),
        false => Ok(()),
    }
}

fn phone(setup: &Setup, field: &'static str, text: &str) -> Result<Option<Phone>, Error> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let phone = Phone::parse(text, Some(setup.project().country)).map_err(|e| invalid(field, e.to_string()))?;
    guard(setup, field, phone.e164())?;
    Ok(Some(phone))
}

fn email(setup: &Setup, field: &'static str, text: &str) -> Result<Option<Email>, Error> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let email = Email::parse(text).map_err(|e| invalid(field, e.to_string()))?;
    guard(setup, field, email.address())?;
    Ok(Some(email))
}

fn addresses(setup: &Setup, customer: &mut Customer, edit: &Edit) -> Result<(), Error> {
    for (slot, text) in &edit.phones {
        let phone = phone(setup, "phones", text)?;
        let before = put_point(&mut customer.phones, *slot, phone).map_err(|e| invalid("phones", e))?;
        customer.remember(format!("phone.{slot}"), before.map(|p| p.e164().to_owned()));
    }
    for (slot, text) in &edit.emails {
        let email = email(setup, "emails", text)?;
        let before = put_point(&mut customer.emails, *slot, email).map_err(|e| invalid("emails", e))?;
        customer.remember(format!("email.{slot}"), before.map(|e| e.address().to_owned()));
    }
    Ok(())
}

fn status(customer: &mut Customer, edit: &Edit) -> Result<(), Error> {
    match edit.status {
        Some(Status::Deleted) => return Err(invalid("status", "para eliminar use DELETE")),
        Some(status) => {
            let loaded = if customer.status == Status::Inactive { "inactivo" } else { "activo" };
            customer.remember("status", Some(loaded.to_owned()));
            customer.status = status;
        }
        None => {}
    }
    if let Some(portfolio) = edit.portfolio {
        let loaded = if customer.portfolio == Portfolio::Current { "vigente" } else { "castigada" };
        customer.remember("portfolio", Some(loaded.to_owned()));
        customer.portfolio = portfolio;
    }
    match edit.time_zone.as_deref().map(str::trim) {
        None => {}
        Some("") => {
            let before = customer.zone.take().map(|zone| zone.to_string());
            customer.remember("zone", before);
        }
        Some(text) => {
            let zone: Result<Tz, _> = text.parse();
            let before = customer.zone.map(|zone| zone.to_string());
            customer.remember("zone", before);
            customer.zone = Some(zone.map_err(|_| invalid("time_zone", "no se conoce la zona (use America/Tijuana)"))?);
        }
    }
    Ok(())
}

/// Who is in charge.
fn people(setup: &Setup, customer: &mut Customer, edit: &Edit) -> Result<(), Error> {
    for (field, asked) in [("adviser", &edit.adviser), ("supervisor", &edit.supervisor)] {
        let Some(id) = asked.as_deref().map(str::trim) else { continue };
        if !id.is_empty() && !setup.users.iter().any(|user| user.value.id.as_str() == id) {
            return Err(invalid(field, "no hay un usuario con ese ID"));
        }
        let slot = if field == "adviser" { &mut customer.adviser } else { &mut customer.supervisor };
        let before = std::mem::replace(slot, (!id.is_empty()).then(|| UserId::from(id)));
        customer.remember(field, before.map(|id| id.to_string()));
    }
    Ok(())
}

fn related(
    setup: &Setup,
    (field, one): (&'static str, &str),
    (people, edited): (&mut Vec<Related>, &mut BTreeMap<String, String>),
    edit: &BTreeMap<u8, Person>,
) -> Result<(), Error> {
    for (place, person) in edit {
        if !(1..=MAX_RELATED).contains(&usize::from(*place)) {
            return Err(invalid(field, format!("la posición va de 1 a {MAX_RELATED}")));
        }
        let at = usize::from(*place) - 1;
        people.resize(people.len().max(at + 1), Related::default());
        let (phone, email) = (phone(setup, field, &person.phone)?, email(setup, field, &person.email)?);
        let loaded = std::mem::replace(
            &mut people[at],
            Related { name: limits::some(field, Some(&person.name), limits::SHORT)?.unwrap_or_default(), phone, email },
        );
        let was = [
            ("name", loaded.name.clone()),
            ("phone", loaded.phone.as_ref().map(|p| p.e164().to_owned()).unwrap_or_default()),
            ("email", loaded.email.as_ref().map(|e| e.address().to_owned()).unwrap_or_default()),
        ];
        for (what, text) in was {
            edited.entry(format!("{one}.{place}.{what}")).or_insert(text);
        }
    }
    while people.last().is_some_and(|person| *person == Related::default()) {
        people.pop();
    }
    Ok(())
}
