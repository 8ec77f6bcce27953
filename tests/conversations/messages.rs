//! Messages a person of the team writes: the same gate and ledger as automatic ones, stricter or looser where that is right.

use super::{ana, holds};
use crate::providers::live::{Line, text};
use crate::world::World;
use axum::http::{Method, StatusCode};
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::State;
use cauce_domain::contact::origin::Origin;
use serde_json::{Value, json};

/// 10 March 2026, 9:00 in Lima, as Meta tells it.
const AT: i64 = 1_773_151_200;

async fn at_ten() -> World {
    let world = ana().await;
    world.pass("2026-03-10T15:00:00Z").await;
    world
}

fn sms(text: &str) -> Value {
    json!({ "channel": "sms", "text": text })
}

async fn preview(world: &World, number: &str, body: Value) -> Value {
    world.done(number, "messages/preview", body).await
}

async fn manual(world: &World, number: &str) -> Vec<Value> {
    world.thread(number).await.into_iter().filter(|item| item["origin"] == "manual").collect()
}

#[tokio::test]
async fn a_message_with_tags_leaves_at_once_and_is_followed_like_any_other() {
    let world = at_ten().await;
    let shown = preview(&world, "100", sms("Hola {primer_nombre}, su saldo es {monto}")).await;
    assert_eq!((&shown["text"], &shown["blocked"]), (&json!("Hola Ana, su saldo es S/ 100.00"), &json!(null)));
    assert_eq!(shown["warnings"], json!([]));
    let sent = world.done("100", "messages", sms("Hola {primer_nombre}, su saldo es {monto}")).await;
    assert_eq!((&sent["origin"], &sent["state"]), (&json!("manual"), &json!("scheduled")));
    world.runner.drain().await.expect("drained");
    let left = world.outbox();
    assert_eq!(left.iter().map(|taken| taken.text.as_str()).collect::<Vec<_>>(), ["Hola Ana, su saldo es S/ 100.00"]);
    world.pass("2026-03-10T16:00:00Z").await;
    let thread = manual(&world, "100").await;
    assert_eq!(
        (&thread[0]["text"], &thread[0]["draft"]["by"]["author"]),
        (&json!("Hola Ana, su saldo es S/ 100.00"), &json!("api"))
    );
    assert!(
        ["delivered", "opened"].contains(&thread[0]["state"].as_str().unwrap_or_default()),
        "{}",
        thread[0]["state"]
    );
    let (_, day) = world.call(Method::GET, "/v1/interactions?origin=manual", None).await;
    assert_eq!(day["items"].as_array().map(Vec::len), Some(1));
    holds(&world).await;
}

#[tokio::test]
async fn the_same_request_twice_is_one_message() {
    let world = at_ten().await;
    let path = format!("/v1/customers/{}/messages", world.id("100").await);
    let bearer = format!("Bearer {}", crate::world::KEY);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "m-1")];
    let (_, first) = world.call_with(Method::POST, &path, Some(sms("Hola {nombre}")), &headers).await;
    let (_, again) = world.call_with(Method::POST, &path, Some(sms("Hola {nombre}")), &headers).await;
    assert_eq!(first["id"], again["id"]);
    world.runner.drain().await.expect("drained");
    assert_eq!(world.outbox().len(), 1);
}

#[tokio::test]
async fn what_stops_reminders_warns_a_person_and_is_passed_over_knowingly() {
    let world = at_ten().await;
    world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "100.00" })).await;
    world.done("100", "pause", json!({ "until": "2026-03-20" })).await;
    let shown = preview(&world, "100", sms("Hola {nombre}")).await;
    let reasons: Vec<&str> =
        shown["warnings"].as_array().expect("a list").iter().filter_map(|w| w["reason"].as_str()).collect();
    assert_eq!(reasons, ["paused"], "the first that stands over the debt");
    assert_eq!(world.refused("100", "messages", sms("Hola {nombre}")).await.0, "warnings_to_accept");
    let mut knowingly = sms("Hola {nombre}");
    knowingly["accept_warnings"] = true.into();
    world.done("100", "messages", knowingly).await;
    world.runner.drain().await.expect("drained");
    assert_eq!(world.outbox().len(), 1);
}

