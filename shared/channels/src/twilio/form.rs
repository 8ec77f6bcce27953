//! The form Twilio posts.

use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Decoded fields; of a field twice there the first counts.
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn of(body: &[u8]) -> Self {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body).into_owned() {
            fields.entry(name).or_insert(value);
        }
        Self(fields)
    }

    /// A field, even when it is empty.
    pub(super) fn any(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| value.replace('\0', ""))
    }

    /// A field that says something.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.any(name).filter(|value| !value.is_empty())
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// An instant as RFC 2822 writes it.
    pub(super) fn instant(&self, name: &str) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc2822(&self.get(name)?).ok().map(|at| at.to_utc())
    }
}
