//! A customer: a person or company that owes, and how it may be reached.

use crate::contact::channel::{Channel, Scope};
use crate::contact::point::{Email, Known, Phone, Point};
use crate::debt::document::Document;
use crate::ids::UserId;
use crate::strategy::template::Audience;
use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many phones and how many e-mails a customer may have; a company's contact levels are these slots.
pub const MAX_POINTS: usize = 5;
/// How many references and how many guarantors a customer may have.
pub const MAX_RELATED: usize = 2;

/// Whether the debtor is a natural person or a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A natural person, reached at the first usable address.
    #[default]
    Person,
    /// A company, reached at the contact levels the flow names.
    Company,
}

/// Whether a customer takes part in collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Collected normally (*Activo*).
    #[default]
    Active,
    /// Set aside by a load or a person, reversible (*Inactivo*).
    Inactive,
    /// Deleted by a person: a load that names it is refused row by row.
    Deleted,
}

impl Status {
    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Active => "Activo",
            Self::Inactive => "Inactivo",
            Self::Deleted => "Eliminado",
        }
    }
}

/// The accounting portfolio a customer belongs to (*tipo de cartera*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Portfolio {
    /// *Vigente*.
    #[default]
    Current,
    /// *Castigada*.
    WrittenOff,
}

impl Portfolio {
    /// The name in code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::WrittenOff => "written_off",
        }
    }

    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Current => "Vigente",
            Self::WrittenOff => "Castigada",
        }
    }
}

/// A reference or guarantor: somebody else who may be told, where the law allows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Related {
    /// Its name.
    pub name: String,
    /// Its phone, when usable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Its e-mail, when usable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
}

impl Related {
    /// Its address on a channel.
    pub fn address(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Email => self.email.as_ref().map(Email::address),
            Channel::Whatsapp | Channel::Sms | Channel::Call => self.phone.as_ref().map(Phone::e164),
        }
    }

    /// Forgets its address on a channel.
    pub fn take_off(&mut self, channel: Channel) {
        match channel {
            Channel::Email => self.email = None,
            Channel::Whatsapp | Channel::Sms | Channel::Call => self.phone = None,
        }
    }
}

/// What was said with an opt-out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OptOut {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when, local day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
}

/// What a project knows about a customer; loads and people edit it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The natural key.
    pub document: Document,
    /// Person or company.
    #[serde(default)]
    pub kind: Kind,
    /// Full name as messages show it.
    pub name: String,
    /// Active, inactive or deleted.
    #[serde(default)]
    pub status: Status,
    /// Where it lives, when that is not the project's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Tz>,
    /// Up to five phones by slot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Point<Phone>>,
    /// Up to five e-mails by slot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Point<Email>>,
    /// Up to two references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Related>,
    /// Up to two guarantors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guarantors: Vec<Related>,
    /// Auxiliary variables by name, for segments and tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// The adviser in charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adviser: Option<UserId>,
    /// The supervisor in charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervisor: Option<UserId>,
    /// Current or written-off portfolio.
    #[serde(default)]
    pub portfolio: Portfolio,
    /// Channels (or `all`) on which the customer asked not to be contacted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub opted_out: BTreeSet<Scope>,
    /// Why and since when, where it was said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub opt_outs: BTreeMap<Scope, OptOut>,
    /// For each field a person edited, the value last loaded: loading that value again does not undo the edit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub edited: BTreeMap<String, String>,
}

impl Customer {
    /// A customer with nothing but its document and name.
    pub fn new(document: Document, name: impl Into<String>) -> Self {
        let kind = if document.says_company() == Some(true) { Kind::Company } else { Kind::Person };
        Self {
            document,
            kind,
            name: name.into(),
            status: Status::Active,
            zone: None,
            phones: Vec::new(),
            emails: Vec::new(),
            references: Vec::new(),
            guarantors: Vec::new(),
            variables: BTreeMap::new(),
            adviser: None,
            supervisor: None,
            portfolio: Portfolio::Current,
            opted_out: BTreeSet::new(),
            opt_outs: BTreeMap::new(),
            edited: BTreeMap::new(),
        }
    }

    /// How WhatsApp writes a telephone, as its last message told.
    pub fn as_whatsapp_writes(&self, address: &str) -> Option<String> {
        let point = self.phones.iter().find(|p| p.address.e164() == address)?;
        point.marks.whatsapp.as_ref()?.wa_id.clone()
    }

    /// Changes what is known of an address, in each slot it stands in.
    pub fn known(&mut self, address: &str, how: &dyn Fn(&mut Known<'_>)) {
        let phones = self.phones.iter_mut().filter(|p| p.address.e164() == address).map(Point::known);
        phones.for_each(|mut known| how(&mut known));
        let emails = self.emails.iter_mut().filter(|p| p.address.address() == address).map(Point::known);
        emails.for_each(|mut known| how(&mut known));
    }

    /// The people a template of an audience is written to, besides the customer.
    pub fn related_mut(&mut self, audience: Audience) -> &mut [Related] {
        match audience {
            Audience::Customer => &mut [],
            Audience::Reference => &mut self.references,
            Audience::Guarantor => &mut self.guarantors,
        }
    }

    /// Becomes of the written-off portfolio, or is of the current one again where that was how it was loaded.
    pub fn write_off(&mut self, written_off: bool) {
        const FIELD: &str = "portfolio";
        match (self.portfolio, written_off) {
            (Portfolio::Current, true) => {
                self.remember(FIELD, Some("vigente".to_owned()));
                self.portfolio = Portfolio::WrittenOff;
            }
            (Portfolio::WrittenOff, false) if self.edited.get(FIELD).is_some_and(|loaded| loaded == "vigente") => {
                self.portfolio = Portfolio::Current;
                self.edited.remove(FIELD);
            }
            _ => {}
        }
    }

    /// Keeps what was loaded before the first edit by hand of a field.
    pub fn remember(&mut self, field: impl Into<String>, loaded: Option<String>) {
        self.edited.entry(field.into()).or_insert_with(|| loaded.unwrap_or_default());
    }

    /// Takes an opt-out; a file that repeats an older consent does not undo it. Answers whether it is new.
    pub fn opt_out(&mut self, scope: Scope, said: &OptOut) -> bool {
        let new = self.opted_out.insert(scope);
        if *said != OptOut::default() {
            self.opt_outs.insert(scope, said.clone());
        }
        if new {
            self.remember(format!("consent.{}", scope.code()), Some("si".to_owned()));
        }
        new
    }
}
