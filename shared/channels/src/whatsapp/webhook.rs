//! What Meta's webhooks say: several accounts, changes, messages and statuses in one post.

use super::codes::{disposition, is_generic};
use super::inbound::{self, Contacts};
use crate::json::{list, number, seconds, text, word};
use cauce_engine::ports::told::{Account, Billed, Identity, Preference, Refusal, Reported, Status, Told};
use serde_json::Value;

/// Reads a verified body. What one part of it has wrong does not touch the others.
pub fn parse(body: &[u8]) -> Vec<Told> {
    let post: Value = match serde_json::from_slice(body) {
        Ok(post) => post,
        Err(_) if has_lone_surrogate(body) => return vec![Told::DeadLetter { reason: "lone_surrogate" }],
        Err(_) => return vec![Told::DeadLetter { reason: "not_json" }],
    };
    if text(&post, "object").as_deref() != Some("whatsapp_business_account") {
        return vec![ignored("object", None)];
    }
    let mut told = Vec::new();
    for entry in list(&post, "entry") {
        let waba = word(entry, "id");
        for change in list(entry, "changes") {
            read(change, waba.as_deref(), &mut told);
        }
    }
    if told.is_empty() {
        told.push(ignored("empty", None));
    }
    told
}

pub(super) fn ignored(reason: &str, id: Option<String>) -> Told {
    Told::Ignored { reason: reason.to_owned(), id }
}

fn read(change: &Value, waba: Option<&str>, told: &mut Vec<Told>) {
    let (field, value) = (text(change, "field").unwrap_or_default(), &change["value"]);
    let account = word(value, "metadata/phone_number_id");
    match field.as_str() {
        "messages" => {
            let contacts = Contacts::of(list(value, "contacts"));
            told.extend(list(value, "messages").iter().map(|m| inbound::read(m, &contacts, account.as_deref())));
            told.extend(list(value, "statuses").iter().filter_map(|s| status(s, account.as_deref())));
            told.extend(list(value, "errors").iter().map(|e| {
                let (field, code) = (Some("errors".to_owned()), number(e, "code"));
                Told::Account(Account { field, code, account: account.clone(), ..Account::default() })
            }));
        }
        "user_preferences" => told.extend(list(value, "user_preferences").iter().map(|p| preference(p, &account))),
        "user_id_update" => told.extend(list(value, "user_id_update").iter().map(|u| {
            Told::Identity(Identity {
                account: account.clone(),
                change: field.clone(),
                old_user: text(u, "user_id/previous"),
                new_user: text(u, "user_id/current"),
                ..Identity::default()
            })
        })),
        // States of calls, and what the business itself wrote from its telephone.
        "calls" | "history" | "smb_message_echoes" => told.push(ignored(&field, None)),
        _ => told.push(Told::Account(Account {
            event: text(value, "event"),
            field: Some(field),
            waba: waba.map(str::to_owned),
            template: text(value, "message_template_name").zip(text(value, "message_template_language")),
            category: text(value, "new_category"),
            reason: text(value, "reason").filter(|reason| reason != "NONE"),
            people_a_day: number(value, "max_daily_conversations_per_business"),
            ..Account::default()
        })),
    }
}

fn status(status: &Value, account: Option<&str>) -> Option<Told> {
    let id = text(status, "id");
    if text(status, "type").as_deref() == Some("call") {
        return Some(ignored("call", id));
    }
    let state = match text(status, "status").as_deref() {
        Some("sent") => Reported::Sent,
        Some("delivered") => Reported::Delivered,
        Some("read") => Reported::Read,
        Some("played") => Reported::Played,
        Some("failed") => Reported::Failed,
        other => return Some(ignored(&format!("status:{}", other.unwrap_or_default()), id)),
    };
    Some(Told::Status(Status {
        account: account.map(str::to_owned),
        at: seconds(status, "timestamp"),
        address: word(status, "recipient_id"),
        user: text(status, "recipient_user_id"),
        reference: text(status, "biz_opaque_callback_data"),
        billed: text(status, "pricing/category").map(|category| Billed {
            // Others than regular ones are answers, and what an advertisement began.
            free: text(status, "pricing/type").is_some_and(|kind| kind != "regular"),
            category: category.to_uppercase(),
        }),
        refusal: (state == Reported::Failed).then(|| refusal(list(status, "errors"))),
        ..Status::of(id?, state)
    }))
}

/// Of several errors the first that says something decides.
fn refusal(errors: &[Value]) -> Refusal {
    let coded = |error: &&Value| number(error, "code").is_some_and(|code| !is_generic(code));
    let error = errors.iter().find(coded).or(errors.first());
    let code = error.and_then(|e| number(e, "code"));
    let meaning = code.map(|code| disposition(code, error.and_then(|e| number(e, "error_subcode"))));
    Refusal {
        code: code.map(|code| code.to_string()),
        disposition: meaning.unwrap_or(cauce_domain::contact::disposition::Disposition::Unknown),
        bounce: None,
    }
}

fn preference(wish: &Value, account: &Option<String>) -> Told {
    Told::Preference(Preference {
        account: account.clone(),
        wa_id: word(wish, "wa_id"),
        user: text(wish, "user_id"),
        category: text(wish, "category"),
        value: text(wish, "value"),
        at: seconds(wish, "timestamp"),
        ..Preference::default()
    })
}

/// Half of a character that two escapes spell: JSON takes it, Rust's text cannot hold it.
fn has_lone_surrogate(body: &[u8]) -> bool {
    let escape = |at: usize| {
        let hex = body.get(at + 2..at + 6).filter(|_| body[at..].starts_with(b"\\u"))?;
        u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
    };
    let mut at = 0;
    while at < body.len() {
        let step = match escape(at) {
            Some(0xD800..=0xDBFF) if matches!(escape(at + 6), Some(0xDC00..=0xDFFF)) => 12,
            Some(0xD800..=0xDFFF) => return true,
            Some(_) => 6,
            None if body[at] == b'\\' => 2,
            None => 1,
        };
        at += step;
    }
    false
}
