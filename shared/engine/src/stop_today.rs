//! One call stops what is left of today: a stamp on the flow or the project, which every claim reads.

use crate::Ports;
use crate::error::Error;
use crate::store::edits::By;
use crate::store::settings::{self, Setup, place};
use cauce_domain::ids::FlowId;

/// Stops what is unclaimed today, of one flow or of all; the stamp ends with the local day by itself.
pub async fn stop_today(ports: &Ports, setup: &Setup, flow: Option<&FlowId>, by: &By) -> Result<(), Error> {
    match flow {
        None => {
            let mut project = setup.project().clone();
            project.stopped = Some(by.at);
            settings::save_project(ports, by, &setup.project, &project).await?;
        }
        Some(id) => {
            let found = setup.flows.iter().find(|f| f.value.id == *id).ok_or(Error::NotFound("el flujo"))?;
            let mut flow = found.clone();
            flow.value.stopped = Some(by.at);
            settings::save(ports, by, place(setup.id(), format!("flow#{id}")), Some(found), &flow.value).await?;
        }
    }
    Ok(())
}
