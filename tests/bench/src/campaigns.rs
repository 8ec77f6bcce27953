//! The figures of campaigns, the interactions log, reports and indicators, with half a million customers and a million
//! interactions of one day, beside the same in PostgreSQL.

use crate::cauce::{peak_mb, print};
use crate::portfolio::{DAY, Portfolio};
use crate::{head, line, postgres, run};
use cauce_domain::author::By;
use cauce_domain::contact::channel::Channel;
use cauce_domain::strategy::campaign::{Audience, Communication, Content, WINDOW_HOURS};
use cauce_domain::strategy::template::{Purpose, Template};
use cauce_engine::campaign;
use cauce_engine::columns::Names;
use cauce_engine::indicators;
use cauce_engine::interaction_log::{self, COLUMNS, Filter, Place};
use cauce_engine::messages::{CampaignShard, CampaignWork, IndicatorShard, WriteReport};
use cauce_engine::ports::files::Files;
use cauce_engine::report::{self, Asked, Asking, Format, Subject};
use cauce_engine::store::keys::SHARD_NAMES;
use cauce_engine::store::settings::{self, Setup};
use cauce_engine::walk::{self, Task};
use cauce_local::run::Runner;
use cauce_local::store::meter::Reading;
use chrono::{Days, NaiveDate, TimeDelta};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

/// Pages of the log that are read, from the day's first on.
const PAGES: usize = 200;
/// Lines of a page.
const PAGE: usize = 50;
/// Shards that are worked on at once, as queues hand them out.
const AT_ONCE: usize = 4;

/// The audience that is counted: late by a month or more, with more than a hundred to pay.
fn audience() -> Result<Audience, Failure> {
    let is = |field: &str, operator: &str, value: &str| json!({ "is": { "field": field, "operator": operator, "values": [value] } });
    let filter = json!({ "all": [is("days_past_due", "at_least", "30"), is("balance", "greater", "100")] });
    Ok(Audience { segments: Vec::new(), filter: Some(serde_json::from_value(filter)?) })
}

fn told(begun: Instant, used: Reading, more: Value) {
    let mut figures = json!({
        "seconds": begun.elapsed().as_secs_f64(), "reads": used.reads, "writes": used.writes,
        "read_units": used.read_units, "write_units": used.write_units, "peak_mb": peak_mb(),
    });
    more.as_object().into_iter().flatten().for_each(|(name, value)| figures[name] = value.clone());
    print(figures);
}

/// Counts an audience.
pub(crate) async fn count(runner: &Runner, setup: &Setup) -> Result<(), Failure> {
    let (ports, meter, by) = (&runner.house.ports, runner.house.table.meter(), By::cauce(runner.house.clock.now()));
    let (before, begun) = (meter.read(), Instant::now());
    let walk = walk::begin(ports, setup, Task::Count { audience: audience()? }, &by).await?;
    runner.drain().await?;
    let walk = walk::read(ports, setup.id(), &walk.id).await?.ok_or("no walk")?;
    if walk.finished.is_none() {
        return Err("the walk has not ended".into());
    }
    told(begun, meter.read() - before, json!({ "customers": walk.result.customers, "matched": walk.result.matched }));
    Ok(())
}

/// Freezes a campaign of two messages to everybody.
pub(crate) async fn expand(runner: &Runner, setup: &Setup, day: NaiveDate) -> Result<(), Failure> {
    let (ports, meter, by) = (&runner.house.ports, runner.house.table.meter(), By::cauce(runner.house.clock.now()));
    let mut communications = Vec::new();
    for channel in [Channel::Email, Channel::Sms] {
        let subject = (channel == Channel::Email).then(|| "Una propuesta".to_owned());
        let spoken = Template::spoken(channel, subject, "Hola {nombre}, tenemos una propuesta".to_owned());
        let template = Template {
            id: channel.code().into(),
            name: channel.spanish().into(),
            purposes: vec![Purpose::Campaign],
            ..spoken
        };
        let place = settings::place(setup.id(), format!("template#{}", template.id));
        settings::save(ports, &by, place, None, &template).await?;
        communications.push(Communication { template: template.id, levels: Default::default() });
    }
    let setup = &settings::load(ports, setup.id()).await?;
    let content = Content {
        name: "Todos".into(),
        audience: Audience { segments: vec!["default".into()], filter: None },
        communications,
        exclusions: Default::default(),
        hold_out: 0,
        window_hours: WINDOW_HOURS,
    };
    let draft = campaign::create(ports, setup, content, &by).await?;
    let at = setup.project().calendar.midnight(day) + TimeDelta::hours(10);
    let scheduled = campaign::schedule(ports, setup, &draft, Some(at), &by).await?;
    runner.house.clock.advance_to(at);
    let shard = |shard: &str, work| CampaignShard {
        project: setup.id().clone(),
        campaign: scheduled.value.id.clone(),
        shard: shard.to_owned(),
        work,
    };
    let (before, begun) = (meter.read(), Instant::now());
    campaign::work(ports, setup, &shard("0", CampaignWork::Start), &|| false, at).await?;
    let freezes = SHARD_NAMES.map(|name| {
        let message = shard(name, CampaignWork::Freeze);
        async move { campaign::work(ports, setup, &message, &|| false, at).await }
    });
    stream::iter(freezes).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    let used = meter.read() - before;
    let campaign = campaign::read(ports, setup.id(), &scheduled.value.id).await?.ok_or("no campaign")?;
    let (_, figures) = campaign::recount(ports, setup, &campaign.value).await?;
    told(begun, used, json!({ "scheduled": figures.scheduled }));
    Ok(())
}

