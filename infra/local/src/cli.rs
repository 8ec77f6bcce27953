//! Commands: what each reads, does and prints.

mod ask;
mod serve;
mod work;

use cauce_domain::country::Country;
use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cauce", version, about = "Cobranza omnicanal de código abierto")]
struct Cli {
    /// Carpeta de datos.
    #[arg(long, global = true, default_value = "data")]
    data: PathBuf,
    /// Fija el reloj en un instante (2026-03-10T14:00:00Z), para pruebas.
    #[arg(long, global = true)]
    now: Option<DateTime<Utc>>,
    /// Proyecto; si hay uno solo, no hace falta.
    #[arg(long, global = true)]
    project: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Sirve la API (es lo que hace sin comando).
    Serve(ServeArgs),
    /// Carga un portafolio, planifica el día, envía por los canales de prueba y muestra qué pasó.
    Demo(DemoArgs),
    /// Escribe un portafolio de ejemplo de cualquier tamaño.
    Sample(SampleArgs),
    /// Carga un archivo.
    Import(ImportArgs),
    /// Planifica hoy, o simula otro día.
    Plan(PlanArgs),
    /// Explica por qué se escribió, o no, a un cliente.
    Why(WhyArgs),
    /// Exporta el portafolio a CSV.
    Export {
        /// Carpeta de destino.
        to: PathBuf,
    },
    /// Copia los datos a otra carpeta, aun en uso por este comando solo.
    Backup {
        /// Carpeta de destino.
        to: PathBuf,
    },
    /// Restaura una copia en la carpeta de datos, con los proyectos inactivos.
    Restore {
        /// Carpeta de la copia.
        from: PathBuf,
    },
    /// Comprueba que lo almacenado sea coherente.
    Check,
}

#[derive(Parser)]
struct ServeArgs {
    /// Dirección y puerto.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: String,
    /// Dirección pública (https://…) por la que los proveedores llegan a esta máquina, sin barra al final.
    #[arg(long, env = "CAUCE_PUBLIC_URL", default_value = "")]
    public_url: String,
    /// País del proyecto, si hay que crearlo.
    #[arg(long, default_value = "PE")]
    country: Country,
    /// Semilla de los canales de prueba.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

#[derive(Args)]
struct DemoArgs {
    /// Un solo documento JSON en la salida estándar.
    #[arg(long)]
    json: bool,
    /// Carpeta con customers.csv, orders.csv y payments.csv.
    #[arg(long)]
    portfolio: Option<PathBuf>,
    /// Día, aaaa-mm-dd.
    #[arg(long)]
    date: Option<NaiveDate>,
    /// País del proyecto: PE, CO, MX, CL, AR o EC.
    #[arg(long, default_value = "PE")]
    country: Country,
    /// Clientes del portafolio de ejemplo.
    #[arg(long, default_value_t = 3000)]
    customers: u64,
    /// Semilla del ejemplo y de los canales de prueba.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

#[derive(Args)]
struct SampleArgs {
    /// Carpeta de destino.
    to: PathBuf,
    /// Clientes.
    #[arg(long, default_value_t = 3000)]
    customers: u64,
    /// Semilla.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Día en torno al que vencen las órdenes; hoy si falta.
    #[arg(long)]
    date: Option<NaiveDate>,
    /// Sin filas con errores.
    #[arg(long)]
    clean: bool,
}

#[derive(Args)]
struct ImportArgs {
    /// customers, orders, payments o exclusiones.
    kind: String,
    /// Archivo CSV o XLSX.
    file: PathBuf,
    /// Solo dice qué cambiaría.
    #[arg(long)]
    trial: bool,
    /// El archivo es una foto completa: project, current o written_off.
    #[arg(long)]
    picture: Option<String>,
    /// Mapeo guardado.
    #[arg(long)]
    mapping: Option<String>,
    /// Confirma de antemano los cambios grandes.
    #[arg(long)]
    confirm: bool,
}

#[derive(Args)]
struct PlanArgs {
    /// Día, aaaa-mm-dd; hoy si falta.
    #[arg(long)]
    date: Option<NaiveDate>,
    /// No guarda nada; en un día ya planificado, lo repite con los hechos guardados.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
struct WhyArgs {
    /// Tipo de documento.
    kind: String,
    /// Número de documento.
    number: String,
    /// Día, aaaa-mm-dd; hoy si falta.
    #[arg(long)]
    date: Option<NaiveDate>,
}

/// A command's failure: its message in Spanish.
type Failure = Box<dyn std::error::Error>;

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // What goes wrong in the demo is meant to, and is in what it shows.
    let usual = if matches!(cli.command, Some(Command::Demo(_))) { "error" } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("CAUCE_LOG").unwrap_or_else(|_| usual.into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tell(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => tell(&error),
    }
}

#[expect(clippy::print_stderr, reason = "a command tells its failure")]
fn tell(error: &Failure) -> ExitCode {
    eprintln!("{error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        eprintln!("  {inner}");
        cause = inner.source();
    }
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let place = work::Place { data: cli.data, now: cli.now, project: cli.project };
    match cli.command {
        None => serve::serve(place, ServeArgs::parse_from(["serve"])).await,
        Some(Command::Serve(args)) => serve::serve(place, args).await,
        Some(Command::Demo(args)) => work::demo(place, args).await,
        Some(Command::Sample(args)) => work::sample(&args),
        Some(Command::Import(args)) => work::import(place, args).await,
        Some(Command::Plan(args)) => ask::plan(place, args).await,
        Some(Command::Why(args)) => ask::why(place, args).await,
        Some(Command::Export { to }) => ask::export(place, to).await,
        Some(Command::Backup { to }) => ask::backup(place, to),
        Some(Command::Restore { from }) => ask::restore(place, from).await,
        Some(Command::Check) => ask::check(place).await,
    }
}
