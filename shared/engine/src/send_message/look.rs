//! The second look: the account as it is at the moment of sending, the text filled, the gate asked again.

use super::words::{self, Words};
use crate::Ports;
use crate::error::Error;
use crate::exclude;
use crate::store::accounts::OpenAccount;
use crate::store::codec::decode;
use crate::store::keys;
use crate::store::settings::Setup;
use cauce_domain::contact::calendar::Calendar;
use cauce_domain::contact::gate::{self, Case, Reason, Verdict};
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::contact::marks::free_until;
use cauce_domain::contact::origin::{Cause, Class};
use cauce_domain::contact::point::{self, Destination, Levels, Reach, Recipients};
use cauce_domain::debt::customer::Customer;
use cauce_domain::debt::payment::Movement;
use cauce_domain::debt::promise::PromiseState;
use cauce_domain::strategy::campaign::Campaign;
use cauce_domain::strategy::plan::{Facts, Strategy};
use cauce_domain::strategy::trigger::Trigger;
use chrono::{DateTime, NaiveDate, Utc};
use std::borrow::Cow;

/// What the second look sees.
pub(crate) struct Look {
    facts: Facts,
    /// Free text may be written.
    free: bool,
    /// What it is about is so no more.
    over: bool,
    /// The campaign it is a part of.
    campaign: Option<Campaign>,
    pub(super) recipients: Result<Recipients, Reach>,
    pub(super) words: Words,
}

impl Look {
    /// Looks again, with what is true now.
    pub(crate) async fn of(
        ports: &Ports,
        setup: &Setup,
        strategy: &Strategy,
        (message, campaign): (&Interaction, Option<Campaign>),
        open: &OpenAccount,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let account = &open.account;
        let levels = levels(strategy, message, campaign.as_ref());
        let recipients = recipients(ports, setup, (message, &levels), &account.customer, now).await?;
        let words = Words::of(ports, setup, message, open, now).await?;
        let facts = Facts {
            reach: recipients.as_ref().map_or_else(|r| *r, |_| Reach::Usable),
            missing_tag: words.text.as_ref().err().cloned(),
            since: message.facts.since,
            done: message.facts.done.clone(),
            ..Facts::of(account)
        };
        let today = setup.today(now);
        let over = is_over(&message.cause, open, today) || is_taken_back(ports, setup, message).await?;
        let free = words::is_free(setup, &account.customer, recipients.as_ref().ok(), now);
        Ok(Self { facts, free, over, campaign, recipients, words })
    }

    /// Subject and text as they would leave.
    pub(crate) fn text(&self) -> (Option<&str>, &str) {
        (self.words.subject.as_deref(), self.words.text.as_deref().unwrap_or_default())
    }

    /// The message with what this look saw, where that is not what the plan saw.
    pub(super) fn noted_on(&self, message: Interaction) -> Interaction {
        let facts_at_claim = (self.facts != message.facts).then(|| self.facts.clone());
        Interaction { facts_at_claim, ..message }
    }

    /// Asks the gate with what this look saw.
    pub(crate) fn ask(
        &self,
        strategy: &Strategy,
        setup: &Setup,
        message: &Interaction,
        cap: Option<&str>,
        now: DateTime<Utc>,
    ) -> Verdict {
        self.judged(strategy, setup, message, cap, now, gate::ask)
            .unwrap_or(Verdict::Block(Reason::TemplateMissing, None))
    }

