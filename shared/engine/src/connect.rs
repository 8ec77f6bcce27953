//! A project's accounts at providers: connected after the provider said that they work, checked again whenever asked, held
//! by one project each.

use crate::Ports;
use crate::error::Error;
use crate::hooks::{self, Hook};
use crate::ports::channel::Sender;
use crate::ports::provider::{Account, Provider, Signs, Standing, Unfit};
use crate::ports::secrets::Secret;
use crate::ports::table::{Change, Expect};
use crate::store::codec::shapes;
use crate::store::commit::{Committed, commit};
use crate::store::edits::By;
use crate::store::settings::{self, Setup, Versioned, place};
use crate::store::setups::{claim_account, release_account};
use cauce_domain::contact::channel::Channel;
use cauce_domain::ids::ProjectId;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// An account of a project's, without what opens it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// The channel it serves.
    pub channel: Channel,
    /// The provider.
    pub provider: String,
    /// The webhook its posts come by, under whose name the account is held.
    pub webhook: String,
    /// The name of the account there.
    pub account: String,
    /// Messages that begin a conversation must have been approved by the provider.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approves: bool,
    /// What is set.
    pub settings: BTreeMap<String, String>,
    /// Messages a second that may leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// People a rolling day that may be written to first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_a_day: Option<u64>,
    /// What the provider said of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// When the provider last said that it works.
    pub checked: DateTime<Utc>,
}

shapes! { Connection => "connection_v1" }

/// What a user gives to connect.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The provider.
    pub provider: String,
    /// Settings.
    pub settings: BTreeMap<String, String>,
    /// Credentials; those left out stay as they were.
    pub credentials: BTreeMap<String, Secret>,
}

/// What a message of a channel leaves by.
#[derive(Clone)]
pub struct Line {
    /// Who sends.
    pub sender: Arc<dyn Sender>,
    /// The project's own account, where it has one.
    pub account: Option<Arc<Account>>,
}

fn secret_name(project: &ProjectId, channel: Channel) -> String {
    format!("connection.{project}.{channel}")
}

fn callback(ports: &Ports, setup: &Setup, webhook: &str) -> String {
    format!("{}/hooks/{webhook}/{}", ports.public_url, setup.project().hook_token)
}

/// The credentials kept for a channel.
async fn credentials(ports: &Ports, setup: &Setup, channel: Channel) -> Result<BTreeMap<String, Secret>, Error> {
    opened(ports.secrets.get(&secret_name(setup.id(), channel)).await?)
}

fn opened(secret: Option<Secret>) -> Result<BTreeMap<String, Secret>, Error> {
    let Some(secret) = secret else { return Ok(BTreeMap::new()) };
    let kept: BTreeMap<String, String> = serde_json::from_str(secret.expose())
        .map_err(|_| Error::Broken("connection", "las credenciales no se pueden leer".to_owned()))?;
    Ok(kept.into_iter().map(|(name, text)| (name, Secret::new(text))).collect())
}

/// What a channel's messages leave by: the project's own account, else what the platform has for everybody.
pub fn line<'a>(ports: &'a Ports, setup: &'a Setup, channel: Channel) -> BoxFuture<'a, Result<Option<Line>, Error>> {
    Box::pin(async move {
        let Some(connection) = setup.connections.get(&channel).map(|c| &c.value) else {
            let sender = ports.channels.get(&channel).map(Arc::clone);
            return Ok(sender.map(|sender| Line { sender, account: None }));
        };
        let Some(provider) = ports.providers.get(connection.provider.as_str()) else { return Ok(None) };
        let mut account = Account {
            settings: connection.settings.clone(),
            credentials: credentials(ports, setup, channel).await?,
            callback: String::new(),
        };
        if let Some(signs) = provider.signs(&account) {
            account.callback = callback(ports, setup, signs.webhook);
        }
        let sender: Arc<dyn Sender> = Arc::clone(provider) as Arc<dyn Sender>;
        Ok(Some(Line { sender, account: Some(Arc::new(account)) }))
    })
}

/// Whether messages of a channel must have been approved by the project's provider.
pub fn approves(setup: &Setup, channel: Channel) -> bool {
    setup.connections.get(&channel).is_some_and(|c| c.value.approves)
}

