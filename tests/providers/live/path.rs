//! The whole path through played providers, with everything that goes wrong on the way: each message leaves once, or nobody
//! knows; never twice.

use super::mishaps::{Mishaps, askew, judge, number, portfolio};
use super::{AUTH_TOKEN, Line, change, meta_signature, twilio_headers};
use crate::fakes::{self, Memory, Script, Taken, meta, twilio};
use crate::world::KEY;
use axum::http::{Method, StatusCode};
use cauce_channels::network::Addresses;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_engine::messages::SendOne;
use cauce_engine::pace::{Turn, by_account};
use cauce_engine::ports::queue::QueueName;
use cauce_engine::store::setups::Setups;
use cauce_local::house::Options;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const APP_SECRET: &str = "secreto-de-la-app";

/// What Meta and Twilio answer where something goes wrong; each reads its own part.
fn mishaps() -> Mishaps {
    let error = |status, body: Value, retry_after| Script::Error { status, body: body.to_string(), retry_after };
    Mishaps {
        too_many: error(429, json!({ "error": { "code": 130_429 }, "code": 20_429 }), Some(30)),
        busy: error(503, json!({ "error": { "code": 131_016 }, "code": 20_429 }), None),
        dead: error(400, json!({ "error": { "code": 131_026 }, "code": 21_614 }), None),
        broken: error(500, json!({ "error": { "code": 1 }, "code": 20_500 }), None),
    }
}

