//! Items as DynamoDB keeps them: the fields of the body as native attributes, so that the console shows them, beside
//! the keys and three attributes of our own.

use aws_sdk_dynamodb::types::AttributeValue;
use cauce_engine::ports::PortError;
use cauce_engine::ports::table::{Item, Key, Stored, TableName};
use serde_json::{Map, Value};
use std::collections::HashMap;
use uuid::Uuid;

/// Another one after every write of the item.
pub const VERSION: &str = "_version";
/// The write that made it.
pub const WRITE: &str = "_write";
/// When DynamoDB may drop it, seconds since 1970.
pub const EXPIRES: &str = "_expires";

/// Attributes by name.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// The attributes of a key.
pub(super) fn key_of(key: &Key) -> Attributes {
    HashMap::from([("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))])
}

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn ours(name: &str) -> bool {
    name.starts_with('_') || name == "pk" || name == "sk" || name.ends_with("_pk") || name.ends_with("_sk")
}

/// An item's attributes under a version and a write.
pub(super) fn attributes(item: &Item, version: u64, write: Uuid) -> Result<Attributes, PortError> {
    let broken = |why: String| PortError::Refused(format!("el elemento no se puede guardar: {why}"));
    let body: Map<String, Value> = serde_json::from_str(&item.body).map_err(|e| broken(e.to_string()))?;
    if let Some(name) = body.keys().find(|name| ours(name)) {
        return Err(broken(format!("el campo '{name}' está reservado")));
    }
    let mut attributes: Attributes =
        serde_dynamo::to_item(Value::Object(body)).map_err(|e: serde_dynamo::Error| broken(e.to_string()))?;
    attributes.extend(key_of(&item.key));
    for place in &item.indexes {
        attributes.insert(format!("{}_pk", place.index.name()), text(&place.pk));
        attributes.insert(format!("{}_sk", place.index.name()), text(&place.sk));
    }
    attributes.insert(VERSION.to_owned(), AttributeValue::N(version.to_string()));
    attributes.insert(WRITE.to_owned(), text(&write.simple().to_string()));
    if let Some(at) = item.expires {
        attributes.insert(EXPIRES.to_owned(), AttributeValue::N(at.to_string()));
    }
    Ok(attributes)
}

/// An item as the engine reads it.
pub(super) fn stored(table: TableName, mut attributes: Attributes, keys_only: bool) -> Result<Stored, PortError> {
    let key = Key::new(table, taken(&mut attributes, "pk")?, taken(&mut attributes, "sk")?);
    if keys_only {
        return Ok(Stored { key, body: String::new(), version: 0, write: Uuid::nil() });
    }
    let version = match attributes.remove(VERSION) {
        Some(AttributeValue::N(n)) => n.parse().unwrap_or(0),
        _ => 0,
    };
    let write = match attributes.remove(WRITE) {
        Some(AttributeValue::S(id)) => Uuid::parse_str(&id).unwrap_or_default(),
        _ => Uuid::nil(),
    };
    attributes.retain(|name, _| !ours(name));
    Ok(Stored { key, body: body(attributes)?, version, write })
}

/// A text attribute of a key.
pub(super) fn taken(attributes: &mut Attributes, name: &str) -> Result<String, PortError> {
    match attributes.remove(name) {
        Some(AttributeValue::S(value)) => Ok(value),
        _ => Err(PortError::Refused(format!("un elemento guardado no tiene '{name}'"))),
    }
}

/// The body as JSON, its type first, by which it is told without being read whole.
fn body(attributes: Attributes) -> Result<String, PortError> {
    let broken = |why: String| PortError::Refused(format!("un elemento guardado no se puede leer: {why}"));
    let mut fields: Map<String, Value> =
        serde_dynamo::from_item(attributes).map_err(|e: serde_dynamo::Error| broken(e.to_string()))?;
    let kind = fields.remove("type");
    let rest = Value::Object(fields).to_string();
    Ok(match kind {
        Some(kind) if rest == "{}" => format!("{{\"type\":{kind}}}"),
        Some(kind) => format!("{{\"type\":{kind},{}", &rest[1..]),
        None => rest,
    })
}
