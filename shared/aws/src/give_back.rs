//! Records that failed are given back to their queue sooner than it would show them again by itself: what a queue hides is
//! as long as a function may take, six times over.

use crate::error::classify;
use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::Client;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Seconds until a record is tried again, by how often it was received: an outage of most of an hour costs nothing, and
/// what nobody can read still ends among the dead letters the same day.
const WAITS: [i32; 7] = [5, 20, 80, 320, 900, 900, 900];

/// Gives failed records back.
pub struct GiveBack {
    config: SdkConfig,
    client: OnceLock<Client>,
}

/// A queue's address, by which alone it is asked for: `arn:aws:sqs:{region}:{account}:{name}`.
fn address(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [_, partition, _, region, account, name] = parts[..] else { return None };
    let domain = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    Some(format!("https://sqs.{region}.{domain}/{account}/{name}"))
}

fn wait(record: &SqsMessage) -> i32 {
    let received = record.attributes.get("ApproximateReceiveCount").and_then(|n| n.parse::<usize>().ok()).unwrap_or(1);
    WAITS[received.saturating_sub(1).min(WAITS.len() - 1)]
}

impl GiveBack {
    /// Over the SDK's configuration.
    pub fn new(config: &SdkConfig) -> Self {
        Self { config: config.clone(), client: OnceLock::new() }
    }

    /// What of an event may have to be given back: address, handle and wait by message id.
    pub fn remember(event: &SqsEvent) -> BTreeMap<String, (String, String, i32)> {
        let known = event.records.iter().filter_map(|r| {
            let place = (address(r.event_source_arn.as_deref()?)?, r.receipt_handle.clone()?, wait(r));
            Some((r.message_id.clone()?, place))
        });
        known.collect()
    }

    /// Gives back what failed; one that cannot be comes by itself, later.
    pub async fn failed(&self, known: &BTreeMap<String, (String, String, i32)>, answer: &SqsBatchResponse) {
        let client = self.client.get_or_init(|| Client::new(&self.config));
        for failure in &answer.batch_item_failures {
            let Some((url, handle, wait)) = known.get(&failure.item_identifier) else { continue };
            let asked = client.change_message_visibility().queue_url(url).receipt_handle(handle);
            if let Err(error) = asked.visibility_timeout(*wait).send().await {
                let error = classify("SQS", error);
                tracing::warn!(message_id = %failure.item_identifier, %error, "se reintentará cuando la cola lo muestre");
            }
        }
    }
}
