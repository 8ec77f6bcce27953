//! Matters in a dossier: found, changed, and promises judged again whenever what they wait for changes.

use super::{Dossier, Kept};
use crate::error::Error;
use crate::store::settings::PaymentMode;
use cauce_domain::contact::alert::Alert;
use cauce_domain::debt::event::{About, EventKind};
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment::Movement;
use cauce_domain::debt::payment_to_verify::PaymentToVerify;
use cauce_domain::debt::promise::{Promise, PromiseState};
use cauce_domain::ids::MatterId;

impl Dossier<'_> {
    /// Changes a matter, or adds one.
    pub(crate) fn put_matter(&mut self, matter: Matter) {
        Kept::put(&mut self.matters, matter.id().clone(), matter);
    }

    /// A matter of a kind, or that there is none.
    pub(crate) fn matter<T>(
        &self,
        id: &MatterId,
        what: &'static str,
        of: impl Fn(&Matter) -> Option<&T>,
    ) -> Result<T, Error>
    where
        T: Clone,
    {
        self.matters.get(id).and_then(|kept| of(&kept.now)).cloned().ok_or(Error::NotFound(what))
    }

    /// The promises that stand, judged or not.
    pub(crate) fn promises(&self) -> Vec<Promise> {
        self.matters.values().filter_map(|kept| kept.now.promise().cloned()).collect()
    }

    /// Judges every promise by what is known now; what it says of the customer follows.
    pub(crate) fn judge_promises(&mut self) {
        self.judge_some(usize::MAX);
    }

    /// The same for some of those that come to stand otherwise, which one transaction takes.
    pub(crate) fn judge_some(&mut self, most: usize) {
        let mut turned = 0;
        let mut reviews = self.matters.values().filter_map(|kept| kept.now.payment_to_verify());
        let under_review = reviews.any(PaymentToVerify::holds_the_flow);
        for promise in self.promises() {
            let state = match promise.judged(self.today(), under_review) {
                // Nobody breaks a promise to pay what is not owed any more: it was paid before, annulled or adjusted.
                PromiseState::Broken if promise.state == PromiseState::Live && !self.is_owed(&promise) => {
                    PromiseState::Annulled
                }
                state => state,
            };
            if state != promise.state && turned < most {
                turned += 1;
                self.turn_promise(promise, state);
            }
        }
    }

    fn is_owed(&self, promise: &Promise) -> bool {
        let about = |order: &&Order| order.currency == promise.currency && promise.is_about(&order.code);
        self.current().filter(about).any(Order::is_owed)
    }

    /// A promise comes to stand otherwise.
    pub(crate) fn turn_promise(&mut self, promise: Promise, state: PromiseState) {
        let event = match state {
            PromiseState::Live => EventKind::PromiseReopened,
            PromiseState::Kept => EventKind::PromiseKept,
            PromiseState::PartlyKept => EventKind::PromisePartlyKept,
            PromiseState::Broken => EventKind::PromiseBroken,
            PromiseState::Annulled => EventKind::PromiseAnnulled,
        };
        match (promise.state, state) {
            (_, PromiseState::Broken) => {
                let by = self.by().clone();
                self.account.alerts.raise(Alert::BrokenPromise, &by);
            }
            (PromiseState::Broken, _) if !self.has_another_broken(&promise) => {
                self.account.alerts.clear(Alert::BrokenPromise);
            }
            _ => {}
        }
        self.tell(event, about_promise(&promise));
        self.put_matter(Matter::Promise(Promise { state, ..promise }));
    }

    fn has_another_broken(&self, promise: &Promise) -> bool {
        self.promises().iter().any(|other| other.id != promise.id && other.state == PromiseState::Broken)
    }

    /// A movement came or was taken back: promises count it anew. Where balances are loaded, those tell what came in.
    pub(crate) fn count_movement(&mut self, movement: &Movement) {
        if self.setup().project().payment_mode == PaymentMode::Balance {
            return;
        }
        for mut promise in self.promises() {
            if promise.count(movement) {
                self.put_matter(Matter::Promise(promise));
            }
        }
        self.judge_promises();
    }

    /// A loaded balance fell, or rose again: somebody paid and the company tells the result alone.
    pub(super) fn balance_fell(&mut self, order: &Order, by: i64) {
        let today = self.today();
        for mut promise in self.promises() {
            if promise.currency == order.currency && promise.is_about(&order.code) && promise.covers(today) {
                promise.fallen = promise.fallen.saturating_add(by);
                self.put_matter(Matter::Promise(promise));
            }
        }
        self.judge_promises();
    }
}

/// What an event says of a promise.
pub(crate) fn about_promise(promise: &Promise) -> About {
    About {
        subject: promise.id.to_string(),
        orders: promise.orders.clone(),
        date: Some(promise.date),
        amount: Some(promise.amount),
        currency: Some(promise.currency),
        detail: None,
    }
}
