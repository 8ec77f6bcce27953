//! Notifications of SNS over HTTP: events of SES and of AWS's SMS, and answers by SMS.

pub mod certificates;
mod envelope;

pub use envelope::{Envelope, Refused, open};

use crate::{aws, mail};
use async_trait::async_trait;
use cauce_engine::hooks::Keys;
use cauce_engine::ports::PortError;
use cauce_engine::ports::told::{Letter, Told};
use cauce_engine::ports::webhook::{Request, Verdict, Webhook};
use certificates::Certificates;
use serde_json::Value;
use std::sync::Arc;

/// The provider's name in routes and receipts: whatever AWS tells, by SNS or by EventBridge.
pub const PROVIDER: &str = "aws";

/// Confirms a topic's subscription as an account of AWS's, so that nobody else can take it back.
#[async_trait]
pub trait Subscriptions: Send + Sync {
    /// Confirms it.
    async fn confirm(&self, topic: &str, token: &str) -> Result<(), PortError>;
}

/// Reads SNS's posts.
pub struct SnsWebhook {
    /// Where certificates come from.
    pub certificates: Arc<dyn Certificates>,
    /// What confirms subscriptions.
    pub subscriptions: Arc<dyn Subscriptions>,
}

#[async_trait]
impl Webhook for SnsWebhook {
    fn most(&self) -> usize {
        // A message of 256 KB, escaped into its envelope.
        512 * 1024
    }

    async fn verify(&self, keys: &Keys, request: &Request<'_>) -> Verdict {
        let headers = (request.header("x-amz-sns-message-type"), request.header("x-amz-sns-message-id"));
        let envelope = match open(request.body, headers, &keys.topics, request.at) {
            Ok(envelope) => envelope,
            Err(Refused::Stale) => return Verdict::Stale,
            Err(_) => return Verdict::Forged,
        };
        match self.certificates.get(&envelope.certificate, request.at).await {
            Some(pem) if envelope.is_signed_by(&pem) => Verdict::Genuine,
            _ => Verdict::Forged,
        }
    }

    fn read(&self, body: &[u8], _query: &str) -> Vec<Told> {
        aws::parse(body)
    }

    fn open(&self, mail: &[u8], envelope: &[String]) -> Option<Letter> {
        mail::read(mail, envelope)
    }

    async fn confirm(&self, body: &[u8]) -> Result<(), PortError> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let member = |name: &str| body.get(name).and_then(Value::as_str);
        match (member("Type"), member("TopicArn"), member("Token")) {
            (Some("SubscriptionConfirmation"), Some(topic), Some(token)) => {
                self.subscriptions.confirm(topic, token).await
            }
            _ => Ok(()),
        }
    }
}
