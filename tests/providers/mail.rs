//! E-mails as people's programs write them, beside what they say.

use super::{collections, json};
use cauce_channels::mail::read;
use cauce_engine::ports::told::{Class, Letter};
use serde_json::{Value, json};

fn class(letter: &Letter) -> &'static str {
    match letter.class {
        Class::Reply => "reply",
        Class::AutoReply => "auto_reply",
        Class::Bulk => "bulk",
        Class::DsnFailed => "dsn_failed",
        Class::DsnDelayed => "dsn_delayed",
        Class::Mdn => "mdn",
        Class::ComplaintArf => "complaint_arf",
    }
}

/// What a letter is in the words of the table; what the table leaves open is left open.
fn shape(letter: &Letter, expected: &Value, key: &[u8], project: &str) -> Value {
    let names: Vec<&str> = letter.attachments.iter().map(|a| a.name.as_str()).collect();
    let mut all = json!({
        "cls": class(letter),
        "text": letter.text,
        "token": letter.token.as_ref().map(|t| &t.ulid),
        "ses_ids": letter.answers,
        "optout": letter.opt_out,
        "attachments": names,
        "subject": letter.subject,
        "mac_ok": letter.token.as_ref().map(|t| t.is_ours(&[key], project)),
    });
    for open in ["text", "subject"].into_iter().filter(|name| expected[name].is_null()) {
        all[open] = Value::Null;
    }
    if letter.is_loop {
        all["loop"] = true.into();
    }
    if let (Some(one), true) = (letter.deliveries.first(), expected["dsn"].is_object()) {
        all["dsn"] = json!({ "recipient": one.recipient, "action": one.action, "status": one.status });
    }
    all
}

#[test]
fn every_mail_says_what_its_table_says() {
    for folder in collections() {
        let token = json(&folder.join("vectors/reply_token.json"));
        let key = token["key"].as_str().expect("a key").as_bytes();
        let mut wrong = Vec::new();
        for (name, expected) in json(&folder.join("mime/expected.json")).as_object().expect("by name") {
            let raw = std::fs::read(folder.join("mime").join(format!("{name}.eml"))).expect("a mail");
            let Some(letter) = read(&raw, &[]) else {
                // Nothing at all: kept for a person.
                assert_eq!(expected["text"], "", "{name} says something");
                continue;
            };
            let got = shape(&letter, expected, key, "t1");
            if got != *expected {
                wrong.push(format!("{name}\n  got      {got}\n  expected {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}: {}\n{}", folder.display(), wrong.len(), wrong.join("\n"));
    }
}

#[test]
fn our_own_address_is_the_one_of_the_table() {
    for folder in collections() {
        let known = json(&folder.join("vectors/reply_token.json"));
        let key = known["key"].as_str().expect("a key").as_bytes();
        let made =
            cauce_engine::reply_token::address(key, "t1", known["ulid"].as_str().expect("it"), "reply.demo.example");
        assert_eq!(made, known["address"].as_str().expect("an address"));
    }
}
