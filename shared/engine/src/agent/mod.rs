//! The automatic agent: answers what customers write, where the project wants it. It is off until somebody switches it on.
//!
//! Whoever understands the message only proposes (`ports/agent.rs`); what is done goes through the same use cases as a user's
//! doing, under the author `agente`, once for each message. It answers linked customers alone, in words of ours filled with
//! what is true, and leaves to a person whatever is not understood, contradicts itself or is somebody's misfortune.

mod act;
pub mod rules;

use crate::Ports;
use crate::apply_event::holders;
use crate::error::Error;
use crate::ports::agent::{Dialogue, Proposal, Turn};
use crate::store::accounts;
use crate::store::edits::By;
use crate::store::interactions;
use crate::store::received::Thread;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::contact::origin::Cause;
use cauce_domain::contact::received::{Flag, Received};
use cauce_domain::debt::customer::Status;
use cauce_domain::ids::CustomerId;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The author under which it works.
pub const AUTHOR: &str = "agente";
/// Most answers of its to a customer in a local day: whoever goes on writes is not being helped.
const MOST_A_DAY: usize = 6;
/// How long it keeps out of a conversation a person of the team has written in.
const KEEPS_OUT: TimeDelta = TimeDelta::hours(2);
/// How long after it was written a message may come and still be answered: told later, a person reads it first.
const FRESH: TimeDelta = TimeDelta::minutes(30);
/// Messages of a conversation it looks back on.
const LOOKED_AT: u32 = 20;

/// How a project has its agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentSettings {
    /// Whether it answers.
    pub active: bool,
    /// Who understands: `rules`, or `bedrock` where that is deployed.
    pub kind: String,
    /// Whether it may note payments, promises and claims; otherwise it answers questions alone.
    #[serde(default = "yes")]
    pub acts: bool,
}

fn yes() -> bool {
    true
}

/// Answers a message that was just kept, where that is wanted. What goes wrong leaves it to a person, who finds it unread.
pub(crate) async fn answer(ports: &Ports, setup: &Setup, message: &Received, thread: &Thread, now: DateTime<Utc>) {
    let Thread::Customers(customers) = thread else { return };
    let [customer] = customers.as_slice() else { return };
    if let Err(error) = attend(ports, setup, customer, message, now).await {
        tracing::warn!(project = %setup.id(), message = %message.id, %error, "el agente dejó un mensaje a una persona");
    }
}

async fn attend(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    message: &Received,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let wanted = setup.project().agent.as_ref().filter(|agent| agent.active);
    let Some(settings) = wanted.filter(|_| setup.project().active && is_plain(message, now)) else { return Ok(()) };
    // Of an address that others have too, nobody knows which of them writes.
    if holders(ports, setup, message.channel, &message.from).await?.iter().any(|other| other != customer) {
        return Ok(());
    }
    let before = interactions::of_customer(ports, setup.id(), customer, None, LOOKED_AT).await?;
    if is_attended(&before, setup, now) {
        return Ok(());
    }
    let by = By { author: AUTHOR.to_owned(), at: now };
    let proposal = match ports.agents.get(settings.kind.as_str()) {
        Some(agent) => match dialogue(ports, setup, customer, message, &before, now).await? {
            Some(dialogue) => agent.propose(&dialogue).await.unwrap_or_else(|why| Proposal::HandOver { why }),
            None => return Ok(()),
        },
        None => Proposal::HandOver { why: "el agente elegido no está instalado".to_owned() },
    };
    let proposal = sober(proposal, message, before.iter().any(|message| is_its_own(message, setup.today(now))));
    if proposal == Proposal::Leave {
        return Ok(());
    }
    act::act(ports, setup, (customer, message), settings, proposal, &by).await
}

/// Somebody who seems to ask for silence gets that or a person; nobody is greeted twice in a day.
fn sober(proposal: Proposal, message: &Received, answered_today: bool) -> Proposal {
    let silence = message.flags.contains(&Flag::MaybeOptOut);
    match proposal {
        Proposal::OptOut => Proposal::OptOut,
        _ if silence => Proposal::Leave,
        Proposal::Greet if answered_today => Proposal::Leave,
        proposal => proposal,
    }
}

/// Whether a message is one of the agent's of a local day.
fn is_its_own(message: &Interaction, today: NaiveDate) -> bool {
    matches!(&message.cause, Cause::Draft(draft) if draft.by.author == AUTHOR) && message.day == today
}

/// Whether a message is a person's, known to be the customer's own, and new.
fn is_plain(message: &Received, now: DateTime<Utc>) -> bool {
    let written = matches!(message.channel, Channel::Whatsapp | Channel::Email);
    let doubted: &[Flag] = &[
        Flag::OptOut,
        Flag::OptIn,
        Flag::Shared,
        Flag::ThirdParty,
        Flag::Untrusted,
        Flag::Automatic,
        Flag::Quarantined,
        Flag::Unverified,
    ];
    let says = message.text.as_ref().is_some_and(|text| !text.trim().is_empty());
    // What a picture or a recording says, a person has to see.
    let words_alone = message.attachments.is_empty();
    written
        && says
        && words_alone
        && now < message.at + FRESH
        && !doubted.iter().any(|flag| message.flags.contains(flag))
}

/// Whether a person of the team is in the conversation, or the agent has said enough for a day.
fn is_attended(before: &[Interaction], setup: &Setup, now: DateTime<Utc>) -> bool {
    let drafts = || {
        before.iter().filter_map(|message| match &message.cause {
            Cause::Draft(draft) => Some((draft, message.day)),
            Cause::Step(_) | Cause::Event(_) | Cause::Campaign(_) => None,
        })
    };
    let somebody = drafts().any(|(draft, _)| draft.by.author != AUTHOR && now < draft.by.at + KEEPS_OUT);
    let today = setup.today(now);
    let own = before.iter().filter(|message| is_its_own(message, today)).count();
    somebody || own >= MOST_A_DAY
}

/// What the agent is told: nothing of whoever is no customer any more, or waits for a person.
async fn dialogue(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    message: &Received,
    before: &[Interaction],
    now: DateTime<Utc>,
) -> Result<Option<Dialogue>, Error> {
    let Some((account, _)) = accounts::account(ports, setup.id(), customer).await? else { return Ok(None) };
    // What was left to a person waits for one: nothing is answered over it, nor marked read with it.
    let waits = account.inbox.as_ref().is_some_and(|inbox| inbox.unread > 1);
    if account.customer.status != Status::Active || waits {
        return Ok(None);
    }
    let texts = interactions::texts(ports, setup.id(), before).await?;
    let mut said: Vec<Turn> =
        texts.into_iter().flatten().map(|receipt| Turn { ours: true, text: receipt.text }).take(5).collect();
    said.reverse();
    Ok(Some(Dialogue {
        company: setup.project().name.clone(),
        today: setup.today(now),
        currency: account.summary.carrying.as_ref().map(|carrying| carrying.currency),
        before: said,
        message: message.text.clone().unwrap_or_default(),
    }))
}
