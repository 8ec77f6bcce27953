//! The sums are those of a recount after anything, and cost what changed.

use crate::campaigns::lima;
use crate::conversations::people::assign;
use crate::world::{World, day, utc};
use axum::http::Method;
use cauce_engine::import::job::Kind;
use cauce_engine::indicators;
use cauce_engine::messages::IndicatorShard;
use cauce_engine::ports::table::{Change, Expect, Item};
use cauce_engine::store::keys::SHARD_NAMES;
use cauce_local::store::meter::Reading;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The sums are what a recount finds.
async fn exact(world: &World, what: &str) {
    let (counted, kept) = indicators::recount(&world.house().ports, &world.project).await.expect("counted");
    assert_eq!(kept, counted, "{what}");
    let broken = world.broken().await;
    assert!(broken.is_empty(), "{what}: {broken:?}");
}

#[tokio::test]
async fn the_sums_are_those_of_a_recount_after_days_of_changes() {
    let world = lima("Ana Beto Caro Dora").await;
    world
        .call(
            Method::POST,
            "/v1/users",
            Some(json!({ "id": "luis", "name": "Luis", "email": "luis@andes.pe", "role": "adviser" })),
        )
        .await;
    world.orders("100 F-1 2026-03-01 100.00\n101 G-1 2026-02-01 50.00\n102 H-1 2026-05-01 20.00").await;
    world.until("2026-03-11T08:00:00Z").await;
    exact(&world, "the first night takes every account").await;

    world.pay("P-1", "F-1", "2026-03-11", "40.00").await;
    world
        .outcome(
            "101",
            "outbound_contact",
            "promise_or_payment",
            json!({ "promise": { "date": "2026-03-13", "amount": "50.00" } }),
        )
        .await;
    assign(&world, "102", "luis").await;
    world.until("2026-03-12T08:00:00Z").await;
    exact(&world, "a payment, a promise, an adviser").await;

    world.unpay("P-1", "F-1").await;
    world.pay("P-2", "G-1", "2026-03-12", "50.00").await;
    world.load(Kind::Customers, "Tipo de documento,Número de documento,Estado\nDNI,102,Inactivo\n").await;
    world.load(Kind::Orders, "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto,Anulada,Producto\nDNI,100,F-1,2026-04-01,PEN,100.00,No,Tarjeta\nDNI,100,F-2,2026-04-01,USD,10.00,No,\nDNI,103,D-1,2026-01-01,PEN,5.00,Sí,\n").await;
    world.outcome("103", "outbound_contact", "wont_pay", json!({})).await;
    world.until("2026-03-13T08:00:00Z").await;
    exact(&world, "taken back, paid, other dates, currencies and products").await;
    // Five nights in which the house was off.
    world.orders("103 D-2 2026-03-01 7.00").await;
    world.house().clock.advance_to(utc("2026-03-18T09:00:00Z"));
    world.until("2026-03-18T10:00:00Z").await;
    exact(&world, "nights that were missed").await;
    assert_eq!(world.indicator("portfolio").await["day"], "2026-03-18");
}

/// What drawing a day up takes.
async fn night(world: &World, date: &str) -> Reading {
    world.house().clock.advance_to(utc(&format!("{date}T08:00:00Z")));
    let (ports, setup) = (&world.house().ports, world.setup().await);
    let before = world.house().table.meter().read();
    for shard in SHARD_NAMES {
        indicators::work(ports, &setup, &part(world, date, shard), &|| false, world.now()).await.expect("worked");
    }
    world.house().table.meter().read() - before
}

fn part(world: &World, date: &str, shard: &str) -> IndicatorShard {
    IndicatorShard { project: world.project.clone(), day: day(date), shard: shard.into() }
}

#[tokio::test]
async fn a_night_reads_the_accounts_that_were_touched_and_no_others() {
    let names: Vec<String> = (0..300).map(|n| format!("C{n:03}")).collect();
    let world = lima(&names.join(" ")).await;
    let lines: Vec<String> = (0..300).map(|n| format!("{} F-{n} 2026-03-01 100.00", 100 + n)).collect();
    world.orders(&lines.join("\n")).await;
    world.until("2026-03-11T08:00:00Z").await;
    exact(&world, "three hundred").await;
    for n in 0..3 {
        world.pay(&format!("P-{n}"), &format!("F-{n}"), "2026-03-11", "40.00").await;
    }
    // What was loaded on the tenth is looked at again until the twelfth's night is over.
    night(&world, "2026-03-12").await;
    night(&world, "2026-03-13").await;
    for n in 3..6 {
        world.pay(&format!("P-{n}"), &format!("F-{n}"), "2026-03-13", "40.00").await;
    }
    let touched = night(&world, "2026-03-14").await;
    for later in ["2026-03-15", "2026-03-16", "2026-03-17"] {
        night(&world, later).await;
    }
    let quiet = night(&world, "2026-03-18").await;
    let (reads, writes) = (touched.reads - quiet.reads, touched.write_units - quiet.write_units);
    eprintln!(
        "three accounts touched of three hundred: {reads} reads and {writes} write units over a quiet night's {quiet:?}"
    );
    assert!(reads <= 3 * 16 && writes <= 3 * 6, "{touched:?} {quiet:?}");
    exact(&world, "three touched").await;
}

