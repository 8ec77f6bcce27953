//! What the series tell.

use crate::campaigns::lima;
use crate::conversations::people::{assign, user};
use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::json;

/// Ana, Luis's, owes 60 of 100 since nine days; Beto 50 since forty, Caro 20 in May; Dora paid her 30.
async fn told() -> World {
    let world = lima("Ana Beto Caro Dora").await;
    user(&world, "luis", json!({ "only_assigned": true })).await;
    assign(&world, "100", "luis").await;
    world
        .orders(
            "100 F-1 2026-03-01 100.00\n101 G-1 2026-01-30 50.00\n102 H-1 2026-05-01 20.00\n103 D-1 2026-03-01 30.00",
        )
        .await;
    world.pay("P-1", "F-1", "2026-03-02", "40.00").await;
    world.pay("P-2", "D-1", "2026-02-25", "30.00").await;
    world
}

#[tokio::test]
async fn the_portfolio_is_told_by_how_late_it_is() {
    let world = told().await;
    let (status, none) = world.call(Method::GET, "/v1/indicators/portfolio", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "before the first night: {none}");
    world.until("2026-03-11T08:00:00Z").await;
    assert_eq!(
        world.series("portfolio", &["key", "orders", "amount", "share"]).await,
        [
            "not_due 1 2000 15.38",
            "up_to_30 1 6000 46.15",
            "up_to_60 1 5000 38.46",
            "up_to_90 0 0 0.0",
            "over_90 0 0 0.0"
        ]
    );
    let answer = world.indicator("portfolio").await;
    let pen = &answer["currencies"][0];
    assert_eq!(
        (&pen["currency"], &pen["decimals"], &pen["pending"], &pen["at_risk"]),
        (&json!("PEN"), &json!(2), &json!(13000), &json!(5000))
    );
    assert_eq!(answer["customers_by_segment"][0]["customers"], 4);
    // Twenty-two nights later Ana is late by more than thirty days.
    world.until("2026-04-02T08:00:00Z").await;
    assert_eq!(
        world.series("portfolio", &["key", "amount"]).await[1..4],
        ["up_to_30 0", "up_to_60 6000", "up_to_90 5000"]
    );
    assert_eq!(
        world.series("portfolio?day=2026-03-11", &["key", "amount"]).await[1],
        "up_to_30 6000",
        "as it stood then"
    );
}

