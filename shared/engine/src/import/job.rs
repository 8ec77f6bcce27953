//! A load: what was asked, how far it is, what it found. Its entry in the process log.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Cursor, Expect, Item, Key, Query, TableName};
use crate::process_log::{self, Process};
use crate::store::codec::{Shape, decode, encode, shapes, type_of};
use crate::store::commit::{Committed, commit};
use crate::store::jobs::expiry;
use crate::store::query_all;
use cauce_domain::debt::money::Currency;
use cauce_domain::ids::{JobId, ProjectId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a file holds. Waiting loads run in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// *Clientes*.
    Customers,
    /// *Órdenes de pago*.
    Orders,
    /// *Novedades de pago*.
    Payments,
    /// *Exclusiones*.
    #[serde(rename = "exclusiones")]
    Exclusions,
    /// *Comunicaciones* made outside.
    Communications,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: [Self; 5] = [Self::Customers, Self::Orders, Self::Payments, Self::Exclusions, Self::Communications];
    /// The name in folders and URLs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Exclusions => "exclusiones",
            Self::Communications => "communications",
        }
    }
    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Customers => "Clientes",
            Self::Orders => "Órdenes de pago",
            Self::Payments => "Novedades de pago",
            Self::Exclusions => "Exclusiones",
            Self::Communications => "Comunicaciones",
        }
    }
    /// The kind of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.code() == name)
    }
}

/// What part of the portfolio a file is a full picture of (*foto completa*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// The whole project.
    Project,
    /// The current portfolio.
    Current,
    /// The written-off portfolio.
    WrittenOff,
}

/// How a load is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Options {
    /// Only tell what would change.
    #[serde(default)]
    pub trial: bool,
    /// The file is a full picture: open orders absent from it become annulled.
    #[serde(default)]
    pub picture: Option<Picture>,
    /// A saved mapping.
    #[serde(default)]
    pub mapping: Option<String>,
    /// Large changes are confirmed beforehand.
    #[serde(default)]
    pub confirmed: bool,
}

/// Where a load stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadState {
    /// Waiting for its turn.
    Queued,
    /// The file is read.
    Reading,
    /// Its effect is worked out.
    Looking,
    /// It would change a lot: somebody has to confirm.
    ToConfirm,
    /// Rows are written.
    Writing,
    /// Every row was taken.
    Finished,
    /// Some rows were rejected.
    FinishedWithErrors,
    /// The trial is over; nothing was written.
    Tried,
    /// The file was refused.
    Failed,
    /// Somebody decided against a load that waited to be confirmed; nothing was written.
    Discarded,
}

impl LoadState {
    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Queued => "En cola",
            Self::Reading | Self::Looking | Self::Writing => "En proceso",
            Self::ToConfirm => "Por confirmar",
            Self::Finished => "Finalizado",
            Self::FinishedWithErrors => "Finalizado con errores",
            Self::Tried => "Prueba finalizada",
            Self::Failed => "Fallido",
            Self::Discarded => "Descartado",
        }
    }
    /// Whether nothing more happens by itself.
    pub fn is_over(self) -> bool {
        use LoadState::{Discarded, Failed, Finished, FinishedWithErrors, ToConfirm, Tried};
        matches!(self, Finished | FinishedWithErrors | Tried | Failed | ToConfirm | Discarded)
    }
}

/// What a load counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Rows of the file, header apart.
    pub rows: u64,
    /// Rows taken.
    pub accepted: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Things that are new.
    pub new: u64,
    /// Things that changed.
    pub changed: u64,
    /// Rows that said nothing new.
    pub unchanged: u64,
    /// Orders that came to be paid.
    pub paid: u64,
    /// Orders annulled because a full picture did not bring them.
    pub absent: u64,
    /// Values left out of rows that were taken.
    pub observations: u64,
    /// Open balance of the customers concerned, before, minor units.
    #[serde(default)]
    pub balance_before: BTreeMap<Currency, i64>,
    /// And after.
    #[serde(default)]
    pub balance_after: BTreeMap<Currency, i64>,
}

impl Counts {
    /// Adds another part's counts.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.paid += other.paid;
        self.absent += other.absent;
        self.observations += other.observations;
        other.balance_before.iter().for_each(|(c, b)| *self.balance_before.entry(*c).or_default() += b);
        other.balance_after.iter().for_each(|(c, b)| *self.balance_after.entry(*c).or_default() += b);
    }
}

