//! What can be counted of the budgets, kept.

use crate::world::{World, utc};
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::contact::outcome::{Outcome, Situation};
use cauce_engine::open_conversation::open_conversation;
use cauce_engine::promise;
use cauce_engine::register_outcome::{Asked, register};
use cauce_engine::store::edits::By;
use cauce_local::store::meter::Reading;

fn read(world: &World) -> Reading {
    world.house().table.meter().read()
}

/// Customers of whom one in five is due, with short texts as the starter's.
async fn portfolio(world: &World, customers: usize) {
    let mut file = String::from("Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1\n");
    let mut orders = String::new();
    for n in 0..customers {
        file.push_str(&format!("DNI,{},Cliente {n},98{n:07},c{n}@x.com\n", 1000 + n));
        let due = if n % 5 == 0 { "2026-03-10" } else { "2026-06-10" };
        orders.push_str(&format!("{} F-{n} {due} 10.00\n", 1000 + n));
    }
    world.load(cauce_engine::import::job::Kind::Customers, file).await;
    world.orders(&orders).await;
}

#[tokio::test]
async fn a_plan_reads_who_is_due_and_not_who_exists() {
    let mut reads = Vec::new();
    for customers in [100, 1000] {
        let world = World::on("2026-03-10").await;
        portfolio(&world, customers).await;
        let before = read(&world);
        let result = world.plan().await;
        let due = result.plan.customers_due;
        assert_eq!(due as usize, customers / 5);
        assert!(result.plan.read as f64 <= 1.1 * due as f64, "{} accounts read for {due} due", result.plan.read);
        reads.push(((read(&world) - before).queries, due));
    }
    assert_eq!(reads[0].0, reads[1].0, "the number of queries does not grow with the portfolio");
}

#[tokio::test]
async fn one_message_costs_at_most_twelve_writes_and_five_reads() {
    // What a run costs however few are due: its own item and its shards' results.
    let empty = World::on("2026-03-10").await;
    let start = read(&empty);
    empty.plan().await;
    let fixed = read(&empty) - start;
    let world = World::on("2026-03-10").await;
    portfolio(&world, 500).await;
    let start = read(&world);
    world.plan().await;
    let planned = read(&world) - start - Reading { write_units: fixed.write_units, ..Reading::default() };
    world.house().clock.advance_to(utc("2026-03-10T14:00:00Z"));
    let messages = world.messages("2026-03-10").await;
    let sent = sent(&world, &messages, false).await;
    let n = messages.len() as f64;
    let (writes, reads) = ((planned.write_units + sent.write_units) as f64 / n, sent.read_units as f64 / n);
    eprintln!("a due customer, planned: {:.2} read units", planned.read_units as f64 / n);
    eprintln!(
        "a message, plan to acceptance: {writes:.2} write units ({:.2} to plan it), {reads:.2} read units",
        planned.write_units as f64 / n
    );
    assert!(writes <= 12.0, "{writes} write units a message ({planned:?}, {sent:?})");
    assert!(reads <= 5.0, "{reads} read units a message ({sent:?})");
    let before = read(&world);
    world.pass("2026-03-10T15:00:00Z").await;
    let reports = read(&world) - before;
    eprintln!("what providers reported of it within the hour: {:.2} write units", reports.write_units as f64 / n);
    assert!(reports.write_units as f64 / n <= 2.0 * 4.0, "at most two a report: {reports:?}");
}

