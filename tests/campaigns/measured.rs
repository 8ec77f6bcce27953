//! A campaign's figures are those of a recount, whatever happens, in whatever order and however often.

use super::lima;
use crate::world::World;
use cauce_domain::strategy::campaign::Standing;
use serde_json::json;

/// A small generator of our own: the same days on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

async fn something(world: &World, chance: &mut Chance, number: usize) {
    let customer = 100 + chance.next(8) as usize;
    let order = format!("F-{customer}");
    match chance.next(6) {
        0 => world.pay(&format!("P-{number}"), &order, &format!("2026-03-{:02}", 8 + chance.next(8)), "1.00").await,
        1 => {
            world.pay(&format!("Q-{number}"), &order, "2026-03-11", "2.00").await;
            world.unpay(&format!("Q-{number}"), &order).await;
        }
        2 => {
            let promise = json!({ "date": "2026-03-20", "amount": "1.00" });
            world.post(&customer.to_string(), "promises", promise).await;
        }
        3 => {
            let later = world.now() + chrono::TimeDelta::hours(1 + chance.next(20) as i64);
            world.runner.advance_to(later).await.expect("advanced");
        }
        // What is told is taken in later, with other things.
        4 => world.runner.drain().await.expect("drained"),
        _ => world.runner.settle().await.expect("settled"),
    }
}

#[tokio::test]
async fn on_random_days_the_sums_are_those_of_a_recount() {
    let days: u64 = std::env::var("CAUCE_DAYS").ok().and_then(|days| days.parse().ok()).unwrap_or(4);
    for seed in 0..days {
        let mut chance = Chance(seed + 1);
        let world = lima("Ana Beto Caro Dora Elsa Fito Gina Hugo").await;
        world.change(|project| project.caps.per_day = 3).await;
        let orders: String = (100..108).map(|n| format!("{n} F-{n} 2026-03-01 100.00\n")).collect();
        world.orders(&orders).await;
        let first = world.launched(&["email", "whatsapp"], "10:00", json!({ "hold_out": 20 })).await;
        let second = world.launched(&["sms"], "12:00", json!({ "window_hours": 24 })).await;
        for number in 0..30 {
            something(&world, &mut chance, number).await;
        }
        let end = world.now() + chrono::TimeDelta::days(1);
        world.runner.advance_to(end).await.expect("advanced");
        let figures = [world.figures(&first).await, world.figures(&second).await];
        assert!(figures.iter().all(|it| it.open == 0), "{figures:?}");
    }
}

#[tokio::test]
async fn many_recipients_of_several_campaigns_are_measured_to_the_last() {
    let names: Vec<String> = (0..700).map(|n| format!("C{n:03}")).collect();
    let world = lima(&names.join(" ")).await;
    world.change(|project| project.caps.per_day = 5).await;
    let mut paths = Vec::new();
    for (channel, time) in [("email", "10:00"), ("sms", "11:00"), ("whatsapp", "12:00"), ("email", "13:00")] {
        paths.push(world.launched(&[channel], time, json!({})).await);
    }
    // What is told at the minute is measured a moment later.
    world.pass("2026-03-10T20:00:40Z").await;
    for path in &paths {
        let figures = world.figures(path).await;
        assert_eq!((figures.scheduled, figures.open), (700, 0));
        assert_eq!(world.campaign(path).await.standing, Standing::Executed);
    }
}

#[tokio::test]
async fn what_whoever_is_held_out_paid_before_the_start_counts_beside_the_others() {
    let names: Vec<String> = (0..60).map(|n| format!("C{n:03}")).collect();
    let world = lima(&names.join(" ")).await;
    let orders: String = (0..60).map(|n| format!("{} F-{n} 2026-03-01 100.00\n", 100 + n)).collect();
    world.orders(&orders).await;
    world.pass("2026-03-10T13:00:00Z").await;
    for number in 0..60 {
        world.pay(&format!("P-{number}"), &format!("F-{number}"), "2026-03-10", "10.00").await;
    }
    let path = world.launched(&["email"], "10:00", json!({ "hold_out": 50 })).await;
    world.pass("2026-03-10T16:00:00Z").await;
    let figures = world.figures(&path).await;
    assert_eq!((figures.control.payers + figures.treated.payers, figures.control.customers > 15), (60, true));
}
