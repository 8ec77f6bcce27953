//! A project's settings: one partition, read whole by whoever works for the project.

use super::accounts::as_read;
use super::codec::{Shape, decode, encode, shapes};
use super::commit::{Committed, commit};
use super::edits::{self, By};
use super::{keys, query_all};
use crate::agent::AgentSettings;
use crate::connect::Connection;
use crate::error::Error;
use crate::import::job::Kind as LoadKind;
use crate::ports::Ports;
use crate::ports::table::{Change, Expect, Item, Key, Query, TableName};
use crate::webhook::Endpoint;
use cauce_domain::contact::calendar::Calendar;
use cauce_domain::contact::channel::{Channel, ChannelFlags, Scope};
use cauce_domain::contact::file::MessageFile;
use cauce_domain::contact::ledger::Caps;
use cauce_domain::contact::price::{Cost, PriceBook};
use cauce_domain::country::{Country, NumberStyle};
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Kind;
use cauce_domain::debt::payment_method::PaymentMethod;
use cauce_domain::debt::rules::Rules;
use cauce_domain::ids::{ProjectId, SegmentId, TemplateId, UserId};
use cauce_domain::strategy::flow::Flow;
use cauce_domain::strategy::registered::Registered;
use cauce_domain::strategy::segment::Segment;
use cauce_domain::strategy::tag::Sender;
use cauce_domain::strategy::template::Template;
use cauce_domain::strategy::trigger::{EventRule, Trigger};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How payments are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMode {
    /// Payments come as movements; Cauce computes balances.
    #[default]
    Movements,
    /// Orders come with their pending balance.
    Balance,
}

/// A load expected every day that contact is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedLoad {
    /// What it holds.
    pub kind: LoadKind,
    /// Local hour by which it comes.
    pub by: NaiveTime,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Id.
    pub id: ProjectId,
    /// Commercial name, shown to customers.
    pub name: String,
    /// Country.
    pub country: Country,
    /// How files and messages write amounts.
    pub number_style: NumberStyle,
    /// Contact calendar.
    pub calendar: Calendar,
    /// Contact limits.
    pub caps: Caps,
    /// Platform mode.
    pub active: bool,
    /// The local day it was last activated: no run is missed before.
    #[serde(default)]
    pub active_since: Option<NaiveDate>,
    /// The instant of it: a project activated before the store was restored from a copy is not active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated: Option<DateTime<Utc>>,
    /// Channel flags.
    pub channels: BTreeMap<Channel, ChannelFlags>,
    /// How payments are loaded.
    #[serde(default)]
    pub payment_mode: PaymentMode,
    /// What a customer is when its document does not tell.
    #[serde(default)]
    pub debtors: Kind,
    /// References may be written to.
    #[serde(default)]
    pub references_allowed: bool,
    /// Payment page, with tags.
    #[serde(default)]
    pub payment_url: Option<String>,
    /// How to pay, in words.
    #[serde(default)]
    pub how_to_pay: Option<String>,
    /// Addresses that test sends may go to.
    #[serde(default)]
    pub test_addresses: Vec<String>,
    /// Addresses that hear of failures.
    #[serde(default)]
    pub alert_addresses: Vec<String>,
    /// Files that are expected every allowed day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected_loads: Vec<ExpectedLoad>,
    /// The sender addresses of the project: no customer's contact.
    #[serde(default)]
    pub sender_addresses: Vec<String>,
    /// Payments must have been loaded within so many hours; off by default.
    #[serde(default)]
    pub payments_within_hours: Option<u32>,
    /// A user stopped what was left of a day.
    #[serde(default)]
    pub stopped: Option<DateTime<Utc>>,
    /// Share of existing open orders, in percent, that a load may change without confirmation.
    pub confirm_above_percent: u32,
    /// The token of its webhook routes.
    pub hook_token: String,
    /// What a day's messages may cost; what is past it is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_budget: Option<Cost>,
    /// A message that cannot reach its address is followed by a standard text on the channel that last worked.
    #[serde(default = "yes")]
    pub alternative_channel: bool,
    /// The tray of addresses nobody is known to have is shown (*no registrados*).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unregistered_tray: bool,
    /// What it decides about promises, declared payments and claims.
    #[serde(default)]
    pub rules: Rules,
    /// Whoever refuses marketing at WhatsApp is not written to there at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marketing_stop_is_full: bool,
    /// The ways to pay it, in the order they are offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payment_methods: Vec<PaymentMethod>,
    /// How its documents look.
    #[serde(default)]
    pub brand: Brand,
    /// Its automatic agent, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentSettings>,
}

