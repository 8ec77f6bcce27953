//! What messages cost, and where the day's budget ends.

use super::Line;
use axum::http::{Method, StatusCode};
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::State;
use cauce_engine::spend;
use serde_json::{Value, json};

/// Four customers due, each by WhatsApp, at two hundredths of a dollar, as far as 0.05 goes.
async fn day(budget: i64) -> Line {
    let line = Line::on("2026-03-10", "Ana Beto Caro Dora").await;
    let call = |path: &'static str, body: Value| line.world.call(Method::PUT, path, Some(body));
    let price = json!({ "channel": "whatsapp", "currency": "USD", "micros": 20_000, "from": "2026-01-01" });
    let utility = json!({ "channel": "whatsapp", "category": "UTILITY", "currency": "USD", "micros": 15_000, "from": "2026-01-01" });
    assert_eq!(call("/v1/prices", json!({ "prices": [price, utility] })).await.0, StatusCode::OK);
    let currency = "USD".parse().expect("a currency");
    line.world
        .change(|p| {
            p.daily_budget = Some(cauce_domain::contact::price::Cost { currency, micros: budget, settled: false });
        })
        .await;
    line.world.orders("100 F-1 2026-03-10 1\n101 F-2 2026-03-10 1\n102 F-3 2026-03-10 1\n103 F-4 2026-03-10 1").await;
    line.world.plan().await;
    line
}

#[tokio::test]
async fn a_plan_tells_what_it_may_cost_and_messages_what_they_did() {
    let line = day(1_000_000).await;
    let (_, run) = line.world.call(Method::GET, "/v1/runs/2026-03-10", None).await;
    assert_eq!(run["result"]["estimate"]["USD"], 80_000, "{run}");
    line.world.pass("2026-03-10T15:00:00Z").await;
    let status = |id: &str, pricing: Value| json!({ "statuses": [{ "id": id, "status": "sent", "timestamp": "1773151260", "recipient_id": "51987650000", "pricing": pricing }] });
    let utility = json!({ "billable": true, "pricing_model": "PMP", "category": "utility", "type": "regular" });
    let free =
        json!({ "billable": false, "pricing_model": "PMP", "category": "utility", "type": "free_customer_service" });
    for _ in 0..2 {
        line.whatsapp(status("whatsapp-1", utility.clone())).await;
        line.whatsapp(status("whatsapp-2", free.clone())).await;
    }
    let (_, run) = line.world.call(Method::GET, "/v1/runs/2026-03-10", None).await;
    assert_eq!(
        run["result"]["cost"]["USD"],
        15_000 + 20_000 * 2,
        "one as billed, one free, two as the book has it: {run}"
    );
    let (ports, setup) = (&line.world.house().ports, line.world.setup().await);
    let currency = "USD".parse().expect("a currency");
    let total = spend::of_day(ports, &setup, setup.today(line.world.now()), currency).await.expect("read");
    assert_eq!(total, 55_000, "the day's sum is the messages'");
}

#[tokio::test]
async fn what_is_past_the_days_budget_is_not_sent_and_says_so() {
    let line = day(50_000).await;
    line.world.pass("2026-03-10T15:00:00Z").await;
    let states: Vec<State> = line.world.messages("2026-03-10").await.into_iter().map(|m| m.state).collect();
    let spent = State::NotSent { reason: Reason::BudgetSpent };
    assert_eq!(states.iter().filter(|s| **s == spent).count(), 2, "{states:?}");
    assert_eq!(states.iter().filter(|s| **s == State::Sent).count(), 2);
}
