//! Bodies: a JSON object whose first field, `type`, names shape and version. Code reads version n and n−1.

use crate::error::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A stored or queued shape.
pub trait Shape: Serialize + DeserializeOwned {
    /// Its name and version, such as `account_v1`.
    const TYPE: &'static str;
}

/// Writes a shape.
pub fn encode<T: Shape>(value: &T) -> Result<String, Error> {
    let json = serde_json::to_string(value).map_err(|e| Error::Broken(T::TYPE, e.to_string()))?;
    let rest = json.strip_prefix('{').ok_or_else(|| Error::Broken(T::TYPE, "not an object".to_owned()))?;
    let comma = if rest == "}" { "" } else { "," };
    Ok(format!("{{\"type\":\"{}\"{comma}{rest}", T::TYPE))
}

/// The type a body names first.
pub fn type_of(body: &str) -> &str {
    body.strip_prefix("{\"type\":\"").and_then(|rest| rest.split_once('"')).map_or("", |(named, _)| named)
}

/// Reads a shape; a body of another type is not taken for it.
pub fn decode<T: Shape>(body: &str) -> Result<T, Error> {
    let named = type_of(body);
    let other = || match serde_json::from_str::<serde_json::Value>(body) {
        Ok(v) => v.get("type").and_then(|t| t.as_str()) == Some(T::TYPE),
        Err(_) => false,
    };
    if named != T::TYPE && !other() {
        return Err(Error::Broken(T::TYPE, format!("type {named}")));
    }
    serde_json::from_str(body).map_err(|e| Error::Broken(T::TYPE, e.to_string()))
}

macro_rules! shapes {
    ($($type:ty => $name:literal),+ $(,)?) => {
        $(impl $crate::store::codec::Shape for $type { const TYPE: &'static str = $name; })+
    };
}
pub(crate) use shapes;

shapes! {
    cauce_domain::debt::account::Account => "account_v1",
    cauce_domain::debt::order::Order => "order_v1",
    cauce_domain::debt::payment::Movement => "movement_v1",
    cauce_domain::debt::matter::Matter => "matter_v1",
    cauce_domain::debt::event::Event => "debt_event_v1",
    cauce_domain::contact::management::Management => "management_v1",
    cauce_domain::contact::call_entry::CallEntry => "call_entry_v1",
    cauce_domain::contact::note::Note => "note_v1",
    cauce_domain::contact::past::Past => "past_v1",
    cauce_domain::contact::interaction::Interaction => "interaction_v1",
    cauce_domain::contact::ledger::Week => "ledger_v1",
    cauce_domain::strategy::template::Template => "template_v1",
    cauce_domain::strategy::segment::Segment => "segment_v1",
    cauce_domain::strategy::flow::Flow => "flow_v1",
    cauce_domain::strategy::trigger::EventRule => "event_rule_v1",
}
