//! Rows of customers: one row, one customer, upserted by document.

use super::chunk::{Context, Effect};
use super::columns::CUSTOMERS;
use super::row::{Ask, Row, RowError};
use super::spill::SpilledRow;
use crate::edit_customer;
use crate::error::Error;
use crate::store::accounts;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::{Channel, Scope};
use cauce_domain::contact::phone::is_placeholder;
use cauce_domain::contact::point::{Email, Phone, Point};
use cauce_domain::country::Country;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::{Customer, Kind, MAX_POINTS, Portfolio, Related, Status};
use cauce_domain::debt::document::Document;
use cauce_domain::ids::UserId;
use std::collections::BTreeMap;

/// How often a customer is worked out again when others get in between: as many as may share one address at once.
const MAX_TRIES: u32 = 100;

/// Takes the rows of one customer in; there is one, but for exact repetitions.
pub(super) async fn apply(context: &Context<'_>, rows: &[SpilledRow]) -> Result<Effect, Error> {
    let (ports, setup, write) = (context.desk.ports, context.desk.setup, !context.desk.dry);
    let mut effect = Effect::default();
    let Some(spilled) = rows.last() else { return Ok(effect) };
    let row = Row::new(spilled, CUSTOMERS, context.found);
    let document = match Document::parse(row.text("Tipo de documento"), row.text("Número de documento")) {
        Ok(document) => document,
        Err(e) => return Ok(effect.reject(row.error("Número de documento", &e.to_string()))),
    };
    let id = setup.customer_id(&document);
    for _ in 0..MAX_TRIES {
        effect = Effect::default();
        let stored = accounts::account(ports, setup.id(), &id).await?;
        let (before, version) = stored.map_or((None, None), |(a, v)| (Some(a), Some(v)));
        if before.as_ref().is_some_and(|a| a.customer.status == Status::Deleted) {
            return Ok(effect
                .reject(row.error("Número de documento", "el cliente fue eliminado: restáurelo antes de cargarlo")));
        }
        let mut customer = before.as_ref().map_or_else(|| fresh(setup, document.clone()), |a| a.customer.clone());
        if let Err(error) = fill(setup, &row, &mut customer, &mut effect.notes) {
            return Ok(effect.reject(error));
        }
        let new = || Account::new(id.clone(), customer.clone(), cauce_domain::strategy::segment::DEFAULT.into());
        let mut account = before.clone().unwrap_or_else(new);
        effect.company = customer.kind == Kind::Company;
        account.customer = customer;
        context.desk.touch.settle(before.as_ref(), &mut account);
        let arrivals = edit_customer::arrive(ports, setup, before.as_ref(), &mut account, write).await?;
        effect.notes.extend(arrivals.shared.iter().map(|address| {
            RowError::observation(
                row.line(),
                "Contacto",
                address,
                "lo tienen varios clientes: recibirá un mensaje automático al día",
            )
        }));
        effect.take(before.is_none(), before.as_ref() != Some(&account), rows.len());
        if !write || before.as_ref() == Some(&account) {
            return Ok(effect);
        }
        if edit_customer::store(ports, setup, before.as_ref(), &account, version, &arrivals, context.by).await? {
            return Ok(effect);
        }
    }
    Err(Error::Raced)
}

fn fresh(setup: &Setup, document: Document) -> Customer {
    let mut customer = Customer::new(document, "");
    customer.kind = match customer.document.says_company() {
        Some(true) => Kind::Company,
        Some(false) => Kind::Person,
        None => setup.project().debtors,
    };
    customer
}

/// Fills a customer with what a row says; a person's edit stays until the file says something new.
fn fill(setup: &Setup, row: &Row<'_>, customer: &mut Customer, notes: &mut Vec<RowError>) -> Result<(), RowError> {
    name(row, customer)?;
    phones(setup, row, customer, notes);
    emails(setup, row, customer, notes);
    related(setup, row, customer, notes);
    people(setup, row, customer, notes);
    zone(row, customer, notes);
    flags(row, customer, notes);
    for (name, ask) in row.variables() {
        let field = format!("variable.{name}");
        match news(customer, &field, ask) {
            Ask::Keep => {}
            Ask::Erase => drop(customer.variables.remove(name)),
            Ask::Set(value) => drop(customer.variables.insert(name.to_owned(), value.to_owned())),
        }
    }
    Ok(())
}

