//! The figures of the house, each beside PostgreSQL doing the same work on the same machine in the same run.
//!
//! `cargo run --release -p cauce-bench` makes a portfolio of 500,000 customers and 1,000,000 orders of
//! which about 17,000 customers are due, loads it, plans the day, sends and settles; then does the same in PostgreSQL 15
//! (Debian's `postgresql-15`). Each of Cauce's steps runs in a process of its own, so that its peak memory is its own.
//! `--small` makes a tenth of it.
//!
//! `cauce-bench --channels` takes webhooks, applies statuses and sends messages through providers played on this machine.
//!
//! `cauce-bench --conversations` opens conversations and registers outcomes over the same portfolio.
//!
//! `cauce-bench --campaigns` counts an audience, freezes a campaign of a million messages, reads the log and writes reports of
//! them, draws the indicators up.
//!
//! `cauce-bench --functions` builds the functions as they are deployed and measures each until its first answer.

mod campaigns;
mod cauce;
mod channels;
mod conversations;
#[path = "../../fakes/mod.rs"]
#[expect(dead_code, reason = "the tests play more of it")]
mod fakes;
mod functions;
mod lambda;
mod portfolio;
mod postgres;

use clap::{Parser, Subcommand};
use portfolio::Portfolio;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Parser)]
struct Cli {
    /// Where the data is made; removed at the end, but with `--keep`.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// A tenth of everything.
    #[arg(long)]
    small: bool,
    /// Leaves the data to be looked into.
    #[arg(long)]
    keep: bool,
    /// Builds the functions as they are deployed, and measures each until its first answer instead.
    #[arg(long)]
    functions: bool,
    /// Takes webhooks, applies statuses, sends through played providers instead.
    #[arg(long)]
    channels: bool,
    /// Opens conversations and registers outcomes instead.
    #[arg(long)]
    conversations: bool,
    /// Counts audiences, freezes campaigns, reads logs, writes reports instead.
    #[arg(long)]
    campaigns: bool,
    #[command(subcommand)]
    step: Option<Step>,
}

#[derive(Subcommand, Clone, Copy)]
enum Step {
    /// Loads customers.
    Customers,
    /// Loads orders.
    Orders,
    /// Loads orders from a workbook of 200,000 rows.
    Workbook,
    /// Plans the day.
    Plan,
    /// Sends and settles what is planned.
    Send,
    /// Opens conversations and registers outcomes.
    Conversations,
    /// Counts an audience.
    Count,
    /// Freezes a campaign to everybody.
    Expand,
    /// Reads pages of the log.
    Pages,
    /// Writes a report as values separated by commas.
    ReportCsv,
    /// Writes a report as a workbook.
    ReportXlsx,
    /// Draws the indicators up.
    Indicate,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cli = Cli::parse();
    if cli.functions {
        machine();
        std::fs::create_dir_all(&cli.folder)?;
        return functions::figures(&cli.folder);
    }
    if cli.channels {
        machine();
        return channels::figures(&cli.folder.join("channels"));
    }
    if let Some(step) = cli.step {
        return cauce::step(step, &cli.folder);
    }
    let scale = if cli.small { 10 } else { 1 };
    let large = Portfolio { customers: 500_000 / scale, due: 17_000 / scale };
    if cli.conversations {
        machine();
        return conversations::figures(&cli.folder.join("conversations"), &large);
    }
    if cli.campaigns {
        machine();
        return campaigns::figures(&cli.folder.join("campaigns"), &large);
    }
    let tenth = Portfolio { customers: 50_000 / scale, ..large };
    machine();
    let _ = std::fs::remove_dir_all(&cli.folder);
    let (large_at, tenth_at) = (cli.folder.join("large"), cli.folder.join("tenth"));
    large.write(&large_at)?;
    tenth.write(&tenth_at)?;
    let customers = run(&large_at, "customers")?;
    let orders = run(&large_at, "orders")?;
    run(&tenth_at, "customers")?;
    run(&tenth_at, "orders")?;
    let [plan, tenth_plan] = plan_in_turns([&large_at, &tenth_at])?;
    run(&large_at, "plan")?;
    let send = run(&large_at, "send")?;
    let workbook_at = cli.folder.join("workbook");
    let workbook = Portfolio { customers: 100_000 / scale, ..large };
    workbook.write(&workbook_at)?;
    workbook.write_workbook(&workbook_at)?;
    run(&workbook_at, "customers")?;
    let sheet = run(&workbook_at, "workbook")?;
    let rows = large.orders();
    let postgres = postgres::measure(&large_at, &cli.folder.join("postgres"))?;
    if !cli.keep {
        let _ = std::fs::remove_dir_all(&cli.folder);
    }