#[tokio::test]
async fn a_campaigns_message_costs_what_it_is_and_its_measure() {
    let customers = 200;
    let world = crate::campaigns::lima("Nadie").await;
    portfolio(&world, customers).await;
    let n = (customers + 1) as f64;
    world.launched(&["email"], "10:00", serde_json::json!({})).await;
    world.house().clock.advance_to(utc("2026-03-10T14:59:59Z"));
    let start = read(&world);
    world.pass("2026-03-10T15:00:02Z").await;
    let frozen = read(&world) - start;
    world.house().clock.advance_to(utc("2026-03-10T16:00:00Z"));
    let messages = world.messages("2026-03-10").await;
    let sent = sent(&world, &messages, true).await;
    let of = |units: u64| units as f64 / n;
    eprintln!(
        "a campaign's message, frozen: {:.2} write and {:.2} read units",
        of(frozen.write_units),
        of(frozen.read_units)
    );
    eprintln!("claim to acceptance: {:.2} write and {:.2} read units", of(sent.write_units), of(sent.read_units));
    assert!(of(frozen.write_units) <= 8.0 && of(frozen.read_units) <= 4.0, "{frozen:?}");
    assert!(of(sent.write_units) <= 16.0 && of(sent.read_units) <= 9.0, "{sent:?}");
}

/// What sending messages takes, the functions alone and not the loop around them.
async fn sent(world: &World, messages: &[Interaction], campaign: bool) -> Reading {
    let (ports, setup) = (&world.house().ports, world.setup().await);
    let before = read(world);
    for message in messages {
        let one = cauce_engine::messages::SendOne {
            project: world.project.clone(),
            customer: message.customer.clone(),
            day: message.day,
            send: message.id.clone(),
            channel: None,
            place: None,
            campaign,
        };
        cauce_engine::send_message::send_message(ports, &setup, &one, world.now()).await.expect("sent");
    }
    read(world) - before
}

#[tokio::test]
async fn an_import_writes_at_most_eight_units_a_changed_row_and_none_an_unchanged_one() {
    let world = World::on("2026-03-10").await;
    let mut file = String::from("Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1\n");
    let mut orders = String::new();
    for n in 0..400 {
        file.push_str(&format!("DNI,{},Cliente {n},98{n:07},c{n}@x.com\n", 1000 + n));
        orders.push_str(&format!("{0} F-{n} 2026-03-10 10.00\n{0} G-{n} 2026-04-10 10.00\n", 1000 + n));
    }
    let before = read(&world);
    world.load(cauce_engine::import::job::Kind::Customers, file).await;
    let a_customer = read(&world) - before;
    let before = read(&world);
    world.orders(&orders).await;
    let an_order = read(&world) - before;
    let units = an_order.write_units as f64 / 800.0;
    let of = |units: u64, rows: f64| units as f64 / rows;
    let (written, read_for) = (of(a_customer.write_units, 400.0), of(a_customer.read_units, 400.0));
    eprintln!("a new customer: {written:.2} write units, {read_for:.2} read units");
    eprintln!("a new order: {units:.2} write units, {:.2} read units", of(an_order.read_units, 800.0));
    assert!(units <= 8.0, "{units} write units a row");
    let before = read(&world);
    world.orders(&orders).await;
    assert!((read(&world) - before).writes < 30, "{:?}", read(&world) - before);
}

#[tokio::test]
async fn a_conversation_opens_with_two_queries() {
    let world = World::on("2026-03-10").await;
    portfolio(&world, 10).await;
    world.plan().await;
    let id = world.account("1000").await.id;
    let (ports, setup) = (&world.house().ports, world.setup().await);
    let before = read(&world);
    open_conversation(ports, &setup, &id).await.expect("read").expect("an account");
    let opened = read(&world) - before;
    eprintln!("a conversation: {} queries, {} read units", opened.queries, opened.read_units);
    assert_eq!(opened.queries, 2);

    // What came of a call, with the promise it brought, its alert gone, its event and its place in the agenda.
    let asked = Asked {
        promise: Some(promise::Asked {
            date: crate::world::day("2026-03-13"),
            amount: 1000,
            currency: None,
            orders: Vec::new(),
        }),
        ..Asked::plain(Situation::OutboundContact, Outcome::PromiseOrPayment)
    };
    let before = read(&world);
    register(ports, &setup, &id, &asked, (&By::cauce(world.now()), None)).await.expect("registered");
    let registered = read(&world) - before;
    eprintln!(
        "an outcome with a promise: {} queries, {} read and {} write units",
        registered.queries, registered.read_units, registered.write_units
    );
    assert!(registered.queries <= 2 && registered.write_units <= 20, "{registered:?}");
}
