//! Nobody is written to twice by a campaign, whoever starts it, holds it up or dies over it; and one customer's trouble is nobody
//! else's.

use super::lima;
use crate::world::World;
use axum::http::{Method, StatusCode};
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::State;
use cauce_domain::strategy::campaign::Standing;
use cauce_engine::campaign;
use cauce_engine::messages::{CampaignShard, CampaignWork};
use cauce_engine::store::keys::SHARD_NAMES;
use serde_json::json;
use std::collections::BTreeSet;

async fn hundred(count: usize) -> World {
    let names: Vec<String> = (0..count).map(|n| format!("C{n:03}")).collect();
    lima(&names.join(" ")).await
}

async fn work(world: &World, path: &str, shard: &str, work: CampaignWork, late: bool) {
    let campaign = world.campaign(path).await.id;
    let asked = CampaignShard { project: world.project.clone(), campaign, shard: shard.to_owned(), work };
    let setup = world.setup().await;
    // One that lost a race is queued again.
    let _ = campaign::work(&world.house().ports, &setup, &asked, &|| late, world.now()).await;
}

#[tokio::test]
async fn eight_starters_freeze_everybody_once() {
    let world = &hundred(240).await;
    let path = &world.launched(&["email"], "10:00", json!({})).await;
    world.house().clock.advance_to(crate::world::utc("2026-03-10T15:00:00Z"));
    let starter = async |n: usize| {
        work(world, path, "0", CampaignWork::Start, false).await;
        for at in 0..SHARD_NAMES.len() {
            let shard = SHARD_NAMES[(at + n) % SHARD_NAMES.len()];
            work(world, path, shard, CampaignWork::Freeze, n.is_multiple_of(3) && at.is_multiple_of(2)).await;
        }
    };
    futures::future::join_all((0..8).map(starter)).await;
    let figures = world.figures(path).await;
    assert_eq!((figures.scheduled, figures.customers, figures.open), (240, 240, 240));
    world.pass("2026-03-10T16:00:00Z").await;
    let recipients: Vec<String> = world.outbox().into_iter().map(|taken| taken.recipients).collect();
    let different: BTreeSet<&String> = recipients.iter().collect();
    assert_eq!((recipients.len(), different.len()), (240, 240));
    assert_eq!((world.figures(path).await.sent, world.campaign(path).await.standing), (240, Standing::Executed));
}

#[tokio::test]
async fn a_campaign_that_is_held_up_goes_on_and_repeats_nobody() {
    let world = hundred(40).await;
    world.change(|project| project.caps.per_day = 2).await;
    let path = world.launched(&["email", "sms"], "10:00", json!({})).await;
    // A minute after its start the first leaves, and the second a minute after that.
    world.pass("2026-03-10T15:01:40Z").await;
    assert_eq!(world.outbox().len(), 40);
    let (status, held) = world.act(&path, "pause").await;
    assert_eq!((status, held["paused"].is_string()), (StatusCode::OK, true));
    world.pass("2026-03-10T16:00:00Z").await;
    assert_eq!((world.outbox().len(), world.campaign(&path).await.standing), (40, Standing::Running));
    assert_eq!(world.act(&path, "resume").await.0, StatusCode::OK);
    world.pass("2026-03-10T16:30:00Z").await;
    let to: BTreeSet<(String, String)> =
        world.outbox().into_iter().map(|taken| (taken.channel.to_string(), taken.recipients)).collect();
    assert_eq!((world.outbox().len(), to.len()), (80, 80));
    assert_eq!(world.figures(&path).await.sent, 80);
}