    let seconds = |v: &Value| v["seconds"].as_f64().unwrap_or(f64::NAN);
    let per = |n: u64, s: f64| n as f64 / s;
    head("import");
    line(
        "customers",
        &format!("{:.0} rows/s, peak {} MB", per(large.customers, seconds(&customers)), customers["peak_mb"]),
    );
    line(
        "orders, Cauce",
        &format!(
            "{:.0} rows/s ({:.1} s), peak {} MB",
            per(rows, seconds(&orders)),
            seconds(&orders),
            orders["peak_mb"]
        ),
    );
    line(
        "orders, PostgreSQL",
        &format!(
            "{:.0} rows/s ({:.1} s: COPY {:.1}, upsert {:.1}, summary {:.1})",
            per(rows, postgres.import()),
            postgres.import(),
            postgres.copy,
            postgres.upsert,
            postgres.summary
        ),
    );
    line("ratio of rows/s", &format!("{:.2} (budget ≥ 0.5)", postgres.import() / seconds(&orders)));
    let workbook_rate = per(workbook.orders(), seconds(&sheet));
    line(
        "orders from XLSX, Cauce",
        &format!("{workbook_rate:.0} rows/s of {}, peak {} MB", sheet["rows"], sheet["peak_mb"]),
    );
    line(
        "write units a row",
        &format!("{:.2} (budget ≤ 8)", orders["write_units"].as_f64().unwrap_or(0.0) / rows as f64),
    );
    head("plan of a day");
    line("due", &format!("{} customers, {} sends", plan["due"], plan["send"]));
    line(
        "Cauce",
        &format!(
            "{:.2} s; {} accounts read, {} items read, {} queries, {} items written",
            seconds(&plan),
            plan["accounts_read"],
            plan["reads"],
            plan["queries"],
            plan["writes"]
        ),
    );
    line(
        "PostgreSQL, same summary indexed",
        &format!(
            "{:.2} s ({} rows); Cauce takes {:.1} times as long (budget ≤ 8)",
            postgres.plan_summary,
            postgres.planned,
            seconds(&plan) / postgres.plan_summary
        ),
    );
    line(
        "PostgreSQL, from the orders",
        &format!(
            "{:.2} s; Cauce takes {:.2} of it (budget < 1)",
            postgres.plan_orders,
            seconds(&plan) / postgres.plan_orders
        ),
    );
    line(
        "with a tenth of the customers",
        &format!(
            "{:.2} s; ten times the customers take {:.2} times as long (budget ≤ 1.1)",
            seconds(&tenth_plan),
            seconds(&plan) / seconds(&tenth_plan)
        ),
    );
    head("messages, plan to settled");
    line(
        "Cauce",
        &format!(
            "{:.0} messages/s ({} in {:.1} s)",
            per(send["messages"].as_u64().unwrap_or(0), seconds(&send)),
            send["messages"],
            seconds(&send)
        ),
    );
    line(
        "PostgreSQL, pgbench",
        &format!(
            "{:.0} messages/s (claim with ledger, settle, two states: 4 transactions, 16 clients)",
            postgres.messages
        ),
    );
    Ok(())
}

/// How often each plan is measured; odd, so that one is in the middle.
const TURNS: usize = 9;

/// Plans on fresh copies of both, in turns, and answers each one's run in the middle: a plan is too short for one to
/// tell, and what the machine does meanwhile meets both alike. Both copies are made before either is planned, and each
/// goes first as often as the other: a disk is slower right after it took a large file.
fn plan_in_turns(folders: [&Path; 2]) -> Result<[Value; 2], Box<dyn std::error::Error>> {
    let copies = folders.map(|folder| folder.join("copy"));
    let mut runs: [Vec<Value>; 2] = Default::default();
    for turn in 0..TURNS {
        for (folder, copy) in folders.iter().zip(&copies) {
            std::fs::create_dir_all(copy)?;
            Command::new("cp").arg("-r").arg(folder.join("data")).arg(copy.join("data")).status()?;
        }
        for at in [turn % 2, (turn + 1) % 2] {
            runs[at].push(run(&copies[at], "plan")?);
        }
        for copy in &copies {
            std::fs::remove_dir_all(copy)?;
        }
    }
    Ok(runs.map(|mut runs| {
        runs.sort_by(|a, b| a["seconds"].as_f64().unwrap_or(0.0).total_cmp(&b["seconds"].as_f64().unwrap_or(0.0)));
        runs.swap_remove(TURNS / 2)
    }))
}

/// Runs one of Cauce's steps in a process of its own.
fn run(folder: &Path, step: &str) -> Result<Value, Box<dyn std::error::Error>> {
    // What the step before left to the disk is not this one's time.
    Command::new("sync").status()?;
    let output = Command::new(std::env::current_exe()?).arg("--folder").arg(folder).arg(step).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn line(name: &str, text: &str) {
    println!("  {name:<34} {text}");
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn head(name: &str) {
    println!("{name}");
}

fn machine() {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model =
        cpu.lines().find_map(|l| l.strip_prefix("model name")).map_or("?", |m| m.trim_start_matches(['\t', ' ', ':']));
    let memory = read("/proc/meminfo").lines().next().unwrap_or_default().to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    head(&format!("machine: {cores} × {model}; {memory}; Linux {}", read("/proc/sys/kernel/osrelease").trim()));
}
