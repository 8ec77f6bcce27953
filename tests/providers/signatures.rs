//! Signatures that are worth something, and those that are not.

use super::{collections, json};
use cauce_channels::sns::certificates::is_valid;
use cauce_channels::{sns, twilio, whatsapp};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::path::Path;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

fn all<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// The same body with one byte of it another.
fn touched(body: &[u8]) -> Vec<u8> {
    let mut other = body.to_vec();
    match other.last_mut() {
        Some(last) => *last ^= 1,
        None => other.push(b' '),
    }
    other
}

fn file(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn meta_signs_the_raw_bytes() {
    use whatsapp::signature::{challenge, verify};
    for folder in collections() {
        let known = json(&folder.join("vectors/meta.json"));
        let secret = text(&known, "app_secret");
        for one in all(&known, "published").iter().filter(|one| one["body"].is_string()) {
            assert!(verify(text(one, "secret"), one["expect"].as_str(), text(one, "body").as_bytes()), "{one}");
        }
        for one in all(&known, "self_computed") {
            let (body, header) = (file(&folder, text(one, "file")), text(one, "x_hub_signature_256"));
            assert!(verify(secret, Some(header), &body), "{one}");
            assert!(verify(secret, Some(&header.to_uppercase().replace("SHA256", "sha256")), &body), "{one}");
            assert!(!verify(secret, Some(header), &touched(&body)), "{one}: another body");
            assert!(!verify("otra", Some(header), &body), "{one}: another secret");
            for bad in [None, Some(""), Some("sha1=00"), Some(&header[..70]), Some("sha256=zz"), Some(&header[7..])] {
                assert!(!verify(secret, bad, &body), "{bad:?}");
            }
        }
        for one in all(&known, "negative").iter().filter(|one| one["file"].is_string()) {
            let header = text(one, "signature_of_reserialised");
            assert!(!verify(secret, Some(header), &file(&folder, text(one, "file"))), "{one}");
        }
        let shake = &known["handshake"];
        let pairs = |query: &str| -> Vec<(String, String)> {
            query.split('&').filter_map(|pair| pair.split_once('=')).map(|(n, v)| (n.into(), v.into())).collect()
        };
        let query = pairs(text(shake, "query"));
        assert_eq!(challenge(text(shake, "verify_token"), &query), Some(text(shake, "expect_body")));
        assert_eq!(challenge("otro", &query), None);
        let page = pairs("hub.mode=subscribe&hub.challenge=<b>&hub.verify_token=meatyhamhock");
        assert_eq!(challenge("meatyhamhock", &page), None, "no page is echoed");
    }
}

#[test]
fn twilio_signs_the_address_and_the_fields() {
    use twilio::signature::verify;
    for folder in collections() {
        let known = json(&folder.join("vectors/twilio.json"));
        let published = &known["published"];
        for one in all(published, "vectors") {
            let header = Some(text(one, "expect"));
            let (is_form, body) = match one["json_body"].as_str() {
                Some(json) => (false, json.to_owned()),
                None => (true, form(all(one, "params"))),
            };
            let token = text(published, "auth_token");
            assert!(verify(token, header, text(one, "url"), is_form, body.as_bytes()), "{one}");
            let other = touched(body.as_bytes());
            assert!(!verify(token, header, text(one, "url"), is_form, &other), "{one}: another body");
        }
        let own = &known["self_computed"];
        let token = text(own, "auth_token");
        let vector = &own["own_vector"];
        let body = text(vector, "body").as_bytes();
        assert!(verify(token, Some(text(vector, "expect")), text(vector, "url"), true, body));
        for one in all(own, "vectors") {
            let (body, header) = (file(&folder, text(one, "file")), Some(text(one, "x_twilio_signature")));
            let url = text(one, "url");
            assert!(verify(token, header, url, true, &body), "{one}");
            assert!(verify(token, header, &format!("{url}#rc=3"), true, &body), "{one}: the fragment is not signed");
            let spelt = url.replacen("hooks.example.com", "hooks.example.com:443", 1);
            assert!(verify(token, header, &spelt, true, &body), "{one}: the usual port");
            assert!(!verify(token, header, &url.replacen("hooks", "otros", 1), true, &body), "{one}: another host");
            assert!(!verify(token, header, url, true, &[&body[..], b"&x=1"].concat()), "{one}: another field");
            assert!(!verify("otra", header, url, true, &body) && !verify(token, None, url, true, &body));
        }
    }
}

fn form(pairs: &[Value]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for pair in pairs {
        form.append_pair(pair[0].as_str().expect("a name"), pair[1].as_str().expect("a value"));
    }
    form.finish()
}

/// What a notification ends as. The certificate of the samples is younger than they are.
fn taken(body: &[u8], topics: &[String], pem: &[u8], now: DateTime<Utc>) -> Result<(), sns::Refused> {
    let envelope = sns::open(body, (None, None), topics, now)?;
    if is_valid(pem, Utc::now()) && envelope.is_signed_by(pem) { Ok(()) } else { Err(sns::Refused::Forged) }
}

#[test]
fn sns_signs_for_a_topic_of_ours_with_a_certificate_of_its_own() {
    for folder in collections() {
        let known = json(&folder.join("vectors/sns.json"));
        let topics: Vec<String> =
            all(&known, "allowed_topics").iter().filter_map(|t| t.as_str().map(str::to_owned)).collect();
        let now: DateTime<Utc> = text(&known, "now").parse().expect("an instant");
        let pem = file(&folder, "sns/sns-test.cert.pem");
        for one in all(&known, "vectors") {
            let body = file(&folder, text(one, "file"));
            let got = taken(&body, &topics, &pem, now);
            assert_eq!(got.is_ok(), text(one, "expect") == "accept", "{one}: {got:?}");
            assert_eq!(
                taken(&body, &["arn:aws:sns:us-east-1:1:otro".to_owned()], &pem, now),
                Err(sns::Refused::Foreign)
            );
            if got.is_ok() {
                let other =
                    String::from_utf8(body.clone()).expect("text").replacen("\"Message\": \"", "\"Message\": \"x", 1);
                let other = other.replacen("\"Message\":\"", "\"Message\":\"x", 1);
                assert_eq!(taken(other.as_bytes(), &topics, &pem, now), Err(sns::Refused::Forged), "{one}");
                let kind = Some("Otra");
                assert_eq!(sns::open(&body, (kind, None), &topics, now), Err(sns::Refused::Unreadable), "{one}");
            }
        }
    }
}
