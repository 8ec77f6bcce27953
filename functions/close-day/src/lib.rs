//! Every hour: what closes a project's local day, and what was left lying.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use cauce_domain::ids::ProjectId;
use cauce_engine::close_day::close_day;
use cauce_engine::store::settings;
use cauce_engine::watch_loads::watch_loads;
use cauce_engine::{Error, Ports};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde_json::Value;

/// Closes whatever is to be closed; doing it twice changes nothing. A project that fails keeps no other from its close,
/// and makes the call fail at the end.
pub fn on_schedule(
    ports: &Ports,
    _event: EventBridgeEvent<Value>,
    now: DateTime<Utc>,
) -> BoxFuture<'_, Result<(), Error>> {
    Box::pin(async move {
        let mut failed = None;
        for project in settings::projects(ports).await? {
            if let Err(error) = close(ports, &project, now).await {
                tracing::error!(%project, %error, "el día no se cerró");
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    })
}

async fn close(ports: &Ports, project: &ProjectId, now: DateTime<Utc>) -> Result<(), Error> {
    let setup = settings::load(ports, project).await?;
    close_day(ports, &setup, now).await?;
    watch_loads(ports, &setup, now).await
}
