//! `Provider`: a messaging provider that a project may hold an account at.

use super::channel::{Answer, Sender};
use super::secrets::Secret;
use super::told::Status;
use async_trait::async_trait;
use cauce_domain::contact::channel::Channel;
use cauce_domain::strategy::registered::Registered;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A project's account at a provider, with what opens it. Its credentials are not printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// What is set, by the field's name.
    pub settings: BTreeMap<String, String>,
    /// What opens it, by the field's name.
    pub credentials: BTreeMap<String, Secret>,
    /// Where the provider tells us what becomes of messages.
    pub callback: String,
}

impl Account {
    /// A setting; empty when it is not set.
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }

    /// A credential; empty when there is none.
    pub fn credential(&self, name: &str) -> &str {
        self.credentials.get(name).map_or("", Secret::expose)
    }
}

/// One thing an account needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in the API.
    pub name: &'static str,
    /// What it is, for the settings page.
    pub spanish: &'static str,
    /// Nobody reads it back.
    pub is_credential: bool,
    /// The account does not work without it.
    pub is_required: bool,
    /// What it is when nothing is said.
    pub default: Option<&'static str>,
}

impl Field {
    /// A setting the account does not work without.
    pub const fn setting(name: &'static str, spanish: &'static str) -> Self {
        Self { name, spanish, is_credential: false, is_required: true, default: None }
    }
    /// A credential the account does not work without.
    pub const fn credential(name: &'static str, spanish: &'static str) -> Self {
        Self { is_credential: true, ..Self::setting(name, spanish) }
    }
    /// A setting or credential that may be left out.
    pub const fn optional(self) -> Self {
        Self { is_required: false, ..self }
    }
    /// A setting that is this when nothing is said.
    pub const fn or(self, default: &'static str) -> Self {
        Self { is_required: false, default: Some(default), ..self }
    }
}

/// What the provider's posts about an account are judged by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signs {
    /// The webhook they come by.
    pub webhook: &'static str,
    /// The key that signs them.
    pub key: Option<Secret>,
    /// The account that signs with its own key.
    pub account: Option<String>,
    /// The word of the handshake.
    pub handshake: Option<String>,
    /// The topics they come from.
    pub topics: Vec<String>,
}

/// A message whose end is not known, as its provider is asked about it.
#[derive(Clone, PartialEq, Eq)]
pub struct Open {
    /// The provider's id, where it ever gave one.
    pub id: Option<String>,
    /// Our reference, to be given back with what is found.
    pub reference: String,
    /// Where it went.
    pub to: String,
    /// What it said: all there is to know it by where no id came back.
    pub text: String,
    /// The local day it left.
    pub day: NaiveDate,
}

/// A call to be made: the adviser's telephone rings first. Telephones are not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Ring {
    /// The adviser's telephone.
    pub adviser: String,
    /// The customer's.
    pub customer: String,
    /// Our reference.
    pub reference: String,
}

/// How an account stands, by the provider's own word.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standing {
    /// Messages a second that may leave; no limit of ours when it says nothing.
    pub rate: Option<f64>,
    /// People a rolling day that may be written to first.
    pub people_a_day: Option<u64>,
    /// What the team should know: the number shown, its quality.
    pub notes: Vec<String>,
}

/// Why a provider gave no answer that says something works, in the user's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It said so.
    #[error("{0}")]
    Refused(String),
    /// It said nothing, or that it cannot say now: nothing is known that was not known before.
    #[error("{0}")]
    Silent(String),
}

impl Unfit {
    /// What an answer's status makes of its words: too many questions and a server's own failure say nothing of what was asked.
    pub fn by_status(status: u16, words: String) -> Self {
        match status {
            408 | 429 | 500.. => Self::Silent(words),
            _ => Self::Refused(words),
        }
    }
}

impl From<Unfit> for String {
    fn from(unfit: Unfit) -> Self {
        unfit.to_string()
    }
}

/// A messaging provider.
#[async_trait]
pub trait Provider: Sender {
    /// The channels it serves.
    fn channels(&self) -> &'static [Channel];
    /// What an account needs.
    fn fields(&self) -> &'static [Field];
    /// The name of the account at the provider, which one project holds.
    fn account_id(&self, account: &Account) -> String;
    /// Domains under which answers come to the account, where nobody else's do.
    fn domains(&self, _account: &Account) -> Vec<String> {
        Vec::new()
    }
    /// What its posts are judged by.
    fn signs(&self, account: &Account) -> Option<Signs>;
    /// Asks the provider whether the account works.
    async fn check(&self, account: &Account) -> Result<Standing, Unfit>;

    /// Fetches a file that a person sent, by what the provider calls it; `None` where asking again helps nothing. Fails
    /// where the provider may answer later.
    async fn fetch(&self, _account: &Account, _source: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(None)
    }

    /// Tells the person that a message of theirs, by the provider's id, was read.
    async fn mark_read(&self, _account: &Account, _id: &str) -> Result<(), String> {
        Ok(())
    }

    /// Rings the adviser, who is then joined with the customer.
    async fn ring(&self, _account: &Account, _ring: &Ring) -> Answer {
        Answer::refused("la cuenta conectada no hace llamadas")
    }

    /// What became of messages whose end is not known; those it knows nothing of are left out.
    async fn look_up(&self, _account: &Account, _open: &[Open]) -> Result<Vec<Status>, String> {
        Ok(Vec::new())
    }

    /// Whether messages that begin a conversation must have been approved by the provider.
    fn approves(&self) -> bool {
        false
    }
    /// Every template of the account.
    async fn templates(&self, _account: &Account) -> Result<Vec<Registered>, String> {
        Ok(Vec::new())
    }
    /// Asks the provider to approve a template.
    async fn submit(&self, _account: &Account, _template: &Registered) -> Result<Registered, String> {
        Err("este proveedor no aprueba plantillas".to_owned())
    }
}
