//! Payments to verify: nothing is paid until somebody saw the money.

use super::{ana, holds};
use crate::world::KEY;
use axum::http::Method;
use cauce_engine::create_project::grant_key;
use cauce_engine::import::job::Kind;
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

#[tokio::test]
async fn an_amount_is_in_the_currency_of_its_order_and_of_what_was_declared() {
    let world = ana().await;
    let order = "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto\nDNI,100,D-1,2026-03-20,CLP,15000\n";
    world.load(Kind::Orders, order).await;
    let payment = world.done("100", "payments-to-verify", json!({ "amount": "15000", "order": "D-1" })).await;
    assert_eq!((&payment["currency"], &payment["amount"]), (&json!("CLP"), &json!(15000)));
    world.done("100", &format!("payments-to-verify/{}/verify", id(&payment)), json!({ "amount": "9000" })).await;
    assert_eq!(world.account("100").await.summary.open[&"CLP".parse().expect("clp")].balance, 6000);
    let made =
        world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "6000", "orders": ["D-1"] })).await;
    assert_eq!(made["promise"]["amount"], 6000);
}

#[tokio::test]
async fn of_two_that_go_on_with_one_payment_each_group_of_orders_is_paid_once() {
    let world = ana().await;
    let orders: String = (0..90).map(|n| format!("100 H-{n:02} 2026-03-01 1.00\n")).collect();
    world.orders(&orders).await;
    let payment = world.done("100", "payments-to-verify", json!({ "amount": "190.00" })).await;
    let path = format!("payments-to-verify/{}/verify", id(&payment));
    // The night's work meets the payment half way, again and again.
    let (ports, setup) = (&world.house().ports, world.setup().await);
    let night = async {
        for _ in 0..20 {
            cauce_engine::close_day::close_day(ports, &setup, world.now()).await.expect("closed");
        }
    };
    tokio::join!(world.done("100", &path, json!({})), night);
    assert_eq!(world.account("100").await.summary.count(), 0);
    holds(&world).await;
}

#[tokio::test]
async fn one_loaded_payment_verifies_one_declared_payment() {
    let world = ana().await;
    world.pay("BANCO-7", "F-1", "2026-03-10", "40.00").await;
    let first = world.done("100", "payments-to-verify", json!({ "amount": "40.00" })).await;
    let second = world.done("100", "payments-to-verify", json!({ "amount": "40.00" })).await;
    let by = json!({ "movement": "BANCO-7" });
    world.done("100", &format!("payments-to-verify/{}/verify", id(&first)), by.clone()).await;
    let refused = world.refused("100", &format!("payments-to-verify/{}/verify", id(&second)), by).await;
    assert_eq!(refused.1, "ese pago ya verificó otro");
    world.unpay("BANCO-7", "F-1").await;
    let states: Vec<_> = world.matters("100", "payment_to_verify").await.iter().map(|p| p["state"].clone()).collect();
    assert!(states.contains(&json!("annulled")) && states.contains(&json!("to_verify")), "{states:?}");
    holds(&world).await;
}
