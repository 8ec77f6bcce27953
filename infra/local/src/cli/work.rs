//! `demo`, `sample` and `import`.

use super::{DemoArgs, Failure, ImportArgs, SampleArgs};
use crate::clock::Clock;
use crate::demo::Demo;
use crate::house::{House, Options};
use crate::run::Runner;
use crate::sample::Sample;
use cauce_domain::ids::{ProjectId, derived};
use cauce_engine::import::job::{self, Kind, LoadState, Options as LoadOptions, Picture};
use cauce_engine::import::{Request, request};
use cauce_engine::ports::files::{Files, whole};
use cauce_engine::store::settings::{self, Setup};
use chrono::{DateTime, Utc};
use std::path::PathBuf;
use std::process::ExitCode;

/// Where a command works.
pub(super) struct Place {
    pub(super) data: PathBuf,
    pub(super) now: Option<DateTime<Utc>>,
    pub(super) project: Option<String>,
}

impl Place {
    pub(super) fn clock(&self) -> Clock {
        self.now.map_or_else(Clock::real, Clock::set_to)
    }
    pub(super) fn open(&self) -> Result<House, Failure> {
        Ok(House::open(&self.data, self.clock(), &Options { seed: 7, ..Options::default() })?)
    }
    /// The project named, or the only one there is.
    pub(super) async fn choose(&self, house: &House) -> Result<ProjectId, Failure> {
        let projects = settings::projects(&house.ports).await?;
        match (&self.project, projects.as_slice()) {
            (Some(name), all) => {
                let found = all.iter().find(|p| p.as_str() == name);
                Ok(found.cloned().ok_or_else(|| format!("no existe el proyecto '{name}'"))?)
            }
            (None, [only]) => Ok(only.clone()),
            (None, []) => Err("la carpeta no tiene proyectos: ejecute primero 'cauce demo' o 'cauce serve'".into()),
            (None, _) => Err("hay varios proyectos: indique uno con --project".into()),
        }
    }
    pub(super) async fn setup(&self, house: &House) -> Result<Setup, Failure> {
        Ok(settings::load(&house.ports, &self.choose(house).await?).await?)
    }
}

#[expect(clippy::print_stdout, reason = "a command prints its result")]
pub(super) fn show(text: &str) {
    println!("{text}");
}

pub(super) async fn demo(place: Place, args: DemoArgs) -> Result<ExitCode, Failure> {
    let demo = Demo {
        data: place.data,
        portfolio: args.portfolio,
        date: args.date,
        country: args.country,
        customers: args.customers,
        seed: args.seed,
        quiet: args.json,
    };
    let done = demo.run().await?;
    if args.json {
        show(&serde_json::to_string(&done.document)?);
    } else {
        show(&done.tables);
    }
    Ok(if done.refused { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

pub(super) fn sample(args: &SampleArgs) -> Result<ExitCode, Failure> {
    let day = args.date.unwrap_or_else(|| Utc::now().date_naive());
    let sample = Sample { customers: args.customers, seed: args.seed, day, flaws: !args.clean };
    sample.write(&args.to).map_err(|e| format!("no se pudo escribir en '{}': {e}", args.to.display()))?;
    show(&format!("Portafolio de {} clientes en {}", args.customers, args.to.display()));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn import(place: Place, args: ImportArgs) -> Result<ExitCode, Failure> {
    let kind = Kind::of(&args.kind).ok_or("el tipo es customers, orders, payments o exclusiones")?;
    let picture = match args.picture.as_deref() {
        None => None,
        Some("project") => Some(Picture::Project),
        Some("current") => Some(Picture::Current),
        Some("written_off") => Some(Picture::WrittenOff),
        Some(_) => return Err("la foto completa es de project, current o written_off".into()),
    };
    let house = place.open()?;
    let setup = place.setup(&house).await?;
    let runner = Runner::new(house);
    runner.resume().await?;
    let bytes = std::fs::read(&args.file).map_err(|e| format!("no se pudo leer '{}': {e}", args.file.display()))?;
    let id = derived(&[&runner.house.ports.new_id().to_string()]);
    let key = format!("uploads/{}/{id}/{}", setup.id(), kind.code());
    runner.house.folder.write(&key, whole(bytes)).await?;
    let options = LoadOptions { trial: args.trial, picture, mapping: args.mapping, confirmed: args.confirm };
    let file_name = args.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let asked = Request { kind, file: key, file_name, requester: "consola".to_owned(), options };
    let load = request(&runner.house.ports, &setup, &id, asked, runner.house.clock.now()).await?;
    runner.drain().await?;
    let (load, _) = job::read(&runner.house.ports, setup.id(), &load.id).await?.ok_or("la carga no está")?;
    let counts = &load.counts;
    show(&format!("{}: {}", load.kind.spanish(), load.state.spanish()));
    show(&format!(
        "filas {} · aceptadas {} · rechazadas {} · nuevas {} · cambiadas {} · sin cambio {}",
        counts.rows, counts.accepted, counts.rejected, counts.new, counts.changed, counts.unchanged
    ));
    load.message.iter().for_each(|m| show(m));
    load.rejected_file.iter().for_each(|f| show(&format!("filas rechazadas: {}", runner.house.data.join(f).display())));
    Ok(if load.state == LoadState::Failed { ExitCode::from(2) } else { ExitCode::SUCCESS })
}
