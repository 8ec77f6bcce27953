//! What happens to a debt sets messages of events off: in the transaction of what happened, so that none is forgotten and
//! none is doubled. Whether one may leave is asked at the gate, when it does.

use super::Dossier;
use crate::error::Error;
use crate::ports::table::Expect;
use crate::store::{interactions, keys};
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::origin::Cause;
use cauce_domain::debt::customer::Status;
use cauce_domain::debt::event::About;
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::promise::{Promise, PromiseState};
use cauce_domain::ids::{SendId, TemplateId, derived};
use cauce_domain::strategy::plan::Facts;
use cauce_domain::strategy::trigger::{MOST_TEMPLATES, Occasion, Trigger};
use chrono::{Days, TimeDelta};

/// A payment older than this is history that was loaded: nobody is thanked for it.
const RECENT: Days = Days::new(7);

/// Whether several of it are told as one, with their sum.
fn is_money(trigger: Trigger) -> bool {
    matches!(trigger, Trigger::Payment | Trigger::PaymentAnnulled | Trigger::OrderAnnulled)
}

/// Adds one payment to another.
fn add(known: &mut About, more: About) {
    known.amount = Some(known.amount.unwrap_or(0).saturating_add(more.amount.unwrap_or(0)));
    known.date = known.date.max(more.date);
    known.orders.extend(more.orders);
}

impl Dossier<'_> {
    /// A trigger is set off, where the project sends something for it.
    pub(crate) fn set_off(&mut self, trigger: Trigger, about: About) {
        let old = |day| self.desk.today.checked_sub_days(RECENT).is_some_and(|recent| day < recent);
        let history = trigger == Trigger::Payment && about.date.is_some_and(old);
        if history || !self.desk.setup.event(trigger).active || self.account.customer.status == Status::Deleted {
            return;
        }
        // Of several payments in one go the customer hears once, of the sum.
        let same = |(other, known): &&mut (Trigger, About)| {
            is_money(trigger) && *other == trigger && known.currency == about.currency
        };
        match self.set_off.iter_mut().find(same) {
            Some((_, known)) => add(known, about),
            None => self.set_off.push((trigger, about)),
        }
    }

    /// How many messages may come of what was set off.
    pub(super) fn to_be_told(&self) -> usize {
        self.set_off.len() * MOST_TEMPLATES
    }

    /// The messages of what was set off, each to leave at the first moment it may, with what is expected of their places.
    pub(super) async fn messages_of_events(&mut self) -> Result<Vec<(Interaction, Expect)>, Error> {
        let all = std::mem::take(&mut self.set_off);
        let verified = all.iter().any(|(trigger, _)| *trigger == Trigger::PaymentVerified);
        let mut messages = Vec::new();
        for (trigger, about) in all {
            // That a declared payment was seen is told once.
            if verified && trigger == Trigger::Payment {
                continue;
            }
            for message in self.messages_of(trigger, &about) {
                messages.push(self.joined(message).await?);
            }
        }
        Ok(messages)
    }

    fn messages_of(&self, trigger: Trigger, about: &About) -> Vec<Interaction> {
        let (setup, now) = (self.desk.setup, self.desk.by.at);
        let rule = setup.event(trigger);
        let calendar = setup.project().calendar.lived_in(self.account.customer.zone);
        let wanted = now + TimeDelta::minutes(i64::from(rule.delay_minutes));
        let Some(at) = calendar.next_allowed(wanted) else { return Vec::new() };
        let day = calendar.local_day(at);
        let message = |template: &TemplateId| {
            let channel = setup.template(template)?.value.channel;
            let occasion = Occasion { trigger, about: about.clone(), template: template.clone(), at: now };
            let (id, state) = (self.id_of(&occasion), State::Scheduled { at });
            let facts = Facts::of(&self.account);
            let message = Interaction::new(id, self.account.id.clone(), day, Cause::Event(occasion), state, facts);
            Some(Interaction { channel: Some(channel), ..message })
        };
        rule.templates.iter().filter_map(message).collect()
    }

    /// Payments that one load tells of a customer are one message's: they share its id.
    fn id_of(&self, occasion: &Occasion) -> SendId {
        let Occasion { trigger, about, template, at } = occasion;
        SendId::new(match (is_money(*trigger), about.currency) {
            (true, Some(currency)) => {
                let parts = [self.account.id.as_str(), trigger.code(), template.as_str()];
                derived(&[parts.as_slice(), &[currency.to_string().as_str(), &at.to_rfc3339()]].concat())
            }
            _ => self.desk.ports.new_id().simple().to_string(),
        })
    }

    /// A message with what was told a moment ago in the same one, where it still waits.
    async fn joined(&self, message: Interaction) -> Result<(Interaction, Expect), Error> {
        let Cause::Event(occasion) = &message.cause else { return Ok((message, Expect::Absent)) };
        if !is_money(occasion.trigger) {
            return Ok((message, Expect::Absent));
        }
        let key = keys::interaction(self.desk.setup.id(), &message.customer, message.day, &message.id);
        let Some((known, version)) = interactions::read(self.desk.ports, &key).await? else {
            return Ok((message, Expect::Absent));
        };
        match &known.cause {
            Cause::Event(told) if matches!(known.state, State::Scheduled { .. }) => {
                let mut about = told.about.clone();
                add(&mut about, occasion.about.clone());
                let cause = Cause::Event(Occasion { about, ..told.clone() });
                Ok((Interaction { cause, ..known }, Expect::Version(version)))
            }
            // It has left already: this is another.
            _ => {
                let id = SendId::new(self.desk.ports.new_id().simple().to_string());
                Ok((Interaction { id, ..message }, Expect::Absent))
            }
        }
    }

    /// Speaks of the promises whose reminder has come: days before, and on the day. One that a night nobody worked went by is
    /// not made up for.
    pub(crate) fn remind_of_promises(&mut self, most: usize) {
        let today = self.desk.today;
        let come = |promise: &Promise| promise.remind_on.iter().any(|day| *day <= today);
        let live = |promise: &Promise| promise.state == PromiseState::Live;
        for mut promise in self.promises().into_iter().filter(|promise| come(promise) && live(promise)).take(most) {
            let now = promise.remind_on.contains(&today);
            promise.remind_on.retain(|day| *day > today);
            if now {
                let trigger = if today == promise.date { Trigger::PromiseDue } else { Trigger::PromiseUpcoming };
                self.set_off(trigger, super::about_promise(&promise));
            }
            self.put_matter(Matter::Promise(promise));
        }
    }
}
