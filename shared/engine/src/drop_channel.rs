//! A channel drops: its provider no longer takes the project's account. Nothing more is tried through it until somebody
//! connects it again; what was due ends *No enviado*, `channel_disconnected`.

use crate::Ports;
use crate::connect::Connection;
use crate::error::Error;
use crate::notice::alert;
use crate::store::edits::By;
use crate::store::settings::{self, Setup};
use cauce_domain::contact::channel::Channel;
use chrono::{DateTime, TimeDelta, Utc};

/// Refusals this near each other are of one pause.
const HARDLY: TimeDelta = TimeDelta::minutes(5);
/// How long after an account was connected a refusal may be of the credentials before: workers keep what they read of it.
const SETTLES: TimeDelta = TimeDelta::minutes(6);

/// Marks a channel as disconnected, or as paused until its provider takes messages again, and alerts, once however many sends find it so.
pub(crate) async fn drop_channel(
    ports: &Ports,
    setup: &Setup,
    channel: Channel,
    why: &str,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let setup = settings::load(ports, setup.id()).await?;
    let is_new = |known: &Connection| now >= known.checked && now < known.checked + SETTLES;
    if until.is_none() && setup.connections.get(&channel).is_some_and(|known| is_new(&known.value)) {
        return Ok(());
    }
    let mut project = setup.project().clone();
    let Some(flags) = project.channels.get_mut(&channel).filter(|flags| flags.connected) else { return Ok(()) };
    match until {
        Some(until) if flags.paused_until.is_some_and(|known| known >= until - HARDLY) => return Ok(()),
        Some(until) => flags.paused_until = Some(until),
        None => flags.connected = false,
    }
    match settings::save_project(ports, &By::cauce(now), &setup.project, &project).await {
        Ok(_) => {}
        // Somebody else's change came first: the next send finds the account refused again.
        Err(Error::Raced) => return Ok(()),
        Err(error) => return Err(error),
    }
    let name = channel.spanish();
    let (title, then) = match until {
        Some(_) => (
            "Canal en pausa",
            "Los envíos de hoy esperan y siguen solos, poco a poco, cuando el proveedor vuelva a aceptarlos.",
        ),
        None => ("Canal desconectado", "No se enviará nada por ese canal hasta que lo conecte de nuevo en Canales."),
    };
    let text = format!("El proveedor de {name} rechazó la cuenta del proyecto: {why}.\n{then}");
    alert(ports, &setup, &format!("{title}: {name}"), text, now).await;
    Ok(())
}
