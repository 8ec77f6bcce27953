//! Bytes from outside that nobody promised anything about: nothing panics, and no part hides another.

use super::{collections, json};
use cauce_channels::{aws, mail, twilio, whatsapp};
use cauce_engine::ports::told::Told;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A sample of WhatsApp's with everything that can be in one value.
fn sample() -> Value {
    let message = |id: &str, body: &str| json!({ "from": "5215512345678", "id": id, "timestamp": "1760000004", "type": "text", "text": { "body": body } });
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": "106540352242922" },
        "contacts": [{ "profile": { "name": "Ana" }, "wa_id": "5215512345678" }],
        "messages": [message("wamid.1", "hola"), message("wamid.2", "Baja.")],
        "statuses": [{ "id": "wamid.3", "status": "failed", "timestamp": 1, "errors": [{ "code": 131_026 }] }],
    });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] })
}

/// Every place in a document.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(all) => all.iter().for_each(|(name, inner)| places(inner, &format!("{at}/{name}"), found)),
        Value::Array(all) => all.iter().enumerate().for_each(|(n, inner)| places(inner, &format!("{at}/{n}"), found)),
        _ => {}
    }
}

fn asks_for_silence(told: &[Told]) -> bool {
    told.iter().any(|one| matches!(one, Told::Inbound(message) if message.opt_out))
}

#[test]
fn a_wish_for_silence_survives_whatever_else_of_its_post_is_broken() {
    let mut all = Vec::new();
    places(&sample(), "", &mut all);
    // What says the wish itself, and what it lies in.
    let own = "/entry/0/changes/0/value/messages/1";
    let beside = all.iter().filter(|at| !own.starts_with(at.as_str()) && !at.starts_with(own));
    let beside = beside.filter(|at| !["/object", "/entry/0/changes/0/field"].contains(&at.as_str()));
    let mut tried = 0;
    for at in beside {
        for other in [Value::Null, json!(7), json!("x"), json!([null]), json!({ "y": 1 })] {
            let mut broken = sample();
            *broken.pointer_mut(at).expect("a place") = other.clone();
            let told = whatsapp::parse(broken.to_string().as_bytes());
            assert!(asks_for_silence(&told), "{at} as {other}: {told:?}");
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}

#[test]
fn every_sample_cut_anywhere_is_read_without_harm() {
    for folder in collections() {
        let expected = json(&folder.join("expected_events.json"));
        for path in expected.as_object().expect("by file").keys() {
            let body = std::fs::read(folder.join(path)).expect("a sample");
            for end in (0..body.len()).step_by(7) {
                let part = &body[..end];
                drop((whatsapp::parse(part), twilio::parse(part), aws::parse(part)));
            }
        }
        for entry in std::fs::read_dir(folder.join("mime")).expect("mails").flatten() {
            let raw = std::fs::read(entry.path()).expect("a mail");
            (0..raw.len()).step_by(31).for_each(|end| drop(mail::read(&raw[..end], &[])));
        }
    }
}

/// A page nested ever deeper, and a mail of messages within messages.
#[test]
fn depth_is_no_weapon() {
    let page = |depth: usize| {
        let page = format!("{}hola{}", "<div>".repeat(depth), "</div>".repeat(depth));
        let raw = format!("From: a@x.com\r\nSubject: s\r\nContent-Type: text/html\r\n\r\n{page}");
        mail::read(raw.as_bytes(), &[]).expect("a mail").text
    };
    assert_eq!(page(5_000), "hola");
    assert_eq!(page(2_000_000), "", "only the beginning of a page is read");
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
    drop(mail::read(nested.as_bytes(), &[]));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(whatsapp::parse(deep.as_bytes())[..], [Told::DeadLetter { .. }]));
    let mut wrapped = json!({ "eventType": "Open" });
    for _ in 0..50 {
        wrapped = json!({ "Type": "Notification", "Message": wrapped.to_string() });
        if wrapped.to_string().len() > 200_000 {
            break;
        }
    }
    drop(aws::parse(wrapped.to_string().as_bytes()));
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(body in proptest::collection::vec(any::<u8>(), 0..600)) {
        drop((whatsapp::parse(&body), twilio::parse(&body), aws::parse(&body), mail::read(&body, &[])));
        let _ = twilio::signature::verify("t", Some("AAAA"), &String::from_utf8_lossy(&body), true, &body);
    }

    #[test]
    fn no_text_makes_the_quotes_panic(text in "(El |On |De:|>|-----|escribió:|\n|[a-z0-9ñ]{0,9}){0,40}") {
        let raw = format!("From: a@x.com\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}");
        drop(mail::read(raw.as_bytes(), &[]));
    }
}
