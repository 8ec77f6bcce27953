//! One call stops what is left of today: a stamp on the flow or the project, which every claim reads.

use crate::Ports;
use crate::error::Error;
use crate::store::settings::{self, Setup, place};
use cauce_domain::ids::FlowId;
use chrono::{DateTime, Utc};

/// Stops what is unclaimed today, of one flow or of all; the stamp ends with the local day by itself.
pub async fn stop_today(ports: &Ports, setup: &Setup, flow: Option<&FlowId>, now: DateTime<Utc>) -> Result<(), Error> {
    match flow {
        None => {
            let mut project = setup.project.clone();
            project.value.stopped = Some(now);
            settings::save(ports, place(setup.id(), "project"), &project.value, Some(project.version)).await?;
        }
        Some(id) => {
            let found = setup.flows.iter().find(|f| f.value.id == *id).ok_or(Error::NotFound("el flujo"))?;
            let mut flow = found.clone();
            flow.value.stopped = Some(now);
            settings::save(ports, place(setup.id(), format!("flow#{id}")), &flow.value, Some(flow.version)).await?;
        }
    }
    Ok(())
}