#[tokio::test]
async fn two_workers_on_one_part_and_a_time_that_runs_out_count_nobody_twice() {
    let names: Vec<String> = (0..150).map(|n| format!("C{n:03}")).collect();
    let world = lima(&names.join(" ")).await;
    let lines: Vec<String> = (0..150).map(|n| format!("{} F-{n} 2026-0{}-01 100.00", 100 + n, 1 + n % 9)).collect();
    world.orders(&lines.join("\n")).await;
    world.house().clock.advance_to(utc("2026-03-11T08:00:00Z"));
    let (ports, setup) = (&world.house().ports, world.setup().await);
    let looks = AtomicUsize::new(0);
    let late = || looks.fetch_add(1, Ordering::Relaxed) % 3 == 2;
    for _ in 0..6 {
        for shard in SHARD_NAMES {
            let message = part(&world, "2026-03-11", shard);
            let one = indicators::work(ports, &setup, &message, &late, world.now());
            let (one, other) = futures::join!(one, indicators::work(ports, &setup, &message, &late, world.now()));
            one.and(other).expect("worked");
        }
    }
    exact(&world, "two at once").await;
    assert_eq!(world.indicator("portfolio").await["day"], "2026-03-11");
}

#[tokio::test]
async fn what_is_told_late_or_of_another_day_changes_no_day_that_was_drawn_up() {
    let world = lima("Ana Beto Caro").await;
    world.orders("100 F-1 2026-03-01 100.00\n101 G-1 2026-03-01 50.00").await;
    world.until("2026-03-11T08:00:00Z").await;
    world.pay("P-1", "F-1", "2026-03-11", "100.00").await;
    world.until("2026-03-12T08:00:00Z").await;
    let stood = world.indicator("portfolio?day=2026-03-11").await;
    assert_eq!(stood["currencies"][0]["pending"], 15000);
    let (ports, setup) = (&world.house().ports, world.setup().await);
    for date in ["2026-03-11", "2026-03-12", "2026-03-13", "2026-03-20"] {
        for shard in SHARD_NAMES {
            indicators::work(ports, &setup, &part(&world, date, shard), &|| false, world.now()).await.expect("worked");
        }
    }
    assert_eq!(world.indicator("portfolio?day=2026-03-11").await, stood);
    assert_eq!(world.indicator("portfolio").await["day"], "2026-03-12");
    let (status, _) = world.call(Method::GET, "/v1/indicators/portfolio?day=2026-03-05", None).await;
    assert_eq!(status, axum::http::StatusCode::NOT_FOUND, "a day nobody drew up is not a day without debts");
    world.until("2026-03-13T08:00:00Z").await;
    exact(&world, "the next night").await;
}

#[tokio::test]
async fn a_night_that_ends_half_way_is_begun_anew_with_the_next_and_loses_nobody() {
    let names: Vec<String> = (0..900).map(|n| format!("C{n:03}")).collect();
    let world = lima(&names.join(" ")).await;
    let lines: Vec<String> = (0..900).map(|n| format!("{} F-{n} 2026-03-01 100.00", 100 + n)).collect();
    world.orders(&lines.join("\n")).await;
    // One page of each part, the first night; then everybody that was passed over pays.
    half(&world, "2026-03-11").await;
    for n in (0..900).step_by(9) {
        world.pay(&format!("P-{n}"), &format!("F-{n}"), "2026-03-11", "1.00").await;
    }
    half(&world, "2026-03-12").await;
    night(&world, "2026-03-13").await;
    exact(&world, "the first night").await;
    for n in (0..900).step_by(9) {
        world.pay(&format!("Q-{n}"), &format!("F-{n}"), "2026-03-13", "1.00").await;
    }
    half(&world, "2026-03-14").await;
    night(&world, "2026-03-15").await;
    exact(&world, "a night of payments").await;
}