/// Reads pages of the day's log, as its tray shows them.
pub(crate) async fn pages(runner: &Runner, setup: &Setup, day: NaiveDate) -> Result<(), Failure> {
    let (ports, meter, now) = (&runner.house.ports, runner.house.table.meter(), runner.house.clock.now());
    let filter = Filter { from: Some(day), to: Some(day), ..Filter::default() };
    let (mut place, mut times) = (Place::default(), Vec::new());
    let (before, all) = (meter.read(), Instant::now());
    for _ in 0..PAGES {
        let begun = Instant::now();
        let (found, next) = interaction_log::page(ports, setup, &filter, (place, PAGE), (&|_| true, now)).await?;
        let mut names = Names::of_setup(setup);
        names.meet(ports, &interaction_log::campaigns(&found)).await?;
        let columns = COLUMNS.iter().filter(|column| column.usual);
        for (found, column) in found.iter().flat_map(|found| columns.clone().map(move |column| (found, column))) {
            interaction_log::shown(column, &found.line, found.account.as_ref(), &names);
        }
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        if found.len() < PAGE {
            return Err("a short page".into());
        }
        place = next.ok_or("no more pages")?;
    }
    let first = times[0];
    times.sort_by(f64::total_cmp);
    let middle = times[PAGES / 2];
    told(
        all,
        meter.read() - before,
        json!({ "first_ms": first, "middle_ms": middle, "slowest_ms": times[PAGES - 1], "pages": PAGES }),
    );
    Ok(())
}

/// Writes a report of forty-five days that end with the day's million.
pub(crate) async fn write_report(
    runner: &Runner,
    setup: &Setup,
    day: NaiveDate,
    format: Format,
) -> Result<(), Failure> {
    let (ports, meter, now) = (&runner.house.ports, runner.house.table.meter(), runner.house.clock.now());
    // One a day is written: each format's is asked for on a day of its own.
    let now = now + TimeDelta::days(if format == Format::Csv { 0 } else { 1 });
    let filter = Filter { from: day.checked_sub_days(Days::new(44)), to: Some(day), ..Filter::default() };
    let columns = COLUMNS.iter().filter(|column| column.usual).map(|column| column.code.to_owned()).collect();
    let asking = Asking { subject: Subject::Interactions, format, filter, columns };
    let Asked::Scheduled(asked) = report::ask(ports, setup, asking, &By { author: "api".into(), at: now }).await?
    else {
        return Err("asked for already".into());
    };
    let message = WriteReport { project: setup.id().clone(), report: asked.id.clone() };
    let (before, begun) = (meter.read(), Instant::now());
    for _ in 0..2 {
        report::work(ports, setup, &message, &|| false, now).await?;
    }
    let used = meter.read() - before;
    let written = report::read(ports, setup.id(), &asked.id).await?.ok_or("no report")?;
    let file = written.file.as_deref().ok_or_else(|| written.message.clone().unwrap_or_default())?;
    let size = runner.house.folder.size(file).await?.unwrap_or(0);
    told(begun, used, json!({ "rows": written.rows, "size_mb": size / 1_000_000 }));
    Ok(())
}

