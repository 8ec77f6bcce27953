//! Calls to make in a dossier: put into the tray, settled by a management, replaced by another.

use super::{Desk, Dossier};
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key};
use crate::store::accounts::as_read;
use crate::store::codec::{decode, encode};
use crate::store::{interactions, keys};
use crate::webhook::announce;
use cauce_domain::contact::call_entry::{CallEntry, CallReason, EntryState, OpenCall};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::gate::{self, Reason};
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::ledger::Entry;
use cauce_domain::contact::management::Management;
use cauce_domain::contact::origin::{Class, Origin};
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Status;
use cauce_domain::ids::SendId;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;

/// The calls to make that steps of flows asked for, as they stand in the thread.
pub(super) async fn of_flows(
    desk: &Desk<'_>,
    account: &Account,
) -> Result<BTreeMap<SendId, (Interaction, u64)>, Error> {
    let asked = account.calls.iter().filter(|call| call.reason == CallReason::Flow);
    let places: Vec<Key> =
        asked.map(|call| keys::interaction(desk.setup.id(), &account.id, call.due, &call.id)).collect();
    if places.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = desk.ports.table.get_many(&places).await?.into_iter().flatten();
    let read = found.map(|stored| {
        let message: Interaction = decode(&stored.body)?;
        Ok((message.id.clone(), (message, stored.version)))
    });
    read.collect()
}

impl Dossier<'_> {
    /// Has the customer called from a local day on. Of one reason there is one: a later one takes its place. Who is paused or
    /// cannot pay is called when that was agreed on, and not otherwise. Answers whether the customer will be called.
    pub(crate) fn add_call(&mut self, reason: CallReason, due: NaiveDate, not_before: Option<DateTime<Utc>>) -> bool {
        if self.is_held() && reason != CallReason::CallBack {
            return false;
        }
        let (replaced, mut kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.account.calls).into_iter().partition(|call| call.reason == reason);
        let id = SendId::new(self.desk.ports.new_id().simple().to_string());
        let call = OpenCall { id, due, not_before, reason, by: self.desk.by.clone() };
        for old in replaced {
            // One that was asked for a moment ago, and is not stored yet, never was.
            if self.entries.remove(&old.id).is_none() {
                self.put_entry(&old, EntryState::Withdrawn);
            }
        }
        self.put_entry(&call, EntryState::ToManage);
        kept.push(call);
        kept.sort_by_key(|call| call.due);
        self.account.calls = kept;
        true
    }

    /// The calls that were due are managed; one agreed on for a later day stays.
    pub(crate) fn settle_calls(&mut self, management: &Management) {
        let today = self.desk.today;
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.account.calls).into_iter().partition(|call| call.due <= today);
        self.account.calls = later;
        let contacted = management.situation.is_contact();
        let state = if contacted { State::Contacted } else { State::NotContacted };
        for call in due {
            match self.flow_calls.contains_key(&call.id) {
                true => self.turn_flow_call(&call.id, state.clone(), None),
                false => self.put_entry(&call, EntryState::Managed { management: management.id.clone(), contacted }),
            }
        }
    }

    /// A call an adviser made is a contact of its day. Who called us was not reached out to.
    pub(crate) fn called(&mut self, management: &Management) {
        let debt = self.account.summary.carrying.as_ref().map(|order| order.code.clone()).unwrap_or_default();
        let Some((week, _)) = self.week.as_mut() else { return };
        week.entries.push(Entry {
            send: management.id.clone(),
            step: management.id.to_string(),
            day: management.day,
            channel: Channel::Call,
            debt,
            origin: Origin::Call,
            exempt: false,
            reached: management.situation.is_contact(),
        });
    }

    /// Has what reached out to the customer this week at hand.
    pub(crate) async fn fetch_week(&mut self) -> Result<(), Error> {
        let (project, id) = (self.desk.setup.id(), &self.account.id);
        self.week = Some(interactions::ledger(self.desk.ports, project, id, self.desk.today).await?);
        Ok(())
    }

    /// Calls of flows that nobody has to make any more: what stood against the step stands against the call.
    pub(super) fn withdraw_flow_calls(&mut self) {
        let (account, today) = (&self.account, self.desk.today);
        let inactive = account.customer.status != Status::Active;
        let against = |message: &Interaction| match inactive {
            true => Some((Reason::CustomerInactive, None)),
            false => {
                let order = message.step().map(|step| step.order.as_str());
                gate::stands_over((Class::Reminder, &[]), (&account.holds, &account.summary), order, today)
            }
        };
        let open = self.flow_calls.values().filter(|(message, _)| message.state == State::ToManage);
        let over: Vec<_> = open.filter_map(|(m, _)| against(m).map(|why| (m.id.clone(), why))).collect();
        for (id, (reason, detail)) in over {
            self.account.calls.retain(|call| call.id != id);
            self.turn_flow_call(&id, State::NotSent { reason }, detail);
        }
    }

    fn turn_flow_call(&mut self, id: &SendId, state: State, detail: Option<String>) {
        let at = self.desk.by.at;
        if let Some((message, _)) = self.flow_calls.get_mut(id) {
            message.times.insert(state.code().to_owned(), at);
            (message.state, message.detail) = (state, detail);
            self.managed.insert(id.clone());
        }
    }

    /// What is to be written of calls of flows, and of the week.
    pub(super) fn managed_calls(&mut self) -> Result<Vec<Change>, Error> {
        let project = self.desk.setup.id();
        let mut changes = Vec::new();
        for id in std::mem::take(&mut self.managed) {
            if let Some((message, version)) = self.flow_calls.remove(&id) {
                let Desk { ports, setup, by, .. } = self.desk;
                changes.extend(announce::of_message(ports, setup, &State::ToManage, &message, by.at)?);
                changes.push(Change::Put(interactions::item(project, &message, true)?, Expect::Version(version)));
            }
        }
        if let Some((week, version)) = self.week.take() {
            let key = keys::ledger(project, &self.account.id, self.desk.today);
            changes.push(Change::Put(Item::new(key, encode(&week)?), as_read(version)));
        }
        Ok(changes)
    }

    fn put_entry(&mut self, call: &OpenCall, state: EntryState) {
        let customer = self.account.id.clone();
        let (id, day, reason, by) = (call.id.clone(), call.due, call.reason, call.by.clone());
        self.entries.insert(id.clone(), CallEntry { id, customer, day, reason, by, state });
    }
}
