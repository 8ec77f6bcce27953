//! The daily plan: an hourly schedule begins each project's local day once, a queue plans its shards. What else goes through a
//! project's customers shard by shard is worked on here too: walks,
//! campaigns, indicators.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cauce_domain::ids::ProjectId;
use cauce_engine::messages::{CampaignShard, IndicatorShard, PlanShard, WalkShard, batch};
use cauce_engine::store::codec::{Shape, decode, type_of};
use cauce_engine::store::settings;
use cauce_engine::{Error, Ports, campaign, indicators, plan_day, walk};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde_json::Value;

/// Begins today's plan of every project; hours after the first find it begun. One that fails keeps no other from its
/// own, and makes the call fail at the end.
pub fn on_schedule(
    ports: &Ports,
    _event: EventBridgeEvent<Value>,
    now: DateTime<Utc>,
) -> BoxFuture<'_, Result<usize, Error>> {
    Box::pin(async move {
        let (mut begun, mut failed) = (0, None);
        for project in settings::projects(ports).await? {
            match begin(ports, &project, now).await {
                Ok(new) => begun += usize::from(new),
                Err(error) => {
                    tracing::error!(%project, %error, "el plan no empezó");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(begun), Err)
    })
}

async fn begin(ports: &Ports, project: &ProjectId, now: DateTime<Utc>) -> Result<bool, Error> {
    let setup = settings::load(ports, project).await?;
    Ok(plan_day::begin(ports, &setup, setup.today(now), now).await?.is_some())
}

/// Works on the shards of a batch; `late` tells when the time is nearly out.
pub fn on_shards<'a>(
    ports: &'a Ports,
    event: SqsEvent,
    now: DateTime<Utc>,
    late: &'a (dyn Fn() -> bool + Sync),
) -> BoxFuture<'a, SqsBatchResponse> {
    Box::pin(async move {
        let records = event.records.into_iter().map(|r| (r.message_id.unwrap_or_default(), r.body.unwrap_or_default()));
        let failed = batch(records, late, |body| shard(ports, body, now, late)).await;
        let mut response = SqsBatchResponse::default();
        response.set_failures(failed);
        response
    })
}

/// Works on one shard of whatever it is.
async fn shard(ports: &Ports, body: String, now: DateTime<Utc>, late: &(dyn Fn() -> bool + Sync)) -> Result<(), Error> {
    match type_of(&body) {
        WalkShard::TYPE => {
            let message: WalkShard = decode(&body)?;
            let setup = settings::load(ports, &message.project).await?;
            walk::work(ports, &setup, &message, late, now).await
        }
        CampaignShard::TYPE => {
            let message: CampaignShard = decode(&body)?;
            let setup = settings::load(ports, &message.project).await?;
            campaign::work(ports, &setup, &message, late, now).await
        }
        IndicatorShard::TYPE => {
            let message: IndicatorShard = decode(&body)?;
            let setup = settings::load(ports, &message.project).await?;
            indicators::work(ports, &setup, &message, late, now).await
        }
        _ => {
            let message: PlanShard = decode(&body)?;
            let setup = settings::load(ports, &message.project).await?;
            plan_day::plan_shard(ports, &setup, &message).await
        }
    }
}