#[tokio::test]
async fn receivables_are_told_by_month_adviser_segment_and_flow() {
    let world = told().await;
    world.until("2026-03-11T08:00:00Z").await;
    let fields = ["key", "total", "collected", "pending", "overdue"];
    let by = async |by: &str| world.series(&format!("receivables?by={by}"), &fields).await;
    assert_eq!(
        by("month").await,
        ["2026-01 5000 0 5000 5000", "2026-03 13000 7000 6000 6000", "2026-05 2000 0 2000 0"]
    );
    assert_eq!(by("adviser").await, ["luis 10000 4000 6000 6000", "none 10000 3000 7000 5000"]);
    assert_eq!(by("segment").await, ["default 20000 7000 13000 11000"]);
    assert_eq!(by("flow").await, ["none 20000 7000 13000 11000"], "the flow is off");
    assert_eq!(world.series("receivables?adviser=luis", &fields).await, ["2026-03 10000 4000 6000 6000"]);
    let all = &world.indicator("receivables").await["currencies"][0]["all"];
    assert_eq!((&all["collected_share"], &all["overdue_share"]), (&json!(35.0), &json!(55.0)));
    assert_eq!(world.series("payments", &["key", "payments", "amount"]).await, ["2026-02 1 3000", "2026-03 1 4000"]);
    let dso = &world.indicator("dso").await["currencies"][0];
    assert_eq!(
        (&dso["overdue"], &dso["fell_due_in_90_days"], &dso["days"]),
        (&json!(11000), &json!(18000), &json!(55.0))
    );
    let (status, _) = world.call(Method::GET, "/v1/indicators/receivables?by=otra", None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn promises_are_told_by_what_became_of_them() {
    let world = told().await;
    let promise = |amount: &str| json!({ "promise": { "date": "2026-03-13", "amount": amount } });
    world.outcome("100", "outbound_contact", "promise_or_payment", promise("60.00")).await;
    world.outcome("101", "outbound_contact", "promise_or_payment", promise("50.00")).await;
    world.outcome("102", "outbound_contact", "promise_or_payment", promise("20.00")).await;
    world.pay("P-3", "F-1", "2026-03-12", "60.00").await;
    world.pay("P-4", "G-1", "2026-03-13", "10.00").await;
    world.until("2026-03-18T09:00:00Z").await;
    let fields = [
        "key",
        "kept/promises",
        "kept/amount",
        "partly_kept/promises",
        "broken/promises",
        "live/promises",
        "kept_share",
    ];
    assert_eq!(world.series("promises", &fields).await, ["2026-03 1 6000 1 1 0 33.33"]);
}

#[tokio::test]
async fn sends_are_told_by_channel_with_who_read_and_who_paid() {
    let world = told().await;
    world.launched(&["email"], "10:00", json!({})).await;
    world.until("2026-03-11T08:00:00Z").await;
    let sends = world.indicator("sends?from=2026-03-10&to=2026-03-10").await;
    let email = &sends["channels"][0];
    assert_eq!(
        (&email["channel"], &email["scheduled"], &email["sent"], &email["effectiveness"]),
        (&json!("email"), &json!(4), &json!(4), &json!(null)),
        "{sends}"
    );
    world.pay("P-3", "F-1", "2026-03-17", "60.00").await;
    world.pay("P-4", "G-1", "2026-03-18", "10.00").await;
    world.until("2026-03-19T09:00:00Z").await;
    let sends = world.indicator("sends?from=2026-03-10&to=2026-03-10").await;
    let all = &sends["all"];
    assert_eq!(
        (&all["reached"], &all["paid"], &all["effectiveness"]),
        (&json!(4), &json!(1), &json!(25.0)),
        "Ana within the week, Beto a day late: {sends}"
    );
    let opened = world.messages("2026-03-10").await.iter().filter(|it| it.state.code() == "opened").count();
    assert_eq!(sends["series"][0]["read"], json!(opened), "{sends}");
    assert_eq!(sends["series"][0]["contactability"], json!(opened as f64 * 25.0), "{sends}");
    assert_eq!(world.indicator("sends?from=2026-03-10&to=2026-03-10&origin=flow").await["all"]["scheduled"], 0);
    assert_eq!(
        world.indicator("sends?from=2026-03-01&to=2026-03-31&by=month&origin=campaign").await["series"][0]["key"],
        "2026-03"
    );
}

#[tokio::test]
async fn who_sees_assigned_customers_alone_is_told_of_theirs() {
    let world = told().await;
    world.until("2026-03-11T08:00:00Z").await;
    let key = format!("Bearer {}-luis", crate::world::KEY);
    let get = async |path: &str| {
        world.call_with(Method::GET, &format!("/v1/indicators/{path}"), None, &[("authorization", &key)]).await
    };
    let (_, portfolio) = get("portfolio").await;
    assert_eq!(
        (&portfolio["currencies"][0]["pending"], &portfolio["customers_by_segment"]),
        (&json!(6000), &json!(null))
    );
    assert_eq!(get("sends").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn days_whose_nights_were_missed_are_told_all_the_same() {
    let world = told().await;
    world.launched(&["email"], "10:00", json!({})).await;
    world.until("2026-03-11T08:00:00Z").await;
    world.pay("P-3", "F-1", "2026-03-12", "60.00").await;
    // Ten days in which the house was off.
    world.house().clock.advance_to(crate::world::utc("2026-03-21T09:00:00Z"));
    world.until("2026-03-21T10:00:00Z").await;
    let all = world.indicator("sends?from=2026-03-10&to=2026-03-10").await["all"].clone();
    assert_eq!((&all["reached"], &all["paid"]), (&json!(4), &json!(1)), "{all}");
}
