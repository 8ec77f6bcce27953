//! `Queue` on SQS: batches of ten, the failed entries of a batch again, one group per project so that none starves
//! another (fair queues).

use crate::environment::{self, Misplaced};
use crate::error::classify;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use cauce_engine::ports::PortError;
use cauce_engine::ports::queue::{MAX_DELAY, MAX_MESSAGE, Message, Queue, QueueName};
use std::collections::BTreeMap;
use std::sync::OnceLock;

const SERVICE: &str = "SQS";
/// Entries in one batch.
const BATCH: usize = 10;
/// How often the failed entries of a batch are sent again.
const TRIES: u32 = 3;

/// The queues.
pub struct SqsQueue {
    config: SdkConfig,
    client: OnceLock<Client>,
    urls: BTreeMap<QueueName, String>,
}

impl SqsQueue {
    /// Over the queues that the environment names; a function is given those it sends to.
    pub fn from_environment(config: &SdkConfig) -> Self {
        let url = |queue| Some((queue, environment::read(&environment::queue(queue)).ok()?));
        Self::new(config, QueueName::ALL.into_iter().filter_map(url).collect())
    }

    /// Over queues by address.
    pub fn new(config: &SdkConfig, urls: BTreeMap<QueueName, String>) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), urls }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::new(&self.config))
    }

    /// Sends one batch; entries that SQS fails are sent again, those it calls wrong are refused.
    async fn send_batch(&self, url: &str, messages: &[&Message]) -> Result<(), PortError> {
        let mut left: Vec<usize> = (0..messages.len()).collect();
        for _ in 0..TRIES {
            let entries = left.iter().map(|at| entry(*at, messages[*at])).collect::<Result<Vec<_>, _>>()?;
            let asked = self.client().send_message_batch().queue_url(url).set_entries(Some(entries));
            let answer = asked.send().await.map_err(|e| classify(SERVICE, e))?;
            if let Some(wrong) = answer.failed().iter().find(|f| f.sender_fault()) {
                return Err(PortError::Refused(format!("SQS rechazó un mensaje: {}", wrong.code())));
            }
            left = answer.failed().iter().filter_map(|f| f.id().parse().ok()).collect();
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(PortError::Unavailable(SERVICE, None))
    }
}

fn entry(at: usize, message: &Message) -> Result<SendMessageBatchRequestEntry, PortError> {
    let built = SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_body(&message.body)
        .message_group_id(&message.group)
        .delay_seconds(i32::try_from(message.delay.min(MAX_DELAY)).unwrap_or(0));
    built.build().map_err(|e| PortError::Refused(e.to_string()))
}

/// Batches within the number and the size that one call takes.
fn batches(messages: &[Message]) -> Vec<Vec<&Message>> {
    let mut batches: Vec<Vec<&Message>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        match batches.last_mut().filter(|b| b.len() < BATCH && bytes + message.body.len() <= MAX_MESSAGE) {
            Some(batch) => batch.push(message),
            None => {
                bytes = 0;
                batches.push(vec![message]);
            }
        }
        bytes += message.body.len();
    }
    batches
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, queue: QueueName, messages: Vec<Message>) -> Result<(), PortError> {
        let missing = || Misplaced::Missing(environment::queue(queue)).to_string();
        let url = self.urls.get(&queue).ok_or_else(|| PortError::Refused(missing()))?;
        if messages.iter().any(|m| m.body.is_empty() || m.body.len() > MAX_MESSAGE || m.delay > MAX_DELAY) {
            return Err(PortError::Refused(
                "un mensaje está vacío, supera 256 KB o espera más de 15 minutos".to_owned(),
            ));
        }
        for batch in batches(&messages) {
            self.send_batch(url, &batch).await?;
        }
        Ok(())
    }
}