/// The provider of a project's own account for a channel, with the account.
pub async fn account(
    ports: &Ports,
    setup: &Setup,
    channel: Channel,
) -> Result<(Arc<dyn Provider>, Arc<Account>), Error> {
    let none = || Error::refused("not_connected", None, "el canal no tiene una cuenta propia: conéctela primero");
    let connection = setup.connections.get(&channel).ok_or_else(none)?;
    let provider = ports.providers.get(connection.value.provider.as_str()).ok_or_else(none)?;
    let line = line(ports, setup, channel).await?.and_then(|line| line.account).ok_or_else(none)?;
    Ok((Arc::clone(provider), line))
}

/// Connects a channel: fields checked, the provider asked, the account taken for the project, its posts let in.
pub async fn connect(
    ports: &Ports,
    setup: &Setup,
    channel: Channel,
    asked: Asked,
    by: &By,
) -> Result<Connection, Error> {
    let known = ports.providers.get(asked.provider.as_str()).filter(|p| p.channels().contains(&channel));
    let Some(provider) = known else {
        let serving: Vec<&str> =
            ports.providers.iter().filter(|(_, p)| p.channels().contains(&channel)).map(|(name, _)| *name).collect();
        let message = format!("'{}' no atiende este canal: use {}", asked.provider, serving.join(", "));
        return Err(Error::refused("unknown_provider", "provider", message));
    };
    let mut kept = match setup.connections.get(&channel).filter(|c| c.value.provider == asked.provider) {
        Some(_) => opened(ports.secrets.get_within(&secret_name(setup.id(), channel), Duration::ZERO).await?)?,
        None => BTreeMap::new(),
    };
    kept.extend(asked.credentials);
    let mut account = Account { settings: asked.settings, credentials: kept, callback: String::new() };
    complete(provider.as_ref(), &mut account)?;
    let signs = provider.signs(&account);
    if let Some(signs) = &signs {
        account.callback = callback(ports, setup, signs.webhook);
    }
    let standing = provider.check(&account).await.map_err(not_connected)?;
    let id = provider.account_id(&account);
    let webhook = signs.as_ref().map_or(asked.provider.as_str(), |signs| signs.webhook).to_owned();
    if !claim_account(ports, setup.id(), &webhook, &id).await? {
        return Err(Error::refused("account_taken", None, "esa cuenta ya está conectada a otro proyecto"));
    }
    for domain in provider.domains(&account) {
        // One that several projects share is nobody's: their answers are known by their tokens alone.
        claim_account(ports, setup.id(), &webhook, &domain).await?;
    }
    keep(ports, setup, channel, &account).await?;
    if let Some(signs) = signs {
        let_in(ports, setup, signs, by.at).await?;
    }
    let made = Connection {
        channel,
        webhook,
        account: id,
        approves: provider.approves(),
        provider: asked.provider,
        settings: account.settings,
        rate: None,
        people_a_day: None,
        notes: Vec::new(),
        checked: by.at,
    };
    let made = made.standing(standing, by.at);
    save(ports, setup, &made, by).await?;
    Ok(made)
}

impl Connection {
    /// The same with what its provider said last.
    fn standing(self, said: Standing, checked: DateTime<Utc>) -> Self {
        let Standing { rate, people_a_day, notes } = said;
        Self { rate, people_a_day, notes, checked, ..self }
    }
}

/// Fills in defaults; refuses what is missing and what nobody knows.
fn complete(provider: &dyn Provider, account: &mut Account) -> Result<(), Error> {
    let fields = provider.fields();
    let named = account.settings.keys().chain(account.credentials.keys());
    for name in named {
        if !fields.iter().any(|field| field.name == name) {
            return Err(Error::refused("unknown_field", None, format!("'{name}' no es un dato de esta cuenta")));
        }
    }
    for field in fields {
        let given = match field.is_credential {
            true => account.credential(field.name),
            false => account.setting(field.name),
        };
        if !given.trim().is_empty() {
            continue;
        }
        match field.default {
            Some(default) => drop(account.settings.insert(field.name.to_owned(), default.to_owned())),
            None if field.is_required => {
                return Err(Error::refused("missing_field", field.name, format!("falta {}", field.spanish)));
            }
            None => {}
        }
    }
    Ok(())
}

async fn keep(ports: &Ports, setup: &Setup, channel: Channel, account: &Account) -> Result<(), Error> {
    let plain: BTreeMap<&str, &str> = account.credentials.iter().map(|(n, s)| (n.as_str(), s.expose())).collect();
    let text = serde_json::to_string(&plain).map_err(|e| Error::Broken("connection", e.to_string()))?;
    Ok(ports.secrets.put(&secret_name(setup.id(), channel), &Secret::new(text)).await?)
}

