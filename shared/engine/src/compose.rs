//! A person of the team writes to a customer: words with tags or a saved template, files, the statement of account.
//!
//! It goes the way of every message: kept first, claimed, asked about at the gate again as it leaves, entered in the contact
//! ledger, followed to its end. The law and what the customer asked for bind it; the project's own habits only warn, and
//! whoever writes says that the warnings were read. Who wrote within the day is answered at any hour.

use crate::Ports;
use crate::dossier::{AtHand, Desk, change};
use crate::error::Error;
use crate::exclude;
use crate::limits;
use crate::messages::hurry;
use crate::ports::table::{Change, Expect};
use crate::send_message::Look;
use crate::store::accounts::{self, OpenAccount};
use crate::store::edits::By;
use crate::store::interactions;
use crate::store::received::last_of;
use crate::store::settings::Setup;
use crate::strategy;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::draft::Draft;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::contact::gate::{Reason, Verdict};
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::ledger::{self, Refusal};
use cauce_domain::contact::marks::free_until;
use cauce_domain::contact::origin::{Cause, Class};
use cauce_domain::contact::received::{Flag, Received};
use cauce_domain::debt::customer::Status;
use cauce_domain::ids::{CustomerId, SendId, TemplateId};
use cauce_domain::strategy::plan::{Facts, Strategy};
use cauce_domain::strategy::template::{Audience, Template};
use serde::Serialize;

/// As many messages of the customer's as are looked at for the one that is answered.
const LOOKED_AT: u32 = 20;
/// What is said about a message nobody can be sure of, whoever wrote it.
const DOUBTED: [Flag; 6] =
    [Flag::ThirdParty, Flag::Untrusted, Flag::Automatic, Flag::Unverified, Flag::Shared, Flag::OptOut];

/// What somebody writes.
#[derive(Debug, Clone)]
pub struct Asked {
    /// By which channel.
    pub channel: Channel,
    /// A saved template, instead of words.
    pub template: Option<TemplateId>,
    /// Subject with tags, of e-mails.
    pub subject: Option<String>,
    /// Text with tags.
    pub text: String,
    /// Files.
    pub files: Vec<MessageFile>,
    /// The statement of account goes with it.
    pub statement: bool,
    /// Which of the customer's addresses.
    pub to: Option<String>,
    /// The warnings were read.
    pub accept_warnings: bool,
}

/// What stands against a message, or is to be known before it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Objection {
    /// The reason's code.
    pub reason: Reason,
    /// In words.
    pub message: String,
}

impl Objection {
    fn of((reason, detail): (Reason, Option<String>)) -> Self {
        let detail = detail.map_or_else(String::new, |detail| format!(" ({detail})"));
        Self { reason, message: format!("{}{detail}", reason.spanish()) }
    }
}

/// A message as it would leave now.
#[derive(Debug, Clone, Serialize)]
pub struct Composed {
    /// Subject, of e-mails.
    pub subject: Option<String>,
    /// Text.
    pub text: String,
    /// It answers what the customer wrote within the day.
    pub reply: bool,
    /// Why it cannot leave.
    pub blocked: Option<Objection>,
    /// What whoever writes has to have read.
    pub warnings: Vec<Objection>,
}

/// Shows a message as it would leave now, and what stands against it.
pub async fn preview(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    asked: &Asked,
    by: &By,
) -> Result<Composed, Error> {
    let (open, draft) = drafted(ports, setup, customer, asked, by).await?;
    composed(ports, setup, &open, &message(ports, setup, &open, asked, draft), by).await
}

/// Sends a message, or says what stands against it.
pub async fn send(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    asked: &Asked,
    (by, request): (&By, Option<String>),
) -> Result<Interaction, Error> {
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    if let Some(sent) = crate::dossier::answered(&desk, customer).await? {
        return Ok(sent);
    }
    let (open, draft) = drafted(ports, setup, customer, asked, by).await?;
    let message = message(ports, setup, &open, asked, draft);
    let composed = composed(ports, setup, &open, &message, by).await?;
    if let Some(Objection { reason, message }) = composed.blocked {
        return Err(Error::refused(reason.code(), None, message));
    }
    if !(composed.warnings.is_empty() || asked.accept_warnings) {
        let read: Vec<String> = composed.warnings.into_iter().map(|warning| warning.message).collect();
        let say = format!("{}. Para enviar de todos modos, repita con accept_warnings", read.join("; "));
        return Err(Error::refused("warnings_to_accept", "accept_warnings", say));
    }
    let item = interactions::item(setup.id(), &message, true)?;
    let sent = change(&desk, customer, &AtHand::default(), |dossier| {
        dossier.also(Change::Put(item.clone(), Expect::Absent));
        Ok(message.clone())
    })
    .await?;
    hurry(ports, setup, std::slice::from_ref(&sent), by.at).await;
    Ok(sent)
}

/// The account and what somebody wrote, checked.
async fn drafted(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    asked: &Asked,
    by: &By,
) -> Result<(OpenAccount, Draft), Error> {
    let found = accounts::open_account(ports, setup.id(), customer).await?;
    let there = found.filter(|open| open.account.customer.status != Status::Deleted);
    let open = there.ok_or(Error::NotFound("el cliente"))?;
    if let Some(to) = &asked.to {
        let customer = &open.account.customer;
        let phones = customer.phones.iter().map(|point| point.address.e164());
        let mut all = phones.chain(customer.emails.iter().map(|point| point.address.address()));
        if !all.any(|address| address == to) {
            return Err(Error::refused("not_a_contact", "to", "esa dirección no es del cliente: agréguela primero"));
        }
    }
    let answered = answered(ports, setup, &open, asked, by).await?;
    let mut subject = limits::some("subject", asked.subject.as_deref(), limits::SHORT)?;
    if asked.channel == Channel::Email && subject.is_none() {
        // Its braces are no tags.
        let plain = |subject: String| subject.replace('{', "{{").replace('}', "}}");
        subject = answered.as_ref().and_then(Received::reply_subject).map(plain);
    }
    let draft = Draft {
        by: by.clone(),
        template: asked.template.clone(),
        subject,
        text: asked.text.clone(),
        files: asked.files.clone(),
        statement: asked.statement,
        to: asked.to.clone(),
        replies_to: answered.as_ref().map(|received| received.from.clone()),
        answers: answered.map(|received| received.id),
    };
    check(setup, asked, &draft)?;
    Ok((open, draft))
}