    /// What would keep an automatic message from leaving, and only warns whoever writes one.
    pub(crate) fn warnings(
        &self,
        strategy: &Strategy,
        setup: &Setup,
        message: &Interaction,
        cap: Option<&str>,
        now: DateTime<Utc>,
    ) -> Vec<(Reason, Option<String>)> {
        let warn = |case: &Case<'_>| {
            let calendar = strategy.calendar.lived_in(self.facts.zone);
            gate::warnings(&Case { calendar: &calendar, ..*case })
        };
        self.judged(strategy, setup, message, cap, now, warn).unwrap_or_default()
    }

    /// Puts the message before a judge; `None` where nobody knows by which channel it would leave.
    fn judged<T>(
        &self,
        strategy: &Strategy,
        setup: &Setup,
        message: &Interaction,
        cap: Option<&str>,
        now: DateTime<Utc>,
        judge: impl FnOnce(&Case<'_>) -> T,
    ) -> Option<T> {
        let channel = message.channel?;
        let template = words::template_of(setup, message).filter(|template| template.channel == channel);
        let unapproved = template.as_ref().and_then(|it| words::unapproved(setup, message, it, self.free));
        let class = match (message.cause.class(), message.cause.said()) {
            // An answer that waited for a day is a word of ours again.
            (Class::Reply, Some(said)) if now >= free_until(said) => Class::Personal,
            (class, _) => class,
        };
        let step = message.step();
        let flow = step.and_then(|step| strategy.flow_of(&self.facts.segment).filter(|(f, _)| f.id == step.flow));
        let lived = strategy.calendar.lived_in(self.facts.zone);
        let also = self.campaign.as_ref().map(Campaign::excluded).unwrap_or_default();
        let calendar = if class == Class::Personal { Cow::Owned(lived.law()) } else { lived };
        Some(judge(&Case {
            class,
            switches: &strategy.switches,
            calendar: calendar.as_ref() as &Calendar,
            facts: &self.facts,
            channel,
            off: self.off(strategy, setup, message).or(self.over.then_some(Reason::EventOver)),
            has_template: template.is_some(),
            unapproved: unapproved.as_ref().map(|(reason, why)| (*reason, why.as_str())),
            flow_stopped: flow.and_then(|(f, _)| f.stopped),
            decided: decided(strategy, message),
            order: step.map(|step| step.order.as_str()),
            also: &also,
            forbidden: message.template().is_some_and(|template| forbids(strategy, setup, template)),
            reach: self.facts.reach,
            missing_tag: self.facts.missing_tag.as_deref(),
            cap,
            day: message.contact_day(),
            at: now,
        }))
    }

    /// Whether what sends it was switched off. A step belongs to the flow that decided it; a segment that moved on has another
    /// flow from tomorrow.
    fn off(&self, strategy: &Strategy, setup: &Setup, message: &Interaction) -> Option<Reason> {
        match &message.cause {
            Cause::Step(step) => {
                let on = strategy.flows.iter().any(|(flow, _)| flow.id == step.flow && flow.active);
                (!on).then_some(Reason::FlowInactive)
            }
            Cause::Event(occasion) => (!setup.event(occasion.trigger).active).then_some(Reason::EventInactive),
            Cause::Campaign(_) => {
                let on = self.campaign.as_ref().is_some_and(Campaign::goes_on);
                (!on).then_some(Reason::StoppedByUser)
            }
            Cause::Draft(_) => None,
        }
    }
}

/// Whether what an event speaks of is so no more: the promise was kept, broken, taken back, or is said to be paid.
fn is_over(cause: &Cause, open: &OpenAccount, today: NaiveDate) -> bool {
    let Cause::Event(occasion) = cause else { return false };
    let wanted = match occasion.trigger {
        Trigger::PromiseMade | Trigger::PromiseUpcoming | Trigger::PromiseDue => PromiseState::Live,
        Trigger::PromiseBroken => PromiseState::Broken,
        _ => return false,
    };
    let promises = open.matters.iter().filter_map(|(matter, ..)| matter.promise());
    let mut same = promises.filter(|promise| promise.id.as_str() == occasion.about.subject);
    let date = occasion.about.date;
    let past = match occasion.trigger {
        Trigger::PromiseUpcoming => date.is_none_or(|date| date <= today),
        Trigger::PromiseDue => date != Some(today),
        _ => false,
    };
    let declared = open.account.holds.review_until.is_some_and(|until| until >= today);
    let asks = occasion.trigger.is_dated() && declared;
    past || asks || !same.any(|promise| promise.state == wanted)
}

