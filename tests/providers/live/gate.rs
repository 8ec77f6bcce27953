//! Who gets in.

use super::{APP_SECRET, AUTH_TOKEN, Line, PUBLIC, meta_signature, text, twilio_headers};
use cauce_engine::hooks;
use chrono::TimeDelta;

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
