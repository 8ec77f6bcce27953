//! Claims, orders given up on or void, pauses and alerts: what is chased and what is not.

use super::{ana, holds};
use crate::world::day;
use cauce_domain::debt::customer::Portfolio;
use serde_json::json;

#[tokio::test]
async fn a_claimed_order_is_not_chased_and_the_others_are() {
    let world = ana().await;
    world.orders("100 F-2 2026-03-10 70.00").await;
    let claim = json!({ "category": "billing", "orders": ["F-1"], "description": "cobraron dos veces" });
    let opened = world.done("100", "claims", claim).await;
    let account = world.account("100").await;
    assert_eq!(account.summary.carrying.as_ref().map(|c| c.code.as_str()), Some("F-2"));
    assert_eq!(account.summary.disputed.values().map(|d| d.balance).sum::<i64>(), 10_000);
    let plan = world.plan().await.plan;
    assert_eq!(plan.by_step.get(&0), Some(&1), "today F-2 is due");
    world.pass("2026-03-10T22:00:00Z").await;
    assert!(world.outbox().iter().all(|sent| !sent.text.contains("F-1")), "the claimed order is in no message");

    let id = opened["id"].as_str().expect("an id").to_owned();
    world.done("100", &format!("claims/{id}/close"), json!({ "resolution": "se corrigió" })).await;
    let account = world.account("100").await;
    assert_eq!(account.summary.carrying.as_ref().map(|c| c.code.as_str()), Some("F-1"));
    assert!(account.claims.is_empty());
    assert_eq!(world.refused("100", &format!("claims/{id}/close"), json!({})).await.0, "claim_closed");
    holds(&world).await;
}

#[tokio::test]
async fn a_claim_of_no_order_or_where_the_project_says_so_stops_everything_automatic() {
    for (rules, claim) in [
        (json!({}), json!({ "category": "contract", "description": "no firmé eso" })),
        (
            json!({ "on_claim": "pause_customer" }),
            json!({ "category": "contract", "orders": ["F-1"], "description": "no firmé eso" }),
        ),
    ] {
        let world = ana().await;
        world.orders("100 F-2 2026-03-10 70.00").await;
        world.rules(rules).await;
        world.done("100", "claims", claim).await;
        assert_eq!(world.plan().await.plan.not_send.get("claim_open"), Some(&1));
    }
    let world = ana().await;
    world.rules(json!({ "on_claim": "none" })).await;
    world.done("100", "claims", json!({ "category": "contract", "orders": ["F-1"], "description": "x" })).await;
    assert_eq!(world.plan().await.plan.send, 2, "the collection goes on");
}

#[tokio::test]
async fn two_claims_stand_in_different_categories_and_no_third() {
    let world = ana().await;
    let claim = |category: &str| json!({ "category": category, "orders": ["F-1"], "description": "…" });
    let first = world.done("100", "claims", claim("billing")).await;
    assert_eq!(world.refused("100", "claims", claim("billing")).await.0, "claim_category_taken");
    world.done("100", "claims", claim("product")).await;
    assert_eq!(world.refused("100", "claims", claim("payment")).await.0, "too_many_claims");
    let id = first["id"].as_str().expect("an id").to_owned();
    world.done("100", &format!("claims/{id}/close"), json!({})).await;
    assert!(world.account("100").await.summary.carrying.is_none(), "the other still disputes it");
    world.done("100", "claims", claim("payment")).await;
    assert_eq!(
        world.refused("100", "claims", json!({ "category": "contract", "description": " " })).await.0,
        "invalid_value"
    );
}

