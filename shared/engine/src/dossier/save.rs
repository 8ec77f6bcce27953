//! Saving: what changed becomes one transaction, with everything that follows from it.

use super::notices::without_payments;
use super::{Dossier, Kept};
use crate::campaign;
use crate::error::Error;
use crate::messages::hurry;
use crate::ports::table::{Change, Expect, Item};
use crate::store::accounts::{self, CodeOwner};
use crate::store::codec::encode;
use crate::store::commit::{Committed, commit, written};
use crate::store::{interactions, keys};
use crate::webhook::{Family, announce};
use cauce_domain::contact::alert::Alert;
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::debt::matter::Matter;
use chrono::NaiveDate;
use futures::future::BoxFuture;

/// Matters that are put away with one transaction.
const PUT_AWAY: usize = 5;

impl Dossier<'_> {
    /// Writes all of it, or nothing; `false` when somebody was faster. Afterwards it may be changed and saved further.
    pub(crate) fn save(&mut self) -> BoxFuture<'_, Result<bool, Error>> {
        Box::pin(async move {
            let said = self.messages_of_events().await?;
            let due: Vec<Interaction> = said.iter().map(|(message, _)| message.clone()).collect();
            let notices = self.notices();
            let tickets = self.tickets_of_campaigns().await?;
            let mut changes = self.take_changes(said)?;
            changes.extend(tickets);
            // Whoever paid all that was past due can pay again: there is nothing to be told.
            let notices = if self.account.alerts.has(Alert::CannotPay) { notices } else { without_payments(notices) };
            if self.desk.dry {
                return Ok(true);
            }
            self.before = self.account.clone();
            self.version += 1;
            let told = announce::told(&changes);
            let made = matches!(commit(self.desk.ports, changes).await?, Committed::Made);
            if made {
                announce::hurry(self.desk.ports, self.desk.setup, told).await;
                hurry(self.desk.ports, self.desk.setup, &due, self.desk.by.at).await;
                self.tell_the_team(notices).await;
            }
            Ok(made)
        })
    }

    /// What campaigns the customer was in are measured by, where something of their days happened.
    async fn tickets_of_campaigns(&self) -> Result<Vec<Change>, Error> {
        match campaign::days(&self.events) {
            Some(days) => campaign::touched(self.desk.ports, self.desk.setup, &self.account.id, days).await,
            None => Ok(Vec::new()),
        }
    }

    /// Whether there is anything to be saved.
    pub(crate) fn is_changed(&self) -> bool {
        let put_away = self.put_away;
        let misplaced = |kept: &Kept<Matter>| kept.changed || put_away && is_misplaced(kept, self.desk.today);
        self.account != self.before
            || !(self.changes.is_empty() && self.events.is_empty() && self.entries.is_empty())
            || !self.managed.is_empty()
            || self.orders.values().any(|kept| kept.changed)
            || self.matters.values().any(misplaced)
    }

    /// How many changes are to be written already, at most.
    pub(super) fn staged(&self) -> usize {
        let orders = self.orders.values().filter(|kept| kept.changed).count();
        let matters = self.matters.values().filter(|kept| kept.changed).count();
        let told = announce::count(self.desk.setup, Family::Events);
        let calls = self.flow_calls.len() * (1 + announce::count(self.desk.setup, Family::Communications));
        1 + calls
            + self.changes.len()
            + self.events.len() * (1 + told)
            + self.to_be_told()
            + self.entries.len()
            + 2 * (orders + matters)
    }

    /// The transaction, and the dossier as it stands once that is made.
    fn take_changes(&mut self, told: Vec<(Interaction, Expect)>) -> Result<Vec<Change>, Error> {
        let (project, id) = (self.desk.setup.id(), self.account.id.clone());
        let put_away = self.put_away;
        let mut changes = std::mem::take(&mut self.changes);
        let is_promise = |kept: &Kept<Matter>| kept.changed && kept.now.promise().is_some();
        if std::mem::take(&mut self.recorded)
            || self.orders.values().any(|kept| kept.changed)
            || self.matters.values().any(is_promise)
        {
            // As of when it is written: what is worked as of an earlier instant may be days late.
            let day = self.desk.setup.today(written(self.desk.ports.new_id())).max(self.desk.today);
            self.account.touched = self.account.touched.max(Some(day));
        }
        let orders = std::mem::take(&mut self.orders);
        self.desk.touch.apply(Some(&self.before), &mut self.account, orders.values().map(|kept| &kept.now));
        self.account.hold(self.matters.values().map(|kept| &kept.now));
        self.withdraw_flow_calls();
        self.orders = orders;
        for (code, kept) in self.orders.iter_mut().filter(|(_, kept)| kept.changed) {
            if kept.place.is_none() {
                let owner = CodeOwner { customer: id.clone() };
                let owner = Item::new(keys::order_code(project, code), encode(&owner)?);
                changes.push(Change::Put(owner, Expect::Absent));
            }
            changes.extend(moved(kept, accounts::order_item(project, &id, &kept.now)?));
        }
        let today = self.desk.today;
        let (changed, still): (Vec<_>, Vec<_>) = self.matters.values_mut().partition(|kept| kept.changed);
        // What days have ended is put away a little at a time.
        let over = still.into_iter().filter(|kept| put_away && is_misplaced(kept, today)).take(PUT_AWAY);
        for kept in changed.into_iter().chain(over) {
            changes.extend(moved(kept, accounts::matter_item(project, &id, &kept.now, self.desk.today)?));
        }
        for event in std::mem::take(&mut self.events) {
            changes.extend(announce::of_event(self.desk.ports, self.desk.setup, &self.account, &event)?);
            changes.push(Change::Put(interactions::event_item(project, &event)?, Expect::Absent));
        }
        changes.extend(self.managed_calls()?);
        for (message, expect) in told {
            changes.push(Change::Put(interactions::item(project, &message, true)?, expect));
        }
        for (id, entry) in std::mem::take(&mut self.entries) {
            let item = interactions::aside_item(project, &entry.customer, entry.day, id.as_str(), encode(&entry)?);
            changes.push(Change::Put(item, Expect::Anything));
        }
        let account = accounts::account_item(project, &self.account)?;
        changes.push(Change::Put(account, Expect::Version(self.version)));
        Ok(changes)
    }
}

/// Whether a matter ended, or stands again, by the mere passing of days.
fn is_misplaced(kept: &Kept<Matter>, today: NaiveDate) -> bool {
    kept.place.as_ref().is_some_and(|(key, _)| key.sk.starts_with("p#") != kept.now.stands(today))
}

/// The changes that store a thing where it belongs now.
fn moved<T>(kept: &mut Kept<T>, item: Item) -> Vec<Change> {
    let key = item.key.clone();
    let changes = match &kept.place {
        Some((old, version)) if *old == key => vec![Change::Put(item, Expect::Version(*version))],
        Some((old, version)) => {
            vec![Change::Delete(old.clone(), Expect::Version(*version)), Change::Put(item, Expect::Absent)]
        }
        None => vec![Change::Put(item, Expect::Absent)],
    };
    let version = kept.place.as_ref().filter(|(old, _)| *old == key).map_or(1, |(_, version)| version + 1);
    (kept.place, kept.changed) = (Some((key, version)), false);
    changes
}
