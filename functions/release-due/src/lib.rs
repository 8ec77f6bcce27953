//! Every minute: what is due now goes to its channel's queue, and expired leases become *unknown*.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use cauce_engine::release_due::{Released, release_due};
use cauce_engine::{Error, Ports};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// One pass.
pub async fn on_schedule(
    ports: &Ports,
    _event: EventBridgeEvent<Value>,
    now: DateTime<Utc>,
) -> Result<Released, Error> {
    release_due(ports, now).await
}
