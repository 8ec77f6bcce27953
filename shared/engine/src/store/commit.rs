//! Writing so that a lost reply does no harm: a write is tried again under the same id, and finding its own id stored
//! means it was made.

use crate::error::Error;
use crate::ports::Ports;
use crate::ports::table::{Change, Stored, WriteError};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use uuid::Uuid;

/// When a write was made: its id, of version 7, begins with the instant by the clock of whoever wrote.
pub fn written(id: Uuid) -> DateTime<Utc> {
    let at = id.get_timestamp().map(|at| at.to_unix());
    at.and_then(|(seconds, nanos)| DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)).unwrap_or_default()
}

/// How a write ended.
#[derive(Debug)]
pub enum Committed {
    /// It is made.
    Made,
    /// Another write came first; what is stored instead, by position.
    Lost(Vec<(usize, Option<Stored>)>),
}

/// How often a write whose reply was lost is tried again before the caller's caller tries.
const TRIES: u32 = 3;

/// Makes all changes or none.
pub fn commit(ports: &Ports, changes: Vec<Change>) -> BoxFuture<'_, Result<Committed, Error>> {
    Box::pin(async move {
        let id = ports.new_id();
        let mut tries = 0;
        loop {
            match ports.table.write(id, changes.clone()).await {
                Ok(()) => return Ok(Committed::Made),
                Err(WriteError::Conflict(lost)) => {
                    let ours = lost.iter().any(|(_, stored)| stored.as_ref().is_some_and(|s| s.write == id));
                    return Ok(if ours { Committed::Made } else { Committed::Lost(lost) });
                }
                Err(WriteError::Port(error)) => {
                    tries += 1;
                    let hopeless = matches!(error, crate::ports::PortError::Refused(_));
                    if hopeless || tries == TRIES {
                        return Err(error.into());
                    }
                }
            }
        }
    })
}

/// Makes all changes or fails; for writes nobody competes with.
pub async fn commit_or_fail(ports: &Ports, changes: Vec<Change>) -> Result<(), Error> {
    match commit(ports, changes).await? {
        Committed::Made => Ok(()),
        Committed::Lost(_) => Err(Error::Raced),
    }
}
