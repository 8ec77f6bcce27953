//! A campaign's whole life, from the draft to what it brought.

use super::{everybody, lima};
use axum::http::{Method, StatusCode};
use cauce_domain::contact::interaction::State;
use cauce_domain::contact::origin::Origin;
use cauce_domain::strategy::campaign::Standing;
use serde_json::json;

#[tokio::test]
async fn a_campaign_is_written_scheduled_sent_and_executed() {
    let world = lima("Ana Beto Caro").await;
    let path = world.launched(&["email"], "10:00", json!({})).await;
    world.pass("2026-03-10T14:59:00Z").await;
    assert!(world.outbox().is_empty(), "before its hour nothing leaves");
    assert_eq!(world.campaign(&path).await.standing, Standing::Scheduled);

    world.pass("2026-03-10T15:30:00Z").await;
    assert_eq!(world.outbox().len(), 3);
    let messages = world.messages("2026-03-10").await;
    assert!(messages.iter().all(|m| m.cause.origin() == Origin::Campaign));
    let campaign = world.campaign(&path).await;
    assert_eq!((campaign.standing, campaign.executed.is_some()), (Standing::Executed, true));
    let told = world.brought(&path).await;
    assert_eq!((&told["scheduled"], &told["sent"], &told["provisional"]), (&json!(3), &json!(3), &json!(true)));
    let (_, listed) = world.call(Method::GET, "/v1/campaigns", None).await;
    assert_eq!(
        (&listed["items"][0]["standing_name"], &listed["items"][0]["result"]["sent"]),
        (&json!("Ejecutada"), &json!(3))
    );
    world.pass("2026-03-14T15:30:00Z").await;
    assert_eq!(world.brought(&path).await["provisional"], false, "the last window has closed");
    world.figures(&path).await;
}

#[tokio::test]
async fn payments_count_by_their_value_date_inside_the_window_alone() {
    let world = lima("Ana Beto Caro Dora").await;
    world.orders("100 F-1 2026-03-01 100.00\n101 G-1 2026-03-01 100.00\n102 H-1 2026-03-01 100.00").await;
    let path = world.launched(&["email"], "10:00", json!({})).await;
    world.pass("2026-03-10T15:30:00Z").await;
    // The day before; inside; on the last day of the window; the day after it.
    world.pay("P-0", "F-1", "2026-03-09", "10.00").await;
    world.pay("P-1", "F-1", "2026-03-10", "20.00").await;
    world.pass("2026-03-16T15:00:00Z").await;
    world.pay("P-2", "G-1", "2026-03-13", "30.00").await;
    world.pay("P-3", "H-1", "2026-03-14", "40.00").await;
    world.pass("2026-03-16T15:30:00Z").await;
    let told = world.brought(&path).await;
    assert_eq!(told["paid"]["PEN"], json!({ "count": 2, "amount": 5000 }));
    let figures = world.figures(&path).await;
    assert_eq!((figures.acted, figures.treated.payers), (2, 2));

    // Loaded late it corrects; taken back it counts no more.
    world.pay("P-4", "H-1", "2026-03-12", "5.00").await;
    world.unpay("P-1", "F-1").await;
    world.pass("2026-03-16T16:00:00Z").await;
    assert_eq!(world.brought(&path).await["paid"]["PEN"], json!({ "count": 2, "amount": 3500 }));
    world.figures(&path).await;
}

#[tokio::test]
async fn a_payment_counts_for_the_latest_campaign_whose_window_it_falls_in() {
    let world = lima("Ana").await;
    world.change(|project| project.caps.per_day = 3).await;
    world.orders("100 F-1 2026-03-01 100.00").await;
    let first = world.launched(&["email"], "10:00", json!({})).await;
    world.pass("2026-03-10T15:30:00Z").await;
    world.pay("P-1", "F-1", "2026-03-10", "10.00").await;
    world.pass("2026-03-10T16:00:00Z").await;
    assert_eq!(world.brought(&first).await["paid"]["PEN"]["amount"], 1000);

    let second = world.draft(&["sms"], everybody(), json!({})).await;
    assert_eq!(world.scheduled(&second, "2026-03-11", "10:00").await.0, StatusCode::OK);
    world.pass("2026-03-11T15:30:00Z").await;
    world.pay("P-2", "F-1", "2026-03-11", "20.00").await;
    world.pass("2026-03-11T16:00:00Z").await;
    let amounts = (world.brought(&first).await, world.brought(&second).await);
    assert_eq!(
        (&amounts.0["paid"]["PEN"]["amount"], &amounts.1["paid"]["PEN"]["amount"]),
        (&json!(1000), &json!(2000))
    );
    world.figures(&first).await;
    world.figures(&second).await;
}

#[tokio::test]
async fn contact_and_actions_are_shares_of_those_who_received_it() {
    let world = lima("Ana Beto").await;
    world.orders("100 F-1 2026-03-01 100.00\n101 G-1 2026-03-01 100.00").await;
    let path = world.launched(&["email"], "10:00", json!({})).await;
    world.pass("2026-03-11T15:00:00Z").await;
    let before = world.figures(&path).await;
    world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "10.00" })).await;
    world.pass("2026-03-11T15:30:00Z").await;
    let told = world.brought(&path).await;
    let figures = world.figures(&path).await;
    assert_eq!((before.acted, figures.acted, figures.recipients), (0, 1, before.recipients));
    assert_eq!(told["action_percent"], json!(100.0 / figures.recipients as f64));
    let opened = world.messages("2026-03-10").await.iter().filter(|m| m.state == State::Opened).count();
    assert_eq!(figures.contacted, opened as i64);
}

#[tokio::test]
async fn a_test_goes_to_oneself_and_is_nobodys_contact() {
    let world = lima("Ana").await;
    world.change(|project| project.test_addresses = vec!["prueba@andes.pe".into()]).await;
    let path = world.draft(&["email", "sms"], everybody(), json!({})).await;
    let test = |to: &str| json!({ "to": to });
    let (status, sent) = world.call(Method::POST, &format!("{path}/test-send"), Some(test("prueba@andes.pe"))).await;
    assert_eq!(status, StatusCode::OK, "{sent}");
    assert_eq!(sent["items"][0]["subject"], "[PRUEBA] Una propuesta");
    assert_eq!((world.outbox().len(), world.messages("2026-03-10").await.len()), (1, 0));
    let (status, answer) = world.call(Method::POST, &format!("{path}/test-send"), Some(test("ana@x.com"))).await;
    assert_eq!((status, &answer["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("not_a_test_address")));
}

#[tokio::test]
async fn whoever_is_held_out_is_not_written_to_and_tells_what_came_by_itself() {
    let names: Vec<String> = (0..200).map(|n| format!("C{n:03}")).collect();
    let world = lima(&names.join(" ")).await;
    let orders: String = (0..200).map(|n| format!("{} F-{n} 2026-03-01 100.00\n", 100 + n)).collect();
    world.orders(&orders).await;
    let path = world.launched(&["email"], "10:00", json!({ "hold_out": 30 })).await;
    world.pass("2026-03-10T16:00:00Z").await;
    let figures = world.figures(&path).await;
    let (treated, control) = (figures.treated.customers, figures.control.customers);
    assert_eq!(treated + control, 200);
    assert!((40..80).contains(&control), "{control}");
    assert_eq!((world.outbox().len() as i64, figures.scheduled), (treated, treated));
    assert!(!world.brought(&path).await["lift"].is_null());
}
