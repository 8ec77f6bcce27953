//! A Lambda function's life: adapters wired once, then one invocation after another, each with its deadline, its log
//! and its line of metrics.

use crate::bedrock::{self, Bedrock};
use crate::environment::Misplaced;
use crate::files::S3Files;
use crate::give_back::GiveBack;
use crate::queue::SqsQueue;
use crate::secrets::SsmSecrets;
use crate::signed::Signed;
use crate::sms::AwsSms;
use crate::subscriptions;
use crate::table::{DynamoTable, Units};
use crate::{email::Ses, environment};
use async_trait::async_trait;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cauce_channels::network::{self, Addresses};
use cauce_channels::outside::Web;
use cauce_channels::sandbox;
use cauce_channels::sns::certificates::Fetched;
use cauce_channels::sns::{self, SnsWebhook, Subscriptions};
use cauce_domain::contact::channel::Channel;
use cauce_engine::Ports;
use cauce_engine::agent::rules::{self, Rules};
use cauce_engine::ports::PortError;
use cauce_engine::ports::agent::Agent;
use cauce_engine::ports::channel::Sender;
use cauce_engine::ports::files::Files;
use cauce_engine::ports::table::Table;
use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// What is left of an invocation when nothing new is begun: enough to finish what is in hand.
const MARGIN: TimeDelta = TimeDelta::seconds(8);

/// The adapters of a function, and the table's meter.
#[derive(Clone)]
pub struct Parts {
    /// The ports; for projects without an account of their own e-mail leaves by SES where a sender is set, and nothing else.
    pub ports: Ports,
    /// The table.
    pub table: Arc<DynamoTable>,
    /// What gives failed records back.
    pub give_back: Arc<GiveBack>,
}

/// Wires the adapters by the environment. No client is made before its first use.
pub async fn parts() -> Result<Parts, Misplaced> {
    environment::check_item_version()?;
    let config = crate::config().await;
    let table = Arc::new(DynamoTable::from_environment(&config)?);
    let files: Arc<dyn Files> = Arc::new(S3Files::from_environment(&config)?);
    let ses = Arc::new(Ses::from_environment(&config));
    let mut channels: BTreeMap<Channel, Arc<dyn Sender>> = BTreeMap::new();
    if environment::read(environment::EMAIL_FROM).is_ok() {
        channels.insert(Channel::Email, Arc::clone(&ses) as Arc<dyn Sender>);
    }
    let signed = Arc::new(Signed::new(&config));
    let mut providers = network::providers(&addresses());
    providers.insert("ses", ses);
    providers.insert("aws-sms", Arc::new(AwsSms(Arc::clone(&signed))));
    let mut webhooks = network::webhooks();
    let subscriptions = Arc::new(Confirming(Arc::clone(&signed)));
    webhooks.insert(sns::PROVIDER, Arc::new(SnsWebhook { certificates: Arc::new(Fetched::default()), subscriptions }));
    let ports = Ports {
        table: Arc::clone(&table) as Arc<dyn Table>,
        queue: Arc::new(SqsQueue::from_environment(&config)),
        files,
        secrets: Arc::new(SsmSecrets::from_environment(&config)?),
        channels,
        providers,
        webhooks,
        ids: Arc::new(Uuid::now_v7),
        agents: agents(&signed),
        outside: Arc::new(Web::default()),
        public_url: environment::read(environment::PUBLIC_URL).unwrap_or_default(),
        restored: environment::restored_at()?,
    };
    Ok(Parts { ports, table, give_back: Arc::new(GiveBack::new(&config)) })
}

/// Who understands messages: rules, and a model where one is named.
fn agents(signed: &Arc<Signed>) -> BTreeMap<&'static str, Arc<dyn Agent>> {
    let mut agents = BTreeMap::from([(rules::NAME, Arc::new(Rules) as Arc<dyn Agent>)]);
    if let Ok(model) = environment::read(environment::BEDROCK_MODEL) {
        agents.insert(bedrock::NAME, Arc::new(Bedrock::new(Arc::clone(signed), model)));
    }
    agents
}

/// Where the providers' APIs are.
fn addresses() -> Addresses {
    let usual = Addresses::default();
    Addresses {
        whatsapp: environment::read(environment::WHATSAPP_URL).unwrap_or(usual.whatsapp),
        twilio: environment::read(environment::TWILIO_URL).unwrap_or(usual.twilio),
    }
}