/// How a project's documents look.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brand {
    /// The colour of headings and lines, as `#RRGGBB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Its logo, a PNG or JPEG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<MessageFile>,
    /// The line at the foot: address, tax number, telephone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foot: Option<String>,
}

fn yes() -> bool {
    true
}

impl Project {
    /// What a refusal of marketing at WhatsApp covers.
    pub fn marketing_scope(&self) -> Scope {
        if self.marketing_stop_is_full { Scope::Whatsapp } else { Scope::WhatsappMarketing }
    }
}

/// A user of a project; no sign-in yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Id, the join key of assignment files.
    pub id: UserId,
    /// Name.
    pub name: String,
    /// E-mail: no customer's contact.
    pub email: String,
    /// Role.
    pub role: Role,
    /// Whether it may act.
    pub active: bool,
    /// What it may do besides what its role says.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub grants: BTreeSet<Grant>,
    /// It sees the customers assigned to it alone (*solo asignados*).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_assigned: bool,
}

impl User {
    /// Whether it sees a customer: one who sees only what is assigned sees the customers that are its own now, with their whole
    /// history; supervisors those that are nobody's too.
    pub fn sees(&self, account: &Account) -> bool {
        self.is_in_charge(&account.customer.adviser, &account.customer.supervisor)
    }

    /// Whether what an adviser and a supervisor are in charge of is this user's to see.
    pub fn is_in_charge(&self, adviser: &Option<UserId>, supervisor: &Option<UserId>) -> bool {
        let unassigned = self.role == Role::Supervisor && adviser.is_none() && supervisor.is_none();
        !self.only_assigned || unassigned || [adviser, supervisor].into_iter().flatten().any(|id| *id == self.id)
    }

    /// Whether it may ask for reports.
    pub fn may_report(&self) -> bool {
        self.role != Role::Adviser || self.grants.contains(&Grant::Reports)
    }
}

/// What an adviser may be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Change what is known of customers.
    EditCustomers,
    /// Read and answer addresses nobody is known to have.
    Unregistered,
    /// Ask for reports.
    Reports,
}

/// A role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works customers (*asesor*).
    Adviser,
    /// Leads advisers (*supervisor*).
    Supervisor,
    /// Everything (*administrador*).
    Administrator,
}

/// Where one field of a load comes from in a foreign file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldSource {
    /// A column.
    Column(String),
    /// The same text for every row.
    Constant(String),
    /// A text with columns in braces: `{customerID}@example.com`.
    Pattern(String),
}

/// How a foreign file maps to the columns of a load.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mapping {
    /// Name.
    pub name: String,
    /// Source of each field, by the Spanish column name.
    pub fields: BTreeMap<String, FieldSource>,
    /// Date format of every date column, such as `mm/dd/yyyy`.
    #[serde(default)]
    pub date_format: Option<String>,
    /// Decimal separator of every amount.
    #[serde(default)]
    pub decimal: Option<NumberStyle>,
    /// Rows in which this field comes out empty are passed over.
    #[serde(default)]
    pub skip_when_empty: Option<String>,
}

/// Which project a key, token or list entry leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// The project.
    pub project: ProjectId,
    /// The user it acts as; none acts as the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
}

shapes! {
    Project => "project_v1",
    User => "user_v1",
    Mapping => "mapping_v1",
    Door => "door_v1",
    Registered => "registered_v1",
    PriceBook => "prices_v1",
}

/// A thing with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The thing.
    pub value: T,
    /// Its version.
    pub version: u64,
}

