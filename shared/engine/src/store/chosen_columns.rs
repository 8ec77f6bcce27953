//! Which columns of a tray each user has chosen to see.

use super::accounts::as_read;
use super::codec::{decode, encode, shapes};
use super::commit::{Committed, commit};
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Change, Item, Key, TableName};
use cauce_domain::ids::ProjectId;
use serde::{Deserialize, Serialize};

/// A choice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Chosen {
    columns: Vec<String>,
}

shapes! { Chosen => "chosen_columns_v1" }

fn place(project: &ProjectId, user: &str, tray: &str) -> Key {
    Key::new(TableName::Settings, format!("{project}#columns"), format!("{user}#{tray}"))
}

/// The columns somebody chose, if any.
pub async fn chosen(ports: &Ports, project: &ProjectId, user: &str, tray: &str) -> Result<Option<Vec<String>>, Error> {
    let stored = ports.table.get(&place(project, user, tray)).await?;
    stored.map(|stored| Ok(decode::<Chosen>(&stored.body)?.columns)).transpose()
}

/// Keeps a choice.
pub async fn choose(
    ports: &Ports,
    project: &ProjectId,
    (user, tray): (&str, &str),
    columns: Vec<String>,
) -> Result<(), Error> {
    let key = place(project, user, tray);
    let read = ports.table.get(&key).await?.map(|stored| stored.version);
    let item = Item::new(key, encode(&Chosen { columns })?);
    match commit(ports, vec![Change::Put(item, as_read(read))]).await? {
        Committed::Made => Ok(()),
        Committed::Lost(_) => Err(Error::Raced),
    }
}
