//! What a message says: a saved template or what a person of the team wrote, filled with what is true of the customer now.

use crate::Ports;
use crate::approval;
use crate::connect::approves;
use crate::error::Error;
use crate::pay_link;
use crate::store::accounts::OpenAccount;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::file::{FileKind, MessageFile};
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::contact::origin::Cause;
use cauce_domain::contact::point::Recipients;
use cauce_domain::debt::customer::Customer;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::statement::Statement;
use cauce_domain::strategy::approval::Filled;
use cauce_domain::strategy::tag::{self, PAY_HERE, STATEMENT, Values};
use cauce_domain::strategy::template::Template;
use chrono::{DateTime, Utc};

/// What a message says.
pub(super) struct Words {
    /// Subject, of e-mails.
    pub(super) subject: Option<String>,
    /// The text, or the tag nobody can fill.
    pub(super) text: Result<String, String>,
    /// The approved template it leaves as, where its provider approves them.
    pub(super) approved: Option<Filled>,
    /// Files that go with it.
    pub(super) files: Vec<MessageFile>,
    /// The statement of account goes with it.
    pub(super) statement: bool,
}

/// What a message is written by: its template, or a person's own words as if they were one. None where it is gone.
pub(super) fn template_of(setup: &Setup, message: &Interaction) -> Option<Template> {
    let known = message.template().map(|id| setup.template(id).map(|template| template.value.clone()));
    match (&message.cause, known) {
        (Cause::Draft(draft), None) => {
            let channel = message.channel?;
            let (subject, text) = (draft.subject.clone(), draft.text.clone());
            Some(Template { files: draft.files.clone(), ..Template::spoken(channel, subject, text) })
        }
        (Cause::Draft(draft), Some(known)) => known.map(|template| Template {
            files: template.files.iter().chain(&draft.files).cloned().collect(),
            ..template
        }),
        (_, known) => known.flatten(),
    }
}

/// Why a message would not be taken as it is written, where its provider approves what begins a conversation.
pub(super) fn unapproved(
    setup: &Setup,
    message: &Interaction,
    template: &Template,
    free: bool,
) -> Option<(Reason, String)> {
    let own_words = matches!(message.cause, Cause::Draft(_)) && template.approval.is_none();
    if own_words && approves(setup, template.channel) {
        let say = "elija una plantilla aprobada, o espere a que el cliente escriba".to_owned();
        return (!free).then_some((Reason::WindowClosed, say));
    }
    let mut leaves = template.clone();
    if has_statement(message, template) {
        let (name, place) = ("estado de cuenta.pdf".to_owned(), String::new());
        leaves.files.push(MessageFile { name, kind: FileKind::Pdf, place, size: 0 });
    }
    approval::refused(setup, &leaves).map(|why| (Reason::TemplateNotApproved, why))
}

/// Whether the statement of account goes with a message, as a document.
fn has_statement(message: &Interaction, template: &Template) -> bool {
    template.statement || matches!(&message.cause, Cause::Draft(draft) if draft.statement)
}

/// Whether the person at an address wrote to us within WhatsApp's day, so that free text may be written.
pub(super) fn is_free(setup: &Setup, customer: &Customer, recipients: Option<&Recipients>, now: DateTime<Utc>) -> bool {
    let account = setup.connections.get(&Channel::Whatsapp).map(|connection| connection.value.account.as_str());
    let (Some(account), Some(to)) = (account, recipients.and_then(|r| r.to.first())) else { return false };
    let mut known = customer.phones.iter().filter(|point| point.address.e164() == to.address);
    known.any(|point| point.marks.whatsapp.as_ref().is_some_and(|seen| seen.window_is_open(account, now)))
}

impl Words {
    /// Fills a message's template with what is true now.
    pub(super) async fn of(
        ports: &Ports,
        setup: &Setup,
        message: &Interaction,
        open: &OpenAccount,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let Some(template) = template_of(setup, message) else {
            return Ok(Self {
                subject: None,
                text: Ok(String::new()),
                approved: None,
                files: Vec::new(),
                statement: false,
            });
        };
        let orders: Vec<Order> = open.orders.iter().map(|(order, ..)| order.clone()).collect();
        let mut values = tag::values(&open.account, Some(&orders), setup.sender(), setup.today(now));
        if let Cause::Event(occasion) = &message.cause {
            tag::of_event(&mut values, &occasion.about, setup.sender());
        }
        if template.channel != Channel::Email {
            let short = Statement::of(&orders, setup.today(now)).short(setup.sender().style);
            values.entry(STATEMENT.to_owned()).and_modify(|table| *table = short);
        }
        let approval = template.approval.as_ref().filter(|_| approves(setup, template.channel));
        if says(&template, PAY_HERE)
            && let Some(link) = pay_link::issue(ports, setup, message, now).await?
        {
            values.insert(PAY_HERE.to_owned(), link);
        }
        let (subject, text) = filled(&template, &values);
        let approved = approval.map(|approval| approval.fill(&values)).transpose();
        let (approved, text) = match approved {
            Ok(approved) => (approved, text),
            Err(missing) => (None, Err(missing.0)),
        };
        let statement = has_statement(message, &template);
        Ok(Self { subject, text, approved, files: template.files, statement })
    }
}

/// Whether a template says a tag anywhere.
fn says(template: &Template, tag: &str) -> bool {
    let all = || serde_json::to_string(template).unwrap_or_default();
    template.body.contains(tag) || template.approval.is_some() && all().contains(tag)
}

fn filled(template: &Template, values: &Values) -> (Option<String>, Result<String, String>) {
    match template.compile() {
        Ok((subject, body)) => {
            let subject = subject.map(|subject| subject.fill(values)).transpose();
            let text = subject.clone().and_then(|_| body.fill(values)).map_err(|missing| missing.0);
            (subject.ok().flatten(), text)
        }
        Err(_) => (None, Ok(String::new())),
    }
}