/// What a cell asks for, unless it only repeats what was loaded before a person edited the field.
pub(crate) fn news<'a>(customer: &mut Customer, field: &str, ask: Ask<'a>) -> Ask<'a> {
    news_of(&mut customer.edited, field, ask)
}

/// The same, where the fields a person edited are at hand alone.
fn news_of<'a>(edited: &mut BTreeMap<String, String>, field: &str, ask: Ask<'a>) -> Ask<'a> {
    let text = match ask {
        Ask::Keep => return Ask::Keep,
        Ask::Erase => "-",
        Ask::Set(text) => text,
    };
    match edited.get(field) {
        Some(loaded) if loaded == text => Ask::Keep,
        Some(_) => {
            edited.remove(field);
            ask
        }
        None => ask,
    }
}

fn name(row: &Row<'_>, customer: &mut Customer) -> Result<(), RowError> {
    let full = [row.text("Nombre"), row.text("Apellido")].join(" ");
    let full = full.split_whitespace().collect::<Vec<_>>().join(" ");
    match (full.as_str(), customer.name.is_empty()) {
        ("-", _) => Err(row.error("Nombre", "el nombre no se puede borrar")),
        ("", true) => Err(row.error("Nombre", "falta el nombre")),
        ("", false) => Ok(()),
        (text, _) if text.chars().count() > 200 => Err(row.error("Nombre", "el nombre supera los 200 caracteres")),
        (text, _) => {
            if let Ask::Set(text) = news(customer, "name", Ask::Set(text)) {
                customer.name = text.to_owned();
            }
            Ok(())
        }
    }
}

fn phones(setup: &Setup, row: &Row<'_>, customer: &mut Customer, notes: &mut Vec<RowError>) {
    const NAMES: [(&str, &str); MAX_POINTS] = [
        ("Celular_1", "Celular_1 código país"),
        ("Celular_2", "Celular_2 código país"),
        ("Celular_3", "Celular_3 código país"),
        ("Celular_4", "Celular_4 código país"),
        ("Celular_5", "Celular_5 código país"),
    ];
    for (slot, (column, country)) in (1..).zip(NAMES) {
        let field = format!("phone.{slot}");
        let read = match row.ask(column) {
            Ask::Set(text) if is_placeholder(text) => Some(None),
            Ask::Set(text) => {
                let code: Option<u16> = row.text(country).trim_start_matches('+').parse().ok();
                match read_phone(text, code, setup.project().country) {
                    Some(phone) if news(customer, &field, Ask::Set(phone.e164())) == Ask::Keep => None,
                    Some(phone) => guarded(setup, phone.e164(), row, column, notes).then_some(Some(phone)),
                    None => {
                        notes.push(row.observe(column, "no es un teléfono válido: se dejó fuera"));
                        None
                    }
                }
            }
            Ask::Erase => Some(None),
            Ask::Keep => None,
        };
        put(&mut customer.phones, slot, read);
    }
}

/// A number with its country code in a column of its own; a code Cauce does not know still makes a number abroad.
fn read_phone(text: &str, code: Option<u16>, project: Country) -> Option<Phone> {
    match code {
        Some(code) => match Country::of_dial_code(code) {
            Some(country) => Phone::parse(text, Some(country)).ok(),
            None => Phone::parse(&format!("+{code}{}", text.trim_start_matches('+')), None).ok(),
        },
        None => Phone::parse(text, Some(project)).ok(),
    }
}

