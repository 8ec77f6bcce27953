//! What SES tells of our e-mails, in either of its two shapes: events of a configuration set, or feedback of an identity.

use crate::json::{at, instant, list, text};
use cauce_domain::contact::disposition::Disposition;
use cauce_engine::ports::told::{Account, Engagement, Preference, Refusal, Reported, Status, Told};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Reads an event of SES, without whatever it was wrapped in.
pub fn read(event: &Value) -> Vec<Told> {
    let kind = text(event, "eventType").or_else(|| text(event, "notificationType")).unwrap_or_default();
    let id = text(event, "mail/messageId");
    let Some(id) = id else {
        return vec![Told::Ignored { reason: format!("type:{kind}"), id: None }];
    };
    match kind.as_str() {
        "Send" => each(event, &id, Reported::Sent, instant(event, "mail/timestamp"), None),
        "Delivery" => delivered(event, &id),
        "Bounce" => bounced(event, &id),
        "Complaint" => complained(event, &id),
        "Reject" => refused(event, &id, text(event, "reject/reason")),
        "Rendering Failure" | "RenderingFailure" => refused(event, &id, text(event, "failure/errorMessage")),
        "DeliveryDelay" => delayed(event, &id),
        "Open" => vec![engagement(event, &id, "open")],
        "Click" => vec![engagement(event, &id, "click")],
        "Subscription" => vec![subscription(event, &id)],
        _ => vec![Told::Ignored { reason: format!("type:{kind}"), id: Some(id) }],
    }
}

/// An address as it is compared: without the name before it, in lower case.
pub fn address(written: &str) -> String {
    let inner = written.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(written, |(inner, _)| inner);
    inner.trim().to_lowercase()
}

fn addresses(list: &[Value], member: &str) -> Vec<String> {
    list.iter().filter_map(|one| text(one, member)).map(|written| address(&written)).collect()
}

/// Whom the mail went to, by its envelope.
fn destination(event: &Value) -> Vec<String> {
    list(event, "mail/destination").iter().filter_map(Value::as_str).map(address).collect()
}

/// One status for each recipient of the mail.
fn each(event: &Value, id: &str, state: Reported, at: Option<DateTime<Utc>>, refusal: Option<Refusal>) -> Vec<Told> {
    let status = |to: String| status(event, id, state, Some(to), at, refusal.clone());
    destination(event).into_iter().map(status).map(Told::Status).collect()
}

fn status(
    event: &Value,
    id: &str,
    state: Reported,
    address: Option<String>,
    at: Option<DateTime<Utc>>,
    refusal: Option<Refusal>,
) -> Status {
    let reference = tag(event, "msg");
    let project = tag(event, "project");
    Status { project, address, at, refusal, reference, ..Status::of(id, state) }
}

/// A tag of ours that comes back with the mail.
fn tag(event: &Value, name: &str) -> Option<String> {
    list(event, &format!("mail/tags/{name}")).first().and_then(Value::as_str).map(str::to_owned)
}

fn delivered(event: &Value, id: &str) -> Vec<Told> {
    let to = list(event, "delivery/recipients").iter().filter_map(Value::as_str).map(address);
    let when = instant(event, "delivery/timestamp");
    to.map(|to| Told::Status(status(event, id, Reported::Delivered, Some(to), when, None))).collect()
}

/// What a bounce means; kinds nobody has seen follow their type.
fn disposition(kind: &str, subtype: &str) -> Disposition {
    match (kind, subtype) {
        ("Permanent", "UnsubscribedRecipient") => Disposition::OptOut,
        ("Permanent", _) => Disposition::Suppress,
        _ => Disposition::Soft,
    }
}

fn bounced(event: &Value, id: &str) -> Vec<Told> {
    let kind = text(event, "bounce/bounceType").unwrap_or_default();
    let subtype = text(event, "bounce/bounceSubType").unwrap_or_default();
    let when = instant(event, "bounce/timestamp");
    let one = |recipient: &Value| {
        let refusal = Refusal {
            code: text(recipient, "status"),
            disposition: disposition(&kind, &subtype),
            bounce: Some(format!("{kind}/{subtype}")),
        };
        let to = text(recipient, "emailAddress").map(|written| address(&written));
        let reason = text(recipient, "diagnosticCode");
        Told::Status(Status { reason, ..status(event, id, Reported::Bounced, to, when, Some(refusal)) })
    };
    list(event, "bounce/bouncedRecipients").iter().map(one).collect()
}

fn complained(event: &Value, id: &str) -> Vec<Told> {
    // Somebody took a complaint back.
    if text(event, "complaint/complaintFeedbackType").as_deref() == Some("not-spam") {
        return vec![Told::Ignored { reason: "not-spam".to_owned(), id: Some(id.to_owned()) }];
    }
    let mut who = addresses(list(event, "complaint/complainedRecipients"), "emailAddress");
    let sent_to = destination(event);
    if who.is_empty() && sent_to.len() == 1 {
        who = sent_to;
    }
    if who.is_empty() {
        let event = Some("Complaint".to_owned());
        return vec![Told::Account(Account { field: Some("unresolved".to_owned()), event, ..Account::default() })];
    }
    let when = instant(event, "complaint/timestamp");
    let refusal = Refusal::of(None, Disposition::OptOut);
    let one = |to| Told::Status(status(event, id, Reported::Complained, Some(to), when, Some(refusal.clone())));
    who.into_iter().map(one).collect()
}

fn refused(event: &Value, id: &str, reason: Option<String>) -> Vec<Told> {
    let refusal = Refusal::of(None, Disposition::FixRequest);
    let told = each(event, id, Reported::Failed, None, Some(refusal));
    let reasoned = |told| match told {
        Told::Status(status) => Told::Status(Status { reason: reason.clone(), ..status }),
        other => other,
    };
    told.into_iter().map(reasoned).collect()
}

fn delayed(event: &Value, id: &str) -> Vec<Told> {
    let (when, reason) = (instant(event, "deliveryDelay/timestamp"), text(event, "deliveryDelay/delayType"));
    let who = addresses(list(event, "deliveryDelay/delayedRecipients"), "emailAddress");
    let one = |to| {
        let status = status(event, id, Reported::Delayed, Some(to), when, None);
        Told::Status(Status { reason: reason.clone(), ..status })
    };
    who.into_iter().map(one).collect()
}

fn engagement(event: &Value, id: &str, what: &'static str) -> Told {
    Told::Engagement(Engagement {
        project: tag(event, "project"),
        id: id.to_owned(),
        what,
        link: text(event, &format!("{what}/link")),
        bot: at(event, &format!("{what}/isBotEvent")).and_then(Value::as_bool) == Some(true),
        at: instant(event, &format!("{what}/timestamp")),
    })
}

fn subscription(event: &Value, id: &str) -> Told {
    let mut to = destination(event).into_iter();
    let at = instant(event, "subscription/timestamp");
    let source = text(event, "subscription/source");
    Told::Preference(Preference { id: Some(id.to_owned()), address: to.next(), source, at, ..Preference::default() })
}
