//! Files that come into the drop folder, and the work on their loads, one queue for both.
//!
//! A record is either S3's *Object Created* (by EventBridge) for `drop/{project}/{kind}/{name}`, or a piece of work the
//! engine queued. The same file event twice is one load: its id is derived from key and content tag.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cauce_domain::ids::{ProjectId, derived};
use cauce_engine::import::job::{Kind, Options};
use cauce_engine::import::{Request, request, work};
use cauce_engine::messages::{ImportWork, batch};
use cauce_engine::store::codec::decode;
use cauce_engine::store::settings;
use cauce_engine::{Error, Ports};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::Deserialize;

/// S3's event as EventBridge wraps it; only what is used.
#[derive(Debug, Deserialize)]
struct ObjectCreated {
    detail: Detail,
}
#[derive(Debug, Deserialize)]
struct Detail {
    object: Object,
}
#[derive(Debug, Deserialize)]
struct Object {
    key: String,
    #[serde(default)]
    etag: String,
}

/// Handles a batch; `late` tells when the time is nearly out.
pub fn handle<'a>(
    ports: &'a Ports,
    event: SqsEvent,
    now: DateTime<Utc>,
    late: &'a (dyn Fn() -> bool + Sync),
) -> BoxFuture<'a, SqsBatchResponse> {
    Box::pin(async move {
        let records = event.records.into_iter().map(|r| (r.message_id.unwrap_or_default(), r.body.unwrap_or_default()));
        let failed = batch(records, late, |body| one(ports, body, now, late)).await;
        let mut response = SqsBatchResponse::default();
        response.set_failures(failed);
        response
    })
}

async fn one(ports: &Ports, body: String, now: DateTime<Utc>, late: &(dyn Fn() -> bool + Sync)) -> Result<(), Error> {
    if let Ok(event) = serde_json::from_str::<ObjectCreated>(&body) {
        return came(ports, event.detail.object, now).await;
    }
    let message: ImportWork = decode(&body)?;
    let setup = settings::load(ports, &message.project).await?;
    work(ports, &setup, &message, now, late).await
}

async fn came(ports: &Ports, object: Object, now: DateTime<Utc>) -> Result<(), Error> {
    let mut parts = object.key.splitn(4, '/');
    let (Some("drop"), Some(project), Some(kind), Some(name)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        tracing::warn!("archivo fuera de drop/proyecto/tipo/: se ignora");
        return Ok(());
    };
    let Some(kind) = Kind::of(kind) else {
        tracing::warn!("carpeta de tipo desconocido: se ignora");
        return Ok(());
    };
    let setup = match settings::load(ports, &ProjectId::from(project)).await {
        Err(Error::NotFound(_)) => {
            tracing::warn!("carpeta de un proyecto que no existe: se ignora");
            return Ok(());
        }
        other => other?,
    };
    let id = derived(&[project, &object.key, &object.etag]);
    let asked = Request {
        kind,
        file: object.key.clone(),
        file_name: name.to_owned(),
        requester: "carpeta".to_owned(),
        options: Options::default(),
    };
    request(ports, &setup, &id, asked, now).await.map(|_| ())
}
