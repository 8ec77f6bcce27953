//! Reading JSON nobody promised: every member may be missing, null, or something else.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// A text at a path such as `text/body`.
pub(crate) fn text(value: &Value, path: &str) -> Option<String> {
    at(value, path)?.as_str().map(|text| text.replace('\0', "")).filter(|text| !text.is_empty())
}

/// A text or a number, as text.
pub(crate) fn word(value: &Value, path: &str) -> Option<String> {
    match at(value, path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, written as one or as text.
pub(crate) fn number(value: &Value, path: &str) -> Option<i64> {
    match at(value, path)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A list; nothing where there is none.
pub(crate) fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// An instant in seconds since 1970.
pub(crate) fn seconds(value: &Value, path: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(number(value, path)?, 0)
}

/// An instant in milliseconds since 1970.
pub(crate) fn millis(value: &Value, path: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(number(value, path)?)
}

/// An instant as RFC 3339 writes it.
pub(crate) fn instant(value: &Value, path: &str) -> Option<DateTime<Utc>> {
    at(value, path)?.as_str()?.parse().ok()
}

/// What lies at a path, `null` being nothing.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').try_fold(value, |value, name| value.get(name)).filter(|found| !found.is_null())
}
