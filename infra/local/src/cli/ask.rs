//! `plan`, `why`, `export`, `backup`, `restore` and `check`.

use super::work::{Place, show};
use super::{Failure, PlanArgs, WhyArgs};
use crate::run::Runner;
use cauce_domain::debt::document::Document;
use cauce_engine::explain::explain;
use cauce_engine::plan_day::{begin, dry_run, replay};
use cauce_engine::run_result::run_result;
use cauce_engine::store::jobs;
use std::path::PathBuf;
use std::process::ExitCode;

pub(super) async fn plan(place: Place, args: PlanArgs) -> Result<ExitCode, Failure> {
    let house = place.open()?;
    let setup = place.setup(&house).await?;
    let now = house.clock.now();
    let today = setup.today(now);
    let date = args.date.unwrap_or(today);
    if args.dry_run {
        if jobs::run(&house.ports, setup.id(), date).await?.is_some() {
            let (decisions, differ) = replay(&house.ports, &setup, date).await?;
            show(&format!("{date}: {decisions} decisiones repetidas con los hechos guardados, {differ} distintas"));
            return Ok(ExitCode::SUCCESS);
        }
        show(&serde_json::to_string_pretty(&dry_run(&house.ports, &setup, date, now).await?)?);
        return Ok(ExitCode::SUCCESS);
    }
    if date != today {
        return Err(format!("solo se planifica hoy ({today}); para otro día agregue --dry-run").into());
    }
    let runner = Runner::new(house);
    if begin(&runner.house.ports, &setup, date, now).await?.is_none() {
        show(&format!("{date} es un día restringido: no se decide nada"));
        return Ok(ExitCode::SUCCESS);
    }
    runner.drain().await?;
    let result = run_result(&runner.house.ports, &setup, date).await?.unwrap_or_default();
    show(&serde_json::to_string_pretty(&result)?);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn why(place: Place, args: WhyArgs) -> Result<ExitCode, Failure> {
    let house = place.open()?;
    let setup = place.setup(&house).await?;
    let document = Document::parse(&args.kind, &args.number)?;
    let now = house.clock.now();
    let date = args.date.unwrap_or_else(|| setup.today(now));
    let why = explain(&house.ports, &setup, &setup.customer_id(&document), date, now).await?;
    why.restricted.iter().for_each(|r| show(&format!("{date}: {r}")));
    for step in &why.steps {
        let what = step.offset.map_or_else(|| step.origin.spanish().to_owned(), |offset| format!("paso {offset:>3}"));
        show(&format!("{what}: {}", step.explanation));
    }
    match why.next {
        Some(next) => show(&format!("próximo mensaje posible: {}", next.with_timezone(&setup.project().calendar.zone))),
        None => show("no queda ningún mensaje por enviar en su flujo"),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn export(place: Place, to: PathBuf) -> Result<ExitCode, Failure> {
    let house = place.open()?;
    let setup = place.setup(&house).await?;
    let today = setup.today(house.clock.now());
    let (customers, orders) = crate::export::export(&house.ports, &setup, today, &to).await?;
    show(&format!("{customers} clientes y {orders} órdenes en {}", to.display()));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn backup(place: Place, to: PathBuf) -> Result<ExitCode, Failure> {
    let house = place.open()?;
    crate::backup::backup(&house, &to)?;
    show(&format!("copia en {}", to.display()));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn restore(place: Place, from: PathBuf) -> Result<ExitCode, Failure> {
    crate::backup::restore(&from, &place.data)?;
    let house = place.open()?;
    let calmed = crate::backup::calm(&house).await?;
    show(&format!("restaurado; {calmed} proyecto(s) quedaron inactivos: revise y actívelos"));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn check(place: Place) -> Result<ExitCode, Failure> {
    let house = place.open()?;
    let checked = crate::check::check(&house).await?;
    show(&format!(
        "{} clientes, {} órdenes, {} mensajes revisados",
        checked.customers, checked.orders, checked.messages
    ));
    for broken in &checked.broken {
        show(broken);
    }
    show(if checked.broken.is_empty() { "todo coherente" } else { "hay incoherencias" });
    Ok(if checked.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
