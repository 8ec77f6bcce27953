//! The dossier: one customer's account, orders and matters, read together, changed together, written together.
//!
//! Whoever changes a debt opens it, changes it in memory, and saves. Saving is one transaction: what changed, the account
//! summed up again with what follows from it (segment, holds, alerts, places in the indexes), and an event in the thread for
//! each thing that happened. Whole or not at all; somebody who was faster makes it start over from what is stored.
//!
//! It does not promise more than one transaction holds: a payment of very many orders takes several (`movements.rs`).

mod calls;
mod events;
mod matters;
mod movements;
mod notices;
mod once;
mod save;

pub(crate) use matters::about_promise;
pub(crate) use movements::{Recorded, resume};
pub(crate) use once::{AtHand, answered, change};

use crate::Ports;
use crate::edit_customer::{self, by_hand, by_hand::Edit};
use crate::error::Error;
use crate::import::touch::Touch;
use crate::ports::table::{Change, Key, MAX_KEYS, Query};
use crate::store::accounts;
use crate::store::codec::decode;
use crate::store::keys;
use crate::store::settings::Setup;
use cauce_domain::author::By;
use cauce_domain::contact::call_entry::CallEntry;
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::contact::ledger::Week;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Status;
use cauce_domain::debt::event::{About, Event, EventKind};
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment::Movement;
use cauce_domain::debt::promise::Promise;
use cauce_domain::ids::{CustomerId, MatterId, SendId};
use cauce_domain::strategy::trigger::Trigger;
use chrono::NaiveDate;
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};

/// Ended matters looked at for promises.
const ENDED: u32 = 100;

/// What dossiers are worked on with.
pub(crate) struct Desk<'a> {
    pub(crate) ports: &'a Ports,
    pub(crate) setup: &'a Setup,
    pub(crate) touch: Touch,
    /// Who works, and when.
    pub(crate) by: By,
    /// The local day.
    pub(crate) today: NaiveDate,
    /// The request's own mark: asked twice it is done once.
    pub(crate) request: Option<String>,
    /// Nothing is written: a load that only looks.
    pub(crate) dry: bool,
}

impl<'a> Desk<'a> {
    /// A desk for one author at one instant.
    pub(crate) async fn of(ports: &'a Ports, setup: &'a Setup, by: &By) -> Result<Self, Error> {
        let touch = Touch::gather(ports, setup, by.at).await?;
        let today = setup.today(by.at);
        Ok(Self { ports, setup, touch, by: by.clone(), today, request: None, dry: false })
    }

    /// The same for one request.
    pub(crate) fn asked(self, request: Option<String>) -> Self {
        Self { request, ..self }
    }
}

/// A thing as it is now, and where and at which version it was read.
#[derive(Debug, Clone)]
pub(crate) struct Kept<T> {
    pub(crate) now: T,
    pub(crate) place: Option<(Key, u64)>,
    changed: bool,
}

impl<T: PartialEq> Kept<T> {
    fn read(now: T, key: Key, version: u64) -> Self {
        Self { now, place: Some((key, version)), changed: false }
    }

    /// Puts it into a map, over what is there.
    fn put<K: Ord>(map: &mut BTreeMap<K, Self>, name: K, now: T) {
        match map.get_mut(&name) {
            Some(kept) if kept.now == now => {}
            Some(kept) => (kept.now, kept.changed) = (now, true),
            None => drop(map.insert(name, Self { now, place: None, changed: true })),
        }
    }
}

/// A movement as it was read.
#[derive(Debug, Clone)]
pub(crate) struct ReadMovement {
    pub(crate) movement: Movement,
    version: u64,
}