/// Finds what keeps it from being written: a template of another channel, an unknown tag, too long a text.
fn check(setup: &Setup, asked: &Asked, draft: &Draft) -> Result<(), Error> {
    if asked.channel == Channel::Call {
        return Err(Error::refused("invalid_value", "channel", "una llamada se hace, no se escribe: use las llamadas"));
    }
    limits::most("files", asked.files.len(), limits::FILES)?;
    let spoken = match &asked.template {
        None => {
            let spoken = Template::spoken(asked.channel, draft.subject.clone(), asked.text.clone());
            Template { files: asked.files.clone(), statement: asked.statement, ..spoken }
        }
        Some(id) => {
            let found = setup.template(id).ok_or(Error::NotFound("la plantilla"))?;
            if found.value.channel != asked.channel || found.value.audience != Audience::Customer {
                let message = "la plantilla es de otro canal o no es para el cliente";
                return Err(Error::refused("wrong_template", "template", message));
            }
            if !asked.text.is_empty() {
                let message = "escriba el texto o elija una plantilla, no ambos";
                return Err(Error::refused("wrong_template", "template", message));
            }
            let files = found.value.files.iter().chain(&asked.files).cloned().collect();
            Template { files, statement: found.value.statement || asked.statement, ..found.value.clone() }
        }
    };
    spoken.validate().map(|_| ()).map_err(|bad| Error::refused("bad_message", "text", bad.to_string()))
}

/// What the customer wrote last by a channel, within the day, from an address of its own: that is answered.
async fn answered(
    ports: &Ports,
    setup: &Setup,
    open: &OpenAccount,
    asked: &Asked,
    by: &By,
) -> Result<Option<Received>, Error> {
    let customer = &open.account.customer;
    let own = |received: &Received| {
        let phone = customer.phones.iter().any(|point| point.address.e164() == received.from);
        phone || customer.emails.iter().any(|point| point.address.address() == received.from)
    };
    let found = last_of(ports, setup, &open.account.id, LOOKED_AT).await?.into_iter().map(|(received, _)| received);
    let fits = |received: &Received| {
        received.channel == asked.channel
            && by.at < free_until(received.at)
            && !DOUBTED.iter().any(|flag| received.flags.contains(flag))
            && asked.to.as_ref().is_none_or(|to| *to == received.from)
            && own(received)
    };
    let Some(last) = found.filter(fits).max_by_key(|received| received.at) else { return Ok(None) };
    // Whoever asked for silence is not written to for having said so.
    let silent = exclude::is_silent(ports, setup, &last.from, asked.channel).await?;
    Ok((!silent).then_some(last))
}

fn message(ports: &Ports, setup: &Setup, open: &OpenAccount, asked: &Asked, draft: Draft) -> Interaction {
    let (account, at) = (&open.account, draft.by.at);
    let id = SendId::new(ports.new_id().simple().to_string());
    let (day, state) = (setup.today(at), State::Scheduled { at });
    let message = Interaction::new(id, account.id.clone(), day, Cause::Draft(draft), state, Facts::of(account));
    Interaction { channel: Some(asked.channel), ..message }
}

/// Looks at a message as it would leave now.
async fn composed(
    ports: &Ports,
    setup: &Setup,
    open: &OpenAccount,
    message: &Interaction,
    by: &By,
) -> Result<Composed, Error> {
    let strategy = strategy::gather(ports, setup, by.at).await?;
    let look = Look::of(ports, setup, &strategy, (message, None), open, by.at).await?;
    let blocked = match look.ask(&strategy, setup, message, None, by.at) {
        Verdict::Allow => None,
        Verdict::Block(reason, detail) => Some((reason, detail)),
        // What waits a little, as for a channel that comes back, waits.
        Verdict::Defer(..) => None,
    };
    let reply = message.cause.class() == Class::Reply;
    let warnings = match reply {
        true => Vec::new(),
        false => {
            let cap = cap(ports, setup, &strategy, message).await?;
            look.warnings(&strategy, setup, message, cap.as_deref(), by.at)
        }
    };
    let (subject, text) = look.text();
    Ok(Composed {
        subject: subject.map(str::to_owned),
        text: text.to_owned(),
        reply,
        blocked: blocked.map(Objection::of),
        warnings: warnings.into_iter().map(Objection::of).collect(),
    })
}

/// The contact limit an automatic message would meet.
async fn cap(
    ports: &Ports,
    setup: &Setup,
    strategy: &Strategy,
    message: &Interaction,
) -> Result<Option<String>, Error> {
    let (week, _, before) = interactions::ledgers(ports, setup.id(), &message.customer, message.day).await?;
    let entries: Vec<_> = week.entries.iter().chain(&before.entries).collect();
    let Some(channel) = message.channel.filter(|_| strategy.switches.active) else { return Ok(None) };
    let asked = (message.key(), Class::Notice);
    Ok(match ledger::admits(&entries, asked, message.day, channel, setup.project().caps) {
        Err(Refusal::Cap(words)) => Some(words),
        _ => None,
    })
}
