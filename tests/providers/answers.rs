//! What the providers' APIs answer to a send, beside what is done about it.

use super::collections;
use cauce_channels::answer::{Accepted, Taken};
use cauce_channels::{twilio, whatsapp};
use cauce_domain::contact::disposition::Disposition::{self, *};
use std::path::Path;

/// The status in a sample's name, such as `err_131048_http429.json`; without one, a server's failure.
fn status(name: &str) -> u16 {
    let digits = name.split("http").nth(1).unwrap_or_default();
    digits.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(502)
}

fn samples(folder: &Path, of: &str) -> Vec<(String, Vec<u8>)> {
    let found = std::fs::read_dir(folder.join(of)).expect("samples").flatten();
    let named = found.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
    let errors = named.filter(|(name, _)| name.starts_with("err_"));
    errors.map(|(name, path)| (name, std::fs::read(path).expect("a sample"))).collect()
}

fn meaning(taken: &Taken) -> Option<Disposition> {
    match taken {
        Taken::Accepted(_) => None,
        Taken::Refused(refused) => Some(refused.disposition),
    }
}

/// Reads every error there is a sample of: one that is known by the start of its name means what is told, and none of
/// the others is a code nobody has seen.
fn each(of: &str, known: &[(&str, Disposition)], read: impl Fn(u16, &[u8]) -> Taken) {
    for folder in collections() {
        for (name, body) in samples(&folder, of) {
            let got = meaning(&read(status(&name), &body)).expect("refused");
            let told = known.iter().find(|(start, _)| name.starts_with(start)).map(|(_, meaning)| *meaning);
            assert!(told.map_or(got != Unknown, |told| got == told), "{name}: {got:?}");
        }
    }
}

#[test]
fn every_error_of_the_cloud_api_is_acted_on_by_its_code() {
    let known = [
        ("err_100_33_", StopAccount),
        ("err_100_http", FixRequest),
        ("err_131000_", Ambiguous),
        ("err_131009_", FixRequest),
        ("err_131021_", DeadRecipient),
        ("err_131030_", DeadRecipient),
        ("err_131047_", UseTemplate),
        ("err_131048_", StopAccount),
        ("err_131057_", Retry),
        ("err_132001_", FixRequest),
        ("err_132015_", FixRequest),
        ("err_132016_", FixRequest),
        ("err_133010_", StopAccount),
        ("err_190_", StopAccount),
        ("err_1_", Ambiguous),
        ("err_2_", Retry),
        ("err_80007_", Retry),
        ("err_html_", Ambiguous),
    ];
    each("whatsapp_api", &known, |status, body| whatsapp::answer::read(status, None, body, 0));
}

#[test]
fn every_error_of_twilio_is_acted_on_by_its_code() {
    let known = [
        ("err_20003_", StopAccount),
        ("err_20404_", StopAccount),
        ("err_20429_", Retry),
        ("err_21215_", StopAccount),
        ("err_21408_", StopAccount),
        ("err_21614_", DeadRecipient),
        ("err_503", Ambiguous),
    ];
    each("twilio_api", &known, |status, body| twilio::answer::read(status, None, body));
    for folder in collections() {
        let body = std::fs::read(folder.join("twilio_api/res_message_201.json")).expect("a sample");
        let Taken::Accepted(accepted) = twilio::answer::read(201, None, &body) else { panic!("it was taken") };
        assert_eq!(accepted.id, "SM0000000000000000000000000000000a");
    }
}

#[test]
fn an_answer_is_taken_for_what_it_is_and_never_for_more() {
    let taken = br#"{"messaging_product":"whatsapp","contacts":[{"input":"+525512345678","wa_id":"5215512345678"}],
        "messages":[{"id":"wamid.1","message_status":"held_for_quality_assessment"}]}"#;
    let expected = Accepted { id: "wamid.1".into(), wa_id: Some("5215512345678".into()), held: true };
    assert_eq!(whatsapp::answer::read(200, None, taken, 0), Taken::Accepted(expected));
    for (status, body, meaning) in [
        (200, &b"{}"[..], Ambiguous),
        (200, b"<html>", Ambiguous),
        (200, b"", Ambiguous),
        (502, b"<html>", Ambiguous),
        (429, b"slow down", Retry),
        (404, b"", Unknown),
        (401, b"", StopAccount),
        (500, br#"{"error":{"code":424242}}"#, Unknown),
    ] {
        let got = whatsapp::answer::read(status, None, body, 0);
        assert_eq!(self::meaning(&got), Some(meaning), "{status} {got:?}");
    }
    assert_eq!(meaning(&twilio::answer::read(201, None, b"{}")), Some(Ambiguous), "taken without an id");
    assert_eq!(meaning(&twilio::answer::read(500, None, br#"{"code":1}"#)), Some(Ambiguous));
}

#[test]
fn a_provider_is_asked_again_no_sooner_than_it_says() {
    let wait = |taken: Taken| match taken {
        Taken::Refused(refused) => refused.wait,
        Taken::Accepted(_) => panic!("refused"),
    };
    let pair = br#"{"error":{"code":131056}}"#;
    assert_eq!([0, 1, 2].map(|tries| wait(whatsapp::answer::read(400, None, pair, tries))), [1, 4, 16]);
    assert_eq!(wait(whatsapp::answer::read(429, Some(90), pair, 0)), 90);
    assert_eq!(wait(whatsapp::answer::read(429, Some(u64::MAX), b"", 0)), 86_400, "a day at most");
    assert_eq!(wait(twilio::answer::read(429, Some(30), br#"{"code":20429}"#)), 30);
}
