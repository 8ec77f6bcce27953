//! Commands.

use cauce_domain::country::Country;
use cauce_local::demo::Demo;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cauce", version, about = "Cobranza omnicanal de código abierto")]
struct Cli {
    /// Carpeta de datos.
    #[arg(long, global = true, default_value = "data")]
    data: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Carga un portafolio de ejemplo, planifica el día, envía por los canales de prueba y muestra qué pasó.
    Demo(DemoArgs),
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
    date: Option<chrono::NaiveDate>,
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

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        match cli.command {
            Some(Command::Demo(args)) => demo(cli.data, args).await,
            None => ExitCode::SUCCESS,
        }
    })
}

#[expect(clippy::print_stdout, reason = "a command prints its result")]
async fn demo(data: PathBuf, args: DemoArgs) -> ExitCode {
    let quiet = args.json;
    let demo = Demo {
        data,
        portfolio: args.portfolio,
        date: args.date,
        country: args.country,
        customers: args.customers,
        seed: args.seed,
        quiet,
    };
    match demo.run().await {
        Ok(done) => {
            if args.json {
                println!("{}", serde_json::to_string(&done.document).unwrap_or_default());
            } else {
                println!("{}", done.tables);
            }
            if done.refused { ExitCode::from(2) } else { ExitCode::SUCCESS }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