#[tokio::test]
async fn who_is_given_up_on_is_not_chased_and_pays_last() {
    let world = ana().await;
    world.orders("100 F-2 2026-03-10 70.00").await;
    world
        .done(
            "100",
            "orders/standing",
            json!({ "standing": "uncollectible", "orders": ["F-1"], "reason": "sin domicilio" }),
        )
        .await;
    let account = world.account("100").await;
    assert_eq!(account.summary.uncollectible.values().map(|d| d.balance).sum::<i64>(), 10_000);
    assert_eq!(account.summary.carrying.as_ref().map(|c| c.code.as_str()), Some("F-2"));
    let again = json!({ "standing": "uncollectible", "orders": ["F-2", "F-1"] });
    assert_eq!(world.refused("100", "orders/standing", again).await.1, "la orden F-1 ya está marcada como incobrable");
    assert_eq!(world.account("100").await.summary.count(), 1, "all of them or none");
    world.done("100", "orders/standing", json!({ "standing": "collectible", "orders": ["F-1"] })).await;
    world.done("100", "orders/standing", json!({ "standing": "annulled", "orders": ["F-1", "F-2"] })).await;
    assert!(world.account("100").await.summary.carrying.is_none());
    world.done("100", "orders/standing", json!({ "standing": "restored", "orders": ["F-1"] })).await;
    assert_eq!(world.account("100").await.summary.carrying.map(|c| c.code).as_deref(), Some("F-1"));
    holds(&world).await;
}

#[tokio::test]
async fn a_pause_ends_by_itself_after_its_last_day_and_says_so() {
    let world = ana().await;
    for until in ["2026-03-09", "2026-03-10"] {
        assert_eq!(world.refused("100", "pause", json!({ "until": until })).await.0, "pause_too_short");
    }
    world.done("100", "pause", json!({ "until": "2026-03-13" })).await;
    assert_eq!(world.plan().await.plan.not_send.get("paused"), Some(&1));
    world.until("2026-03-13T23:00:00Z").await;
    assert_eq!(world.alerts("100").await, ["Comunicaciones pausadas"]);
    world.until("2026-03-14T06:00:00Z").await;
    assert_eq!(world.alerts("100").await, ["Comunicaciones reanudadas"], "a Saturday too");
    assert_eq!(world.account("100").await.holds.paused_until, None);
    world.outcome("100", "outbound_no_contact", "voicemail", json!({})).await;
    assert!(world.alerts("100").await.is_empty(), "somebody worked her since");
    assert_eq!(world.events("100").await, ["paused", "resumed"]);
}

#[tokio::test]
async fn who_cannot_pay_hears_nothing_until_it_is_undone_or_nothing_is_past_due() {
    let world = ana().await;
    world.orders("100 F-2 2026-04-20 70.00").await;
    world.outcome("100", "outbound_contact", "cannot_pay", json!({ "note": "perdió el trabajo" })).await;
    assert_eq!(world.plan().await.plan.not_send.get("cannot_pay"), Some(&1));
    world.pay("P-1", "F-1", "2026-03-10", "60.00").await;
    assert_eq!(world.alerts("100").await, ["No puede pagar"], "a part of it changes nothing");
    world.pay("P-2", "F-1", "2026-03-10", "40.00").await;
    assert!(world.alerts("100").await.is_empty(), "nothing is past due any more");
    assert!(!world.account("100").await.holds.cannot_pay);

    world.outcome("101", "outbound_contact", "cannot_pay", json!({})).await;
    world.outcome("101", "outbound_contact", "wont_pay", json!({})).await;
    assert_eq!(world.alerts("101").await, ["No quiere pagar"], "the later of two that contradict each other");
    assert!(!world.account("101").await.holds.cannot_pay, "communications go on");
    world.done("101", "promises", json!({ "date": "2026-03-13", "amount": "50.00" })).await;
    assert!(world.alerts("101").await.is_empty(), "a promise takes both away");
    holds(&world).await;
}

#[tokio::test]
async fn a_claim_or_giving_up_pays_nothing_and_takes_no_alert_away() {
    let world = ana().await;
    world.outcome("100", "outbound_contact", "cannot_pay", json!({})).await;
    let claim = json!({ "category": "billing", "orders": ["F-1"], "description": "…" });
    let id = world.done("100", "claims", claim).await["id"].as_str().expect("an id").to_owned();
    assert_eq!(world.alerts("100").await, ["No puede pagar"], "it is past due all the same");
    world.done("100", &format!("claims/{id}/close"), json!({})).await;
    world.done("100", "orders/standing", json!({ "standing": "uncollectible", "orders": ["F-1"] })).await;
    assert_eq!(world.alerts("100").await, ["No puede pagar"]);
    world.pay("P-1", "F-1", "2026-03-10", "100.00").await;
    assert!(world.alerts("100").await.is_empty());
}

