//! Several advisers at once on one customer: nothing is lost, and each sees what the others did.

use super::{ana, holds, told};
use serde_json::json;

#[tokio::test]
async fn two_advisers_on_one_customer_lose_nothing_and_see_each_others_change() {
    for _ in 0..5 {
        let world = ana().await;
        let promise = json!({ "promise": { "date": "2026-03-13", "amount": "100.00" } });
        let claim = json!({ "category": "billing", "orders": ["F-1"], "description": "cobro doble" });
        let note = json!({ "origin": "call", "comment": "pide que lo llamen de tarde" });
        let pay = world.pay("P-1", "F-1", "2026-03-10", "40.00");
        tokio::join!(
            world.outcome("100", "outbound_contact", "promise_or_payment", promise),
            world.done("100", "claims", claim),
            world.done("100", "notes", note),
            world.done("100", "pause", json!({ "until": "2026-03-20" })),
            world.done("100", "payments-to-verify", json!({ "amount": "10.00" })),
            pay,
        );
        for kind in ["promise", "claim", "payment_to_verify"] {
            assert_eq!(world.matters("100", kind).await.len(), 1, "{kind}");
        }
        let account = world.account("100").await;
        assert_eq!(account.summary.disputed.values().map(|open| open.balance).sum::<i64>(), 6000);
        assert_eq!(account.holds.paused_until.map(|day| day.to_string()).as_deref(), Some("2026-03-20"));
        assert_eq!(world.thread("100").await.len(), 7, "a management, a note, and five things that happened");
        holds(&world).await;
    }
}

#[tokio::test]
async fn of_many_who_verify_one_payment_one_does() {
    let world = ana().await;
    let payment = world.done("100", "payments-to-verify", json!({ "amount": "40.00" })).await;
    let path = format!("payments-to-verify/{}/verify", payment["id"].as_str().expect("an id"));
    let tries = futures::future::join_all((0..8).map(|_| world.post("100", &path, json!({})))).await;
    assert_eq!(tries.iter().filter(|(status, _)| status.is_success()).count(), 1, "{tries:?}");
    let open: i64 = world.account("100").await.summary.open.values().map(|open| open.balance).sum();
    assert_eq!(open, 6000);
    holds(&world).await;
}

#[tokio::test]
async fn eight_calls_at_once_are_eight_attempts_and_one_call_to_make() {
    let world = ana().await;
    let body = || told("outbound_no_contact", "no_answer", json!({}));
    let tries = futures::future::join_all((0..8).map(|_| world.post("100", "outcomes", body()))).await;
    assert!(tries.iter().all(|(status, _)| status.is_success()), "{tries:?}");
    let account = world.account("100").await;
    assert_eq!(account.attempts.map(|(_, count)| count), Some(8));
    assert_eq!(account.calls.len(), 1);
    holds(&world).await;
}
