//! The automatic agent: answers linked customers where the project wants it, does what a user would by the same use cases, and
//! leaves to a person what is not plain.

use crate::providers::live::{Line, text};
use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// 10 March 2026, 10:00 in Lima, as Meta tells it.
const AT: i64 = 1_773_154_800;

/// Ana owes 100 since Saturday and writes by WhatsApp; the agent is as it is said.
async fn listening(agent: Option<Value>) -> Line {
    let line = Line::on("2026-03-10", "Ana Beto").await;
    let world = &line.world;
    world.orders("100 F-1 2026-03-07 100.00\n101 G-1 2026-03-07 50.00").await;
    world.pass("2026-03-10T15:00:00Z").await;
    if let Some(agent) = agent {
        let version = format!("\"{}\"", world.setup().await.project.version);
        let bearer = format!("Bearer {}", crate::world::KEY);
        let headers = [("authorization", bearer.as_str()), ("if-match", version.as_str())];
        let (status, answer) = world.call_with(Method::PUT, "/v1/project/agent", Some(agent), &headers).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    line
}

fn on() -> Option<Value> {
    Some(json!({ "active": true, "kind": "rules", "acts": true }))
}

/// Ana writes; answers what the agent said to it.
async fn asks(line: &Line, id: &str, said: &str) -> Vec<String> {
    let before = answers(&line.world).await.len();
    line.a_moment_later();
    line.whatsapp(text(id, "51987650000", line.world.now().timestamp(), said)).await;
    answers(&line.world).await.into_iter().skip(before).collect()
}

/// What the agent said to Ana, the oldest first.
async fn answers(world: &World) -> Vec<String> {
    let mut said: Vec<Value> = world.thread("100").await;
    said.retain(|item| item["draft"]["by"]["author"] == "agente");
    said.sort_by_key(|item| item["draft"]["by"]["at"].to_string());
    said.iter().map(|item| item["text"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn waits_for_a_person(world: &World) -> bool {
    let account = world.account("100").await;
    account.calls.iter().any(|call| call.reason.spanish() == "Derivado por el agente")
}

#[tokio::test]
async fn it_is_off_until_somebody_switches_it_on() {
    let line = listening(None).await;
    assert!(asks(&line, "w1", "¿cuánto debo?").await.is_empty());
    assert!(!waits_for_a_person(&line.world).await);
    let wrong = json!({ "active": true, "kind": "bedrock", "acts": true });
    let version = format!("\"{}\"", line.world.setup().await.project.version);
    let bearer = format!("Bearer {}", crate::world::KEY);
    let headers = [("authorization", bearer.as_str()), ("if-match", version.as_str())];
    let (status, _) = line.world.call_with(Method::PUT, "/v1/project/agent", Some(wrong), &headers).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "no model is deployed here");
}

#[tokio::test]
async fn questions_are_answered_with_what_is_true() {
    let line = listening(on()).await;
    let world = &line.world;
    world.change(|project| project.how_to_pay = Some("Banco Andino 194-1".into())).await;
    let answer = asks(&line, "w1", "Hola, ¿cuánto debo?").await;
    assert_eq!(
        answer,
        [
            "Ana, su saldo pendiente es S/ 100.00. El pago F-1, por S/ 100.00, tiene vencimiento el 07/03/2026. Banco Andino 194-1"
        ]
    );
    let answer = asks(&line, "w2", "¿cuándo vence?").await;
    assert_eq!(answer, ["Ana, su pago F-1 por S/ 100.00 tiene vencimiento el 07/03/2026. Banco Andino 194-1"]);
    let answer = asks(&line, "w3", "¿dónde puedo pagar?").await;
    assert_eq!(answer, ["Ana, puede pagar así: Banco Andino 194-1"]);
    let answer = asks(&line, "w4", "me manda mi estado de cuenta por favor").await;
    assert_eq!(
        answer,
        [
            "Ana, este es su estado de cuenta:\n\nOrden · Vencimiento · Saldo\nF-1 · 07/03/2026 (vencida) · S/ 100.00\nTotal · S/ 100.00"
        ]
    );
    let sent = world.thread("100").await.into_iter().find(|item| item["draft"]["statement"] == true).expect("it");
    assert_eq!(sent["files"][0]["kind"], "pdf");
    assert_eq!(world.account("100").await.inbox.map(|inbox| inbox.unread), Some(0), "nobody has to read it");
    assert!(!waits_for_a_person(world).await);
}

#[tokio::test]
async fn what_a_customer_says_it_paid_or_promises_is_noted_as_a_user_would() {
    let line = listening(on()).await;
    let world = &line.world;
    let answer = asks(&line, "w1", "pagaré S/ 60.00 el viernes").await;
    assert!(answer[0].contains("compromiso de pago por S/ 60.00 para el 13/03/2026"), "{answer:?}");
    let promise = world.matter("100", "promise").await;
    assert_eq!(
        (&promise["amount"], &promise["date"], &promise["by"]["author"]),
        (&json!(6000), &json!("2026-03-13"), &json!("agente"))
    );
    let answer = asks(&line, "w2", "ya pagué ayer 40 soles").await;
    assert!(answer[0].starts_with("Gracias, Ana. Registramos el aviso de su pago"), "{answer:?}");
    let paid = world.matter("100", "payment_to_verify").await;
    assert_eq!((&paid["amount"], &paid["date"]), (&json!(4000), &json!("2026-03-09")));
    assert_eq!(world.plan().await.plan.not_send.get("promise_live"), Some(&1), "the flow is silent");
    // Told again by the provider, nothing is done again.
    line.whatsapp(text("w2", "51987650000", world.now().timestamp(), "ya pagué ayer 40 soles")).await;
    assert_eq!(world.matters("100", "payment_to_verify").await.len(), 1);
}

#[tokio::test]
async fn what_is_not_plain_is_left_to_a_person_and_the_agent_keeps_out() {
    for said in [
        "quiero hablar con un asesor",
        "no puedo pagar, perdí el trabajo",
        "ya pagué pero no reconozco ese monto",
        "lkjsdf lkj",
        "pagaré algún día",
        "pago S/ 1,2,3 el viernes",
        "El viernes les pago 200",
        "les pago 100 dólares el viernes",
        "¿les pago el viernes?",
    ] {
        let line = listening(on()).await;
        let answer = asks(&line, "w1", said).await;
        assert_eq!(answer, ["Ana, un asesor de Andes leerá su mensaje y le responderá."], "{said}");
        assert!(waits_for_a_person(&line.world).await, "{said}");
        assert_eq!(line.world.account("100").await.inbox.map(|inbox| inbox.unread), Some(1), "{said}");
        assert!(asks(&line, "w2", "¿cuánto debo?").await.is_empty(), "{said}: a person answers now");
        assert!(line.world.matters("100", "promise").await.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn thanks_and_strangers_are_answered_nothing_and_nothing_unread_is_buried() {
    let line = listening(on()).await;
    let world = &line.world;
    assert!(asks(&line, "w1", "número equivocado, no soy yo").await.is_empty());
    assert!(!waits_for_a_person(world).await);
    assert_eq!(world.account("100").await.inbox.map(|inbox| inbox.unread), Some(1));
    assert!(asks(&line, "w2", "¿cuánto debo?").await.is_empty(), "somebody reads the first one first");
    assert_eq!(world.account("100").await.inbox.map(|inbox| inbox.unread), Some(2));
    let line = listening(on()).await;
    assert_eq!(asks(&line, "w1", "Hola, buenos días").await.len(), 1);
    assert!(asks(&line, "w2", "hola").await.is_empty(), "nobody is greeted twice");
}

#[tokio::test]
async fn who_owes_what_is_disputed_is_not_told_that_nothing_is_owed() {
    let line = listening(on()).await;
    let claim = json!({ "category": "billing", "orders": ["F-1"], "description": "cobraron dos veces" });
    line.world.done("100", "claims", claim).await;
    let answer = asks(&line, "w1", "¿cuánto debo?").await;
    assert_eq!(answer, ["Ana, un asesor de Andes leerá su mensaje y le responderá."]);
}

#[tokio::test]
async fn a_dispute_opens_a_claim_and_who_asks_for_silence_gets_it() {
    let line = listening(on()).await;
    asks(&line, "w1", "no reconozco esa deuda").await;
    assert_eq!(line.world.matter("100", "claim").await["by"]["author"], "agente");
    assert!(waits_for_a_person(&line.world).await);
    let line = listening(on()).await;
    assert!(asks(&line, "w1", "BAJA").await.is_empty(), "it is heeded before any agent reads it");
    assert!(asks(&line, "w2", "¿cuánto debo?").await.len() <= 1);
}

#[tokio::test]
async fn where_it_may_only_answer_it_notes_nothing() {
    let line = listening(Some(json!({ "active": true, "kind": "rules", "acts": false }))).await;
    asks(&line, "w1", "pagaré el viernes").await;
    assert!(line.world.matters("100", "promise").await.is_empty());
    assert!(waits_for_a_person(&line.world).await);
}

#[tokio::test]
async fn it_answers_nobody_unknown_keeps_out_of_a_persons_conversation_and_tires() {
    let line = listening(on()).await;
    let world = &line.world;
    line.whatsapp(text("w0", "51999999999", AT, "¿cuánto debo?")).await;
    assert!(world.messages("2026-03-10").await.iter().all(|message| message.cause.template().is_some()));
    world.done("100", "messages", json!({ "channel": "sms", "text": "Hola {nombre}, le escribe Luis" })).await;
    assert!(asks(&line, "w1", "¿cuánto debo?").await.is_empty(), "Luis is in the conversation");
    world.done("100", "interactions/read", json!({})).await;
    world.pass("2026-03-10T17:30:00Z").await;
    for n in 0..6 {
        assert_eq!(asks(&line, &format!("x{n}"), "¿cuánto debo?").await.len(), 1, "{n}");
    }
    assert!(asks(&line, "x7", "¿cuánto debo?").await.is_empty(), "enough for a day");
}