#[tokio::test]
async fn who_is_paused_or_gone_is_not_put_among_the_calls() {
    let world = ana().await;
    world.done("100", "pause", json!({ "until": "2026-03-20" })).await;
    world.outcome("100", "outbound_no_contact", "no_answer", json!({})).await;
    assert!(world.account("100").await.calls.is_empty());
    world.outcome("100", "outbound_contact", "call_back", json!({ "call_back": { "date": "2026-03-12" } })).await;
    assert_eq!(world.account("100").await.calls.len(), 1, "what was agreed on stays");
}

#[tokio::test]
async fn what_is_too_long_or_too_much_is_refused() {
    let world = ana().await;
    let long = "x".repeat(3000);
    for (what, body) in [
        ("claims", json!({ "category": "billing", "description": long })),
        ("payments-to-verify", json!({ "amount": "1", "method": long })),
        ("orders/standing", json!({ "standing": "annulled", "orders": ["F-1"], "reason": long })),
        (
            "claims",
            json!({ "category": "billing", "description": "x", "orders": (0..40).map(|n| n.to_string()).collect::<Vec<_>>() }),
        ),
    ] {
        assert_eq!(world.refused("100", what, body).await.0, "invalid_value", "{what}");
    }
    for _ in 0..10 {
        world.done("100", "payments-to-verify", json!({ "amount": "1" })).await;
    }
    assert_eq!(world.refused("100", "payments-to-verify", json!({ "amount": "1" })).await.0, "too_many");
    world.until("2026-03-18T06:00:00Z").await;
    assert!(world.matters("100", "payment_to_verify").await.iter().all(|payment| payment["escalated"] == true));
}

#[tokio::test]
async fn new_terms_may_take_the_old_orders_place_and_who_owes_only_what_was_given_up_on_is_written_off() {
    let world = ana().await;
    let terms = json!({ "terms": { "amount": "120.00", "currency": "PEN", "instalments": 3, "first_due": "2026-03-31", "replace_orders": true } });
    world.outcome("100", "outbound_contact", "refinancing", terms).await;
    let agreement = world.matter("100", "agreement").await;
    let new: Vec<&str> =
        agreement["new_orders"].as_array().expect("orders").iter().filter_map(|c| c.as_str()).collect();
    assert_eq!(new.len(), 3);
    let account = world.account("100").await;
    let pen = "PEN".parse().expect("a currency");
    assert_eq!((account.summary.open[&pen].balance, account.summary.open[&pen].count), (12_000, 3));
    assert_eq!(account.summary.carrying.map(|c| c.due), Some(day("2026-03-31")));
    assert!(world.events("100").await.contains(&"order_annulled".to_owned()));
    world.done("100", "orders/standing", json!({ "orders": new, "standing": "uncollectible" })).await;
    assert_eq!(world.account("100").await.customer.portfolio, Portfolio::WrittenOff);
    world.done("100", "orders/standing", json!({ "orders": [new[0]], "standing": "collectible" })).await;
    assert_eq!(world.account("100").await.customer.portfolio, Portfolio::Current);
    holds(&world).await;
}

#[tokio::test]
async fn who_could_not_pay_and_pays_is_told_of_to_the_adviser_and_nothing_else_changes() {
    let world = ana().await;
    world.change(|project| project.alert_addresses = vec!["equipo@andes.com".into()]).await;
    world.outcome("100", "outbound_contact", "cannot_pay", json!({})).await;
    world.pay("P-1", "F-1", "2026-03-10", "10.00").await;
    let told: Vec<String> = world.outbox().into_iter().map(|taken| taken.text).collect();
    assert!(told.iter().any(|words| words.starts_with("Ana pagó") && words.contains("S/ 10.00")), "{told:?}");
    assert!(world.account("100").await.holds.cannot_pay);
    holds(&world).await;
}