/// Has the project's route take what the account signs; the key before it is still taken for a while.
async fn let_in(ports: &Ports, setup: &Setup, signs: Signs, now: DateTime<Utc>) -> Result<(), Error> {
    hooks::change(ports, &setup.project().hook_token, now, |known| {
        let mut hook = known.unwrap_or(Hook { project: Some(setup.id().clone()), ..Hook::default() });
        let keys = hook.keys.entry(signs.webhook.to_owned()).or_default();
        let key = signs.key.as_ref().map(Secret::expose);
        keys.accept((signs.account.as_deref(), key), signs.handshake, signs.topics, now);
        Ok(hook)
    })
    .await
}

/// Saves the connection, and the channel as connected.
async fn save(ports: &Ports, setup: &Setup, connection: &Connection, by: &By) -> Result<(), Error> {
    let key = place(setup.id(), format!("connection#{}", connection.channel));
    settings::save(ports, by, key, setup.connections.get(&connection.channel), connection).await?;
    let before = setup.connections.get(&connection.channel).map(|c| &c.value);
    if let Some(old) = before.filter(|old| old.account != connection.account || old.webhook != connection.webhook) {
        release_account(ports, setup.id(), &old.webhook, &old.account).await?;
    }
    let kept = domains(ports, connection);
    for domain in before.iter().flat_map(|old| domains(ports, old)).filter(|domain| !kept.contains(domain)) {
        release_account(ports, setup.id(), &connection.webhook, &domain).await?;
    }
    flag(ports, setup, connection.channel, true, by).await
}

/// The domains under which answers come to an account that is connected.
fn domains(ports: &Ports, connection: &Connection) -> Vec<String> {
    let account = Account { settings: connection.settings.clone(), ..Account::default() };
    ports.providers.get(connection.provider.as_str()).map(|provider| provider.domains(&account)).unwrap_or_default()
}

async fn flag(ports: &Ports, setup: &Setup, channel: Channel, connected: bool, by: &By) -> Result<(), Error> {
    let mut project = setup.project().clone();
    let Some(flags) = project.channels.get_mut(&channel).filter(|flags| flags.connected != connected) else {
        return Ok(());
    };
    flags.connected = connected;
    if connected {
        flags.paused_until = None;
    }
    settings::save_project(ports, by, &setup.project, &project).await.map(|_| ())
}

/// Asks the provider again whether the account works, and keeps what it says.
pub async fn check(ports: &Ports, setup: &Setup, channel: Channel, by: &By) -> Result<Connection, Error> {
    let (provider, account) = account(ports, setup, channel).await?;
    let Some(Versioned { value: known, .. }) = setup.connections.get(&channel) else {
        return Err(Error::NotFound("la cuenta"));
    };
    match provider.check(&account).await {
        Ok(standing) => {
            let connection = known.clone().standing(standing, by.at);
            save(ports, setup, &connection, by).await?;
            Ok(connection)
        }
        Err(why) => {
            // Of an account of which the provider says nothing, what it said last holds.
            if let Unfit::Refused(_) = why {
                flag(ports, setup, channel, false, by).await?;
            }
            Err(not_connected(why))
        }
    }
}

fn not_connected(why: Unfit) -> Error {
    match why {
        Unfit::Refused(why) => {
            Error::refused("not_connected", None, format!("el proveedor no aceptó la cuenta: {why}"))
        }
        Unfit::Silent(why) => {
            let message = format!("no se pudo preguntar al proveedor: {why}. Intente de nuevo en unos minutos");
            Error::refused("provider_silent", None, message)
        }
    }
}

/// Gives the account back: the channel's messages leave by what the platform has for everybody, if anything.
pub async fn disconnect(ports: &Ports, setup: &Setup, channel: Channel, by: &By) -> Result<(), Error> {
    let Some(known) = setup.connections.get(&channel) else { return Ok(()) };
    let key = place(setup.id(), format!("connection#{channel}"));
    if let Committed::Lost(_) = commit(ports, vec![Change::Delete(key, Expect::Version(known.version))]).await? {
        return Err(Error::Raced);
    }
    ports.secrets.put(&secret_name(setup.id(), channel), &Secret::new("{}")).await?;
    for held in domains(ports, &known.value).iter().chain([&known.value.account]) {
        release_account(ports, setup.id(), &known.value.webhook, held).await?;
    }
    // Without an account of the platform's nothing leaves until another is connected.
    flag(ports, setup, channel, ports.channels.contains_key(&channel), by).await
}
