//! `serve`: the API on a port, until Ctrl-C.

use super::work::Place;
use super::{Failure, ServeArgs};
use crate::house::{House, Options};
use crate::http;
use crate::run::Runner;
use cauce_channels::network::Addresses;
use cauce_domain::ids::ProjectId;
use cauce_engine::create_project::{create_project, grant_key};
use cauce_engine::ports::table::Table;
use cauce_engine::store::jobs;
use cauce_engine::store::settings;
use std::process::ExitCode;
use std::sync::Arc;

pub(super) async fn serve(place: Place, args: ServeArgs) -> Result<ExitCode, Failure> {
    let house = House::open(&place.data, place.clock(), &options(&args)?)?;
    let sandbox = house.clock.is_set();
    let runner = Arc::new(Runner::new(house));
    let ports = &runner.house.ports;
    if settings::projects(ports).await?.is_empty() {
        let id = ProjectId::new(place.project.clone().unwrap_or_else(|| "principal".to_owned()));
        create_project(ports, &id, "Mi empresa", args.country).await?;
    }
    let id = place.choose(&runner.house).await?;
    first_key(&runner, &id).await?;
    runner.resume().await?;
    let listener = tokio::net::TcpListener::bind(&args.listen)
        .await
        .map_err(|e| format!("no se pudo escuchar en {}: {e}", args.listen))?;
    show(&format!("Cauce sirve el proyecto '{id}' en http://{} (Ctrl-C para terminar)", listener.local_addr()?));
    show(&format!("Documentación de la API: http://{}/openapi.json", listener.local_addr()?));
    http::serve(Arc::clone(&runner), listener, sandbox, stopped()).await?;
    show("Cauce terminó lo que tenía en curso.");
    Ok(ExitCode::SUCCESS)
}

fn options(args: &ServeArgs) -> Result<Options, Failure> {
    let public_url = args.public_url.trim_end_matches('/').to_owned();
    let var = |name: &str| std::env::var(name).ok().filter(|url| !url.is_empty());
    let usual = Addresses::default();
    let addresses = Addresses {
        whatsapp: var("CAUCE_WHATSAPP_URL").unwrap_or(usual.whatsapp),
        twilio: var("CAUCE_TWILIO_URL").unwrap_or(usual.twilio),
    };
    Ok(Options { seed: args.seed, public_url, addresses, smtp: smtp()? })
}

#[expect(clippy::print_stdout, reason = "a command prints what it does")]
fn show(text: &str) {
    println!("{text}");
}

/// The first key comes from the environment, or is made and shown once.
async fn first_key(runner: &Runner, id: &ProjectId) -> Result<(), Failure> {
    let ports = &runner.house.ports;
    if let Ok(key) = std::env::var("CAUCE_ADMIN_KEY") {
        if key.len() < 16 {
            return Err("CAUCE_ADMIN_KEY necesita al menos 16 caracteres".into());
        }
        return Ok(grant_key(ports, id, None, &key).await?);
    }
    let place = jobs::stat_key(id, "first_key");
    if runner.house.table.get(&place).await?.is_none() {
        // Two version-7 ids carry 148 random bits.
        let key = format!("ck_{}{}", ports.new_id().simple(), ports.new_id().simple());
        grant_key(ports, id, None, &key).await?;
        jobs::set_mark(ports, id, "first_key", runner.house.clock.now()).await?;
        show(&format!("Llave de la API (se muestra una sola vez): {key}"));
    }
    Ok(())
}

async fn stopped() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

/// E-mail by SMTP when `CAUCE_SMTP_HOST` and `CAUCE_SMTP_FROM` are set; the sandbox otherwise.
fn smtp() -> Result<Option<cauce_channels::smtp::Settings>, Failure> {
    use cauce_channels::smtp::{Security, Settings};
    let var = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let Some(host) = var("CAUCE_SMTP_HOST") else { return Ok(None) };
    let from = var("CAUCE_SMTP_FROM").ok_or("falta CAUCE_SMTP_FROM, el remitente de los correos")?;
    let security = match var("CAUCE_SMTP_SECURITY").as_deref() {
        None | Some("starttls") => Security::StartTls,
        Some("tls") => Security::Tls,
        Some("none") => Security::None,
        Some(other) => return Err(format!("CAUCE_SMTP_SECURITY '{other}': use starttls, tls o none").into()),
    };
    let port = match var("CAUCE_SMTP_PORT") {
        Some(port) => port.parse().map_err(|_| "CAUCE_SMTP_PORT no es un puerto")?,
        None => {
            if security == Security::Tls {
                465
            } else {
                587
            }
        }
    };
    let credentials = var("CAUCE_SMTP_USER").zip(var("CAUCE_SMTP_PASSWORD"));
    Ok(Some(Settings { host, port, security, credentials, from }))
}
