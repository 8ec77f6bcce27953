//! The newcomer's first command: a portfolio loaded, a day planned, messages sent through the sandbox, states back.
//!
//! Runs on a virtual clock from 00:05 of the day. Everything it does can be done twice: what a run before did is found
//! done, what it left in hand is taken up.

use crate::clock::Clock;
use crate::house::{House, OpenError, Options};
use crate::report::{Document, document, tables};
use crate::run::Runner;
use crate::sample::Sample;
use cauce_domain::contact::calendar::Calendar;
use cauce_domain::country::Country;
use cauce_domain::ids::ProjectId;
use cauce_engine::Error;
use cauce_engine::create_project::create_project;
use cauce_engine::import::job::{self, Kind, Load, LoadState};
use cauce_engine::import::{self, chunk};
use cauce_engine::run_result::{RunResult, run_result};
use cauce_engine::store::edits::By;
use cauce_engine::store::settings::{self, PaymentMode, Setup};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The demo's project.
pub const PROJECT: &str = "demo";
/// The demo's files, in the order they are loaded.
const FILES: [(Kind, &str); 3] =
    [(Kind::Customers, "customers.csv"), (Kind::Orders, "orders.csv"), (Kind::Payments, "payments.csv")];

/// How the demo is asked for.
#[derive(Debug, Clone)]
pub struct Demo {
    /// Data folder.
    pub data: PathBuf,
    /// A portfolio of the user's own.
    pub portfolio: Option<PathBuf>,
    /// The day; else today if contact is allowed, else the next allowed day.
    pub date: Option<NaiveDate>,
    /// The project's country.
    pub country: Country,
    /// Customers of the sample.
    pub customers: u64,
    /// Seed of sample and sandbox.
    pub seed: u64,
    /// No progress on the terminal.
    pub quiet: bool,
}

/// What the demo did.
pub struct Done {
    /// The document.
    pub document: Document,
    /// The tables.
    pub tables: String,
    /// A file was refused whole.
    pub refused: bool,
}

