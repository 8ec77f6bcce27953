//! Queue messages: ids and no copies, each with its type and version.

use crate::ports::Ports;
use crate::ports::queue::{Message, QueueName};
use crate::store::codec::{encode, shapes};
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::ids::{CampaignId, CustomerId, JobId, ProjectId, SendId};
use chrono::{DateTime, NaiveDate, Utc};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Plan one shard of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanShard {
    /// Project.
    pub project: ProjectId,
    /// Local day.
    pub date: NaiveDate,
    /// Shard.
    pub shard: String,
}

/// Walk over one shard of a project's customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkShard {
    /// Project.
    pub project: ProjectId,
    /// The walk.
    pub walk: JobId,
    /// Shard.
    pub shard: String,
}

/// What is done with a shard of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignWork {
    /// Its hour has come.
    Start,
    /// Its audience is frozen.
    Freeze,
    /// Recipients whose things changed are measured.
    Measure,
    /// What is left of it ends.
    Stop,
    /// What is left of it goes on.
    Resume,
}

/// Work on a shard of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignShard {
    /// Project.
    pub project: ProjectId,
    /// The campaign.
    pub campaign: CampaignId,
    /// Shard; any for its start.
    pub shard: String,
    /// What to do.
    pub work: CampaignWork,
}

/// Work on the indicators of one shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndicatorShard {
    /// Project.
    pub project: ProjectId,
    /// The local day they are drawn up for.
    pub day: NaiveDate,
    /// Shard.
    pub shard: String,
}

/// Write a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteReport {
    /// Project.
    pub project: ProjectId,
    /// The report.
    pub report: JobId,
}

/// Send one message, if it still may leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendOne {
    /// Project.
    pub project: ProjectId,
    /// Customer.
    pub customer: CustomerId,
    /// Local day.
    pub day: NaiveDate,
    /// Message.
    pub send: SendId,
    /// The channel it leaves by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The place it has in its account's row, once it took one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<DateTime<Utc>>,
    /// It is a campaign's: it waits for the day's own messages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub campaign: bool,
}

impl SendOne {
    /// The group in which it shares its queue: a campaign is one of its own, so that however large it is the day's own messages,
    /// and other projects', go between.
    pub fn group(&self) -> String {
        if self.campaign { format!("{}#campaign", self.project) } else { self.project.to_string() }
    }
}

/// A provider's webhook, verified, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawEvent {
    /// The project whose route it came by; none of a route that several share, whose events name an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// Provider.
    pub provider: String,
    /// The part of its address after the question mark, where our own mark may stand.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// Body, when small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Where the body is, when large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// When it came.
    pub received: DateTime<Utc>,
}

/// Work on a load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Work {
    /// Read and validate the file.
    Read,
    /// Look at a chunk, or write it.
    Chunk {
        /// Which.
        chunk: u16,
        /// How many customers of it are done.
        offset: usize,
        /// Write, rather than only look.
        apply: bool,
    },
    /// Close the load when every chunk is done.
    Finish {
        /// The chunks wrote.
        apply: bool,
    },
}

/// Work on a load, queued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportWork {
    /// Project.
    pub project: ProjectId,
    /// Load.
    pub job: JobId,
    /// What to do.
    pub work: Work,
}

shapes! {
    PlanShard => "plan_shard_v1",
    WalkShard => "walk_shard_v1",
    CampaignShard => "campaign_shard_v1",
    IndicatorShard => "indicator_shard_v1",
    WriteReport => "write_report_v1",
    SendOne => "send_v1",
    RawEvent => "event_v1",
    ImportWork => "import_v1",
}

/// Puts messages that are due on their channels' queues at once. One that is lost there leaves with the minute's release.
pub(crate) async fn hurry(ports: &Ports, setup: &Setup, messages: &[Interaction], now: DateTime<Utc>) {
    let mut queued: BTreeMap<Channel, Vec<Message>> = BTreeMap::new();
    for message in messages {
        let due = matches!(message.state, State::Scheduled { at } if at <= now);
        let Some(channel) = message.channel.filter(|_| due) else { continue };
        let one = SendOne {
            project: setup.id().clone(),
            customer: message.customer.clone(),
            day: message.day,
            send: message.id.clone(),
            channel: Some(channel),
            place: None,
            campaign: message.cause.campaign().is_some(),
        };
        let Ok(body) = encode(&one) else { continue };
        queued.entry(channel).or_default().push(Message::new(one.group(), body));
    }
    for (channel, messages) in queued {
        if let Err(error) = ports.queue.send(QueueName::Send(channel), messages).await {
            tracing::warn!(%error, "unos mensajes esperan la próxima salida");
        }
    }
}

/// Records of a batch worked on at once: as many as one commit of the embedded store takes.
const TOGETHER: usize = 512;

/// Works through a batch of queue records side by side; answers the ids of those to be tried again.
///
/// A record that fails stays in the queue alone; one that nobody can read ends among the dead letters by itself, after
/// as many tries as the queue allows. Near the deadline no record is begun: it goes back untouched.
pub async fn batch<R, F, W>(
    records: impl IntoIterator<Item = (String, R)>,
    late: &(dyn Fn() -> bool + Sync),
    work: W,
) -> Vec<String>
where
    F: Future<Output = Result<(), crate::error::Error>>,
    W: Fn(R) -> F,
{
    let mut pending = Vec::new();
    for (id, body) in records {
        let work = work(body);
        pending.push(async move { if late() { (id, None) } else { (id, Some(work.await)) } });
    }
    let mut failed = Vec::new();
    let mut outcomes = futures::stream::iter(pending).buffered(TOGETHER);
    while let Some((id, outcome)) = outcomes.next().await {
        let Some(outcome) = outcome else {
            failed.push(id);
            continue;
        };
        if let Err(error) = outcome {
            if error.is_transient() {
                tracing::warn!(message_id = %id, %error, "se reintentará");
            } else {
                tracing::error!(message_id = %id, %error, "no se pudo procesar");
            }
            failed.push(id);
        }
    }
    failed
}