/// A load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Its id, in order of time.
    pub id: JobId,
    /// What the file holds.
    pub kind: Kind,
    /// Where the file is.
    pub file: String,
    /// The name its user knows.
    pub file_name: String,
    /// Who asked: a user's id, `api` or `carpeta`.
    pub requester: String,
    /// How it was asked for.
    pub options: Options,
    /// Where it stands.
    pub state: LoadState,
    /// What it counted.
    #[serde(default)]
    pub counts: Counts,
    /// Why the file was refused, or what to know of the load.
    #[serde(default)]
    pub message: Option<String>,
    /// Stable code of a refusal.
    #[serde(default)]
    pub code: Option<String>,
    /// Headers nobody read.
    #[serde(default)]
    pub ignored: Vec<String>,
    /// How many chunks it has.
    #[serde(default)]
    pub chunks: u16,
    /// Where the rejected rows are.
    #[serde(default)]
    pub rejected_file: Option<String>,
    /// When it was asked for.
    pub created: DateTime<Utc>,
    /// When it began.
    #[serde(default)]
    pub started: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default)]
    pub finished: Option<DateTime<Utc>>,
}

/// Who holds the project's one place for a running load.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Slot {
    pub(super) holder: Option<JobId>,
}

shapes! {
    Load => "load_v1",
    Slot => "slot_v1",
}

/// The place of a load.
pub fn load_key(project: &ProjectId, id: &JobId) -> Key {
    Key::new(TableName::Jobs, format!("{project}#log"), id.as_str())
}

/// The partition of a load's parts.
pub fn parts(project: &ProjectId, id: &JobId) -> String {
    format!("{project}#job#{id}")
}

pub(super) fn slot_key(project: &ProjectId) -> Key {
    Key::new(TableName::Jobs, format!("{project}#slot"), "import")
}

pub(super) fn waiting_key(project: &ProjectId, load: &Load) -> Key {
    Key::new(TableName::Jobs, format!("{project}#waiting"), format!("{}#{}", load.kind as u8, load.id))
}

/// Reads a load.
pub async fn read(ports: &Ports, project: &ProjectId, id: &JobId) -> Result<Option<(Load, u64)>, Error> {
    let stored = ports.table.get(&load_key(project, id)).await?;
    // Other processes of the log stand beside the loads.
    let load = stored.filter(|stored| type_of(&stored.body) == Load::TYPE);
    load.map(|s| Ok((decode(&s.body)?, s.version))).transpose()
}

/// The item of a load.
pub fn item(project: &ProjectId, load: &Load) -> Result<Item, Error> {
    Ok(Item::new(load_key(project, &load.id), encode(load)?).expiring(expiry(load.created)))
}

/// Changes a load as often as others get in between; answers it as stored, `None` when the change does not apply.
pub async fn update(
    ports: &Ports,
    project: &ProjectId,
    id: &JobId,
    change: impl Fn(&mut Load) -> bool,
) -> Result<Option<Load>, Error> {
    for _ in 0..10 {
        let Some((mut load, version)) = read(ports, project, id).await? else {
            return Err(Error::NotFound("la carga"));
        };
        if !change(&mut load) {
            return Ok(None);
        }
        match commit(ports, vec![Change::Put(item(project, &load)?, Expect::Version(version))]).await? {
            Committed::Made => return Ok(Some(load)),
            Committed::Lost(_) => {}
        }
    }
    Err(Error::Raced)
}

/// A page of a project's loads, newest first; one may be shorter than the limit.
pub async fn log(
    ports: &Ports,
    project: &ProjectId,
    limit: u32,
    after: Option<Cursor>,
) -> Result<(Vec<Load>, Option<Cursor>), Error> {
    let (processes, next) = process_log::page(ports, project, limit, after).await?;
    let load = |process| match process {
        Process::Load(load) => Some(*load),
        Process::Walk(_) | Process::Report(_) => None,
    };
    Ok((processes.into_iter().filter_map(load).collect(), next))
}

/// Every load of a project.
pub async fn all(ports: &Ports, project: &ProjectId) -> Result<Vec<Load>, Error> {
    let query = Query::table(TableName::Jobs, format!("{project}#log"));
    let found = query_all(ports.table.as_ref(), query).await?;
    found.iter().filter(|stored| type_of(&stored.body) == Load::TYPE).map(|s| decode(&s.body)).collect()
}