/// A night in which each part gets as far as one page.
async fn half(world: &World, date: &str) {
    world.house().clock.advance_to(utc(&format!("{date}T08:00:00Z")));
    let (ports, setup) = (&world.house().ports, world.setup().await);
    for shard in SHARD_NAMES {
        let looks = AtomicUsize::new(0);
        let late = || looks.fetch_add(1, Ordering::Relaxed) > 0;
        indicators::work(ports, &setup, &part(world, date, shard), &late, world.now()).await.expect("worked");
    }
}

#[tokio::test]
async fn what_is_from_the_day_before_and_comes_after_its_night_is_in_the_next() {
    let world = lima("Ana Beto").await;
    world.orders("100 F-1 2026-03-01 100.00\n101 G-1 2026-03-01 50.00").await;
    world.until("2026-03-12T08:00:00Z").await;
    // Somebody works as of yesterday: a message that was held back.
    let by = cauce_domain::author::By { author: "agente".into(), at: utc("2026-03-11T20:00:00Z") };
    let asked =
        cauce_engine::promise::Asked { date: day("2026-03-20"), amount: 5_000, currency: None, orders: Vec::new() };
    let id = world.id("101").await.as_str().into();
    cauce_engine::promise::make(&world.house().ports, &world.setup().await, &id, &asked, (&by, None))
        .await
        .expect("made");
    world.until("2026-03-13T08:00:00Z").await;
    exact(&world, "as of the day before").await;
}

#[tokio::test]
async fn an_account_nobody_can_read_keeps_no_other_out() {
    let world = lima("Ana Beto Caro").await;
    world.orders("100 F-1 2026-03-01 100.00\n101 G-1 2026-03-01 50.00\n102 H-1 2026-03-01 20.00").await;
    let setup = world.setup().await;
    let beto = setup.customer_id(&cauce_domain::debt::document::Document::parse("DNI", "101").expect("a document"));
    let place = cauce_engine::store::keys::open_order(&world.project, &beto, day("2026-03-01"), "G-1");
    let broken = Item::new(place, "{\"type\":\"order_v1\",\"code\":7}".to_owned());
    let change = vec![Change::Put(broken, Expect::Anything)];
    world.house().ports.table.write(world.house().ports.new_id(), change).await.expect("written");
    world.until("2026-03-11T08:00:00Z").await;
    assert_eq!(world.indicator("portfolio").await["currencies"][0]["pending"], 12000, "Ana's and Caro's");
    let path = world.report("orders", json!({ "columns": ["code"] })).await;
    world.until("2026-03-12T08:10:00Z").await;
    assert_eq!(world.rows(&path).await.len(), 3, "the titles, Ana's and Caro's");
    let (_, report) = world.call(Method::GET, &path, None).await;
    assert!(report["message"].as_str().is_some_and(|it| it.starts_with("1 clientes")), "{report}");
}

#[tokio::test]
async fn products_are_told_apart_up_to_so_many() {
    let world = lima("Ana").await;
    let head = "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto,Producto\n";
    let lines: String = (0..60).map(|n| format!("DNI,100,F-{n},2026-03-01,PEN,1.00,Contrato {n}\n")).collect();
    world.load(Kind::Orders, format!("{head}{lines}")).await;
    world.until("2026-03-11T08:00:00Z").await;
    let series = world.series("receivables?by=product", &["key", "orders"]).await;
    assert_eq!(series.len(), 16, "fifteen, and those of none");
    assert!(series.contains(&"none 45".to_owned()), "{series:?}");
    exact(&world, "sixty products").await;
}

#[tokio::test]
async fn an_account_of_many_years_and_products_changes_hands_whole() {
    let world = lima("Ana").await;
    let body = json!({ "id": "luis", "name": "Luis", "email": "luis@andes.pe", "role": "adviser" });
    world.call(Method::POST, "/v1/users", Some(body)).await;
    let head = "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto,Producto\n";
    let line = |year: i32, product: usize, currency: &str| {
        format!("DNI,100,{currency}-{year}-{product},{year}-05-01,{currency},1.00,Producto {product}\n")
    };
    let lines: String = (2020..2032)
        .flat_map(|year| (0..15).flat_map(move |product| ["PEN", "USD", "EUR"].map(|it| line(year, product, it))))
        .collect();
    world.load(Kind::Orders, format!("{head}{lines}")).await;
    world.until("2026-03-11T08:00:00Z").await;
    exact(&world, "five hundred and forty orders").await;
    assign(&world, "100", "luis").await;
    world.until("2026-03-12T08:00:00Z").await;
    exact(&world, "given to somebody else").await;
    let pending = world.indicator("portfolio?adviser=luis&currency=EUR").await["currencies"][0]["pending"].clone();
    assert_eq!(pending, 180 * 100);
}
