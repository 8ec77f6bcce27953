//! A channel drops: its provider no longer takes the project's account. Nothing more is tried through it until somebody
//! connects it again; what was due ends *No enviado*, `channel_disconnected`.

use crate::Ports;
use crate::error::Error;
use crate::notice::alert;
use crate::store::edits::By;
use crate::store::settings::{self, Setup};
use cauce_domain::contact::channel::Channel;
use chrono::{DateTime, Utc};

/// Marks a channel as disconnected and alerts, once however many sends find it so.
pub(crate) async fn drop_channel(
    ports: &Ports,
    setup: &Setup,
    channel: Channel,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let setup = settings::load(ports, setup.id()).await?;
    let mut project = setup.project().clone();
    let Some(flags) = project.channels.get_mut(&channel).filter(|flags| flags.connected) else { return Ok(()) };
    flags.connected = false;
    match settings::save_project(ports, &By::cauce(now), &setup.project, &project).await {
        Ok(_) => {}
        // Somebody else's change came first: the next send finds the account refused again.
        Err(Error::Raced) => return Ok(()),
        Err(error) => return Err(error),
    }
    let text = format!(
        "El proveedor de {} rechazó la cuenta del proyecto: {why}.\nNo se enviará nada por ese canal hasta que lo conecte de nuevo en Canales.",
        channel.spanish()
    );
    alert(ports, &setup, &format!("Canal desconectado: {}", channel.spanish()), text, now).await;
    Ok(())
}
