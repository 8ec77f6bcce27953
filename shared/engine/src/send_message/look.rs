//! The second look: the account as it is at the moment of sending, the text filled, the gate asked again.

use crate::Ports;
use crate::connect::approves;
use crate::error::Error;
use crate::exclude;
use crate::store::accounts::OpenAccount;
use crate::store::settings::Setup;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::contact::gate::{self, Case, Reason, Verdict};
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::contact::point::{self, Reach, Recipients};
use cauce_domain::debt::customer::Customer;
use cauce_domain::debt::order::Order;
use cauce_domain::strategy::approval::Filled;
use cauce_domain::strategy::plan::{Facts, Strategy};
use cauce_domain::strategy::tag;
use chrono::{DateTime, Utc};

/// What the second look sees.
pub(super) struct Look {
    facts: Facts,
    pub(super) recipients: Result<Recipients, Reach>,
    pub(super) subject: Option<String>,
    pub(super) text: Result<String, String>,
    /// The approved template it leaves as, filled, where its provider approves them.
    pub(super) approved: Option<Filled>,
    /// Files that go with it.
    pub(super) files: Vec<MessageFile>,
}

impl Look {
    /// Looks again, with what is true now.
    pub(super) async fn of(
        ports: &Ports,
        setup: &Setup,
        strategy: &Strategy,
        message: &Interaction,
        open: &OpenAccount,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let account = &open.account;
        let recipients = recipients(ports, setup, strategy, message, &account.customer, now).await?;
        let orders: Vec<Order> = open.orders.iter().map(|(o, ..)| o.clone()).collect();
        let values = tag::values(account, Some(&orders), setup.sender(), setup.today(now));
        let (subject, text) = match setup.template(&message.step.template).map(|t| t.value.compile()) {
            Some(Ok((subject, body))) => {
                let subject = subject.map(|s| s.fill(&values)).transpose();
                let text = subject.clone().and_then(|_| body.fill(&values)).map_err(|missing| missing.0);
                (subject.ok().flatten(), text)
            }
            _ => (None, Ok(String::new())),
        };
        let approval = message.channel.filter(|channel| approves(setup, *channel));
        let approval = approval.and_then(|_| setup.template(&message.step.template)?.value.approval.as_ref());
        let approved = approval.map(|approval| approval.fill(&values));
        let text = match &approved {
            Some(Err(missing)) => Err(missing.0.clone()),
            _ => text,
        };
        let approved = approved.and_then(Result::ok);
        let facts = Facts {
            status: account.customer.status,
            segment: account.segment.clone(),
            zone: account.customer.zone,
            summary: account.summary.clone(),
            holds: account.holds.clone(),
            reach: recipients.as_ref().map_or_else(|r| *r, |_| Reach::Usable),
            missing_tag: text.as_ref().err().cloned(),
            since: message.facts.since,
            done: message.facts.done.clone(),
        };
        let files = setup.template(&message.step.template).map(|t| t.value.files.clone()).unwrap_or_default();
        Ok(Self { facts, recipients, subject, text, approved, files })
    }

    /// The message with what this look saw, where that is not what the plan saw.
    pub(super) fn noted_on(&self, message: Interaction) -> Interaction {
        let facts_at_claim = (self.facts != message.facts).then(|| self.facts.clone());
        Interaction { facts_at_claim, ..message }
    }

    /// Asks the gate with what this look saw.
    pub(super) fn ask(
        &self,
        strategy: &Strategy,
        setup: &Setup,
        message: &Interaction,
        cap: Option<&str>,
        now: DateTime<Utc>,
    ) -> Verdict {
        let flow = strategy.flow_of(&self.facts.segment).filter(|(f, _)| f.id == message.step.flow);
        let Some(channel) = message.channel else { return Verdict::Block(Reason::TemplateMissing, None) };
        let template = setup.template(&message.step.template);
        let calendar = strategy.calendar.lived_in(self.facts.zone);
        gate::ask(&Case {
            switches: &strategy.switches,
            calendar: &calendar,
            facts: &self.facts,
            channel,
            // The step belongs to the flow that decided it; a segment that moved on has another flow from tomorrow.
            flow_active: strategy.flows.iter().any(|(f, _)| f.id == message.step.flow && f.active),
            has_template: template.is_some_and(|t| t.value.channel == channel),
            unapproved: strategy.unapproved(&message.step.template),
            flow_stopped: flow.and_then(|(f, _)| f.stopped),
            decided: strategy.calendar.midnight(message.day),
            order: Some(&message.step.order),
            forbidden: strategy.forbids(&message.step.template),
            reach: self.facts.reach,
            missing_tag: self.facts.missing_tag.as_deref(),
            cap,
            day: message.day,
            at: now,
        })
    }
}

/// Where the message goes. References and guarantors that asked not to be written to are passed over: their addresses are
/// looked up here, since no account of theirs carries what they asked.
async fn recipients(
    ports: &Ports,
    setup: &Setup,
    strategy: &Strategy,
    message: &Interaction,
    customer: &Customer,
    now: DateTime<Utc>,
) -> Result<Result<Recipients, Reach>, Error> {
    let Some(channel) = message.channel else { return Ok(Err(Reach::Nothing)) };
    let audience = setup.template(&message.step.template).map(|t| t.value.audience).unwrap_or_default();
    let flow = strategy.flows.iter().find(|(f, _)| f.id == message.step.flow);
    let step = flow.and_then(|(f, _)| f.moments().into_iter().find(|(o, _)| *o == message.step.offset).map(|m| m.1));
    let levels = step.map(|s| s.levels.clone()).unwrap_or_default();
    let mut willing = customer.clone();
    for person in willing.related_mut(audience) {
        if let Some(address) = person.address(channel)
            && exclude::is_silent(ports, setup, address, channel).await?
        {
            person.take_off(channel);
        }
    }
    Ok(match point::choose(&willing, audience, channel, &levels, now) {
        Err(Reach::Nothing) if willing != *customer => Err(Reach::OptedOut),
        chosen => chosen,
    })
}