/// A project with everything it is set up with, and its key for digests.
#[derive(Clone)]
pub struct Setup {
    /// The project.
    pub project: Versioned<Project>,
    /// Users.
    pub users: Vec<Versioned<User>>,
    /// Templates.
    pub templates: Vec<Versioned<Template>>,
    /// Segments.
    pub segments: Vec<Versioned<Segment>>,
    /// Flows.
    pub flows: Vec<Versioned<Flow>>,
    /// What is sent when something happens to a debt.
    pub events: Vec<Versioned<EventRule>>,
    /// Where the company is told what happens.
    pub endpoints: Vec<Versioned<Endpoint>>,
    /// Mappings.
    pub mappings: Vec<Versioned<Mapping>>,
    /// Accounts at providers, by the channel they serve.
    pub connections: BTreeMap<Channel, Versioned<Connection>>,
    /// Templates as the providers know them.
    pub registered: Vec<Versioned<Registered>>,
    /// What messages cost.
    pub prices: Option<Versioned<PriceBook>>,
    /// Some campaign was scheduled ever: what happens to customers may count for one.
    pub campaigned: bool,
    /// The project's key for digests of personal values.
    pub key: Vec<u8>,
}

impl Setup {
    /// The project's id.
    pub fn id(&self) -> &ProjectId {
        &self.project.value.id
    }
    /// The project.
    pub fn project(&self) -> &Project {
        &self.project.value
    }
    /// The local day of an instant.
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        self.project().calendar.local_day(now)
    }
    /// What the project gives to every message.
    pub fn sender(&self) -> Sender<'_> {
        let project = self.project();
        Sender {
            company: &project.name,
            style: project.number_style,
            payment_url: project.payment_url.as_deref(),
            how_to_pay: project.how_to_pay.as_deref(),
        }
    }
    /// A template by id.
    pub fn template(&self, id: &TemplateId) -> Option<&Versioned<Template>> {
        self.templates.iter().find(|t| t.value.id == *id)
    }
    /// What a trigger sends; nothing, as long as nobody has set it up.
    pub fn event(&self, trigger: Trigger) -> EventRule {
        let set_up = self.events.iter().find(|rule| rule.value.trigger == trigger);
        set_up.map_or_else(|| EventRule::new(trigger), |rule| rule.value.clone())
    }
    /// The flow that serves a segment.
    pub fn active_flow(&self, segment: &SegmentId) -> Option<&Flow> {
        self.flows.iter().map(|flow| &flow.value).find(|flow| flow.active && flow.segments.contains(segment))
    }
    /// The segments in order.
    pub fn segment_list(&self) -> Vec<Segment> {
        self.segments.iter().map(|s| s.value.clone()).collect()
    }
    /// The addresses of users and senders, which no customer may have.
    pub fn internal_addresses(&self) -> Vec<String> {
        let users = self.users.iter().map(|u| u.value.email.to_lowercase());
        users.chain(self.project().sender_addresses.iter().map(|a| a.to_lowercase())).collect()
    }
    /// The id of the customer with a document: a digest under the project's key, so it is found without a look-up.
    pub fn customer_id(&self, document: &cauce_domain::debt::document::Document) -> cauce_domain::ids::CustomerId {
        let value = format!("{}\u{1}{}", document.kind, document.number);
        cauce_domain::ids::CustomerId::new(keys::keyed(&self.key, "document", &value))
    }
    /// The partition of an address.
    pub fn address_partition(&self, address: &str) -> String {
        keys::address(self.id(), &keys::keyed(&self.key, "address", address))
    }
}

/// The name of a project's key among the secrets.
pub fn key_name(project: &ProjectId) -> String {
    format!("{project}.key")
}