#[tokio::test]
async fn the_rest_of_a_campaign_is_cancelled_for_good() {
    let world = hundred(20).await;
    world.change(|project| project.caps.per_day = 2).await;
    let path = world.launched(&["email", "sms"], "10:00", json!({})).await;
    world.pass("2026-03-10T15:01:40Z").await;
    assert_eq!(world.act(&path, "cancel").await.0, StatusCode::OK);
    world.pass("2026-03-10T16:00:00Z").await;
    assert_eq!(world.act(&path, "resume").await.1["code"], "not_running");
    let told = world.brought(&path).await;
    assert_eq!(
        (&told["sent"], &told["open"], &told["not_sent"][0]["reason"], &told["not_sent"][0]["count"]),
        (&json!(20), &json!(0), &json!("stopped_by_user"), &json!(20))
    );
    assert_eq!((world.outbox().len(), world.campaign(&path).await.standing), (20, Standing::Executed));
    world.figures(&path).await;
}

#[tokio::test]
async fn one_that_is_held_up_past_its_day_ends_there() {
    let world = hundred(10).await;
    world.change(|project| project.caps.per_day = 2).await;
    let path = world.launched(&["email", "sms"], "10:00", json!({})).await;
    world.until("2026-03-10T15:01:40Z").await;
    world.act(&path, "pause").await;
    world.until("2026-03-11T16:00:00Z").await;
    let campaign = world.campaign(&path).await;
    assert_eq!((campaign.standing, world.outbox().len()), (Standing::Executed, 10));
    assert_eq!(world.figures(&path).await.not_sent.get("stopped_by_user"), Some(&10));
}

#[tokio::test]
async fn whom_the_law_a_wish_or_a_pause_leaves_out_is_counted_by_reason_and_stops_nobody() {
    let world = lima("Ana Beto Caro Dora Elsa").await;
    world
        .orders(
            "100 F-1 2026-03-01 100.00\n101 G-1 2026-03-01 100.00\n102 H-1 2026-03-01 100.00\n103 I-1 2026-03-01 1.00",
        )
        .await;
    world.pass("2026-03-10T13:10:00Z").await;
    world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "10.00" })).await;
    world.outcome("101", "outbound_contact", "cannot_pay", json!({ "note": "sin trabajo" })).await;
    world.done("102", "pause", json!({ "until": "2026-03-20" })).await;
    let id = world.id("103").await;
    let edit = json!({ "emails": { "1": "" } });
    let version = world.version("103").await;
    let bearer = format!("Bearer {}", crate::world::KEY);
    let headers = [("authorization", bearer.as_str()), ("if-match", version.as_str())];
    let (status, answer) = world.call_with(Method::PATCH, &format!("/v1/customers/{id}"), Some(edit), &headers).await;
    assert!(status.is_success(), "{answer}");
    let looked_past = world.launched(&["email"], "10:00", json!({})).await;
    world.pass("2026-03-10T15:30:00Z").await;
    let mut reasons: Vec<Reason> = Vec::new();
    for message in world.messages("2026-03-10").await {
        match message.state {
            State::NotSent { reason } => reasons.push(reason),
            state => assert!(!matches!(state, State::Scheduled { .. })),
        }
    }
    reasons.sort();
    assert_eq!(reasons, [Reason::Paused, Reason::CannotPay, Reason::NoContact]);
    let figures = world.figures(&looked_past).await;
    assert_eq!(
        (figures.sent, figures.scheduled),
        (2, 5),
        "a promise stops the flow, not a campaign, unless it was ticked"
    );
}

#[tokio::test]
async fn whom_its_editor_ticked_is_left_out() {
    let world = lima("Ana Beto").await;
    world.orders("100 F-1 2026-03-01 100.00").await;
    world.pass("2026-03-10T13:10:00Z").await;
    world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "10.00" })).await;
    let path = world.launched(&["email"], "10:00", json!({ "exclusions": ["promise_live", "nothing_due"] })).await;
    world.pass("2026-03-10T15:30:00Z").await;
    let figures = world.figures(&path).await;
    assert_eq!((figures.not_sent.get("promise_live"), figures.not_sent.get("nothing_due")), (Some(&1), Some(&1)));
    assert_eq!(world.campaign(&path).await.standing, Standing::Executed);
}
