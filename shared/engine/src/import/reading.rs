//! Reading a file: one pass over it, then its chunks queued, or the file refused with what to do.

use super::job::{self, Kind, Load, LoadState};
use super::pass::Pass;
use super::row::{Conventions, Found, RowError};
use super::{Refused, turn};
use crate::Ports;
use crate::error::Error;
use crate::messages::Work;
use crate::ports::files::whole;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::store::codec::encode;
use crate::store::commit::commit;
use crate::store::jobs;
use crate::store::settings::{PaymentMode, Setup};
use chrono::{DateTime, Utc};

/// Rows a chunk holds, more or less.
const CHUNK_ROWS: u64 = 8_000;

/// Reads the file of a load and queues its chunks, or refuses it.
pub(super) async fn read_file(ports: &Ports, setup: &Setup, load: &Load, now: DateTime<Utc>) -> Result<(), Error> {
    if !matches!(load.state, LoadState::Queued | LoadState::Reading) {
        return Ok(());
    }
    job::update(ports, setup.id(), &load.id, |l| {
        l.state = LoadState::Reading;
        true
    })
    .await?;
    let mut pass = match Pass::begin(setup, load) {
        Ok(pass) => pass,
        Err(refused) => return fail(ports, setup, load, &refused, now).await,
    };
    match pass.whole_file(ports, setup, load).await? {
        Ok(conventions) => spilled(ports, setup, load, pass, conventions).await,
        Err(refused) => fail(ports, setup, load, &refused, now).await,
    }
}

/// Ends a load whose file is refused: nothing of it was written.
async fn fail(ports: &Ports, setup: &Setup, load: &Load, refused: &Refused, now: DateTime<Utc>) -> Result<(), Error> {
    let ended = job::update(ports, setup.id(), &load.id, |l| {
        l.state = LoadState::Failed;
        l.message = Some(refused.to_string());
        l.code = Some(refused.code().to_owned());
        l.finished = Some(now);
        true
    })
    .await?;
    if let Some(load) = ended {
        super::finish::tell(ports, setup, &load, now).await;
    }
    turn::release(ports, setup, now).await
}

/// Stores what the pass found and queues the chunks: first to look where a look is wanted, else to write.
async fn spilled(ports: &Ports, setup: &Setup, load: &Load, pass: Pass, conventions: Conventions) -> Result<(), Error> {
    let (rows, names, present) = (pass.rows, pass.names(), pass.present());
    let mut ignored = pass.layout.ignored.clone();
    let balance = present.iter().any(|p| p == "Saldo pendiente");
    if balance && setup.project().payment_mode == PaymentMode::Movements {
        ignored.push("Saldo pendiente (el proyecto carga pagos, no saldos)".to_owned());
    }
    let parts = job::parts(setup.id(), &load.id);
    let lost = pass.rejected.len() as u64;
    let errors: String = pass.rejected.iter().map(RowError::line).collect();
    ports.files.write(&format!("{}/errors-reading", folder(setup, load)), whole(errors)).await?;
    let runs = pass.spill.finish(ports).await?;
    let place = |sort: &str| Key::new(TableName::Jobs, parts.clone(), sort);
    let found = Found { conventions, variables: names, present, reading_rejected: lost, incomplete: lost > 0 };
    let changes = vec![
        Change::Put(Item::new(place("runs"), encode(&runs)?).expiring(jobs::expiry(load.created)), Expect::Anything),
        Change::Put(Item::new(place("found"), encode(&found)?).expiring(jobs::expiry(load.created)), Expect::Anything),
    ];
    commit(ports, changes).await?;
    for name in &found.variables {
        // Known from the first file that brings it; what is there already stays.
        let variable = Variable { name: name.clone(), of: load.kind };
        let key = crate::store::settings::place(setup.id(), format!("variable#{name}"));
        commit(ports, vec![Change::Put(Item::new(key, encode(&variable)?), Expect::Absent)]).await?;
    }
    let open = match ports.table.get(&jobs::stat_key(setup.id(), "open_orders")).await? {
        Some(stored) => {
            serde_json::from_str::<serde_json::Value>(&stored.body).ok().and_then(|v| v["n"].as_i64()).unwrap_or(0)
        }
        None => 0,
    };
    let large = load.kind == Kind::Orders && !load.options.confirmed && open > 0;
    // A picture is looked at whole first: a row rejected anywhere may be the one of an order that seems absent.
    let look = load.options.trial || large || load.options.picture.is_some();
    let chunks = u16::try_from((rows / CHUNK_ROWS).next_power_of_two().clamp(1, 256)).unwrap_or(256);
    let ready = job::update(ports, setup.id(), &load.id, |l| {
        l.state = if look { LoadState::Looking } else { LoadState::Writing };
        l.counts = job::Counts { rows, ..job::Counts::default() };
        l.chunks = chunks;
        l.ignored.clone_from(&ignored);
        true
    })
    .await?;
    match ready {
        Some(load) => turn::queue_chunks(ports, setup, &load, !look).await,
        None => turn::queue(ports, setup, load, Work::Read).await,
    }
}

/// A variable some file brought.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it describes.
    pub of: Kind,
}

crate::store::codec::shapes! { Variable => "variable_v1" }

/// Where a load keeps its files.
pub(super) fn folder(setup: &Setup, load: &Load) -> String {
    format!("imports/{}/{}", setup.id(), load.id)
}
