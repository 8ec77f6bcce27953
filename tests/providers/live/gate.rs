//! Who gets in.

use super::{APP_SECRET, AUTH_TOKEN, Line, PUBLIC, meta_signature, text, twilio_headers};
use async_trait::async_trait;
use cauce_engine::Ports;
use cauce_engine::hooks;
use cauce_engine::ports::PortError;
use cauce_engine::ports::secrets::{Secret, Secrets};
use cauce_engine::ports::webhook::Request;
use cauce_engine::receive_webhook::{Taken, receive_webhook};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Secrets as a worker has them that goes on believing what it read, with the names it had to ask for.
struct Believing {
    real: Arc<dyn Secrets>,
    known: Mutex<BTreeMap<String, Secret>>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Secrets for Believing {
    async fn get(&self, name: &str) -> Result<Option<Secret>, PortError> {
        let known = self.known.lock().expect("it").get(name).cloned();
        if known.is_some() {
            return Ok(known);
        }
        self.get_within(name, Duration::ZERO).await
    }

    async fn get_within(&self, name: &str, _: Duration) -> Result<Option<Secret>, PortError> {
        self.asked.lock().expect("it").push(name.to_owned());
        let found = self.real.get(name).await?;
        self.known.lock().expect("it").extend(found.clone().map(|secret| (name.to_owned(), secret)));
        Ok(found)
    }

    async fn put(&self, name: &str, secret: &Secret) -> Result<(), PortError> {
        self.real.put(name, secret).await
    }

    async fn claim(&self, name: &str, secret: &Secret) -> Result<Secret, PortError> {
        self.real.claim(name, secret).await
    }
}

/// A worker of the line's own.
fn worker(line: &Line) -> (Ports, Arc<Believing>) {
    let real = Arc::clone(&line.world.house().ports.secrets);
    let secrets = Arc::new(Believing { real, known: Mutex::default(), asked: Mutex::default() });
    let ports = Ports { secrets: Arc::clone(&secrets) as Arc<dyn Secrets>, ..line.world.house().ports.clone() };
    (ports, secrets)
}

async fn posted(ports: &Ports, line: &Line, token: &str, secret: &str) -> Taken {
    let body = text("wamid.1", "51987650000", 1_773_151_200, "hola").to_string();
    let headers = [("x-hub-signature-256".to_owned(), meta_signature(secret, body.as_bytes()))];
    let request =
        Request { method: "POST", url: PUBLIC, headers: &headers, body: body.as_bytes(), at: line.world.now() };
    receive_webhook(ports, "whatsapp", token, &request).await.expect("judged")
}

#[tokio::test]
async fn an_invented_token_has_nobody_asked_for_it() {
    let line = Line::on("2026-03-10", "").await;
    let (ports, secrets) = worker(&line);
    for at in 0..50_u128 {
        let invented = format!("{:032x}", at.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834));
        assert_eq!(posted(&ports, &line, &invented, APP_SECRET).await, Taken::NoRoute);
    }
    let near = format!("{}{}", &line.token[..31], if line.token.ends_with('0') { "1" } else { "0" });
    assert_eq!(posted(&ports, &line, &near, APP_SECRET).await, Taken::NoRoute);
    assert_eq!(*secrets.asked.lock().expect("it"), ["hook.key"], "once, to know its own tokens");
    assert!(matches!(posted(&ports, &line, &line.token, APP_SECRET).await, Taken::Queued(_)));
}

#[tokio::test]
async fn a_worker_that_read_the_keys_before_they_changed_takes_what_is_signed_with_the_new_ones() {
    let line = Line::on("2026-03-10", "").await;
    let (ports, _) = worker(&line);
    assert_eq!(posted(&ports, &line, &line.token, "nuevo").await, Taken::Forged);
    let mut hook = hooks::read(&ports, &line.token).await.expect("read").expect("a hook");
    hook.keys.get_mut("whatsapp").expect("keys").rotate(None, "nuevo", line.world.now());
    hooks::write(&ports, &line.token, &hook).await.expect("written");
    assert!(matches!(posted(&ports, &line, &line.token, "nuevo").await, Taken::Queued(_)));
    assert_eq!(posted(&ports, &line, &line.token, "otro").await, Taken::Forged);
}

#[tokio::test]
async fn metas_handshake_is_answered_to_whoever_knows_the_word() {
    let line = Line::on("2026-03-10", "").await;
    let ask = |query: &str| format!("/hooks/whatsapp/{}?{query}", line.token);
    let known = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verificame";
    let answer = line.ask("GET", &ask(known), &[], b"").await;
    assert_eq!((answer.status_code, answer.body.as_deref()), (200, Some(b"1158201444".as_slice())));
    assert_eq!(line.ask("GET", &ask(&known.replace("verificame", "otra")), &[], b"").await.status_code, 401);
    assert_eq!(line.ask("GET", &ask(&known.replace("1158201444", "%3Cb%3E")), &[], b"").await.status_code, 401);
}

