//! The file that did not come: a project names the kinds it expects every working day, and the hour; one alert a day
//! for each that is late. A load counts as come when it is asked for, whatever becomes of it: a failed one alerts itself.

use crate::Ports;
use crate::error::Error;
use crate::import::job::Kind;
use crate::notice::alert;
use crate::ports::table::{Change, Expect, Item};
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit};
use crate::store::jobs::{self, Mark};
use crate::store::settings::Setup;
use chrono::{DateTime, Utc};

/// The mark of the last load of a kind.
pub(crate) fn came(kind: Kind) -> String {
    format!("came.{}", kind.code())
}

/// Alerts for each expected load that has not come by its hour, once a day.
pub async fn watch_loads(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<(), Error> {
    let calendar = &setup.project().calendar;
    let today = setup.today(now);
    let local = now.with_timezone(&calendar.zone).time();
    if !calendar.allows_day(today) {
        return Ok(());
    }
    for expected in setup.project().expected_loads.iter().filter(|e| e.by <= local) {
        let last = jobs::mark(ports, setup.id(), &came(expected.kind)).await?;
        let here = last.is_some_and(|at| calendar.local_day(at) == today);
        if here || !first_time(ports, setup, &format!("late.{}.{today}", expected.kind.code()), now).await? {
            continue;
        }
        let name = expected.kind.spanish();
        let since = last.map_or("no hay cargas anteriores".to_owned(), |at| {
            format!("la última fue el {}", at.with_timezone(&calendar.zone).format("%d/%m/%Y %H:%M"))
        });
        let text = format!(
            "Se esperaba una carga de {name} antes de las {}; {since}.\nLos recordatorios de hoy salen con los datos que hay.",
            expected.by.format("%H:%M")
        );
        alert(ports, setup, &format!("No llegó la carga de {name}"), text, now).await;
    }
    Ok(())
}

/// Whether nobody has marked this before.
async fn first_time(ports: &Ports, setup: &Setup, name: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let item = Item::new(jobs::stat_key(setup.id(), name), encode(&Mark { at: now })?).expiring(jobs::expiry(now));
    Ok(matches!(commit(ports, vec![Change::Put(item, Expect::Absent)]).await?, Committed::Made))
}
