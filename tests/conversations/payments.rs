//! Payments to verify: nothing is paid until somebody saw the money.

use super::{ana, holds};
use crate::world::KEY;
use axum::http::Method;
use cauce_engine::create_project::grant_key;
use serde_json::{Value, json};

fn id(payment: &Value) -> String {
    payment["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_payment_to_verify_stops_the_flow_until_somebody_saw_the_money() {
    let world = ana().await;
    let declared = json!({ "date": "2026-03-09", "amount": "100.00", "method": "Yape", "order": "F-1" });
    let payment = world.done("100", "payments-to-verify", declared).await;
    assert_eq!((&payment["state"], &payment["limit"]), (&json!("to_verify"), &json!("2026-03-17")));
    assert_eq!(world.account("100").await.summary.open.len(), 1, "nothing is paid yet");
    assert_eq!(world.plan().await.plan.not_send.get("payment_under_review"), Some(&1));

    let verified = world.done("100", &format!("payments-to-verify/{}/verify", id(&payment)), json!({})).await;
    assert_eq!(verified["state"], "verified");
    let account = world.account("100").await;
    assert!(account.summary.open.is_empty() && account.holds == Default::default());
    assert_eq!(world.events("100").await, ["payment_to_verify", "payment", "payment_verified"]);
    let again = world.refused("100", &format!("payments-to-verify/{}/verify", id(&payment)), json!({})).await;
    assert_eq!(again.0, "payment_not_open");

    world.done("100", &format!("payments-to-verify/{}/annul", id(&payment)), json!({})).await;
    assert_eq!(world.account("100").await.summary.count(), 1, "it is owed again");
    assert_eq!(world.matter("100", "payment_to_verify").await["state"], "annulled");
    holds(&world).await;
}

#[tokio::test]
async fn what_was_not_paid_is_rejected_and_the_flow_returns() {
    let world = ana().await;
    let payment = world.done("100", "payments-to-verify", json!({ "amount": "100.00" })).await;
    let path = format!("payments-to-verify/{}/reject", id(&payment));
    let rejected = world.done("100", &path, json!({ "reason": "no llegó al banco" })).await;
    assert_eq!((&rejected["state"], &rejected["reason"]), (&json!("rejected"), &json!("no llegó al banco")));
    assert_eq!(world.account("100").await.holds, Default::default());
    assert_eq!(world.plan().await.plan.send, 2);
}

#[tokio::test]
async fn nobody_looks_at_it_in_five_working_days_and_the_flow_goes_on() {
    let world = ana().await;
    world.done("100", "payments-to-verify", json!({ "amount": "100.00" })).await;
    world.until("2026-03-17T23:00:00Z").await;
    assert_eq!(world.matter("100", "payment_to_verify").await["escalated"], json!(null));
    world.until("2026-03-18T06:00:00Z").await;
    assert_eq!(world.matter("100", "payment_to_verify").await["escalated"], true);
    assert_eq!(world.account("100").await.holds, Default::default());
    assert_eq!(world.events("100").await, ["payment_to_verify", "payment_escalated"]);
}

#[tokio::test]
async fn an_open_payment_to_verify_puts_a_promises_judgement_off() {
    let world = ana().await;
    world.done("100", "promises", json!({ "date": "2026-03-11", "amount": "100.00" })).await;
    world.until("2026-03-12T15:00:00Z").await;
    let payment = world.done("100", "payments-to-verify", json!({ "amount": "100.00", "date": "2026-03-12" })).await;
    world.until("2026-03-16T15:00:00Z").await;
    assert_eq!(world.matter("100", "promise").await["state"], "live");
    world.done("100", &format!("payments-to-verify/{}/verify", id(&payment)), json!({})).await;
    assert_eq!(world.matter("100", "promise").await["state"], "kept");

    let world = ana().await;
    world.done("100", "promises", json!({ "date": "2026-03-11", "amount": "100.00" })).await;
    let payment = world.done("100", "payments-to-verify", json!({ "amount": "100.00" })).await;
    world.until("2026-03-16T15:00:00Z").await;
    let path = format!("payments-to-verify/{}/reject", id(&payment));
    world.done("100", &path, json!({ "reason": "no existe" })).await;
    assert_eq!(world.matter("100", "promise").await["state"], "broken");
    assert_eq!(world.alerts("100").await, ["Compromiso incumplido"]);
}

#[tokio::test]
async fn with_four_eyes_whoever_noted_it_does_not_verify_it() {
    let world = ana().await;
    world.rules(json!({ "four_eyes": true })).await;
    let payment = world.done("100", "payments-to-verify", json!({ "amount": "100.00" })).await;
    let path = format!("payments-to-verify/{}/verify", id(&payment));
    assert_eq!(world.refused("100", &path, json!({})).await.0, "four_eyes");
    let user = json!({ "id": "luis", "name": "Luis", "email": "luis@andes.pe", "role": "adviser" });
    world.call(Method::POST, "/v1/users", Some(user)).await;
    let (ports, key) = (&world.house().ports, format!("{KEY}-luis"));
    grant_key(ports, &world.project, Some(&"luis".into()), &key).await.expect("a key");
    let path = format!("/v1/customers/{}/{path}", world.id("100").await);
    let bearer = format!("Bearer {key}");
    let (status, answer) = world.call_with(Method::POST, &path, Some(json!({})), &[("authorization", &bearer)]).await;
    assert!(status.is_success(), "{answer}");
    assert_eq!(answer["decided"]["author"], "luis");
}

#[tokio::test]
async fn a_payment_that_was_loaded_already_is_not_made_twice() {
    let world = ana().await;
    let payment = world.done("100", "payments-to-verify", json!({ "amount": "40.00" })).await;
    world.pay("BANCO-7", "F-1", "2026-03-10", "40.00").await;
    let path = format!("payments-to-verify/{}/verify", id(&payment));
    assert_eq!(world.refused("100", &path, json!({ "movement": "OTRO" })).await.0, "invalid_value");
    world.done("100", &path, json!({ "movement": "BANCO-7" })).await;
    let open: i64 = world.account("100").await.summary.open.values().map(|open| open.balance).sum();
    assert_eq!(open, 6000);
    let refused = world.refused("100", &format!("payments-to-verify/{}/annul", id(&payment)), json!({})).await;
    assert_eq!(refused.1, "anule el pago BANCO-7, que se cargó aparte");
    holds(&world).await;
}

#[tokio::test]
async fn one_verified_payment_of_seventy_orders_reaches_them_all() {
    let world = ana().await;
    let orders: String = (0..70).map(|n| format!("100 H-{n:02} 2026-03-0{} 1.00\n", 1 + n % 6)).collect();
    world.orders(&orders).await;
    let payment = world.done("100", "payments-to-verify", json!({ "amount": "170.00" })).await;
    let path = format!("payments-to-verify/{}", id(&payment));
    world.done("100", &format!("{path}/verify"), json!({})).await;
    assert_eq!(world.account("100").await.summary.count(), 0);
    holds(&world).await;
    world.done("100", &format!("{path}/annul"), json!({})).await;
    assert_eq!(world.account("100").await.summary.count(), 71);
    holds(&world).await;
}
