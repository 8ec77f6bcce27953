//! Who wrote an e-mail: a person, or a machine, and what the machine tells.

use cauce_domain::contact::silence::fold;
use cauce_engine::ports::told::Class;
use mail_parser::{Message, MessagePart, MimeHeaders};

/// Headers that only machines write.
const MACHINE: [&str; 5] = ["X-Autoreply", "X-Autorespond", "X-Autoresponse", "X-Mail-Autoreply", "X-Auto-Reply-From"];
/// How subjects of absences begin, folded.
const ABSENT: [&str; 10] = [
    "respuesta automatica",
    "fuera de oficina",
    "fuera de la oficina",
    "ausencia",
    "ausente",
    "autorespuesta",
    "automatic reply",
    "auto reply",
    "out of office",
    "vacaciones",
];

/// Says what an e-mail is; `report` is what its delivery report says, if it has one.
pub(super) fn classify(message: &Message<'_>, report_is_delay: Option<bool>) -> Class {
    let report_type =
        message.content_type().and_then(|t| t.attribute("report-type")).unwrap_or_default().to_lowercase();
    if parts(message).iter().any(|part| is(part, "message", "feedback-report")) {
        return Class::ComplaintArf;
    }
    if report_type == "disposition-notification" {
        return Class::Mdn;
    }
    if report_is_delay.is_some() || report_type == "delivery-status" {
        return if report_is_delay == Some(true) { Class::DsnDelayed } else { Class::DsnFailed };
    }
    let from = message.header_raw("From").unwrap_or_default().to_lowercase();
    let nobody = message.header_raw("Return-Path").is_some_and(|path| path.trim() == "<>");
    let daemon = from.contains("mailer-daemon") || from.contains("postmaster");
    if message.header_raw("X-Failed-Recipients").is_some() || nobody && daemon {
        return Class::DsnFailed;
    }
    if says_machine(message) {
        return Class::AutoReply;
    }
    let precedence = header(message, "Precedence");
    if message.header_raw("List-Id").is_some() || matches!(precedence.as_str(), "list" | "bulk" | "junk") {
        return Class::Bulk;
    }
    let subject = fold(message.subject().unwrap_or_default());
    if nobody || ABSENT.iter().any(|word| subject.starts_with(word)) {
        return Class::AutoReply;
    }
    Class::Reply
}

fn says_machine(message: &Message<'_>) -> bool {
    let submitted = header(message, "Auto-Submitted");
    let automatic = !submitted.is_empty() && submitted.split(';').next().map(str::trim) != Some("no");
    automatic
        || MACHINE.iter().any(|name| message.header_raw(*name).is_some())
        || header(message, "X-Apple-Action") == "vacation"
        || header(message, "Precedence") == "auto_reply"
}

fn header(message: &Message<'_>, name: &'static str) -> String {
    message.header_raw(name).unwrap_or_default().trim().to_lowercase()
}

/// Every part, those of messages within included, however deep.
pub(super) fn parts<'a>(message: &'a Message<'a>) -> Vec<&'a MessagePart<'a>> {
    let (mut all, mut within) = (Vec::new(), vec![message]);
    while let Some(message) = within.pop() {
        all.extend(&message.parts);
        within.extend(message.parts.iter().rev().filter_map(|part| part.message()));
    }
    all
}

pub(super) fn is(part: &MessagePart<'_>, kind: &str, subtype: &str) -> bool {
    part.content_type().is_some_and(|t| {
        t.ctype().eq_ignore_ascii_case(kind) && t.subtype().is_some_and(|s| s.eq_ignore_ascii_case(subtype))
    })
}