/// Why the demo could not run.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The data folder.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] Error),
    /// The portfolio's files.
    #[error("no se pudo leer o escribir '{0}': {1}")]
    File(PathBuf, #[source] std::io::Error),
    /// The folder belongs to another country.
    #[error("la carpeta ya tiene el proyecto demo de {0}: use otra con --data")]
    OtherCountry(&'static str),
    /// The day is out of range.
    #[error("la fecha está fuera de rango: use un día entre 2020 y 2100")]
    FarDate,
}

impl Demo {
    /// Runs it.
    pub async fn run(&self) -> Result<Done, DemoError> {
        let begun = Instant::now();
        let calendar = Calendar::of(self.country);
        let today = calendar.local_day(Utc::now());
        let date = self.date.or_else(|| calendar.next_allowed_day(today)).unwrap_or(today);
        if !(2020..=2100).contains(&chrono::Datelike::year(&date)) {
            return Err(DemoError::FarDate);
        }
        let start = calendar.midnight(date) + TimeDelta::minutes(5);
        let house = House::open(&self.data, Clock::set_to(start), &Options { seed: self.seed, ..Options::default() })?;
        let runner = Runner::new(house);
        let setup = self.project(&runner, date).await?;
        self.drop_files(&setup, date)?;
        runner.resume().await?;
        self.import(&runner, &setup).await?;
        if self.confirm(&runner, &setup).await? {
            self.import(&runner, &setup).await?;
        }
        let setup = settings::load(&runner.house.ports, setup.id()).await?;
        self.day(&runner, &setup, date).await?;
        self.figures(&runner, &setup, date, begun).await
    }

    async fn project(&self, runner: &Runner, date: NaiveDate) -> Result<Setup, DemoError> {
        let ports = &runner.house.ports;
        let id = ProjectId::from(PROJECT);
        create_project(ports, &id, "Crédito Andino", self.country).await?;
        let setup = settings::load(ports, &id).await?;
        if setup.project().country != self.country {
            return Err(DemoError::OtherCountry(setup.project().country.code()));
        }
        let mut project = setup.project().clone();
        project.active = true;
        project.active_since = project.active_since.or(Some(date));
        if self.balances_only() {
            project.payment_mode = PaymentMode::Balance;
        }
        if project != *setup.project() {
            settings::save_project(ports, &By::cauce(runner.house.clock.now()), &setup.project, &project).await?;
        }
        Ok(settings::load(ports, &id).await?)
    }

    /// A portfolio without payments whose orders carry their balance is one that loads balances.
    fn balances_only(&self) -> bool {
        let Some(folder) = &self.portfolio else { return false };
        let head = std::fs::read(folder.join("orders.csv")).unwrap_or_default();
        let line =
            String::from_utf8_lossy(&head[..head.len().min(4096)]).lines().next().unwrap_or_default().to_lowercase();
        !folder.join("payments.csv").exists() && line.contains("saldo pendiente")
    }

    /// Drops the portfolio's files where a team would; a day's sample is made once.
    fn drop_files(&self, setup: &Setup, date: NaiveDate) -> Result<(), DemoError> {
        let sample = self.data.join("sample").join(date.to_string());
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |e| DemoError::File(path, e)
        };
        let from = match &self.portfolio {
            Some(folder) => folder.clone(),
            None => {
                let make = Sample { customers: self.customers, seed: self.seed, day: date, flaws: true };
                make.write(&sample).map_err(failed(&sample))?;
                sample
            }
        };
        let mut any = false;
        for (kind, name) in FILES {
            let source = from.join(name);
            if self.portfolio.is_some() && !source.exists() {
                continue;
            }
            any = true;
            let folder = self.data.join("drop").join(setup.id().as_str()).join(kind.code());
            std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
            let target = folder.join(name);
            // Copied aside and renamed: a crash leaves no half file to be loaded.
            let aside = folder.join(".copy");
            std::fs::copy(&source, &aside).map_err(failed(&source))?;
            std::fs::rename(&aside, &target).map_err(failed(&target))?;
        }
        match any {
            true => Ok(()),
            false => {
                Err(DemoError::File(from, std::io::Error::other("no hay customers.csv, orders.csv ni payments.csv")))
            }
        }
    }

    /// Loads what was dropped, with a bar that follows the chunks.
    async fn import(&self, runner: &Runner, setup: &Setup) -> Result<(), DemoError> {
        let bar = if self.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        if let Ok(style) = ProgressStyle::with_template("{msg:18} [{bar:32}] {pos}/{len} partes") {
            bar.set_style(style);
        }
        let work = runner.settle();
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => {
                    done?;
                    bar.finish_and_clear();
                    return Ok(());
                }
                () = tokio::time::sleep(std::time::Duration::from_millis(120)) => self.show(runner, setup, &bar).await?,
            }
        }
    }

    /// Whoever runs the demo again wants its files in, however much of the last run's they change.
    async fn confirm(&self, runner: &Runner, setup: &Setup) -> Result<bool, DemoError> {
        let (ports, now) = (&runner.house.ports, runner.house.clock.now());
        let (log, _) = job::log(ports, setup.id(), 8, None).await?;
        let waiting: Vec<&Load> = log.iter().filter(|l| l.state == LoadState::ToConfirm).collect();
        for load in &waiting {
            import::confirm(ports, setup, &load.id, now).await?;
        }
        Ok(!waiting.is_empty())
    }

    async fn show(&self, runner: &Runner, setup: &Setup, bar: &ProgressBar) -> Result<(), DemoError> {
        if self.quiet {
            return Ok(());
        }
        let (loads, _) = job::log(&runner.house.ports, setup.id(), 8, None).await?;
        if let Some(load) = loads.iter().find(|l| l.state == LoadState::Writing) {
            bar.set_message(load.kind.spanish());
            bar.set_length(u64::from(load.chunks));
            bar.set_position(chunk::done(&runner.house.ports, setup, load, true).await? as u64);
        }
        Ok(())
    }

    /// Plans at 00:05, then lets the day pass until the last webhook, at most to the end of the second day after.
    async fn day(&self, runner: &Runner, setup: &Setup, date: NaiveDate) -> Result<(), DemoError> {
        let now = runner.house.clock.now();
        cauce_engine::plan_day::begin(&runner.house.ports, setup, date, now).await?;
        runner.drain().await?;
        let end: DateTime<Utc> = setup.project().calendar.midnight(date + Days::new(3)) - TimeDelta::seconds(1);
        while let Some(next) = runner.next_event()?.filter(|next| *next <= end) {
            runner.house.clock.advance_to(next);
            runner.settle().await?;
        }
        Ok(())
    }

    async fn figures(
        &self,
        runner: &Runner,
        setup: &Setup,
        date: NaiveDate,
        begun: Instant,
    ) -> Result<Done, DemoError> {
        let ports = &runner.house.ports;
        let mut loads: Vec<Load> = Vec::new();
        for (kind, name) in FILES {
            let (log, _) = job::log(ports, setup.id(), 100, None).await?;
            let file = format!("drop/{}/{}/{name}", setup.id(), kind.code());
            loads.extend(log.into_iter().filter(|l| l.file == file).max_by_key(|l| l.created));
        }
        let result = run_result(ports, setup, date).await?.unwrap_or_else(RunResult::default);
        let document = document(date, &loads, &result, begun.elapsed().as_secs_f64());
        let tables = tables(&document, &loads, &result)?;
        let refused = loads.iter().any(|l| l.state == LoadState::Failed);
        Ok(Done { document, tables, refused })
    }
}
