//! Promises to pay: silence while they live, kept or broken by what comes in, and what follows.

use super::{ana, holds};
use crate::world::offset;
use axum::http::Method;
use cauce_engine::import::job::Kind;
use cauce_engine::store::settings::{PaymentMode, Project};
use serde_json::json;

#[tokio::test]
async fn who_promises_for_friday_is_left_alone_then_breaks_it_and_the_flow_returns() {
    let world = ana().await;
    // Reached on Tuesday, three days late: pays on Friday the thirteenth.
    let promise = json!({ "promise": { "date": "2026-03-13", "amount": "100.00" } });
    let answer = world.outcome("100", "outbound_contact", "promise_or_payment", promise).await;
    assert_eq!(answer["warnings"], json!(null));
    assert_eq!(answer["management"]["noted"].as_array().map(Vec::len), Some(1));
    let noted = world.matter("100", "promise").await;
    assert_eq!((&noted["state"], &noted["level"], &noted["limit"]), (&json!("live"), &json!(1), &json!("2026-03-16")));

    let plan = world.plan().await.plan;
    assert_eq!(plan.not_send.get("promise_live"), Some(&1), "Ana's step of today stays");
    assert_eq!(plan.send, 1, "Beto's leaves");
    // One working day of tolerance: Monday still counts, on Tuesday it is broken.
    world.until("2026-03-16T23:00:00Z").await;
    assert_eq!(world.matter("100", "promise").await["state"], "live");
    assert!(world.alerts("100").await.is_empty());
    world.until("2026-03-17T06:00:00Z").await;
    assert_eq!(world.matter("100", "promise").await["state"], "broken");
    assert_eq!(world.alerts("100").await, ["Compromiso incumplido"]);
    assert_eq!(world.events("100").await, ["promise_made", "promise_broken"]);
    // Day 15 is 22 March, a Sunday: the flow goes on at that step on Monday, nothing missed is sent.
    world.until("2026-03-24T05:30:00Z").await;
    let id = world.id("100").await;
    let days = ["2026-03-17", "2026-03-18", "2026-03-19", "2026-03-20", "2026-03-23"];
    let mut steps = Vec::new();
    for date in days {
        steps.extend(world.messages(date).await.into_iter().filter(|m| m.customer.as_str() == id).map(|m| offset(&m)));
    }
    assert_eq!(steps, [15]);
    holds(&world).await;
}

#[tokio::test]
async fn what_is_paid_inside_the_promise_keeps_it_at_once() {
    let world = ana().await;
    world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "100.00", "orders": ["F-1"] })).await;
    world.pay("P-1", "F-1", "2026-03-11", "60.00").await;
    assert_eq!(world.matter("100", "promise").await["state"], "live");
    world.pay("P-2", "F-1", "2026-03-12", "40.00").await;
    let kept = world.matter("100", "promise").await;
    assert_eq!((&kept["state"], &kept["counted"]), (&json!("kept"), &json!({ "P-1": 6000, "P-2": 4000 })));
    assert_eq!(world.account("100").await.holds, Default::default());
    assert_eq!(world.events("100").await, ["promise_made", "payment", "payment", "promise_kept"]);
    // Taken back before the limit it is waited for again.
    world.unpay("P-2", "F-1").await;
    assert_eq!(world.matter("100", "promise").await["state"], "live");
    world.until("2026-03-17T06:00:00Z").await;
    assert_eq!(world.matter("100", "promise").await["state"], "partly_kept");
    assert!(world.alerts("100").await.is_empty(), "part of it came");
    holds(&world).await;
}

#[tokio::test]
async fn a_payment_told_late_but_dated_inside_corrects_the_judgement() {
    let world = ana().await;
    world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "100.00" })).await;
    world.until("2026-03-18T06:00:00Z").await;
    assert_eq!(world.alerts("100").await, ["Compromiso incumplido"]);
    world.pay("LATE", "F-1", "2026-03-20", "10.00").await;
    assert_eq!(world.matter("100", "promise").await["state"], "broken", "dated after its limit");
    world.pay("P-1", "F-1", "2026-03-16", "90.00").await;
    assert_eq!(world.matter("100", "promise").await["state"], "partly_kept");
    assert!(world.alerts("100").await.is_empty());
    holds(&world).await;
}

