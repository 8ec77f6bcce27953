//! Every sample there is, signed and posted, twice.

use super::super::collections;
use super::{ACCOUNT, AUTH_TOKEN, Line, PUBLIC, twilio_headers};
use cauce_engine::store::received;
use std::path::Path;

fn files(folder: &Path, of: &str) -> Vec<(String, Vec<u8>)> {
    let found = std::fs::read_dir(folder.join(of)).expect("samples").flatten();
    let mut all: Vec<(String, Vec<u8>)> = found
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).expect("a sample")))
        .collect();
    all.sort();
    all
}

/// What is to be seen of everything people wrote.
async fn seen(line: &Line) -> Vec<String> {
    let (ports, setup) = (&line.world.house().ports, line.world.setup().await);
    let mut all = Vec::new();
    for contact in received::unregistered(ports, &setup).await.expect("read") {
        let wrote = received::of_address(ports, &setup, contact.channel, &contact.address).await.expect("read");
        assert_eq!(wrote.len(), contact.messages as usize);
        all.extend(wrote.iter().map(|m| format!("{} {} {:?}", contact.address, m.id, m.flags)));
    }
    all
}

#[tokio::test]
async fn every_sample_of_metas_is_taken_and_twice_is_as_once() {
    for folder in collections() {
        let line = Line::on("2026-03-10", "").await;
        let samples = files(&folder, "whatsapp");
        for (name, body) in &samples {
            assert_eq!(line.meta(body).await, 200, "{name}");
        }
        let once = seen(&line).await;
        assert!(!once.is_empty());
        for (_, body) in samples.iter().rev() {
            line.meta(body).await;
        }
        assert_eq!(seen(&line).await, once);
        line.until_nothing_waits().await;
    }
}

#[tokio::test]
async fn every_sample_of_twilios_is_taken_and_twice_is_as_once() {
    for folder in collections() {
        let line = Line::on("2026-03-10", "").await;
        let mut samples = files(&folder, "twilio_sms");
        samples.extend(files(&folder, "twilio_voice"));
        let mut once = Vec::new();
        for turn in 0..2 {
            for (name, body) in &samples {
                let text = String::from_utf8_lossy(body);
                let fields = form_urlencoded::parse(body).filter(|(field, _)| field == "AccountSid").count();
                // Signed by the account the route knows: whose samples they are is not what is tried here.
                let text: String = text
                    .split('&')
                    .map(|pair| {
                        if pair.starts_with("AccountSid=") { format!("AccountSid={ACCOUNT}") } else { pair.to_owned() }
                    })
                    .chain((fields == 0).then(|| format!("AccountSid={ACCOUNT}")))
                    .collect::<Vec<_>>()
                    .join("&");
                let path = format!("/hooks/twilio/{}", line.token);
                let headers = twilio_headers(AUTH_TOKEN, &format!("{PUBLIC}{path}"), &text);
                assert_eq!(line.post(&path, &headers, text.as_bytes()).await.status_code, 200, "{name}");
            }
            if turn == 0 {
                once = seen(&line).await;
                assert!(!once.is_empty());
            }
        }
        assert_eq!(seen(&line).await, once);
        line.until_nothing_waits().await;
    }
}
