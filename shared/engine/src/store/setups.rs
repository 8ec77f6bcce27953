//! Settings read once for a batch: of each project the batch names, and whose each provider's account is.

use super::codec::{decode, encode};
use super::commit::{Committed, commit};
use super::settings::{self, Door, Setup};
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use cauce_domain::ids::ProjectId;
use futures::lock::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a batch has read so far.
pub struct Setups<'a> {
    ports: &'a Ports,
    known: Mutex<BTreeMap<ProjectId, Arc<Setup>>>,
    owners: Mutex<BTreeMap<(String, String), Option<ProjectId>>>,
}

impl<'a> Setups<'a> {
    /// With nothing read yet.
    pub fn new(ports: &'a Ports) -> Self {
        Self { ports, known: Mutex::default(), owners: Mutex::default() }
    }

    /// A project's settings; of two that ask at once, one reads.
    pub async fn get(&self, project: &ProjectId) -> Result<Arc<Setup>, Error> {
        let mut known = self.known.lock().await;
        if let Some(setup) = known.get(project) {
            return Ok(Arc::clone(setup));
        }
        let setup = Arc::new(settings::load(self.ports, project).await?);
        known.insert(project.clone(), Arc::clone(&setup));
        Ok(setup)
    }

    /// The project that holds an account or number at a provider.
    pub async fn owner(&self, provider: &str, account: &str) -> Result<Option<ProjectId>, Error> {
        let place = (provider.to_owned(), account.to_owned());
        let mut owners = self.owners.lock().await;
        if let Some(owner) = owners.get(&place) {
            return Ok(owner.clone());
        }
        let owner = owner(self.ports, provider, account).await?;
        owners.insert(place, owner.clone());
        Ok(owner)
    }
}

/// The place of a provider's account: one project holds it.
fn place(provider: &str, account: &str) -> Key {
    Key::new(TableName::Settings, format!("account#{provider}#{account}"), "d")
}

/// The project that holds an account or number at a provider.
pub async fn owner(ports: &Ports, provider: &str, account: &str) -> Result<Option<ProjectId>, Error> {
    let stored = ports.table.get(&place(provider, account)).await?;
    Ok(stored.map(|s| decode::<Door>(&s.body)).transpose()?.map(|door| door.project))
}

/// Takes an account for a project; `false` when another holds it.
pub async fn claim_account(ports: &Ports, project: &ProjectId, provider: &str, account: &str) -> Result<bool, Error> {
    let door = Door { project: project.clone(), user: None };
    let item = Item::new(place(provider, account), encode(&door)?);
    Ok(match commit(ports, vec![Change::Put(item, Expect::Absent)]).await? {
        Committed::Made => true,
        Committed::Lost(_) => owner(ports, provider, account).await?.as_ref() == Some(project),
    })
}

/// Gives an account of a project's back.
pub async fn release_account(ports: &Ports, project: &ProjectId, provider: &str, account: &str) -> Result<(), Error> {
    let place = place(provider, account);
    let Some(stored) = ports.table.get(&place).await? else { return Ok(()) };
    if decode::<Door>(&stored.body)?.project == *project {
        commit(ports, vec![Change::Delete(place, Expect::Version(stored.version))]).await?;
    }
    Ok(())
}
