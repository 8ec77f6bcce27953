//! The log of changes made by people and by API: who, when, what, and which fields.
//!
//! Written in the transaction of the change itself, so that no change is without its author. It names fields and holds
//! no values: personal data stay where they are. Loads have their process log instead, movements their origin.

use super::codec::{decode, encode, shapes};
use super::keys;
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Change, Cursor, Expect, Item, Key, Query, TableName};
use cauce_domain::ids::{CustomerId, ProjectId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use cauce_domain::author::By;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Who.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What was changed: `project`, `flow#…`, `customer`, `order#…`.
    pub about: String,
    /// The fields that changed, dotted; none when it is new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

shapes! { Edit => "edit_v1" }

/// The names of the fields in which two states differ; none before means all is new.
pub fn differences<T: Serialize>(before: Option<&T>, after: &T) -> Result<Vec<String>, Error> {
    let json = |value: &T| serde_json::to_value(value).map_err(|e| Error::Broken("edit_v1", e.to_string()));
    let mut fields = Vec::new();
    if let Some(before) = before {
        compare("", &json(before)?, &json(after)?, &mut fields);
        fields.sort();
    }
    Ok(fields)
}

fn compare(name: &str, before: &Value, after: &Value, fields: &mut Vec<String>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            for key in old.keys().chain(new.keys().filter(|k| !old.contains_key(*k))) {
                let dotted = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                compare(&dotted, old.get(key).unwrap_or(&Value::Null), new.get(key).unwrap_or(&Value::Null), fields);
            }
        }
        _ => fields.push(name.to_owned()),
    }
}

fn log_of_settings(project: &str) -> String {
    format!("{project}#edits")
}

/// The entry of a changed setting, for the transaction that changes it.
pub(crate) fn of_setting(ports: &Ports, by: &By, place: &Key, fields: Vec<String>) -> Result<Change, Error> {
    let sort = format!("{}#{}", keys::instant(by.at), ports.new_id().simple());
    let key = Key::new(TableName::Settings, log_of_settings(&place.pk), sort);
    entry(key, by, &place.sk, fields)
}

/// The entry of a change to a customer or its debt, for the transaction that changes it.
pub(crate) fn of_customer(
    ports: &Ports,
    by: &By,
    (project, customer): (&ProjectId, &CustomerId),
    about: &str,
    fields: Vec<String>,
) -> Result<Change, Error> {
    let sort = format!("z#e#{}#{}", keys::instant(by.at), ports.new_id().simple());
    entry(Key::new(TableName::Accounts, keys::partition(project, customer), sort), by, about, fields)
}

fn entry(key: Key, by: &By, about: &str, fields: Vec<String>) -> Result<Change, Error> {
    let edit = Edit { author: by.author.clone(), at: by.at, about: about.to_owned(), fields };
    Ok(Change::Put(Item::new(key, encode(&edit)?), Expect::Absent))
}

/// A page of the changes to a project's settings, or to one customer; newest first.
pub async fn page(
    ports: &Ports,
    project: &ProjectId,
    customer: Option<&CustomerId>,
    limit: u32,
    after: Option<Cursor>,
) -> Result<(Vec<Edit>, Option<Cursor>), Error> {
    let query = match customer {
        None => Query::table(TableName::Settings, log_of_settings(project.as_str())),
        Some(id) => Query::table(TableName::Accounts, keys::partition(project, id)).prefix("z#e#"),
    };
    let found = ports.table.query(&query.descending().limit(limit).after(after)).await?;
    let edits = found.items.iter().map(|s| decode(&s.body)).collect::<Result<_, _>>()?;
    Ok((edits, found.next))
}