#[tokio::test]
async fn a_post_that_is_forged_or_too_large_or_to_nobody_is_turned_away() {
    let line = Line::on("2026-03-10", "").await;
    let body = text("wamid.1", "51987650000", 1_773_151_200, "hola").to_string();
    let route = format!("/hooks/whatsapp/{}", line.token);
    let signed = |secret: &str| [("x-hub-signature-256", meta_signature(secret, body.as_bytes()))];
    assert_eq!(line.post(&route, &signed("otro"), body.as_bytes()).await.status_code, 401);
    assert_eq!(line.post(&route, &[], body.as_bytes()).await.status_code, 401);
    assert_eq!(line.post(&format!("{route}0"), &signed(APP_SECRET), body.as_bytes()).await.status_code, 404);
    let huge = vec![b' '; 3 * 1024 * 1024 + 1];
    let headers = [("x-hub-signature-256", meta_signature(APP_SECRET, &huge))];
    assert_eq!(line.post(&route, &headers, &huge).await.status_code, 413);
    let form = "AccountSid=AC00000000000000000000000000000002&MessageSid=SM1&MessageStatus=sent";
    let route = format!("/hooks/twilio/{}", line.token);
    let headers = twilio_headers(AUTH_TOKEN, &format!("{PUBLIC}{route}"), form);
    assert_eq!(line.post(&route, &headers, form.as_bytes()).await.status_code, 401, "another account's");
}

#[tokio::test]
async fn twilio_is_answered_with_instructions_to_do_nothing() {
    let line = Line::on("2026-03-10", "").await;
    let form = format!("AccountSid={}&MessageSid=SM1&MessageStatus=sent", super::ACCOUNT);
    let route = format!("/hooks/twilio/{}?de=1", line.token);
    let headers = twilio_headers(AUTH_TOKEN, &format!("{PUBLIC}{route}"), &form);
    let answer = line.post(&route, &headers, form.as_bytes()).await;
    assert_eq!(answer.status_code, 200);
    assert_eq!(answer.headers["content-type"], "text/xml");
    assert!(answer.body.as_deref().is_some_and(|body| body.ends_with(b"<Response></Response>")));
    let headers = twilio_headers(AUTH_TOKEN, &format!("http://other{route}"), &form);
    assert_eq!(line.post(&route, &headers, form.as_bytes()).await.status_code, 401, "signed for another address");
}

#[tokio::test]
async fn while_a_secret_changes_both_are_taken() {
    let line = Line::on("2026-03-10", "").await;
    let ports = &line.world.house().ports;
    let mut hook = hooks::read(ports, &line.token).await.expect("read").expect("a hook");
    hook.keys.get_mut("whatsapp").expect("keys").rotate(None, "nuevo", line.world.now());
    hooks::write(ports, &line.token, &hook).await.expect("written");
    let body = text("wamid.1", "51987650000", 1_773_151_200, "hola").to_string();
    let route = format!("/hooks/whatsapp/{}", line.token);
    let mut answers = Vec::new();
    for secret in [APP_SECRET, "nuevo", "otro"] {
        let headers = [("x-hub-signature-256", meta_signature(secret, body.as_bytes()))];
        answers.push(line.post(&route, &headers, body.as_bytes()).await.status_code);
    }
    assert_eq!(answers, [200, 200, 401]);
    line.world.house().clock.advance_to(line.world.now() + TimeDelta::days(8));
    let headers = [("x-hub-signature-256", meta_signature(APP_SECRET, body.as_bytes()))];
    assert_eq!(line.post(&route, &headers, body.as_bytes()).await.status_code, 401, "a week has gone by");
}

#[tokio::test]
async fn what_is_genuine_and_unreadable_is_taken_and_kept_from_the_rest() {
    let line = Line::on("2026-03-10", "Ana").await;
    assert_eq!(line.meta(b"{no es json").await, 200);
    assert_eq!(line.meta(&[0xFF, 0xFE]).await, 200);
    assert_eq!(line.world.house().queue.depth().expect("depth"), (0, 0), "nothing is tried for ever");
    let kept = std::fs::read_dir(line.world.house().data.join("unreadable/whatsapp")).expect("kept").count();
    assert_eq!(kept, 2, "for a person to read");
    line.whatsapp(text("wamid.1", "51987650000", 1_773_151_200, "hola")).await;
    assert_eq!(line.thread("100").await.len(), 1);
}