/// States of a message as its provider posts them: late ones first, some twice; of some that hung up nothing ever comes.
fn posts(taken: &Taken, at: i64) -> Vec<Vec<u8>> {
    let silent = number(&taken.asked) % 24 == 1;
    let states = ["delivered", "sent", "delivered", "read", "sent"];
    let one = |state: &&str| {
        let status = json!({ "id": taken.id, "status": state, "timestamp": at.to_string(), "recipient_id": taken.asked.to.trim_start_matches('+'),
            "biz_opaque_callback_data": taken.asked.reference });
        change(meta::NUMBER, json!({ "statuses": [status.clone(), status] })).to_string().into_bytes()
    };
    if silent { Vec::new() } else { states.iter().map(one).collect() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_every_mishap_a_message_leaves_once_or_nobody_knows() {
    let first: Arc<Mutex<Vec<Taken>>> = Arc::default();
    let told = Arc::clone(&first);
    let whatsapp = Memory::new(mishaps().fate(), move |taken| told.lock().expect("it").push(taken.clone()));
    let sms = Memory::new(mishaps().fate(), |_| {});
    let line = connected(&whatsapp, &sms).await;
    // Half of them stand on a step by WhatsApp, half on one by SMS.
    portfolio(&line, ["2026-03-10", "2026-03-07"]).await;
    for hour in ["2026-03-10T14:30:00Z", "2026-03-10T16:00:00Z", "2026-03-10T18:00:00Z", "2026-03-10T23:00:00Z"] {
        line.world.pass(hour).await;
        tell(&line, &whatsapp, &sms).await;
    }
    assert_eq!((whatsapp.wrong(), sms.wrong()), (vec![], vec![]));
    let messages = line.world.messages("2026-03-10").await;
    judge(&messages, &whatsapp, Channel::Whatsapp);
    judge(&messages, &sms, Channel::Sms);
    assert!(line.world.broken().await.is_empty(), "{:?}", line.world.broken().await);
}

/// A line whose project is connected to the played providers.
pub(super) async fn connected(whatsapp: &Arc<Memory>, twilio: &Arc<Memory>) -> Line {
    let addresses = Addresses {
        whatsapp: fakes::serve(meta::router(Arc::clone(whatsapp))).await,
        twilio: fakes::serve(twilio::router(Arc::clone(twilio))).await,
    };
    let line = Line::opened("2026-03-10", &Options { addresses, ..Options::default() }).await;
    connect(&line).await;
    line
}

/// Connects both channels as a user does, and maps the starter's texts to approved templates.
async fn connect(line: &Line) {
    let call = |method, path: &'static str, body| line.world.call(method, path, body);
    let wrong = json!({ "provider": "whatsapp", "settings": { "phone_number_id": meta::NUMBER, "waba_id": meta::WABA },
        "credentials": { "token": "vencido", "app_secret": APP_SECRET, "verify_token": "verificame" } });
    let (status, why) = call(Method::PUT, "/v1/channels/whatsapp/connection", Some(wrong.clone())).await;
    assert_eq!((status, why["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("not_connected")), "{why}");
    let mut right = wrong;
    right["credentials"]["token"] = meta::TOKEN.into();
    let (status, made) = call(Method::PUT, "/v1/channels/whatsapp/connection", Some(right)).await;
    assert_eq!((status, made["connection"]["people_a_day"].as_u64()), (StatusCode::OK, Some(2000)), "{made}");
    assert!(!made.to_string().contains(APP_SECRET), "nothing secret comes back");
    let sms = json!({ "provider": "twilio", "settings": { "account_sid": twilio::ACCOUNT, "from": "+5115550000", "voice_from": "+5115550001" }, "credentials": { "auth_token": AUTH_TOKEN } });
    let (status, made) = call(Method::PUT, "/v1/channels/sms/connection", Some(sms)).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let (status, _) = call(Method::POST, "/v1/channels/whatsapp/registered-templates", None).await;
    assert_eq!(status, StatusCode::OK);
    let (_, all) = call(Method::GET, "/v1/templates", None).await;
    for known in all.as_array().expect("templates").iter().filter(|t| t["template"]["channel"] == "whatsapp") {
        let places = ["{primer_nombre}", "{codigo}", "{monto}", "{vencimiento}"].map(|text| json!({ "text": text }));
        let approval = json!({ "name": "recordatorio", "language": "es", "places": places });
        let (status, why) = approve(line, known, approval).await;
        assert_eq!(status, StatusCode::OK, "{why}");
    }
}

/// Maps a listed template of ours to an approved one.
pub(super) async fn approve(line: &Line, known: &Value, approval: Value) -> (StatusCode, Value) {
    let mut template = known["template"].clone();
    let id = template["id"].as_str().expect("an id").to_owned();
    template["approval"] = approval;
    for ours in ["id", "files"] {
        template.as_object_mut().expect("members").remove(ours);
    }
    let version = format!("\"{}\"", known["version"]);
    let headers = [("authorization", format!("Bearer {KEY}")), ("if-match", version)];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    line.world.call_with(Method::PUT, &format!("/v1/templates/{id}"), Some(template), &headers).await
}

/// Has the providers tell what became of what they took, with clocks an hour behind ours, or before.
async fn tell(line: &Line, whatsapp: &Memory, sms: &Memory) {
    for taken in whatsapp.taken() {
        for body in posts(&taken, askew(&taken, line.world.now()).timestamp()) {
            let headers = [("x-hub-signature-256", meta_signature(APP_SECRET, &body))];
            let answer = line.post(&format!("/hooks/whatsapp/{}", line.token), &headers, &body).await;
            assert_eq!(answer.status_code, 200);
        }
    }
    for taken in sms.taken().iter().filter(|taken| number(&taken.asked) % 24 != 1) {
        let url = taken.callback.as_deref().expect("a callback");
        let path = url.strip_prefix(super::PUBLIC).expect("our address");
        for state in ["delivered", "sent", "delivered"] {
            let form = format!("AccountSid={}&MessageSid={}&MessageStatus={state}", twilio::ACCOUNT, taken.id);
            let headers = twilio_headers(AUTH_TOKEN, url, &form);
            assert_eq!(line.post(path, &headers, form.as_bytes()).await.status_code, 200);
        }
    }
}

#[tokio::test]
async fn a_template_that_is_not_approved_keeps_its_step_and_the_plan_says_so_beforehand() {
    let line = connected(&Memory::taking(), &Memory::taking()).await;
    let setup = line.world.setup().await;
    let (_, all) = line.world.call(Method::GET, "/v1/templates", None).await;
    let due_day = all.as_array().expect("templates").iter().find(|t| t["template"]["name"] == "Vence hoy").expect("it");
    let id = due_day["template"]["id"].as_str().expect("an id");
    let path = format!("/v1/templates/{id}/approval");
    let (status, known) = line.world.call(Method::POST, &path, Some(json!({ "language": "es" }))).await;
    assert_eq!((status, known["registered"]["standing"].as_str()), (StatusCode::OK, Some("pending")), "{known}");
    line.world.customers("Ana").await;
    line.world.orders("100 F-1 2026-03-10 100.00").await;
    let plan = line.world.plan().await.plan;
    assert_eq!(plan.not_send.get("template_not_approved"), Some(&1), "{plan:?}");
    let name = known["registered"]["name"].as_str().expect("a name");
    let news = json!({ "object": "whatsapp_business_account", "entry": [{ "id": meta::WABA, "changes": [{ "field": "message_template_status_update",
        "value": { "event": "APPROVED", "message_template_name": name, "message_template_language": "es" } }] }] });
    let body = news.to_string();
    let headers = [("x-hub-signature-256", meta_signature(APP_SECRET, body.as_bytes()))];
    line.post(&format!("/hooks/whatsapp/{}", line.token), &headers, body.as_bytes()).await;
    let setup_now = line.world.setup().await;
    let template = setup_now.templates.iter().find(|t| t.value.id.as_str() == id).expect("it");
    assert_eq!(cauce_engine::approval::refused(&setup_now, &template.value), None);
    assert!(setup.registered.len() < setup_now.registered.len());
}

#[tokio::test]
async fn messages_leave_no_faster_than_the_number_may() {
    let whatsapp = Memory::taking();
    let line = connected(&whatsapp, &Memory::taking()).await;
    let names: Vec<String> = (0..200).map(|n| format!("C{n}")).collect();
    line.world.customers(&names.join(" ")).await;
    let orders: Vec<String> = (0..200).map(|n| format!("{} F-{n} 2026-03-10 100.00", 100 + n)).collect();
    line.world.orders(&orders.join("\n")).await;
    line.world.plan().await;
    line.world.house().clock.advance_to("2026-03-10T14:00:00Z".parse().expect("an instant"));
    line.world.runner.settle().await.expect("settled");
    let at_once = whatsapp.taken().len();
    assert!((80..=81).contains(&at_once), "{at_once} of 200 at 80 a second: a second's worth");
    line.world.pass("2026-03-10T14:00:10Z").await;
    assert_eq!(whatsapp.taken().len(), 200);
    assert_eq!(line.world.house().ports.providers["whatsapp"].provider(), "whatsapp");
}

/// When the day's own messages leave that come after so many others on an account of eighty a second: those at once, and those
/// within ten seconds.
async fn after(others: usize, campaign: bool) -> (usize, usize) {
    let line = connected(&Memory::taking(), &Memory::taking()).await;
    let (world, now) = (&line.world, line.world.now());
    let (ports, queue) = (&world.house().ports, &world.house().queue);
    let one = |name: &str, campaign: bool| SendOne {
        project: world.project.clone(),
        customer: "c".into(),
        day: "2026-03-10".parse().expect("a day"),
        send: name.into(),
        channel: Some(Channel::Whatsapp),
        place: None,
        campaign,
    };
    let row = async |name: &str, count: usize, campaign: bool| {
        let records = (0..count).map(|n| (format!("{name}{n}"), Ok(one(&format!("{name}{n}"), campaign)))).collect();
        by_account(ports, &Setups::new(ports), records, now).await
    };
    row("otro", others, campaign).await;
    let turns = row("propio", 5, false).await;
    let at_once = turns.iter().filter(|(_, turn)| matches!(turn, Ok(Turn::Now(_)))).count();
    world.house().clock.advance_to(now + chrono::TimeDelta::seconds(10));
    let soon = queue.receive(QueueName::Send(Channel::Whatsapp), 10_000).await.expect("received");
    (at_once, soon.iter().filter(|it| it.body.contains("propio")).count())
}

#[tokio::test]
async fn however_large_a_campaign_is_the_days_own_messages_wait_seconds_for_it() {
    assert_eq!(after(900, true).await, (0, 5), "a campaign takes places of the next five seconds alone");
    assert_eq!(after(900, false).await, (0, 0), "as many of the day's own are before them for eleven seconds");
}

#[tokio::test]
async fn a_message_that_is_queued_twice_takes_nobodys_place_in_the_day() {
    let whatsapp = Memory::taking();
    let line = connected(&whatsapp, &Memory::taking()).await;
    let limit = json!({ "object": "whatsapp_business_account", "entry": [{ "id": meta::WABA, "changes": [{ "field": "business_capability_update",
        "value": { "max_daily_conversations_per_business": 240, "max_phone_numbers_per_waba": 2 } }] }] });
    assert_eq!(line.meta(limit.to_string().as_bytes()).await, 200);
    let names: Vec<String> = (0..240).map(|n| format!("C{n}")).collect();
    line.world.customers(&names.join(" ")).await;
    let orders: Vec<String> = (0..240).map(|n| format!("{} F-{n} 2026-03-10 100.00", 100 + n)).collect();
    line.world.orders(&orders.join("\n")).await;
    line.world.plan().await;
    // At one instant everything is released as often as it is asked for.
    line.world.house().clock.advance_to("2026-03-10T14:00:00Z".parse().expect("an instant"));
    for _ in 0..2 {
        line.world.runner.settle().await.expect("settled");
    }
    line.world.pass("2026-03-10T14:30:00Z").await;
    assert_eq!((whatsapp.taken().len(), whatsapp.wrong()), (240, vec![]));
}

#[tokio::test]
async fn what_hung_up_and_was_never_told_is_found_in_the_nights_log() {
    let sms = Memory::new(
        |asked| match number(asked) % 3 {
            0 => Script::TakeAndHangUp,
            1 => Script::Error { status: 500, body: json!({ "code": 20_500 }).to_string(), retry_after: None },
            _ => Script::Take,
        },
        |_| {},
    );
    let line = connected(&Memory::taking(), &sms).await;
    let names: Vec<String> = (0..24).map(|n| format!("C{n}")).collect();
    line.world.customers(&names.join(" ")).await;
    let orders: Vec<String> = (0..24).map(|n| format!("{} F-{n} 2026-03-07 100.00", 100 + n)).collect();
    line.world.orders(&orders.join("\n")).await;
    line.world.plan().await;
    line.world.pass("2026-03-10T23:00:00Z").await;
    let count = |messages: &[Interaction], code: &str| messages.iter().filter(|m| m.state.code() == code).count();
    let before = line.world.messages("2026-03-10").await;
    assert_eq!((count(&before, "unknown"), count(&before, "sent")), (16, 8));
    line.world.until("2026-03-11T06:00:00Z").await;
    let after = line.world.messages("2026-03-10").await;
    assert_eq!((count(&after, "unknown"), count(&after, "delivered")), (8, 16), "what was not taken stays unknown");
    assert_eq!(sms.taken().len(), 16, "nothing was sent again");
}

#[tokio::test]
async fn no_more_people_are_written_to_first_in_a_day_than_the_number_may() {
    let whatsapp = Memory::taking();
    let addresses = Addresses {
        whatsapp: fakes::serve(meta::router(Arc::clone(&whatsapp))).await,
        twilio: fakes::serve(twilio::router(Memory::taking())).await,
    };
    let line = Line::opened("2026-03-10", &Options { addresses, ..Options::default() }).await;
    connect(&line).await;
    let limit = json!({ "object": "whatsapp_business_account", "entry": [{ "id": meta::WABA, "changes": [{ "field": "business_capability_update",
        "value": { "max_daily_conversations_per_business": 30, "max_phone_numbers_per_waba": 2 } }] }] });
    let body = limit.to_string();
    let headers = [("x-hub-signature-256", meta_signature(APP_SECRET, body.as_bytes()))];
    line.post(&format!("/hooks/whatsapp/{}", line.token), &headers, body.as_bytes()).await;
    let names: Vec<String> = (0..40).map(|n| format!("C{n}")).collect();
    line.world.customers(&names.join(" ")).await;
    let orders: Vec<String> = (0..40).map(|n| format!("{} F-{n} 2026-03-10 100.00", 100 + n)).collect();
    line.world.orders(&orders.join("\n")).await;
    line.world.plan().await;
    line.world.pass("2026-03-11T04:00:00Z").await;
    assert_eq!(whatsapp.taken().len(), 30);
    let messages = line.world.messages("2026-03-10").await;
    let ended = messages.iter().filter(|m| matches!(m.state, State::NotSent { .. })).count();
    assert_eq!(ended, 10, "the others end with the day");
}

#[tokio::test]
async fn a_file_that_a_person_sends_is_fetched_and_kept_by_what_it_is() {
    let addresses = Addresses {
        whatsapp: fakes::serve(meta::router(Memory::taking())).await,
        twilio: fakes::serve(twilio::router(Memory::taking())).await,
    };
    let line = Line::opened("2026-03-10", &Options { addresses, ..Options::default() }).await;
    connect(&line).await;
    line.world.customers("Ana").await;
    let document = json!({ "id": "media1", "mime_type": "text/html", "sha256": "x", "filename": "voucher.pdf" });
    let message = json!({ "from": "51987650000", "id": "wamid.1", "timestamp": "1773151200", "type": "document", "document": document });
    let gone = json!({ "id": "media9", "mime_type": "application/pdf", "filename": "viejo.pdf" });
    let old = json!({ "from": "51987650000", "id": "wamid.2", "timestamp": "1773151260", "type": "document", "document": gone });
    let body = change(meta::NUMBER, json!({ "messages": [message, old] })).to_string();
    let headers = [("x-hub-signature-256", meta_signature(APP_SECRET, body.as_bytes()))];
    for _ in 0..2 {
        line.post(&format!("/hooks/whatsapp/{}", line.token), &headers, body.as_bytes()).await;
    }
    let thread = line.thread("100").await;
    let kept = thread[0].attachments[0].clone();
    assert_eq!((thread.len(), kept.name.as_deref(), kept.at_provider), (2, Some("voucher.pdf"), None));
    let file = kept.file.expect("a file");
    assert!(file.ends_with("/0.pdf"), "by its bytes, not by its sender's word: {file}");
    assert_eq!(line.world.file(&file).await, meta::FILE);
    let gone = thread[1].attachments[0].clone();
    assert_eq!((gone.name.as_deref(), gone.file, gone.at_provider), (Some("viejo.pdf"), None, None), "asked for once");
    assert_eq!(line.world.house().queue.depth().expect("depth"), (0, 0));
}

#[tokio::test]
async fn an_account_of_which_its_provider_says_nothing_stays_connected() {
    let whatsapp = Memory::taking();
    let line = connected(&whatsapp, &Memory::taking()).await;
    let check = || line.world.call(Method::POST, "/v1/channels/whatsapp/check", None);
    let connected = || async { line.world.setup().await.project().channels[&Channel::Whatsapp].connected };
    whatsapp.put_out_of_order(Some(StatusCode::SERVICE_UNAVAILABLE));
    let (status, why) = check().await;
    assert_eq!((status, why["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("provider_silent")), "{why}");
    assert!(connected().await, "it may work all the same");
    whatsapp.put_out_of_order(Some(StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(check().await.1["code"], "provider_silent");
    whatsapp.put_out_of_order(Some(StatusCode::UNAUTHORIZED));
    assert_eq!(check().await.1["code"], "not_connected");
    assert!(!connected().await);
    whatsapp.put_out_of_order(None);
    assert_eq!(check().await.0, StatusCode::OK);
    assert!(connected().await);
}