/// Draws the indicators up: the first night, which takes every account, and one after.
pub(crate) async fn indicate(runner: &Runner, setup: &Setup, day: NaiveDate) -> Result<(), Failure> {
    let (ports, meter) = (&runner.house.ports, runner.house.table.meter());
    let mut nights = Vec::new();
    // The night after the load, one that looks at its accounts once more, and a quiet one.
    for day in [1, 4, 8].map(|later| day + Days::new(later)) {
        let now = setup.project().calendar.midnight(day) + TimeDelta::hours(3);
        let (before, begun) = (meter.read(), Instant::now());
        let parts = SHARD_NAMES.map(|shard| {
            let message = IndicatorShard { project: setup.id().clone(), day, shard: shard.to_owned() };
            async move { indicators::work(ports, setup, &message, &|| false, now).await }
        });
        stream::iter(parts).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        let used = meter.read() - before;
        nights.push(json!({ "seconds": begun.elapsed().as_secs_f64(), "reads": used.reads, "writes": used.writes }));
    }
    let begun = Instant::now();
    let found = indicators::latest(ports, setup.id(), None).await?.ok_or("nothing drawn up")?;
    print(
        json!({ "nights": nights, "read_ms": begun.elapsed().as_secs_f64() * 1000.0, "groups": found.groups.len(), "peak_mb": peak_mb() }),
    );
    Ok(())
}

pub(crate) fn figures(folder: &Path, large: &Portfolio) -> Result<(), Failure> {
    let _ = std::fs::remove_dir_all(folder);
    large.write(folder)?;
    for step in ["customers", "orders"] {
        run(folder, step)?;
    }
    let count = run(folder, "count")?;
    let indicate = run(folder, "indicate")?;
    let expand = run(folder, "expand")?;
    let pages = run(folder, "pages")?;
    let reports = [run(folder, "report-csv")?, run(folder, "report-xlsx")?];
    let postgres = postgres::campaigns(folder, &folder.join("postgres"), PAGES as u64)?;
    let number = |of: &Value, name: &str| of[name].as_f64().unwrap_or(f64::NAN);
    let (seconds, rate) = (|of: &Value| number(of, "seconds"), |n: f64, of: &Value| n / number(of, "seconds"));
    head(&format!(
        "campaigns, with {} customers and {} orders loaded; the day is {DAY}",
        large.customers,
        large.orders()
    ));
    let counted = format!(
        "{} of {} in {:.1} s; {} items read, peak {} MB",
        count["matched"],
        count["customers"],
        seconds(&count),
        count["reads"],
        count["peak_mb"]
    );
    line("audience count, Cauce", &counted);
    line("audience count, PostgreSQL", &format!("{} in {:.2} s", postgres.matched, postgres.count));
    let scheduled = number(&expand, "scheduled");
    let expanded = format!(
        "{scheduled} messages in {:.1} s, {:.0}/s; {} items read, {} written, {:.1} write units each, peak {} MB",
        seconds(&expand),
        rate(scheduled, &expand),
        expand["reads"],
        expand["writes"],
        number(&expand, "write_units") / scheduled,
        expand["peak_mb"]
    );
    line("expansion, Cauce", &expanded);
    line("expansion, PostgreSQL", &format!("{} messages in {:.1} s", postgres.scheduled, postgres.expand));
    let paged = format!(
        "first {:.1} ms, middle {:.1} ms, slowest of {PAGES} {:.1} ms; {:.0} items read a page of {PAGE}, peak {} MB",
        number(&pages, "first_ms"),
        number(&pages, "middle_ms"),
        number(&pages, "slowest_ms"),
        number(&pages, "reads") / PAGES as f64,
        pages["peak_mb"]
    );
    line("a page of the day's log, Cauce", &paged);
    line("a page of the day's log, PostgreSQL", &format!("{:.1} ms", postgres.page));
    for (name, report) in ["CSV", "XLSX"].iter().zip(&reports) {
        let rows = number(report, "rows");
        let written = format!(
            "{rows} rows in {:.1} s, {:.0} rows/s, {} MB; {:.1} items read a row, peak {} MB (budget 128)",
            seconds(report),
            rate(rows, report),
            report["size_mb"],
            number(report, "reads") / rows,
            report["peak_mb"]
        );
        line(&format!("a report of 45 days, {name}, Cauce"), &written);
    }
    line("a report, PostgreSQL COPY to CSV", &format!("{:.0} rows/s", postgres.rows_a_second));
    let night = |at: usize| {
        let night = &indicate["nights"][at];
        format!("{:.1} s, {} items read, {} written", seconds(night), night["reads"], night["writes"])
    };
    line("indicators, the first night", &format!("{}; peak {} MB", night(0), indicate["peak_mb"]));
    line("indicators, a night after the load", &night(1));
    line(
        "indicators, a night without changes",
        &format!("{}; read in {:.1} ms", night(2), number(&indicate, "read_ms")),
    );
    line("indicators, PostgreSQL", &format!("{:.2} s (arrears and months from the orders)", postgres.indicators));
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}
