//! What AWS tells, however it was wrapped: by EventBridge, by SNS, by either's record in a queue or a function, or bare.

use crate::aws_sms;
use crate::json::{at, list, text};
use crate::ses;
use cauce_engine::ports::told::{Account, Told};
use serde_json::Value;

/// How deep a thing may be wrapped.
const DEPTH: u8 = 4;

/// Reads a body of AWS's.
pub fn parse(body: &[u8]) -> Vec<Told> {
    match serde_json::from_slice(body) {
        Ok(value) => unwrap(&value, DEPTH),
        Err(_) => vec![Told::DeadLetter { reason: "not_json" }],
    }
}

fn unwrap(value: &Value, depth: u8) -> Vec<Told> {
    let Some(depth) = depth.checked_sub(1) else { return vec![ignored("wrapped")] };
    if at(value, "Records").is_some() {
        return list(value, "Records").iter().flat_map(|record| of_record(record, depth)).collect();
    }
    if let Some(kind) = text(value, "detail-type") {
        return of_bus(value, &kind, depth);
    }
    match text(value, "Type").as_deref() {
        Some("Notification") => inner(text(value, "Message"), depth),
        Some(kind @ ("SubscriptionConfirmation" | "UnsubscribeConfirmation")) => {
            let (field, event) = (Some("sns".to_owned()), Some(kind.to_owned()));
            vec![Told::Account(Account { field, event, account: text(value, "TopicArn"), ..Account::default() })]
        }
        _ => bare(value),
    }
}

/// A text that holds another message; some of SNS's are plain words.
fn inner(message: Option<String>, depth: u8) -> Vec<Told> {
    match message.and_then(|message| serde_json::from_str::<Value>(&message).ok()) {
        Some(value) => unwrap(&value, depth),
        None => vec![ignored("text")],
    }
}

fn of_record(record: &Value, depth: u8) -> Vec<Told> {
    if let Some(mail) = at(record, "ses") {
        return vec![ses::inbound::read(mail)];
    }
    match at(record, "Sns") {
        Some(sns) => inner(text(sns, "Message"), depth),
        None => inner(text(record, "body"), depth),
    }
}

fn of_bus(event: &Value, kind: &str, depth: u8) -> Vec<Told> {
    if kind.starts_with("Sending Status") {
        return vec![Told::Account(Account { event: Some(kind.to_owned()), ..Account::default() })];
    }
    at(event, "detail").map_or_else(|| vec![ignored("detail")], |detail| unwrap(detail, depth))
}

fn bare(value: &Value) -> Vec<Told> {
    let kind = text(value, "eventType").or_else(|| text(value, "notificationType")).unwrap_or_default();
    match kind.as_str() {
        "Received" => vec![ses::inbound::read(value)],
        "AmazonSnsSubscriptionSucceeded" => vec![ignored("subscription")],
        kind if kind.starts_with("TEXT_") => vec![aws_sms::status(value, kind)],
        _ if at(value, "inboundMessageId").is_some() => vec![aws_sms::inbound(value)],
        _ => ses::events::read(value),
    }
}

fn ignored(reason: &str) -> Told {
    Told::Ignored { reason: reason.to_owned(), id: None }
}