#[tokio::test]
async fn a_new_promise_of_the_same_orders_takes_the_place_of_the_old_and_says_how_often() {
    let world = ana().await;
    world.orders("100 F-2 2026-03-20 70.00").await;
    for (orders, level) in [(json!(["F-1"]), 1), (json!(["F-1", "F-2"]), 2), (json!(["F-2"]), 3)] {
        let made =
            world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "10", "orders": orders })).await;
        assert_eq!(made["promise"]["level"], level);
    }
    let states: Vec<_> = world.matters("100", "promise").await.into_iter().map(|p| p["state"].clone()).collect();
    assert_eq!(states.iter().filter(|state| **state == "live").count(), 1);
    assert_eq!(states.iter().filter(|state| **state == "annulled").count(), 2);
}

#[tokio::test]
async fn a_promise_taken_back_lets_the_flow_go_on_the_next_day() {
    let world = ana().await;
    let made = world.done("100", "promises", json!({ "date": "2026-04-13", "amount": "100.00" })).await;
    let id = made["promise"]["id"].as_str().expect("an id").to_owned();
    assert!(world.account("100").await.holds.promise_until.is_some());
    world.done("100", &format!("promises/{id}/annul"), json!({})).await;
    assert_eq!(world.account("100").await.holds.promise_until, None);
    let (code, _) = world.refused("100", &format!("promises/{id}/annul"), json!({})).await;
    assert_eq!(code, "promise_not_live");
    assert_eq!(world.events("100").await, ["promise_made", "promise_annulled"]);
}

#[tokio::test]
async fn what_cannot_be_promised_is_refused_with_what_to_do() {
    let world = ana().await;
    world.rules(json!({ "promise_horizon": 10 })).await;
    for (body, expected) in [
        (json!({ "date": "2026-03-09", "amount": "10" }), "date_in_past"),
        (json!({ "date": "2026-03-21", "amount": "10" }), "date_too_far"),
        (json!({ "date": "2026-03-12", "amount": "0" }), "invalid_value"),
        (json!({ "date": "2026-03-12", "amount": "10", "orders": ["G-1"] }), "invalid_value"),
        (json!({ "date": "2026-03-12", "amount": "10", "currency": "USD" }), "invalid_value"),
    ] {
        assert_eq!(world.refused("100", "promises", body.clone()).await.0, expected, "{body}");
    }
    let made = world.done("100", "promises", json!({ "date": "2026-03-12", "amount": "150" })).await;
    assert_eq!(made["warning"], "el compromiso supera lo que debe (S/ 100.00)");
    assert!(world.account("101").await.holds.promise_until.is_none(), "nobody else's is touched");
}

#[tokio::test]
async fn a_promise_asked_twice_with_one_key_is_made_once() {
    let world = ana().await;
    let path = format!("/v1/customers/{}/promises", world.id("100").await);
    let body = json!({ "date": "2026-03-13", "amount": "100.00" });
    let bearer = format!("Bearer {}", crate::world::KEY);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "una-vez")];
    let first = world.call_with(Method::POST, &path, Some(body.clone()), &headers).await;
    let again = world.call_with(Method::POST, &path, Some(body), &headers).await;
    assert_eq!(first, again);
    assert_eq!(world.matters("100", "promise").await.len(), 1);
}

#[tokio::test]
async fn where_balances_are_loaded_what_they_fall_by_keeps_the_promise() {
    let world = ana().await;
    let by_balance = |project: &mut Project| {
        project.payment_mode = PaymentMode::Balance;
        project.confirm_above_percent = 100;
    };
    world.change(by_balance).await;
    let load = async |balance: &str| {
        let head =
            "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto,Saldo pendiente";
        let file = format!("{head}\nDNI,100,F-9,2026-03-07,PEN,80.00,{balance}\n");
        world.load(Kind::Orders, file).await
    };
    load("80.00").await;
    world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "80.00", "orders": ["F-9"] })).await;
    load("30.00").await;
    assert_eq!(world.matter("100", "promise").await["fallen"], 5000);
    load("50.00").await;
    assert_eq!(world.matter("100", "promise").await["fallen"], 3000, "it was a mistake");
    load("0").await;
    assert_eq!(world.matter("100", "promise").await["state"], "kept");
    holds(&world).await;
}

