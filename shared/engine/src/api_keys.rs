//! API keys: made for a project or for one of its users, shown once, listed without themselves, revoked.
//!
//! What is kept is a key's digest, in two places written together: the door that a call comes through, and the list.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Query, TableName};
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::commit_or_fail;
use crate::store::edits::{self, By};
use crate::store::settings::{Door, Setup, door_key, place};
use crate::store::{keys, query_all};
use cauce_domain::ids::UserId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id: the first digits of its digest.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// The user it acts as; none acts as the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Who made it.
    pub author: String,
    /// When.
    pub created: DateTime<Utc>,
    /// Its digest, by which it is revoked.
    pub digest: String,
}

shapes! { ApiKey => "api_key_v1" }

/// Makes a key; answers its listing and the key itself, which nobody sees again.
pub async fn make(
    ports: &Ports,
    setup: &Setup,
    name: &str,
    user: Option<UserId>,
    by: &By,
) -> Result<(ApiKey, String), Error> {
    if let Some(user) = user.as_ref().filter(|user| !setup.users.iter().any(|u| u.value.id == **user)) {
        return Err(Error::refused("unknown_user", Some("user"), format!("no hay un usuario con ID '{user}'")));
    }
    // Two version-7 ids carry 148 random bits.
    let key = format!("ck_{}{}", ports.new_id().simple(), ports.new_id().simple());
    let digest = keys::sha256(key.as_bytes());
    let listed = ApiKey {
        id: digest[..12].to_owned(),
        name: name.to_owned(),
        user: user.clone(),
        author: by.author.clone(),
        created: by.at,
        digest,
    };
    let listing = place(setup.id(), format!("key#{}", listed.id));
    let door = Door { project: setup.id().clone(), user };
    let changes = vec![
        Change::Put(Item::new(door_key("key", &key), encode(&door)?), Expect::Absent),
        edits::of_setting(ports, by, &listing, Vec::new())?,
        Change::Put(Item::new(listing, encode(&listed)?), Expect::Absent),
    ];
    commit_or_fail(ports, changes).await?;
    Ok((listed, key))
}

/// Lists a project's keys.
pub async fn list(ports: &Ports, setup: &Setup) -> Result<Vec<ApiKey>, Error> {
    let query = Query::table(TableName::Settings, setup.id().as_str()).prefix("key#");
    query_all(ports.table.as_ref(), query).await?.iter().map(|s| decode(&s.body)).collect()
}

/// Revokes a key: from the next call on it opens nothing.
pub async fn revoke(ports: &Ports, setup: &Setup, id: &str, by: &By) -> Result<(), Error> {
    let found = list(ports, setup).await?.into_iter().find(|key| key.id == id);
    let found = found.ok_or(Error::NotFound("la llave"))?;
    let listing = place(setup.id(), format!("key#{id}"));
    let door = crate::ports::table::Key::new(TableName::Settings, format!("key#{}", found.digest), "d");
    let changes = vec![
        Change::Delete(door, Expect::Anything),
        edits::of_setting(ports, by, &listing, vec!["revoked".to_owned()])?,
        Change::Delete(listing, Expect::Anything),
    ];
    commit_or_fail(ports, changes).await
}
