//! A new project: born inactive, with its country's windows, usable templates and one flow.

use crate::Ports;
use crate::error::Error;
use crate::hooks::{self, Hook, Keys};
use crate::ports::secrets::Secret;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit};
use crate::store::settings::{self, Door, PaymentMode, Project, door_key, place};
use cauce_domain::contact::calendar::Calendar;
use cauce_domain::contact::channel::{Channel, ChannelFlags};
use cauce_domain::contact::ledger::Caps;
use cauce_domain::country::Country;
use cauce_domain::debt::customer::Kind;
use cauce_domain::ids::{ProjectId, UserId};
use cauce_domain::strategy::starter;
use std::collections::BTreeMap;

/// Creates a project with what it starts with; an existing one is left as it is. Answers whether it is new.
pub async fn create_project(ports: &Ports, id: &ProjectId, name: &str, country: Country) -> Result<bool, Error> {
    if ports.table.get(&place(id, "project")).await?.is_some() {
        return Ok(false);
    }
    check_id(id)?;
    let hook_token = hooks::new_token(ports).await?;
    let secret = |ports: &Ports| format!("{}{}", ports.new_id().simple(), ports.new_id().simple());
    // The key must be there before the first digest is taken, and must never change after it.
    ports.secrets.claim(&settings::key_name(id), &Secret::new(secret(ports))).await?;
    let sandbox = BTreeMap::from([("sandbox".to_owned(), Keys::signed_with(secret(ports)))]);
    hooks::write(ports, &hook_token, &Hook { project: Some(id.clone()), keys: sandbox }).await?;
    let mut changes = vec![
        put(place(id, "project"), encode(&new_project(id, name, country, hook_token))?),
        put(Key::new(TableName::Settings, "projects", id.as_str()), encode(&Door { project: id.clone(), user: None })?),
        put(place(id, format!("segment#{}", starter::segment().id)), encode(&starter::segment())?),
        put(place(id, format!("flow#{}", starter::flow().id)), encode(&starter::flow())?),
    ];
    let templates = starter::templates().into_iter().chain(starter::alternatives()).chain(starter::event_templates());
    for template in templates {
        changes.push(put(place(id, format!("template#{}", template.id)), encode(&template)?));
    }
    for rule in starter::events() {
        changes.push(put(place(id, format!("event#{}", rule.trigger.code())), encode(&rule)?));
    }
    Ok(matches!(commit(ports, changes).await?, Committed::Made))
}

fn put(key: Key, body: String) -> Change {
    Change::Put(Item::new(key, body), Expect::Absent)
}

fn check_id(id: &ProjectId) -> Result<(), Error> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let reserved = ["projects", "key", "hook", "release"].contains(&id.as_str());
    if id.as_str().is_empty() || id.as_str().len() > 40 || !id.as_str().chars().all(fine) || reserved {
        let message = "el id de proyecto lleva hasta 40 minúsculas, dígitos o guiones";
        return Err(Error::refused("bad_project_id", "id", message));
    }
    Ok(())
}

fn new_project(id: &ProjectId, name: &str, country: Country, hook_token: String) -> Project {
    let flags = ChannelFlags { visible: true, active: true, connected: true, paused_until: None };
    Project {
        id: id.clone(),
        name: name.to_owned(),
        country,
        number_style: country.number_style(),
        calendar: Calendar::of(country),
        caps: Caps { per_day: 1, one_channel_a_week_after_contact: country.one_channel_a_week_after_contact() },
        active: false,
        active_since: None,
        activated: None,
        channels: Channel::ALL.into_iter().map(|c| (c, flags)).collect(),
        payment_mode: PaymentMode::Movements,
        unregistered_tray: false,
        rules: Default::default(),
        debtors: Kind::Person,
        references_allowed: false,
        payment_url: None,
        how_to_pay: None,
        test_addresses: Vec::new(),
        alert_addresses: Vec::new(),
        expected_loads: Vec::new(),
        sender_addresses: Vec::new(),
        payments_within_hours: None,
        stopped: None,
        confirm_above_percent: 30,
        hook_token,
        marketing_stop_is_full: false,
        payment_methods: Vec::new(),
        brand: Default::default(),
        agent: None,
        daily_budget: None,
        alternative_channel: true,
    }
}

/// Stores an API key, hashed, for one project and perhaps one user of it.
pub async fn grant_key(ports: &Ports, id: &ProjectId, user: Option<&UserId>, key: &str) -> Result<(), Error> {
    let door = Door { project: id.clone(), user: user.cloned() };
    let item = Item::new(door_key("key", key), encode(&door)?);
    match commit(ports, vec![Change::Put(item, Expect::Absent)]).await? {
        Committed::Made => Ok(()),
        Committed::Lost(_) => match settings::door(ports, "key", key).await? {
            Some(stored) if stored == door => Ok(()),
            _ => Err(Error::refused("key_taken", None, "esa llave ya pertenece a otro proyecto: use otra")),
        },
    }
}
