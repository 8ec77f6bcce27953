//! What follows from a change of an account: its summary, its segment, and whether a plan owes it another look.

use crate::Ports;
use crate::error::Error;
use crate::store::settings::Setup;
use crate::strategy;
use cauce_domain::debt::account::{Account, Carry, Summary};
use cauce_domain::debt::customer::Status;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::receivables;
use cauce_domain::strategy::flow::Span;
use cauce_domain::strategy::plan::Strategy;
use cauce_domain::strategy::segment::{self, Segment};
use chrono::{DateTime, NaiveDate, Utc};

/// What changes of accounts are judged by, gathered once for many of them.
#[derive(Clone)]
pub struct Touch {
    segments: Vec<Segment>,
    strategy: Strategy,
    /// Today with the restricted days before it, whose steps fall on it.
    today: Span,
    /// The next day whose plan may look again.
    next: Option<NaiveDate>,
}

impl Touch {
    /// Gathers it.
    pub async fn gather(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<Self, Error> {
        let strategy = strategy::gather(ports, setup, now).await?;
        let day = setup.today(now);
        let next = day.succ_opt().and_then(|d| strategy.calendar.next_allowed_day(d));
        let today = Span::of_day(day, &strategy.calendar);
        Ok(Self { segments: setup.segment_list(), strategy, today, next })
    }

    /// Sums an account's orders up again and draws what follows from it.
    ///
    /// When a step of the new carrying order lands on today, the next day's plan looks at the account again (carry):
    /// today's may have begun, or may read an index that does not show this change yet. A step that today's plan did
    /// decide is found decided.
    pub fn apply<'a>(
        &self,
        before: Option<&Account>,
        account: &mut Account,
        orders: impl IntoIterator<Item = &'a Order>,
    ) {
        account.summary = Summary::of(orders);
        if let Some(before) = before {
            account.follow_the_debt(&before.summary, self.today.to);
        }
        self.settle(before, account);
    }

    /// Draws what follows from a change that left the orders alone.
    pub fn settle(&self, before: Option<&Account>, account: &mut Account) {
        account.segment = segment::choose(&self.segments, account, self.today.to);
        if before.is_none_or(|before| receivables::is_regrouped(before, account)) {
            account.touched = account.touched.max(Some(self.today.to));
        }
        let key = |a: &Account| a.summary.carrying.as_ref().map(|c| (c.code.clone(), c.due));
        let revived =
            before.is_none_or(|b| b.customer.status != Status::Active) && account.customer.status == Status::Active;
        let moved = revived || before.is_none_or(|b| key(b) != key(account) || b.segment != account.segment);
        if !moved {
            return;
        }
        let lands = !self.strategy.candidates(&account.segment, &account.summary, self.today, &[]).is_empty();
        if let (true, Some(on)) = (lands, self.next) {
            let from = account.carry.map_or(self.today.from, |c| c.from.min(self.today.from));
            account.carry = Some(Carry { from, on });
        }
    }
}