/// Reads a project's settings with one query.
pub fn load<'a>(ports: &'a Ports, project: &'a ProjectId) -> BoxFuture<'a, Result<Setup, Error>> {
    Box::pin(async move {
        let items = query_all(ports.table.as_ref(), Query::table(TableName::Settings, project.as_str())).await?;
        let secret = ports.secrets.get(&key_name(project)).await?;
        let key = secret.map(|s| s.expose().as_bytes().to_vec()).unwrap_or_default();
        let (mut found, mut users, mut templates, mut segments, mut flows, mut mappings) =
            (None, vec![], vec![], vec![], vec![], vec![]);
        let (mut connections, mut registered, mut prices) = (BTreeMap::new(), vec![], None);
        let (mut events, mut endpoints, mut campaigned) = (vec![], vec![], false);
        for stored in items {
            let (body, version) = (&stored.body, stored.version);
            match stored.key.sk.split('#').next() {
                Some("project") => found = Some(Versioned { value: decode(body)?, version }),
                Some("user") => users.push(Versioned { value: decode(body)?, version }),
                Some("template") => templates.push(Versioned { value: decode(body)?, version }),
                Some("segment") => segments.push(Versioned { value: decode(body)?, version }),
                Some("flow") => flows.push(Versioned { value: decode(body)?, version }),
                Some("endpoint") => endpoints.push(Versioned { value: decode(body)?, version }),
                Some("event") => events.push(Versioned { value: decode(body)?, version }),
                Some("mapping") => mappings.push(Versioned { value: decode(body)?, version }),
                Some("connection") => {
                    let value: Connection = decode(body)?;
                    connections.insert(value.channel, Versioned { value, version });
                }
                Some(CAMPAIGNED) => campaigned = true,
                Some("prices") => prices = Some(Versioned { value: decode(body)?, version }),
                Some("registered") => registered.push(Versioned { value: decode(body)?, version }),
                _ => {}
            }
        }
        let mut project: Versioned<Project> = found.ok_or(Error::NotFound("el proyecto"))?;
        // A channel that came later is as a new project has it.
        for channel in Channel::ALL {
            let flags = ChannelFlags { visible: true, active: true, connected: true, paused_until: None };
            project.value.channels.entry(channel).or_insert(flags);
        }
        project.value.active &= ports.restored.is_none_or(|restored| project.value.activated >= Some(restored));
        Ok(Setup {
            project,
            users,
            templates,
            segments,
            flows,
            events,
            endpoints,
            mappings,
            connections,
            registered,
            prices,
            campaigned,
            key,
        })
    })
}

/// The sort key of the mark that some campaign was scheduled.
pub(crate) const CAMPAIGNED: &str = "campaigned";

/// The place of a setting.
pub fn place(project: &ProjectId, sort: impl Into<String>) -> Key {
    Key::new(TableName::Settings, project.as_str(), sort)
}

/// Saves a setting as somebody changed it, expecting what was read before (`None`: it is new); answers the new version.
pub async fn save<T: Shape>(
    ports: &Ports,
    by: &By,
    key: Key,
    before: Option<&Versioned<T>>,
    after: &T,
) -> Result<u64, Error> {
    let edit = edits::of_setting(ports, by, &key, edits::differences(before.map(|b| &b.value), after)?)?;
    let read_at = before.map(|b| b.version);
    match commit(ports, vec![Change::Put(Item::new(key, encode(after)?), as_read(read_at)), edit]).await? {
        Committed::Made => Ok(read_at.unwrap_or(0) + 1),
        Committed::Lost(_) => Err(Error::Raced),
    }
}

/// Takes a setting off; the history keeps what it was, up to `last`.
pub async fn remove<T: Shape>(ports: &Ports, by: &By, key: Key, before: &Versioned<T>, last: &T) -> Result<(), Error> {
    let edit = edits::of_setting(ports, by, &key, edits::differences(Some(&before.value), last)?)?;
    match commit(ports, vec![Change::Delete(key, Expect::Version(before.version)), edit]).await? {
        Committed::Made => Ok(()),
        Committed::Lost(_) => Err(Error::Raced),
    }
}

/// Saves the project itself.
pub async fn save_project(ports: &Ports, by: &By, before: &Versioned<Project>, after: &Project) -> Result<u64, Error> {
    save(ports, by, place(&after.id, "project"), Some(before), after).await
}

/// The projects there are.
pub async fn projects(ports: &Ports) -> Result<Vec<ProjectId>, Error> {
    let listed = query_all(ports.table.as_ref(), Query::table(TableName::Settings, "projects")).await?;
    listed.iter().map(|s| decode::<Door>(&s.body).map(|d| d.project)).collect()
}

/// Follows an API key to its project.
pub async fn door(ports: &Ports, kind: &str, secret: &str) -> Result<Option<Door>, Error> {
    let stored = ports.table.get(&door_key(kind, secret)).await?;
    stored.map(|s| decode(&s.body)).transpose()
}

/// The place of a door: `key` for API keys, `hook` for webhook tokens, both hashed.
pub fn door_key(kind: &str, secret: &str) -> Key {
    Key::new(TableName::Settings, format!("{kind}#{}", keys::sha256(secret.as_bytes())), "d")
}
