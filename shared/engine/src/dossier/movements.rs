//! Movements in a dossier: a payment or adjustment reaches its orders, or is taken back from them.
//!
//! The first transaction holds the movement, its event, what it brings to promises and the first orders; a payment of more
//! orders than one transaction takes says which are still to come, and whoever finds it half way goes on from there.

use super::{Desk, Dossier};
use crate::error::Error;
use crate::payment_to_verify;
use crate::ports::table::{Change, Expect, Item};
use crate::store::codec::encode;
use crate::store::{accounts, keys};
use cauce_domain::debt::event::{About, EventKind};
use cauce_domain::debt::money::Currency;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment::{Movement, MovementKind, spread_oldest_first};
use cauce_domain::ids::CustomerId;

/// Changes of one transaction besides the account.
const MOST_CHANGES: usize = 80;
/// Groups and lost races together.
const TRIES: usize = 10_000;

/// How a movement enters a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// It is new.
    New,
    /// It is taken back.
    Annulled,
    /// Somebody left it half way.
    Resumed,
}

impl Dossier<'_> {
    /// Which orders a payment without order code goes to, and what no order takes.
    pub(crate) fn spread(&self, amount: i64, currency: Currency) -> (Vec<(String, i64)>, i64) {
        let orders: Vec<Order> = self.current().cloned().collect();
        spread_oldest_first(amount, currency, &orders)
    }

    /// Records a movement with its first orders, which are at hand; [`Dossier::finish`] brings it to the others.
    pub(crate) fn record(&mut self, movement: Movement, how: Recorded) -> Result<(), Error> {
        let mut movement = Movement { annulled: movement.annulled || how == Recorded::Annulled, ..movement };
        if how == Recorded::New {
            let owner = accounts::CodeOwner { customer: self.account.id.clone() };
            let place = keys::movement_code(self.desk.setup.id(), &movement.code);
            self.also(Change::Put(Item::new(place, encode(&owner)?), Expect::Absent));
        }
        if how != Recorded::Resumed {
            movement.pending = movement.applied.iter().map(|(code, _)| code.clone()).collect();
            *self.account.credit.entry(movement.currency).or_default() += movement.sign() * movement.credit;
            self.account.credit.retain(|_, credit| *credit != 0);
            let event = match (movement.annulled, movement.kind) {
                (true, _) => EventKind::PaymentAnnulled,
                (false, MovementKind::Payment) => EventKind::Payment,
                (false, MovementKind::Adjustment) => EventKind::Adjustment,
            };
            self.tell(event, about(&movement));
            self.count_movement(&movement);
            if movement.annulled {
                payment_to_verify::taken_back(self, &movement);
            }
        }
        self.pay_group(movement)
    }

    /// Keeps what is noted of a movement that was read.
    pub(crate) fn put_movement(&mut self, movement: &Movement) -> Result<(), Error> {
        let item = accounts::movement_item(self.desk.setup.id(), &self.account.id, movement, self.desk.today)?;
        self.recorded = true;
        let expect = accounts::as_read(self.movements.get(&movement.code).map(|read| read.version));
        self.also(Change::Put(item, expect));
        Ok(())
    }

    /// Brings the movement to its next orders, as many as fit beside what is to be written already.
    fn pay_group(&mut self, mut movement: Movement) -> Result<(), Error> {
        let group = (MOST_CHANGES.saturating_sub(self.staged()) / 2).max(1);
        let rest = movement.pending.split_off(movement.pending.len().min(group));
        for code in std::mem::replace(&mut movement.pending, rest) {
            if let Some(order) = self.orders.get(&code).map(|kept| movement.on(&kept.now)) {
                self.put_order(order);
            }
        }
        self.put_movement(&movement)?;
        self.unfinished = Some(movement).filter(|movement| !movement.pending.is_empty());
        Ok(())
    }

    /// Brings what was recorded to the orders that its first transaction did not hold.
    pub(crate) async fn finish(self) -> Result<(), Error> {
        match self.unfinished {
            Some(movement) if !self.desk.dry => resume(self.desk, &self.account.id, &movement.code).await,
            _ => Ok(()),
        }
    }
}

/// Goes on with a movement that somebody left half way, a group of orders at a time. The movement is put as it was read:
/// of two that go on with it one pays a group.
pub(crate) async fn resume(desk: &Desk<'_>, id: &CustomerId, code: &str) -> Result<(), Error> {
    for _ in 0..TRIES {
        let Some(mut dossier) = Dossier::open(desk, id).await? else { return Ok(()) };
        dossier.fetch_movement(code).await?;
        let Some(movement) = dossier.movements.get(code).map(|read| read.movement.clone()) else { return Ok(()) };
        if movement.pending.is_empty() {
            return Ok(());
        }
        dossier.record(movement, Recorded::Resumed)?;
        dossier.save().await?;
    }
    Err(Error::Raced)
}

fn about(movement: &Movement) -> About {
    About {
        subject: movement.code.clone(),
        orders: movement.applied.iter().map(|(code, _)| code.clone()).take(50).collect(),
        date: Some(movement.date),
        amount: Some(movement.amount),
        currency: Some(movement.currency),
        detail: movement.method.clone(),
    }
}