/// A customer's dossier.
pub(crate) struct Dossier<'a> {
    desk: &'a Desk<'a>,
    /// As it was read, or last saved.
    before: Account,
    version: u64,
    /// As it is to be.
    pub(crate) account: Account,
    pub(crate) orders: BTreeMap<String, Kept<Order>>,
    pub(crate) matters: BTreeMap<MatterId, Kept<Matter>>,
    /// Movements that were asked for.
    pub(crate) movements: BTreeMap<String, ReadMovement>,
    /// A movement is new, or taken back.
    recorded: bool,
    /// Promises that are over, where they were asked for.
    pub(crate) ended: Vec<Promise>,
    changes: Vec<Change>,
    events: Vec<Event>,
    /// What sets messages of events off.
    set_off: Vec<(Trigger, About)>,
    /// Calls to make that come, change or go.
    entries: BTreeMap<SendId, CallEntry>,
    /// Calls to make that steps of flows asked for, as they stand in the thread.
    flow_calls: BTreeMap<SendId, (Interaction, u64)>,
    /// Which of those changed.
    managed: BTreeSet<SendId>,
    /// What reached out to the customer this week, where it was asked for.
    week: Option<(Week, Option<u64>)>,
    /// Matters that days have ended are put away with it.
    pub(crate) put_away: bool,
    /// A payment whose orders did not all fit.
    unfinished: Option<Movement>,
}