/// Whether the payment that is thanked for was taken back meanwhile.
async fn is_taken_back(ports: &Ports, setup: &Setup, message: &Interaction) -> Result<bool, Error> {
    let Cause::Event(occasion) = &message.cause else { return Ok(false) };
    if occasion.trigger != Trigger::Payment {
        return Ok(false);
    }
    let key = keys::movement(setup.id(), &message.customer, &occasion.about.subject);
    let Some(stored) = ports.table.get(&key).await? else { return Ok(false) };
    Ok(decode::<Movement>(&stored.body)?.annulled)
}

/// When a message was decided on: a stop binds what was decided before it.
fn decided(strategy: &Strategy, message: &Interaction) -> DateTime<Utc> {
    match &message.cause {
        Cause::Step(_) => strategy.calendar.midnight(message.day),
        Cause::Event(occasion) => occasion.at,
        Cause::Campaign(part) => part.at,
        Cause::Draft(draft) => draft.by.at,
    }
}

fn forbids(strategy: &Strategy, setup: &Setup, template: &cauce_domain::ids::TemplateId) -> bool {
    use cauce_domain::strategy::template::Audience;
    let reference = setup.template(template).is_some_and(|it| it.value.audience == Audience::Reference);
    reference && !strategy.references_allowed
}

/// Where the message goes. References and guarantors that asked not to be written to are passed over: their addresses are
/// looked up here, since no account of theirs carries what they asked.
async fn recipients(
    ports: &Ports,
    setup: &Setup,
    (message, levels): (&Interaction, &Levels),
    customer: &Customer,
    now: DateTime<Utc>,
) -> Result<Result<Recipients, Reach>, Error> {
    let Some(channel) = message.channel else { return Ok(Err(Reach::Nothing)) };
    let template = message.template().and_then(|id| setup.template(id));
    let audience = template.map(|template| template.value.audience).unwrap_or_default();
    let mut willing = customer.clone();
    for person in willing.related_mut(audience) {
        if let Some(address) = person.address(channel)
            && exclude::is_silent(ports, setup, address, channel).await?
        {
            person.take_off(channel);
        }
    }
    let asked_not = willing != *customer;
    if let Cause::Draft(draft) = &message.cause {
        if let Some(address) = &draft.replies_to {
            if exclude::is_silent(ports, setup, address, channel).await? {
                return Ok(Err(Reach::OptedOut));
            }
            let to = vec![Destination { address: address.clone(), shared: false }];
            return Ok(Ok(Recipients { to, cc: Vec::new() }));
        }
        if let Some(address) = &draft.to {
            willing.emails.retain(|point| point.address.address() == address);
            willing.phones.retain(|point| point.address.e164() == address);
        }
    }
    Ok(match point::choose(&willing, audience, channel, levels, now) {
        Err(Reach::Nothing) if asked_not => Err(Reach::OptedOut),
        chosen => chosen,
    })
}

/// The contact levels of a company that a flow's step, or a campaign, names.
fn levels(strategy: &Strategy, message: &Interaction, campaign: Option<&Campaign>) -> Levels {
    if let (Some(part), Some(campaign)) = (message.cause.campaign(), campaign) {
        let said = campaign.content.communications.get(usize::from(part.communication));
        return said.map(|communication| communication.levels.clone()).unwrap_or_default();
    }
    let Some(step) = message.step() else { return Levels::default() };
    let flow = strategy.flows.iter().find(|(flow, _)| flow.id == step.flow);
    let found = flow.and_then(|(flow, _)| flow.moments().into_iter().find(|(offset, _)| *offset == step.offset));
    found.map(|(_, step)| step.levels.clone()).unwrap_or_default()
}