#[tokio::test]
async fn the_projects_own_hours_warn_and_the_laws_refuse() {
    let world = ana().await;
    world
        .change(|project| project.calendar.windows.0[1] = vec![cauce_domain::contact::calendar::Window::hours(9, 10)])
        .await;
    // Eleven in Lima: the project is closed, the law is not.
    world.pass("2026-03-10T16:00:00Z").await;
    let (code, words) = world.refused("100", "messages", sms("Hola {nombre}")).await;
    assert_eq!(code, "warnings_to_accept", "{words}");
    // Nine at night.
    world.pass("2026-03-11T02:00:00Z").await;
    assert_eq!(
        world.refused("100", "messages", json!({ "channel": "sms", "text": "Hola", "accept_warnings": true })).await.0,
        "outside_hours"
    );
    // Saturday, in Peru.
    world.pass("2026-03-14T16:00:00Z").await;
    assert_eq!(
        world.refused("100", "messages", json!({ "channel": "sms", "text": "Hola", "accept_warnings": true })).await.0,
        "restricted_day"
    );
}

#[tokio::test]
async fn the_platform_the_channel_and_the_customers_own_wish_bind_a_person_too() {
    let world = at_ten().await;
    let send =
        || world.refused("100", "messages", json!({ "channel": "sms", "text": "Hola", "accept_warnings": true }));
    let wish = json!({ "address": "+51987650000", "channel": "sms", "reason": "lo pidió por teléfono" });
    assert!(world.call(Method::POST, "/v1/addresses/silence", Some(wish)).await.0.is_success());
    assert_eq!(send().await.0, "opted_out");
    world.change(|project| project.channels.values_mut().for_each(|flags| flags.connected = false)).await;
    assert_eq!(send().await.0, "channel_disconnected");
    world.change(|project| project.channels.values_mut().for_each(|flags| flags.active = false)).await;
    assert_eq!(send().await.0, "channel_inactive");
    world.change(|project| project.active = false).await;
    assert_eq!(send().await.0, "platform_inactive");
    assert!(world.outbox().is_empty());
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_before_it_is_kept() {
    let world = at_ten().await;
    for (body, code) in [
        (sms("Hola {nonbre}"), "bad_message"),
        (sms("  "), "bad_message"),
        (json!({ "channel": "email", "text": "Hola" }), "bad_message"),
        (json!({ "channel": "sms", "text": "Hola", "statement": true }), "bad_message"),
        (json!({ "channel": "sms", "template": "inicial-mas-8" }), "wrong_template"),
        (json!({ "channel": "sms", "template": "inicial-mas-3", "text": "y esto" }), "wrong_template"),
        (json!({ "channel": "sms", "text": "Hola", "to": "+51999999999" }), "not_a_contact"),
        (sms("Su plan {variable.plan}"), "missing_tag_value"),
        (sms("Pague en {paga_aqui}"), "missing_tag_value"),
    ] {
        assert_eq!(world.refused("100", "messages", body.clone()).await.0, code, "{body}");
    }
    assert!(manual(&world, "100").await.is_empty());
}

#[tokio::test]
async fn a_saved_template_leaves_as_it_is_written() {
    let world = at_ten().await;
    world.done("100", "messages", json!({ "channel": "sms", "template": "inicial-mas-3" })).await;
    world.runner.drain().await.expect("drained");
    assert!(world.outbox()[0].text.starts_with("Andes: Ana, su pago F-1 por S/ 100.00"), "{}", world.outbox()[0].text);
    // It takes no reminder's place: the flow's own message of the day goes as well.
    let plan = world.plan().await.plan;
    assert_eq!(plan.send, 2);
}

#[tokio::test]
async fn the_statement_goes_as_a_table_and_as_a_document() {
    let world = at_ten().await;
    let letter = json!({
        "channel": "email",
        "subject": "Su estado de cuenta",
        "text": "Hola {nombre}:\n\n{estado_de_cuenta}\n\nSaludos",
        "statement": true,
    });
    world.done("100", "messages", letter).await;
    world.runner.drain().await.expect("drained");
    let sent = &manual(&world, "100").await[0];
    assert!(
        sent["text"]
            .as_str()
            .unwrap_or_default()
            .contains("Orden\tVencimiento\tSaldo\nF-1\t07/03/2026 (vencida)\tS/ 100.00"),
        "{}",
        sent["text"]
    );
    assert_eq!(
        (&sent["files"][0]["name"], &sent["files"][0]["kind"]),
        (&json!("estado de cuenta 2026-03-10.pdf"), &json!("pdf"))
    );
    let id = world.id("100").await;
    let (status, figures) = world.call(Method::GET, &format!("/v1/customers/{id}/statement"), None).await;
    assert_eq!((status, &figures["totals"]), (StatusCode::OK, &json!({ "PEN": 10000 })));
    // By SMS the table is lines of words.
    world.done("100", "messages", sms("{estado_de_cuenta}")).await;
    world.runner.drain().await.expect("drained");
    assert!(world.outbox().iter().any(|taken| taken.text.contains("F-1 · 07/03/2026 (vencida) · S/ 100.00")));
}

#[tokio::test]
async fn who_wrote_within_the_day_is_answered_at_any_hour_and_in_free_words() {
    let line = Line::on("2026-03-10", "Ana").await;
    let world = &line.world;
    world.orders("100 F-1 2026-03-07 100.00").await;
    world.change(|project| project.unregistered_tray = true).await;
    line.whatsapp(text("w1", "51987650000", AT, "¿hasta qué hora atienden?")).await;
    // Half past nine at night: no hour for a reminder, nor for a first word.
    world.pass("2026-03-11T02:30:00Z").await;
    let answer = json!({ "channel": "whatsapp", "text": "Hasta las seis. ¿La ayudamos en algo?" });
    let shown = preview(world, "100", answer.clone()).await;
    assert_eq!((&shown["reply"], &shown["blocked"], &shown["warnings"]), (&json!(true), &json!(null), &json!([])));
    let sent = world.done("100", "messages", answer.clone()).await;
    assert_eq!(sent["draft"]["replies_to"], "+51987650000");
    assert!(sent["draft"]["answers"].is_string());
    world.runner.drain().await.expect("drained");
    assert_eq!(manual(world, "100").await[0]["state"], "sent");
    assert_eq!(
        world.refused("100", "messages", sms("Hola")).await.0,
        "outside_hours",
        "by another channel it is a first word"
    );
    // A day later it is one again by this channel too.
    world.pass("2026-03-12T02:30:00Z").await;
    assert_eq!(world.refused("100", "messages", answer).await.0, "outside_hours");
}

#[tokio::test]
async fn a_message_is_in_the_contact_ledger_and_its_reason_is_told_where_it_does_not_leave() {
    let world = at_ten().await;
    world.done("100", "messages", sms("Hola {nombre}")).await;
    // The channel goes before the worker comes.
    world.change(|project| project.channels.values_mut().for_each(|flags| flags.active = false)).await;
    world.runner.drain().await.expect("drained");
    let messages = world.messages("2026-03-10").await;
    assert_eq!(messages[0].state, State::NotSent { reason: Reason::ChannelInactive });
    assert_eq!(messages[0].cause.origin(), Origin::Manual);
    let id = world.id("100").await;
    let (_, why) = world.call(Method::GET, &format!("/v1/customers/{id}/why?date=2026-03-10"), None).await;
    let steps = why["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|step| step["origin"] == "manual" && step["reason"] == "channel_inactive"), "{why}");
    holds(&world).await;
}

#[tokio::test]
async fn paga_aqui_leads_to_the_ways_to_pay_in_their_order_and_tells_who_came() {
    let line = Line::on("2026-03-10", "Ana").await;
    let world = &line.world;
    world.orders("100 F-1 2026-03-07 100.00").await;
    world.pass("2026-03-10T15:00:00Z").await;
    let version = format!("\"{}\"", world.setup().await.project.version);
    let bearer = format!("Bearer {}", crate::world::KEY);
    let headers = [("authorization", bearer.as_str()), ("if-match", version.as_str())];
    let methods = json!({ "items": [
        { "kind": "gateway", "name": "Tarjeta", "url": "https://pagos.example/{codigo}?n={nombre}" },
        { "kind": "bank", "name": "Banco <Andino>", "code": "194-1", "instructions": "Indique su documento" },
        { "kind": "gateway", "name": "Apagado", "url": "https://no.example", "active": false },
    ] });
    let (status, answer) = world.call_with(Method::PUT, "/v1/project/payment-methods", Some(methods), &headers).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    world.done("100", "messages", sms("Pague aquí: {paga_aqui}")).await;
    world.runner.drain().await.expect("drained");
    let sent = &manual(world, "100").await[0];
    let link =
        sent["text"].as_str().expect("a text").rsplit_once("https://hooks.example.com").expect("a link").1.to_owned();

    let program = [("user-agent", "facebookexternalhit/1.1")];
    let person = [("user-agent", "Mozilla/5.0 (Linux; Android 14)")];
    assert_eq!(world.call_with(Method::GET, &link, None, &program).await.0, StatusCode::OK);
    assert_eq!(manual(world, "100").await[0]["state"], "sent", "a program looked, nobody has");
    let (status, page) = world.page(Method::GET, &link, &person).await;
    assert_eq!(status, StatusCode::OK);
    let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words}: {page}"));
    assert!(at("Tarjeta") < at("Banco &lt;Andino&gt;"));
    assert!(!page.contains("Apagado") && !page.contains("Ana") && !page.contains("100.00"), "nothing of the debt");
    assert_eq!(manual(world, "100").await[0]["state"], "opened", "an SMS is opened by its link alone");
    assert_eq!(world.leads_to(&format!("{link}/0"), &person).await, "https://pagos.example/F-1?n=Ana");
    assert!(manual(world, "100").await[0]["times"]["pay_clicked"].is_string());
    for wrong in [format!("{link}/1"), format!("{link}/9"), "/p/aaaaaaaaaaaaaaaa/0".into(), "/p/x/0".into()] {
        assert_eq!(world.page(Method::POST, &wrong, &person).await.0, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn the_document_lists_what_is_owed_and_is_the_same_however_often_it_is_drawn() {
    let world = at_ten().await;
    let lines: Vec<String> = (0..90).map(|n| format!("100 L-{n:03} 2026-0{}-01 {n}5.10", n % 4 + 1)).collect();
    world.orders(&lines.join("\n")).await;
    let bank = cauce_domain::debt::payment_method::PaymentMethod {
        kind: cauce_domain::debt::payment_method::MethodKind::Bank,
        name: "Banco Andino".into(),
        code: Some("194-1234567-0-11".into()),
        url: None,
        logo: None,
        instructions: Some("Transfiera desde su banca por internet o en cualquier agencia e indique su número de documento como referencia; el pago se acredita el mismo día hábil.".into()),
        active: true,
    };
    world
        .change(|project| {
            project.payment_methods = vec![bank];
            project.brand.foot = Some("Andes S.A.C. · RUC 20123456789 · Av. Los Álamos 123, Lima".into());
            project.brand.color = Some("#8A1538".into());
        })
        .await;
    let path = format!("/v1/customers/{}/statement.pdf", world.id("100").await);
    let headers = [("authorization", &*format!("Bearer {}", crate::world::KEY))];
    let draw = || world.bytes(&path, &headers);
    let first = draw().await;
    assert!(first.starts_with(b"%PDF-") && first.len() < 100_000, "{}", first.len());
    assert_eq!(first, draw().await);
}

#[tokio::test]
async fn who_asked_for_silence_is_not_written_to_for_having_said_so() {
    let line = Line::on("2026-03-10", "Ana").await;
    let world = &line.world;
    world.orders("100 F-1 2026-03-07 100.00").await;
    line.whatsapp(text("w1", "51987650000", AT, "BAJA")).await;
    world.pass("2026-03-11T02:30:00Z").await;
    let answer = json!({ "channel": "whatsapp", "text": "¿Está segura?", "accept_warnings": true });
    let (code, _) = world.refused("100", "messages", answer).await;
    assert!(["opted_out", "outside_hours"].contains(&code.as_str()), "{code}");
}
