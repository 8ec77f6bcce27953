//! The conversations' figures: opening one and registering an outcome, with half a million customers loaded, beside the same
//! in PostgreSQL.

use crate::cauce::print;
use crate::portfolio::Portfolio;
use crate::postgres;
use crate::{head, line, run};
use cauce_domain::author::By;
use cauce_domain::contact::outcome::{Outcome, Situation};
use cauce_domain::debt::document::Document;
use cauce_domain::ids::CustomerId;
use cauce_engine::open_conversation::open_conversation;
use cauce_engine::promise;
use cauce_engine::register_outcome::{Asked, register};
use cauce_engine::store::settings::Setup;
use cauce_local::run::Runner;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error>;

/// Customers whose conversations are opened, and with whom outcomes are registered.
const CUSTOMERS: u64 = 2_000;

/// Opens conversations and registers outcomes, one after the other as an adviser does.
pub(crate) async fn step(runner: &Runner, setup: &Setup, day: NaiveDate) -> Result<(), Failure> {
    let (ports, meter) = (&runner.house.ports, runner.house.table.meter());
    let mut ids = Vec::new();
    for n in 0..CUSTOMERS {
        // Scattered over the portfolio.
        let document = Document::parse("CE", &format!("C{:08}", n * 7_919 % (CUSTOMERS * 25)))?;
        ids.push(setup.customer_id(&document));
    }
    let asked = |day: NaiveDate| Asked {
        promise: Some(promise::Asked { date: day, amount: 5_000, currency: None, orders: Vec::new() }),
        ..Asked::plain(Situation::OutboundContact, Outcome::PromiseOrPayment)
    };
    let (asked, by) = (asked(day + chrono::Days::new(3)), By::cauce(runner.house.clock.now()));
    let before = meter.read();
    let mut opened = Vec::new();
    for id in &ids {
        let begun = Instant::now();
        open_conversation(ports, setup, id).await?.ok_or("no customer")?;
        opened.push(begun.elapsed().as_secs_f64());
    }
    let reads = meter.read() - before;
    let before = meter.read();
    let mut registered = Vec::new();
    for id in &ids {
        let begun = Instant::now();
        register(ports, setup, id, &asked, (&by, None)).await?;
        registered.push(begun.elapsed().as_secs_f64());
    }
    let writes = meter.read() - before;
    let at_once = together(runner, setup, &ids, &by).await?;
    let each = |n: u64| n as f64 / CUSTOMERS as f64;
    print(json!({
        "open": times(opened), "open_queries": each(reads.queries), "open_read_units": each(reads.read_units),
        "outcome": times(registered), "outcome_queries": each(writes.queries),
        "outcome_read_units": each(writes.read_units), "outcome_write_units": each(writes.write_units),
        "outcomes_a_second": at_once,
    }));
    Ok(())
}

/// Outcomes a second of sixteen advisers at once, each a task of its own as the service's requests are.
async fn together(runner: &Runner, setup: &Setup, ids: &[CustomerId], by: &By) -> Result<f64, Failure> {
    let begun = Instant::now();
    let mut advisers = JoinSet::new();
    for mine in ids.chunks(ids.len() / 16) {
        let (ports, setup, by, mine) = (runner.house.ports.clone(), setup.clone(), by.clone(), mine.to_vec());
        advisers.spawn(async move {
            let asked = Asked::plain(Situation::OutboundNoContact, Outcome::NoAnswer);
            for id in &mine {
                register(&ports, &setup, id, &asked, (&by, None)).await?;
            }
            Ok::<(), cauce_engine::Error>(())
        });
    }
    while let Some(done) = advisers.join_next().await {
        done??;
    }
    Ok(ids.len() as f64 / begun.elapsed().as_secs_f64())
}

/// The middle and the hundredth of slowest, in milliseconds.
fn times(mut seconds: Vec<f64>) -> Value {
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| seconds[((seconds.len() as f64 * share) as usize).min(seconds.len() - 1)] * 1000.0;
    json!({ "middle": at(0.5), "slowest": at(0.99) })
}

pub(crate) fn figures(folder: &Path, large: &Portfolio) -> Result<(), Failure> {
    let _ = std::fs::remove_dir_all(folder);
    large.write(folder)?;
    run(folder, "customers")?;
    run(folder, "orders")?;
    let cauce = run(folder, "conversations")?;
    let postgres = postgres::conversations(folder, &folder.join("postgres"), CUSTOMERS)?;
    let number = |name: &str| cauce[name].as_f64().unwrap_or(f64::NAN);
    let time = |name: &str| {
        format!(
            "{:.2} ms, one in a hundred {:.2} ms",
            cauce[name]["middle"].as_f64().unwrap_or(0.0),
            cauce[name]["slowest"].as_f64().unwrap_or(0.0)
        )
    };
    head(&format!("conversations, with {} customers and {} orders loaded", large.customers, large.orders()));
    let opened =
        format!("{}; {} queries, {:.1} read units", time("open"), number("open_queries"), number("open_read_units"));
    line("opening one, Cauce", &opened);
    line("opening one, PostgreSQL", &format!("{:.2} ms (three selects)", postgres.opened));
    let registered = format!(
        "{}; {:.1} queries, {:.1} read and {:.1} write units",
        time("outcome"),
        number("outcome_queries"),
        number("outcome_read_units"),
        number("outcome_write_units")
    );
    line("an outcome with its promise, Cauce", &registered);
    line("an outcome with its promise, PostgreSQL", &format!("{:.2} ms (one transaction)", postgres.registered));
    line("sixteen advisers at once, Cauce", &format!("{:.0} outcomes/s", number("outcomes_a_second")));
    line("sixteen advisers at once, PostgreSQL", &format!("{:.0} outcomes/s", postgres.a_second));
    Ok(())
}
