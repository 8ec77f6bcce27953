//! Notices to the team by e-mail: the end of a load to whoever asked, and alerts to the project's alert addresses.
//!
//! A notice that does not leave stops nothing; what it tells is in the log too.

use crate::Ports;
use crate::connect;
use crate::error::Error;
use crate::ports::channel::{Answer, Outgoing};
use crate::ports::table::{Change, Expect, Item};
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit};
use crate::store::jobs::{self, Mark};
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::point::{Destination, Recipients};
use chrono::{DateTime, Utc};

/// Sends a notice to addresses of the team; `about` tells one from another. Answers whether nothing is left to be tried: `false` where
/// it may leave later.
pub(crate) async fn notify(
    ports: &Ports,
    setup: &Setup,
    to: impl IntoIterator<Item = String>,
    about: &str,
    (subject, text): (String, String),
    at: DateTime<Utc>,
) -> bool {
    let to: Vec<Destination> = to.into_iter().map(|address| Destination { address, shared: false }).collect();
    if to.is_empty() {
        return true;
    }
    let line = match connect::line(ports, setup, Channel::Email).await {
        Ok(Some(line)) => line,
        Ok(None) => return true,
        Err(error) => return !error.is_transient(),
    };
    let recipients = Recipients { to, cc: Vec::new() };
    let (reference, words) = (format!("aviso-{about}"), (Some(subject), text));
    let notice = Outgoing::plain(setup.id().clone(), reference, recipients, words, at, line.account);
    !matches!(line.sender.send(&notice).await, Answer::NotNow { .. })
}

/// Tells the project's alert addresses of one thing, once a local day however often it is met.
pub(crate) async fn alert_once(
    ports: &Ports,
    setup: &Setup,
    about: &str,
    subject: &str,
    text: String,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let place = jobs::stat_key(setup.id(), &format!("alert#{}#{about}", setup.today(now)));
    let item = Item::new(place, encode(&Mark { at: now })?).expiring(jobs::expiry(now));
    if let Committed::Made = commit(ports, vec![Change::Put(item, Expect::Absent)]).await? {
        alert(ports, setup, subject, text, now).await;
    }
    Ok(())
}

/// Tells the project's alert addresses.
pub(crate) async fn alert(ports: &Ports, setup: &Setup, subject: &str, text: String, now: DateTime<Utc>) {
    tracing::warn!(project = %setup.id(), subject, "aviso al equipo");
    let about = format!("{}-{}", now.timestamp(), ports.new_id().simple());
    let to = setup.project().alert_addresses.iter().cloned();
    notify(ports, setup, to, &about, (subject.to_owned(), text), now).await;
}