fn emails(setup: &Setup, row: &Row<'_>, customer: &mut Customer, notes: &mut Vec<RowError>) {
    for (slot, column) in (1..).zip(["Correo_1", "Correo_2", "Correo_3", "Correo_4", "Correo_5"]) {
        let field = format!("email.{slot}");
        let read = match row.ask(column) {
            Ask::Set(text) => match Email::parse(text) {
                Ok(email) if news(customer, &field, Ask::Set(email.address())) == Ask::Keep => None,
                Ok(email) => guarded(setup, email.address(), row, column, notes).then_some(Some(email)),
                Err(_) => {
                    notes.push(row.observe(column, "no es un correo válido: se dejó fuera"));
                    None
                }
            },
            Ask::Erase => Some(None),
            Ask::Keep => None,
        };
        put(&mut customer.emails, slot, read);
    }
}

/// Puts an address in a slot; the same address keeps what is known of it.
fn put<A: PartialEq>(points: &mut Vec<Point<A>>, slot: u8, read: Option<Option<A>>) {
    let Some(address) = read else { return };
    let known = points.iter().position(|p| p.slot == slot);
    match (known, address) {
        (Some(at), Some(address)) if points[at].address != address => points[at] = Point::new(slot, address),
        (Some(at), None) => drop(points.remove(at)),
        (None, Some(address)) => {
            points.push(Point::new(slot, address));
            points.sort_by_key(|p| p.slot);
        }
        _ => {}
    }
}

/// Whether an address may be a customer's; a user's or sender's own is left out.
fn guarded(setup: &Setup, address: &str, row: &Row<'_>, column: &str, notes: &mut Vec<RowError>) -> bool {
    let internal = setup.internal_addresses().iter().any(|a| a == address);
    if internal {
        notes.push(row.observe(column, "pertenece a un usuario o remitente del proyecto: se dejó fuera"));
    }
    !internal
}

fn related(setup: &Setup, row: &Row<'_>, customer: &mut Customer, notes: &mut Vec<RowError>) {
    let Customer { references, guarantors, edited, .. } = customer;
    for (what, one, list) in [("Referencia", "reference", references), ("Garante", "guarantor", guarantors)] {
        let mut people = std::mem::take(list);
        for at in 0..2 {
            let column = |field: &str| format!("{what}_{} {field}", at + 1);
            let mut person = people.get(at).cloned().unwrap_or_default();
            match news_of(edited, &format!("{one}.{}.name", at + 1), row.ask(&column("nombre"))) {
                Ask::Keep => {}
                Ask::Erase => person.name.clear(),
                Ask::Set(name) => person.name = name.to_owned(),
            }
            let (phone, email) = (column("celular"), column("correo"));
            let whose = format!("{one}.{}", at + 1);
            related_phone(setup, row, &phone, (edited, &whose), &mut person, notes);
            related_email(setup, row, &email, (edited, &whose), &mut person, notes);
            match people.get_mut(at) {
                Some(place) => *place = person,
                None => people.push(person),
            }
        }
        // The second of two keeps its place while the first is there no more.
        while people.last().is_some_and(|p| *p == Related::default()) {
            people.pop();
        }
        *list = people;
    }
}

fn related_phone(
    setup: &Setup,
    row: &Row<'_>,
    column: &str,
    (edited, whose): (&mut BTreeMap<String, String>, &str),
    person: &mut Related,
    notes: &mut Vec<RowError>,
) {
    let mut is_news = |text: &str| news_of(edited, &format!("{whose}.phone"), Ask::Set(text)) != Ask::Keep;
    match row.ask(column) {
        Ask::Keep => {}
        Ask::Erase => person.phone = None,
        Ask::Set(text) if is_placeholder(text) => {}
        Ask::Set(text) => match Phone::parse(text, Some(setup.project().country)) {
            Ok(phone) if !is_news(phone.e164()) => {}
            Ok(phone) if guarded(setup, phone.e164(), row, column, notes) => person.phone = Some(phone),
            Ok(_) => {}
            Err(_) => notes.push(row.observe(column, "no es un teléfono válido: se dejó fuera")),
        },
    }
}

