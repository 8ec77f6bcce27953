//! The moment of a flow's call has come: nothing leaves; it stands in the tray of whoever works the customer (*Por gestionar*),
//! with what to say, and takes the place of the flow's call before it.

use super::claim::Claim;
use super::look::Look;
use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Change, Expect};
use crate::store::accounts::{self, OpenAccount};
use crate::store::commit::{Committed, commit};
use crate::store::settings::Setup;
use crate::store::{interactions, keys};
use cauce_domain::author::By;
use cauce_domain::contact::call_entry::{CallReason, OpenCall};
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::debt::account::Account;
use chrono::{DateTime, Utc};

/// Puts a call into the tray: its state and the account in one transaction. It is a contact once somebody calls.
pub(super) async fn put_in_tray(
    ports: &Ports,
    setup: &Setup,
    (message, version): (Interaction, u64),
    look: Look,
    open: &OpenAccount,
    now: DateTime<Utc>,
) -> Result<Claim, Error> {
    let mut account = open.account.clone();
    let (before, kept): (Vec<_>, Vec<_>) = account.calls.into_iter().partition(|call| call.reason == CallReason::Flow);
    let call = OpenCall {
        id: message.id.clone(),
        due: message.day,
        not_before: None,
        reason: CallReason::Flow,
        by: By::cauce(now),
    };
    account.calls = kept.into_iter().chain([call]).collect();
    account.calls.sort_by_key(|call| call.due);
    let script = look.words.text.ok();
    let mut asked = Interaction { state: State::ToManage, script, ..message };
    asked.times.insert(State::ToManage.code().to_owned(), now);
    let mut changes = vec![
        Change::Put(interactions::item(setup.id(), &asked, true)?, Expect::Version(version)),
        Change::Put(accounts::account_item(setup.id(), &account)?, Expect::Version(open.version)),
    ];
    for old in before {
        changes.extend(replaced(ports, setup, &account, &old).await?);
    }
    match commit(ports, changes).await? {
        Committed::Made => Ok(Claim::NotNow),
        Committed::Lost(_) => Ok(Claim::Raced),
    }
}

/// A call nobody made, whose place the next step's takes.
async fn replaced(ports: &Ports, setup: &Setup, account: &Account, old: &OpenCall) -> Result<Option<Change>, Error> {
    let key = keys::interaction(setup.id(), &account.id, old.due, &old.id);
    let Some((message, version)) = interactions::read(ports, &key).await? else { return Ok(None) };
    let state = State::NotSent { reason: Reason::Superseded };
    let ended =
        Interaction {
            state, detail: Some("nadie llamó y llegó la siguiente llamada del flujo".to_owned()), ..message
        };
    Ok(Some(Change::Put(interactions::item(setup.id(), &ended, true)?, Expect::Version(version))))
}