#[tokio::test]
async fn what_waits_to_be_verified_is_not_what_is_promised_besides() {
    let world = ana().await;
    let both = json!({
        "promise": { "date": "2026-03-13", "amount": "60.00" },
        "payment": { "amount": "40.00" },
    });
    world.outcome("100", "outbound_contact", "promise_or_payment", both).await;
    let payment = world.matter("100", "payment_to_verify").await["id"].as_str().expect("an id").to_owned();
    world.done("100", &format!("payments-to-verify/{payment}/verify"), json!({})).await;
    assert_eq!(world.matter("100", "promise").await["counted"], json!(null));
    world.until("2026-03-17T06:00:00Z").await;
    assert_eq!(world.matter("100", "promise").await["state"], "broken");
}

#[tokio::test]
async fn nobody_breaks_a_promise_to_pay_what_is_not_owed_any_more() {
    let world = ana().await;
    world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "100.00" })).await;
    world.pay("P-0", "F-1", "2026-03-09", "100.00").await;
    assert_eq!(world.matter("100", "promise").await["state"], "live", "it was paid before it was promised");
    world.until("2026-03-17T06:00:00Z").await;
    assert_eq!(world.matter("100", "promise").await["state"], "annulled");
    assert!(world.alerts("100").await.is_empty());
}

#[tokio::test]
async fn correcting_one_broken_promise_leaves_the_alert_of_another() {
    let world = ana().await;
    world.orders("100 F-2 2026-03-05 50.00").await;
    for (order, amount) in [("F-1", "100.00"), ("F-2", "50.00")] {
        world.done("100", "promises", json!({ "date": "2026-03-11", "amount": amount, "orders": [order] })).await;
    }
    world.until("2026-03-13T06:00:00Z").await;
    world.pay("P-1", "F-2", "2026-03-12", "50.00").await;
    assert_eq!(world.alerts("100").await, ["Compromiso incumplido"]);
    world.pay("P-2", "F-1", "2026-03-12", "100.00").await;
    assert!(world.alerts("100").await.is_empty());
}

#[tokio::test]
async fn a_promise_withdrawn_counts_for_the_level_of_the_next() {
    let world = ana().await;
    for level in 1..4 {
        let made = world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "10" })).await;
        assert_eq!(made["promise"]["level"], level);
        let id = made["promise"]["id"].as_str().expect("an id").to_owned();
        world.done("100", &format!("promises/{id}/annul"), json!({})).await;
    }
}

#[tokio::test]
async fn a_broken_promise_stays_broken_when_all_is_paid_after_it() {
    let world = ana().await;
    world.done("100", "promises", json!({ "date": "2026-03-11", "amount": "100.00" })).await;
    world.until("2026-03-13T06:00:00Z").await;
    assert_eq!(world.matter("100", "promise").await["state"], "broken");
    world.pay("P-1", "F-1", "2026-03-13", "100.00").await;
    assert_eq!(world.matter("100", "promise").await["state"], "broken", "it was paid, and not as promised");
    assert!(world.alerts("100").await.is_empty(), "nothing is owed");
}

#[tokio::test]
async fn a_loaded_payment_that_was_declared_before_is_not_the_rest_that_is_promised() {
    let world = ana().await;
    let both = json!({ "promise": { "date": "2026-03-13", "amount": "60.00" }, "payment": { "amount": "40.00" } });
    world.outcome("100", "outbound_contact", "promise_or_payment", both).await;
    world.pay("BANCO-7", "F-1", "2026-03-10", "40.00").await;
    assert_eq!(world.matter("100", "promise").await["counted"], json!({ "BANCO-7": 4000 }), "nobody knows better yet");
    let payment = world.matter("100", "payment_to_verify").await["id"].as_str().expect("an id").to_owned();
    world.done("100", &format!("payments-to-verify/{payment}/verify"), json!({ "movement": "BANCO-7" })).await;
    assert_eq!(world.matter("100", "promise").await["counted"], json!(null));
    holds(&world).await;
}