fn related_email(
    setup: &Setup,
    row: &Row<'_>,
    column: &str,
    (edited, whose): (&mut BTreeMap<String, String>, &str),
    person: &mut Related,
    notes: &mut Vec<RowError>,
) {
    let mut is_news = |text: &str| news_of(edited, &format!("{whose}.email"), Ask::Set(text)) != Ask::Keep;
    match row.ask(column) {
        Ask::Keep => {}
        Ask::Erase => person.email = None,
        Ask::Set(text) => match Email::parse(text) {
            Ok(email) if !is_news(email.address()) => {}
            Ok(email) if guarded(setup, email.address(), row, column, notes) => person.email = Some(email),
            Ok(_) => {}
            Err(_) => notes.push(row.observe(column, "no es un correo válido: se dejó fuera")),
        },
    }
}

fn people(setup: &Setup, row: &Row<'_>, customer: &mut Customer, notes: &mut Vec<RowError>) {
    for (column, field) in [("Asesor ID", "adviser"), ("Supervisor ID", "supervisor")] {
        let ask = news(customer, field, row.ask(column));
        let slot = if field == "adviser" { &mut customer.adviser } else { &mut customer.supervisor };
        match ask {
            Ask::Keep => {}
            Ask::Erase => *slot = None,
            Ask::Set(id) if setup.users.iter().any(|u| u.value.id.as_str() == id) => *slot = Some(UserId::from(id)),
            Ask::Set(_) => notes.push(row.observe(column, "no hay un usuario con ese ID: se dejó fuera")),
        }
    }
}

/// Where the customer lives, for the hours the law allows.
fn zone(row: &Row<'_>, customer: &mut Customer, notes: &mut Vec<RowError>) {
    match news(customer, "zone", row.ask("Zona horaria")) {
        Ask::Keep => {}
        Ask::Erase => customer.zone = None,
        Ask::Set(text) => match text.parse() {
            Ok(zone) => customer.zone = Some(zone),
            Err(_) => {
                notes.push(row.observe("Zona horaria", "no se conoce la zona (use America/Tijuana): se dejó fuera"))
            }
        },
    }
}

fn flags(row: &Row<'_>, customer: &mut Customer, notes: &mut Vec<RowError>) {
    let choose = |column: &str, options: [&str; 2], notes: &mut Vec<RowError>| match row.ask(column) {
        Ask::Set(text) => {
            let text = super::columns::fold(text);
            let found = options.iter().position(|o| text == *o);
            if found.is_none() {
                notes.push(
                    row.observe(column, &format!("se esperaba {} o {}; se dejó como estaba", options[0], options[1])),
                );
            }
            found
        }
        _ => None,
    };
    if let Some(which) = choose("Tipo de persona", ["persona", "empresa"], notes) {
        customer.kind = if which == 0 { Kind::Person } else { Kind::Company };
    }
    if let Some(which) = choose("Tipo de cartera", ["vigente", "castigada"], notes)
        && let Ask::Set(text) = news(customer, "portfolio", Ask::Set(["vigente", "castigada"][which]))
    {
        customer.portfolio = if text == "vigente" { Portfolio::Current } else { Portfolio::WrittenOff };
    }
    if let Some(which) = choose("Estado", ["activo", "inactivo"], notes)
        && let Ask::Set(text) = news(customer, "status", Ask::Set(["activo", "inactivo"][which]))
    {
        customer.status = if text == "activo" { Status::Active } else { Status::Inactive };
    }
    for (column, channel) in
        [("Acepta WhatsApp", Channel::Whatsapp), ("Acepta SMS", Channel::Sms), ("Acepta Correo", Channel::Email)]
    {
        let said = row.yes(column, notes).map_or(Ask::Keep, |yes| Ask::Set(if yes { "si" } else { "no" }));
        let scope = Scope::from(channel);
        match news(customer, &format!("consent.{}", scope.code()), said) {
            Ask::Set("si") => drop(customer.opted_out.remove(&scope)),
            Ask::Set(_) => drop(customer.opted_out.insert(scope)),
            _ => {}
        }
    }
}
