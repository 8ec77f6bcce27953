//! `plan-day` on Lambda: the hourly schedule, and batches of its queue.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use cauce_aws::give_back::GiveBack;
use cauce_aws::start::{self, Call};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::sync::Arc;

/// What may call the function.
#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    Shards(SqsEvent),
    Schedule(IgnoredAny),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let parts = start::parts().await?;
    let give_back = &Arc::clone(&parts.give_back);
    start::serve("plan-day", parts, |ports, event: Event, call: Call| async move {
        match event {
            Event::Shards(event) => {
                let known = GiveBack::remember(&event);
                let answer = cauce_plan_day::on_shards(&ports, event, call.now, &|| call.is_late()).await;
                give_back.failed(&known, &answer).await;
                serde_json::to_value(answer).map_err(|e| cauce_engine::Error::Broken("batch", e.to_string()))
            }
            Event::Schedule(_) => {
                let begun = cauce_plan_day::on_schedule(&ports, EventBridgeEvent::default(), call.now).await?;
                Ok(Value::from(begun))
            }
        }
    })
    .await
}