impl<'a> Dossier<'a> {
    /// Reads the account, the orders by which something is owed and the matters that stand: one query.
    pub(crate) fn open<'b>(desk: &'a Desk<'a>, id: &'b CustomerId) -> BoxFuture<'b, Result<Option<Self>, Error>>
    where
        'a: 'b,
    {
        Box::pin(async move {
            let Some(open) = accounts::open_account(desk.ports, desk.setup.id(), id).await? else { return Ok(None) };
            let flow_calls = calls::of_flows(desk, &open.account).await?;
            let order =
                |(order, key, version): (Order, Key, u64)| (order.code.clone(), Kept::read(order, key, version));
            let matter = |(matter, key, version): (Matter, Key, u64)| {
                let id = matter.id().clone();
                (id, Kept::read(matter, key, version))
            };
            Ok(Some(Self {
                desk,
                before: open.account.clone(),
                version: open.version,
                account: open.account,
                orders: open.orders.into_iter().map(order).collect(),
                matters: open.matters.into_iter().map(matter).collect(),
                flow_calls,
                managed: BTreeSet::new(),
                week: None,
                movements: BTreeMap::new(),
                recorded: false,
                ended: Vec::new(),
                put_away: false,
                changes: Vec::new(),
                events: Vec::new(),
                set_off: Vec::new(),
                entries: BTreeMap::new(),
                unfinished: None,
            }))
        })
    }

    /// Reads closed orders of this customer's that are not at hand.
    pub(crate) async fn fetch_orders(&mut self, codes: impl IntoIterator<Item = &str>) -> Result<(), Error> {
        let (project, id) = (self.desk.setup.id(), self.account.id.clone());
        let missing = codes.into_iter().filter(|code| !self.orders.contains_key(*code));
        let places: Vec<Key> = missing.map(|code| keys::closed_order(project, &id, code)).collect();
        for some in places.chunks(MAX_KEYS) {
            for stored in self.desk.ports.table.get_many(some).await?.into_iter().flatten() {
                let order: Order = decode(&stored.body)?;
                self.orders.insert(order.code.clone(), Kept::read(order, stored.key, stored.version));
            }
        }
        Ok(())
    }

    /// Has a matter at hand, put away or not, with the orders it names.
    pub(crate) async fn fetch_matter(&mut self, id: &MatterId) -> Result<(), Error> {
        if !self.matters.contains_key(id) {
            let key = keys::ended_matter(self.desk.setup.id(), &self.account.id, id);
            if let Some(stored) = self.desk.ports.table.get(&key).await? {
                self.matters.insert(id.clone(), Kept::read(decode(&stored.body)?, stored.key, stored.version));
            }
        }
        let orders = self.matters.get(id).map(|kept| kept.now.orders().to_vec()).unwrap_or_default();
        self.fetch_orders(orders.iter().map(String::as_str)).await
    }

    /// Has a movement at hand, with its first orders.
    pub(crate) async fn fetch_movement(&mut self, code: &str) -> Result<(), Error> {
        let key = keys::movement(self.desk.setup.id(), &self.account.id, code);
        if let Some(stored) = self.desk.ports.table.get(&key).await? {
            let movement: Movement = decode(&stored.body)?;
            let named = movement.applied.iter().map(|(code, _)| code.as_str());
            self.fetch_orders(named.collect::<Vec<_>>()).await?;
            self.movements.insert(code.to_owned(), ReadMovement { movement, version: stored.version });
        }
        Ok(())
    }

    /// Edits the customer, with the addresses that come and go.
    pub(crate) async fn edit_customer(&mut self, edit: &Edit) -> Result<(), Error> {
        let (ports, setup) = (self.desk.ports, self.desk.setup);
        by_hand::apply(setup, &mut self.account, edit)?;
        let before = Some(&self.before);
        let arrivals = edit_customer::arrive(ports, setup, before, &mut self.account, true).await?;
        let by = Some(&self.desk.by);
        self.changes.extend(edit_customer::changes(ports, setup, before, &self.account, &arrivals, by)?);
        Ok(())
    }

    /// Promises that are over, for the level of a new one.
    pub(crate) async fn fetch_ended_promises(&mut self) -> Result<(), Error> {
        let prefix = keys::ended_matter(self.desk.setup.id(), &self.account.id, &"".into());
        let query = Query::table(prefix.table, prefix.pk).prefix(&prefix.sk).limit(ENDED);
        for stored in self.desk.ports.table.query(&query.descending()).await?.items {
            if let Matter::Promise(promise) = decode(&stored.body)? {
                self.ended.push(promise);
            }
        }
        Ok(())
    }

    /// Whether nothing new may reach out to the customer: no call is asked for.
    pub(crate) fn is_held(&self) -> bool {
        let holds = &self.account.holds;
        holds.paused_until >= Some(self.desk.today)
            || holds.cannot_pay
            || self.account.customer.status != Status::Active
    }

    /// Who works on it, and when.
    pub(crate) fn by(&self) -> &By {
        &self.desk.by
    }

    /// The local day.
    pub(crate) fn today(&self) -> NaiveDate {
        self.desk.today
    }

    /// The project.
    pub(crate) fn setup(&self) -> &'a Setup {
        self.desk.setup
    }

    /// A new id for a matter of it.
    pub(crate) fn new_matter(&self) -> MatterId {
        MatterId::new(self.desk.ports.new_id().simple().to_string())
    }

    /// The orders as they are now.
    pub(crate) fn current(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().map(|kept| &kept.now)
    }

    /// Changes an order, or adds one. What a loaded balance fell by counts for the promises about it.
    pub(crate) fn put_order(&mut self, order: Order) {
        if let Some(kept) = self.orders.get(&order.code)
            && let (Some(before), Some(after)) = (kept.now.loaded_balance, order.loaded_balance)
        {
            self.balance_fell(&order, before - after);
        }
        Kept::put(&mut self.orders, order.code.clone(), order);
    }

    /// Writes something else together with it.
    pub(crate) fn also(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Has something told to the company's systems together with it.
    pub(crate) fn announce(
        &mut self,
        what: impl FnOnce(&Ports, &Setup) -> Result<Vec<Change>, Error>,
    ) -> Result<(), Error> {
        self.changes.extend(what(self.desk.ports, self.desk.setup)?);
        Ok(())
    }

    /// Something happened.
    pub(crate) fn tell(&mut self, event: EventKind, about: About) {
        if let Some(trigger) = Trigger::of(event) {
            self.set_off(trigger, about.clone());
        }
        let id = self.desk.ports.new_id().simple().to_string();
        let (customer, day, by) = (self.account.id.clone(), self.desk.today, self.desk.by.clone());
        self.events.push(Event { id, customer, day, event, by, about });
    }
}
