//! The ways in for providers: a route's token names a secret, which says whose the route is and what each provider signs
//! with. A webhook is taken with this one look and no table call.

mod change;
mod token;

pub use change::change;
pub use token::new_token;

use crate::Ports;
use crate::error::Error;
use crate::ports::secrets::Secret;
use cauce_domain::ids::ProjectId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// How long the key before is still taken: as long as a provider goes on sending what it signed with it.
const OVERLAP: TimeDelta = TimeDelta::days(7);

/// A key a provider signs with. Not printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The key.
    pub text: String,
    /// The provider's account that signs with it, where each has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Until when it is taken, once another has come after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// What one provider's requests to a route are judged by.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Keys {
    /// What it signs with: two during a change of keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signing: Vec<Key>,
    /// What it names when it asks whether the address is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake: Option<String>,
    /// The topics that may post here, of SNS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
}

impl Keys {
    /// One key and nothing else.
    pub fn signed_with(key: impl Into<String>) -> Self {
        Self { signing: vec![Key { text: key.into(), account: None, until: None }], ..Self::default() }
    }

    /// The keys an account may sign with now.
    pub fn valid<'a>(&'a self, account: Option<&'a str>, now: DateTime<Utc>) -> impl Iterator<Item = &'a str> {
        let of_account = move |key: &&Key| key.account.is_none() || key.account.as_deref() == account;
        let fresh = move |key: &&Key| key.until.is_none_or(|until| now < until);
        self.signing.iter().filter(of_account).filter(fresh).map(|key| key.text.as_str())
    }

    /// Takes what a provider's posts are judged by from now on; what is not said stays as it was.
    pub fn accept(
        &mut self,
        (account, key): (Option<&str>, Option<&str>),
        handshake: Option<String>,
        topics: Vec<String>,
        now: DateTime<Utc>,
    ) {
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            self.rotate(account, key, now);
        }
        self.handshake = handshake.or(self.handshake.take());
        let new = topics.into_iter().filter(|topic| !self.topics.contains(topic)).collect::<Vec<_>>();
        self.topics.extend(new);
    }

    /// Takes a new key in place of the account's, which is still taken for a while.
    pub fn rotate(&mut self, account: Option<&str>, key: &str, now: DateTime<Utc>) {
        let mine = |known: &Key| known.account.as_deref() == account;
        if self.signing.iter().any(|known| mine(known) && known.text == key && known.until.is_none()) {
            return;
        }
        self.signing.retain(|known| known.until.is_none_or(|until| now < until) && known.text != key);
        for known in self.signing.iter_mut().filter(|known| mine(known)) {
            known.until = known.until.or(Some(now + OVERLAP));
        }
        self.signing.push(Key { text: key.to_owned(), account: account.map(str::to_owned), until: None });
    }
}

/// A route: whose it is, and its providers' keys.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hook {
    /// The project; none for a route several projects share, whose events belong to whoever owns the account they name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// Keys by provider.
    #[serde(default)]
    pub keys: BTreeMap<String, Keys>,
}

fn name(token: &str) -> String {
    format!("hook.{token}")
}

/// Reads the route of a token; nothing is asked of anybody for one that was not made here.
pub async fn read(ports: &Ports, token: &str) -> Result<Option<Hook>, Error> {
    match token::is_ours(ports, token).await? {
        true => parse(ports.secrets.get(&name(token)).await?),
        false => Ok(None),
    }
}

/// Reads the route of a token as it was no longer ago than this.
pub async fn read_within(ports: &Ports, token: &str, within: Duration) -> Result<Option<Hook>, Error> {
    match token::is_ours(ports, token).await? {
        true => parse(ports.secrets.get_within(&name(token), within).await?),
        false => Ok(None),
    }
}

fn parse(secret: Option<Secret>) -> Result<Option<Hook>, Error> {
    let Some(secret) = secret else { return Ok(None) };
    let read = serde_json::from_str(secret.expose());
    read.map(Some).map_err(|_| Error::Broken("hook", "no se puede leer".to_owned()))
}

/// Writes the route of a token.
pub async fn write(ports: &Ports, token: &str, hook: &Hook) -> Result<(), Error> {
    let text = serde_json::to_string(hook).map_err(|e| Error::Broken("hook", e.to_string()))?;
    Ok(ports.secrets.put(&name(token), &Secret::new(text)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn during_a_change_both_keys_are_taken_and_then_the_new_one_alone() {
        let mut keys = Keys::signed_with("vieja");
        keys.rotate(None, "nueva", at("2026-03-10T00:00:00Z"));
        let valid = |when: &str| keys.valid(None, at(when)).collect::<Vec<_>>().join(" ");
        assert_eq!(valid("2026-03-16T23:00:00Z"), "vieja nueva");
        assert_eq!(valid("2026-03-17T00:00:00Z"), "nueva");
        let before = keys.clone();
        keys.rotate(None, "nueva", at("2026-03-12T00:00:00Z"));
        assert_eq!(keys, before, "saving the same key again ends nothing");
        keys.rotate(None, "vieja", at("2026-03-12T00:00:00Z"));
        assert_eq!(keys.valid(None, at("2027-01-01T00:00:00Z")).collect::<Vec<_>>(), ["vieja"], "taken back");
    }

    #[test]
    fn an_account_with_its_own_key_is_not_signed_for_with_anothers() {
        let now = at("2026-03-10T00:00:00Z");
        let mut keys = Keys::default();
        keys.rotate(Some("AC1"), "una", now);
        keys.rotate(Some("AC2"), "dos", now);
        assert_eq!(keys.valid(Some("AC1"), now).collect::<Vec<_>>(), ["una"]);
        assert_eq!(keys.valid(None, now).count(), 0);
    }
}