/// The same for a function that sends: what is not connected goes to the sandbox, for trials.
pub async fn sending_parts() -> Result<Parts, Misplaced> {
    let mut parts = parts().await?;
    parts.ports.channels = sandbox::over(&parts.ports);
    Ok(parts)
}

/// Confirms subscriptions with the function's own role.
struct Confirming(Arc<Signed>);

#[async_trait]
impl Subscriptions for Confirming {
    async fn confirm(&self, topic: &str, token: &str) -> Result<(), PortError> {
        subscriptions::confirm(&self.0, topic, token).await
    }
}

/// One invocation's time.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// When it began.
    pub now: DateTime<Utc>,
    deadline: DateTime<Utc>,
}

impl Call {
    /// Whether so little time is left that nothing new is begun.
    pub fn is_late(&self) -> bool {
        Utc::now() + MARGIN >= self.deadline
    }
}

/// Logs one JSON object a line, which Lambda passes on as it is: the level's filter is the function's own setting.
pub fn logs() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    let level: tracing::Level = level.unwrap_or(tracing::Level::INFO);
    // CloudWatch has its own time for each line.
    tracing_subscriber::fmt().json().with_target(false).without_time().with_max_level(level).init();
}

/// Runs a function: `work` is called with the ports, the event and the invocation's time.
pub async fn serve<E, A, W, F>(function: &'static str, parts: Parts, work: W) -> Result<(), lambda_runtime::Error>
where
    E: DeserializeOwned,
    A: Serialize,
    W: Fn(Ports, E, Call) -> F,
    F: Future<Output = Result<A, cauce_engine::Error>>,
{
    let cold = AtomicBool::new(true);
    let (parts, work, cold) = (&parts, &work, &cold);
    let one = |event: LambdaEvent<E>| async move {
        let before = parts.table.meter().used();
        let millis = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let now = Utc::now();
        let call = Call { now, deadline: DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::<Utc>::MAX_UTC) };
        let outcome = work(parts.ports.clone(), event.payload, call).await;
        let failed = outcome.is_err();
        measure(function, now, failed, cold.swap(false, Ordering::Relaxed), before, parts.table.meter().used());
        outcome.map_err(|error| {
            tracing::error!(function, %error, "la invocación falló");
            lambda_runtime::Error::from(error)
        })
    };
    lambda_runtime::run(service_fn(one)).await
}

/// Runs a function that takes batches of a queue's records: those that fail are given back to be tried again soon.
pub async fn serve_batches<W, F>(function: &'static str, parts: Parts, work: W) -> Result<(), lambda_runtime::Error>
where
    W: Fn(Ports, SqsEvent, Call) -> F,
    F: Future<Output = SqsBatchResponse>,
{
    let (give_back, work) = (Arc::clone(&parts.give_back), &work);
    let one = |ports, event: SqsEvent, call| {
        let (known, give_back) = (GiveBack::remember(&event), Arc::clone(&give_back));
        async move {
            let answer = work(ports, event, call).await;
            give_back.failed(&known, &answer).await;
            Ok(answer)
        }
    };
    serve(function, parts, one).await
}

/// One line in CloudWatch's embedded metric format: counted without an API call.
#[expect(clippy::print_stdout, reason = "CloudWatch reads metrics from the log")]
pub fn measure(function: &str, began: DateTime<Utc>, failed: bool, cold: bool, before: Units, after: Units) {
    let metric = |name: &str, unit: &str| serde_json::json!({ "Name": name, "Unit": unit });
    let line = serde_json::json!({
        "_aws": {
            "Timestamp": began.timestamp_millis(),
            "CloudWatchMetrics": [{
                "Namespace": "Cauce",
                "Dimensions": [["function"]],
                "Metrics": [
                    metric("milliseconds", "Milliseconds"), metric("failed", "Count"), metric("cold", "Count"),
                    metric("read_units", "Count"), metric("write_units", "Count"),
                ],
            }],
        },
        "function": function,
        "milliseconds": (Utc::now() - began).num_milliseconds(),
        "failed": u8::from(failed),
        "cold": u8::from(cold),
        "read_units": after.read - before.read,
        "write_units": after.write - before.write,
    });
    println!("{line}");
}
