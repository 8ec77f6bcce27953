//! The catalogue of calls: each of the twenty-two outcomes with the data it takes and what it does.

use super::{ana, holds, told};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// What each outcome is told with: situation, outcome, data.
fn all() -> Vec<(&'static str, &'static str, Value)> {
    let promise = json!({ "promise": { "date": "2026-03-13", "amount": "60.00" } });
    let payment =
        json!({ "payment": { "date": "2026-03-09", "amount": "40.00", "method": "BCP", "reference": "op 77" } });
    let terms = json!({ "terms": { "amount": "120.00", "instalments": 3, "first_due": "2026-04-10" } });
    let pause = json!({ "pause_until": "2026-03-20" });
    vec![
        ("outbound_contact", "promise_or_payment", promise),
        ("outbound_contact", "call_back", json!({ "call_back": { "date": "2026-03-12" } })),
        ("outbound_contact", "wont_pay", json!({ "note": "dice que no debe" })),
        ("outbound_contact", "cannot_pay", json!({ "note": "sin trabajo" })),
        ("outbound_contact", "restructuring", terms.clone()),
        ("outbound_contact", "refinancing", terms.clone()),
        ("outbound_contact", "payment_made", json!({ "note": "pagó por Yape" })),
        ("outbound_contact", "reminder", json!({ "reminder": { "text": "cobra los 15" } })),
        ("outbound_contact", "pause", pause.clone()),
        ("outbound_no_contact", "no_answer", json!({})),
        ("outbound_no_contact", "wrong_number", json!({ "phone": 1 })),
        ("outbound_no_contact", "voicemail", json!({})),
        ("outbound_no_contact", "payment_made", json!({})),
        ("outbound_no_contact", "third_party", json!({ "relation": "hermana", "note": "vuelve a las seis" })),
        ("outbound_no_contact", "pause", pause.clone()),
        ("inbound", "promise_or_payment", payment),
        ("inbound", "restructuring", terms.clone()),
        ("inbound", "refinancing", terms),
        ("inbound", "information_request", json!({ "note": "pide su estado de cuenta", "code": "F-1" })),
        ("inbound", "claim", json!({ "claim": { "category": "billing", "description": "monto errado" } })),
        ("inbound", "payment_made", json!({ "payment": { "amount": "100.00" } })),
        ("inbound", "pause", pause),
    ]
}

#[tokio::test]
async fn each_of_the_twenty_two_is_registered_and_stands_in_the_thread() {
    let cases = all();
    assert_eq!(cases.len(), 22);
    for (situation, outcome, data) in cases {
        let world = ana().await;
        let answer = world.outcome("100", situation, outcome, data).await;
        let thread = world.thread("100").await;
        let id = &answer["management"]["id"];
        let managed = thread.iter().find(|item| item["id"] == *id).expect("it is in the thread");
        let contacted = if situation == "outbound_no_contact" { "No contactado" } else { "Contactado" };
        let direction = if situation == "inbound" { "entrante" } else { "saliente" };
        assert_eq!(
            (&managed["state_name"], &managed["direction"]),
            (&json!(contacted), &json!(direction)),
            "{outcome}"
        );
        assert_eq!(effects(&world).await, expected(situation, outcome), "{situation} {outcome}");
        holds(&world).await;
    }
}

/// What an outcome left behind: matters, alerts, next call, pause.
async fn effects(world: &crate::world::World) -> Vec<String> {
    let account = world.account("100").await;
    let mut left: Vec<String> = world.alerts("100").await;
    for kind in ["promise", "payment_to_verify", "claim", "agreement", "reminder"] {
        left.extend(world.matters("100", kind).await.iter().map(|_| kind.to_owned()));
    }
    left.extend(account.calls.iter().map(|call| format!("{} {}", call.reason.spanish(), call.due)));
    left.extend(account.holds.paused_until.map(|until| format!("hasta {until}")));
    left.extend(account.customer.phones.iter().filter(|p| p.invalid).map(|p| format!("teléfono {}", p.slot)));
    left
}

fn expected(situation: &str, outcome: &str) -> Vec<&'static str> {
    match (situation, outcome) {
        ("outbound_contact", "promise_or_payment") => vec!["promise"],
        ("inbound", "promise_or_payment") | (_, "payment_made") => vec!["payment_to_verify"],
        (_, "call_back") => vec!["Volver a llamar 2026-03-12"],
        (_, "wont_pay") => vec!["No quiere pagar"],
        (_, "cannot_pay") => vec!["No puede pagar"],
        (_, "restructuring") => vec!["Reestructuración", "agreement"],
        (_, "refinancing") => vec!["Refinanciación", "agreement"],
        (_, "reminder") => vec!["reminder"],
        (_, "pause") => vec!["Comunicaciones pausadas", "hasta 2026-03-20"],
        (_, "no_answer") => vec!["No contestó 2026-03-10"],
        (_, "wrong_number") => vec!["Contacto fallido", "teléfono 1"],
        (_, "claim") => vec!["claim"],
        _ => vec![],
    }
}

