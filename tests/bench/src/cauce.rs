//! Cauce's steps, each in a process of its own; each prints its figures as one JSON document.

use crate::Step;
use crate::portfolio::DAY;
use crate::{campaigns, conversations};
use cauce_domain::country::Country;
use cauce_domain::ids::ProjectId;
use cauce_engine::create_project::create_project;
use cauce_engine::import::job::{self, Kind, LoadState, Options as LoadOptions};
use cauce_engine::import::{Request, request};
use cauce_engine::plan_day;
use cauce_engine::report::Format;
use cauce_engine::run_result::run_result;
use cauce_engine::store::edits::By;
use cauce_engine::store::settings::{self, Project, Setup};
use cauce_local::clock::Clock;
use cauce_local::house::{House, Options};
use cauce_local::run::Runner;
use chrono::{NaiveDate, TimeDelta};
use serde_json::json;
use std::path::Path;
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

pub(crate) fn step(step: Step, folder: &Path) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let day: NaiveDate = DAY.parse()?;
        let start = cauce_domain::contact::calendar::Calendar::of(Country::Pe).midnight(day) + TimeDelta::minutes(5);
        let house = House::open(&folder.join("data"), Clock::set_to(start), &Options::default())?;
        let setup = project(&house, day).await?;
        let runner = Runner::new(house);
        match step {
            Step::Customers => load(&runner, &setup, folder, Kind::Customers, "customers.csv").await,
            Step::Orders => load(&runner, &setup, folder, Kind::Orders, "orders.csv").await,
            Step::Workbook => load(&runner, &setup, folder, Kind::Orders, "orders.xlsx").await,
            Step::Plan => plan(&runner, &setup, day).await,
            Step::Send => send(&runner, &setup, day).await,
            Step::Conversations => conversations::step(&runner, &setup, day).await,
            Step::Count => campaigns::count(&runner, &setup).await,
            Step::Expand => campaigns::expand(&runner, &setup, day).await,
            Step::Pages => campaigns::pages(&runner, &setup, day).await,
            Step::ReportCsv => campaigns::write_report(&runner, &setup, day, Format::Csv).await,
            Step::ReportXlsx => campaigns::write_report(&runner, &setup, day, Format::Xlsx).await,
            Step::Indicate => campaigns::indicate(&runner, &setup, day).await,
        }
    })
}

async fn project(house: &House, day: NaiveDate) -> Result<Setup, Failure> {
    let id = ProjectId::from("bench");
    create_project(&house.ports, &id, "Bench", Country::Pe).await?;
    let setup = settings::load(&house.ports, &id).await?;
    if !setup.project().active {
        let active = Project { active: true, active_since: Some(day), ..setup.project().clone() };
        settings::save_project(&house.ports, &By::cauce(house.clock.now()), &setup.project, &active).await?;
    }
    Ok(settings::load(&house.ports, &id).await?)
}

async fn load(runner: &Runner, setup: &Setup, folder: &Path, kind: Kind, name: &str) -> Result<(), Failure> {
    let file = format!("uploads/bench/{name}");
    let target = runner.house.data.join(&file);
    std::fs::create_dir_all(target.parent().unwrap_or(folder))?;
    std::fs::copy(folder.join(name), &target)?;
    let before = runner.house.table.meter().read();
    let begun = Instant::now();
    let asked =
        Request { kind, file, file_name: name.into(), requester: "bench".into(), options: LoadOptions::default() };
    let load = request(&runner.house.ports, setup, name, asked, runner.house.clock.now()).await?;
    runner.drain().await?;
    let seconds = begun.elapsed().as_secs_f64();
    let (load, _) = job::read(&runner.house.ports, setup.id(), &load.id).await?.ok_or("no load")?;
    if load.state != LoadState::Finished {
        return Err(format!("{load:?}").into());
    }
    let used = runner.house.table.meter().read() - before;
    print(
        json!({ "seconds": seconds, "rows": load.counts.rows, "write_units": used.write_units, "peak_mb": peak_mb() }),
    );
    Ok(())
}

async fn plan(runner: &Runner, setup: &Setup, day: NaiveDate) -> Result<(), Failure> {
    let before = runner.house.table.meter().read();
    let begun = Instant::now();
    plan_day::begin(&runner.house.ports, setup, day, runner.house.clock.now()).await?;
    runner.drain().await?;
    let seconds = begun.elapsed().as_secs_f64();
    let used = runner.house.table.meter().read() - before;
    let result = run_result(&runner.house.ports, setup, day).await?.ok_or("no run")?;
    print(json!({
        "seconds": seconds, "due": result.plan.customers_due, "send": result.plan.send, "accounts_read": result.plan.read,
        "reads": used.reads, "queries": used.queries, "writes": used.writes, "peak_mb": peak_mb(),
    }));
    Ok(())
}

async fn send(runner: &Runner, setup: &Setup, day: NaiveDate) -> Result<(), Failure> {
    let begun = Instant::now();
    while let Some(next) = runner.next_event()? {
        runner.house.clock.advance_to(next);
        runner.settle().await?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let result = run_result(&runner.house.ports, setup, day).await?.ok_or("no run")?;
    let states = &result.states;
    if states.delivered + states.opened != result.plan.send {
        return Err(format!("{states:?}").into());
    }
    print(json!({ "seconds": seconds, "messages": result.plan.send, "peak_mb": peak_mb() }));
    Ok(())
}

/// The most memory this process ever held.
pub(crate) fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    peak.and_then(|p| p.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[expect(clippy::print_stdout, reason = "the figures go to the parent")]
pub(crate) fn print(figures: serde_json::Value) {
    println!("{figures}");
}