#[tokio::test]
async fn what_is_paid_and_what_is_promised_are_noted_in_one_call() {
    let world = ana().await;
    let both = json!({
        "promise": { "date": "2026-03-13", "amount": "60.00", "orders": ["F-1"] },
        "payment": { "amount": "40.00", "order": "F-1" },
        "note": "pagó una parte",
    });
    let answer = world.outcome("100", "outbound_contact", "promise_or_payment", both).await;
    assert_eq!(answer["management"]["noted"].as_array().map(Vec::len), Some(2));
    assert_eq!(world.events("100").await, ["payment_to_verify", "promise_made"]);
}

#[tokio::test]
async fn what_an_outcome_does_not_take_or_misses_is_refused_and_changes_nothing() {
    let world = ana().await;
    for (situation, outcome, data, title) in [
        ("inbound", "call_back", json!({}), "«Volver a llamar» no existe para una llamada entrante con contacto"),
        (
            "outbound_no_contact",
            "promise_or_payment",
            json!({}),
            "«Compromiso / A verificar» no existe para una llamada saliente sin contacto",
        ),
        (
            "outbound_contact",
            "promise_or_payment",
            json!({}),
            "indique el compromiso (fecha y monto) o el pago declarado",
        ),
        ("outbound_contact", "call_back", json!({}), "falta la fecha de la próxima llamada"),
        (
            "outbound_contact",
            "wont_pay",
            json!({ "pause_until": "2026-03-20" }),
            "«No quiere pagar» no lleva la fecha hasta la que se pausa",
        ),
        ("outbound_no_contact", "wrong_number", json!({}), "falta cuál de los teléfonos falló"),
        (
            "outbound_no_contact",
            "wrong_number",
            json!({ "phone": 4 }),
            "el cliente no tiene un teléfono en esa posición",
        ),
        ("outbound_contact", "wont_pay", json!({ "note": "  " }), "lleva de 1 a 2000 caracteres"),
    ] {
        let (_, words) = world.refused("100", "outcomes", told(situation, outcome, data)).await;
        assert_eq!(words, title);
    }
    // Half of it is right: none of it is done.
    let half = json!({ "promise": { "date": "2026-03-01", "amount": "1" }, "payment": { "amount": "40.00" } });
    world.refused("100", "outcomes", told("outbound_contact", "promise_or_payment", half)).await;
    assert!(world.thread("100").await.is_empty() && world.matters("100", "payment_to_verify").await.is_empty());
}

#[tokio::test]
async fn a_receipt_goes_with_the_outcome_and_nobody_names_a_file_that_was_not_kept() {
    let world = ana().await;
    let bearer = format!("Bearer {}", crate::world::KEY);
    let pdf = Body::from(b"%PDF-1.4 voucher".to_vec());
    let (status, file) =
        world.call_raw(Method::POST, "/v1/files/voucher.pdf", pdf, &[("authorization", &bearer)]).await;
    assert_eq!(status, StatusCode::CREATED, "{file}");
    let named = file["file"].as_str().expect("a name").to_owned();
    world.outcome("100", "inbound", "payment_made", json!({ "files": [named] })).await;
    let noted = world.matter("100", "payment_to_verify").await;
    assert_eq!(noted["files"][0]["name"], "voucher.pdf");
    let forged = told("inbound", "payment_made", json!({ "files": ["cualquiera"] }));
    assert_eq!(world.refused("100", "outcomes", forged).await.0, "bad_file");
}

#[tokio::test]
async fn an_outcome_asked_twice_with_one_key_is_registered_once() {
    let world = ana().await;
    let path = format!("/v1/customers/{}/outcomes", world.id("100").await);
    let body = told("outbound_no_contact", "no_answer", json!({}));
    let bearer = format!("Bearer {}", crate::world::KEY);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k-1")];
    let first = world.call_with(Method::POST, &path, Some(body.clone()), &headers).await;
    assert_eq!(first.0, StatusCode::CREATED);
    assert_eq!(world.call_with(Method::POST, &path, Some(body), &headers).await, first);
    assert_eq!(world.account("100").await.attempts.map(|(_, count)| count), Some(1));
}
