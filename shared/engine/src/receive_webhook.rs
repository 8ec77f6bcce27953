//! A provider's webhook: who it belongs to, whether it is genuine, and onto the queue before the answer.
//!
//! Makes no table call: the route's token names a secret, the secret names the project and the keys. Nothing of a refused
//! request is logged but its route and why.

use crate::Ports;
use crate::error::Error;
use crate::hooks::{self, Hook};
use crate::messages::RawEvent;
use crate::ports::files::whole;
use crate::ports::queue::{Message, QueueName};
use crate::ports::webhook::{Request, Thanks, Verdict, Webhook};
use crate::store::codec::encode;
use cauce_domain::ids::ProjectId;
use std::time::Duration;

/// Largest body the queue carries itself.
const INLINE: usize = 96 * 1024;
/// The queue's group, and the folder of files, of routes that several projects share.
const SHARED: &str = "compartido";

/// How long ago the keys were read of which a request is said to be forged: as often as that, whoever forges has them read.
const RECENT: Duration = Duration::from_secs(10);

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// On the queue: the provider is answered this.
    Queued(Thanks),
    /// The address is ours: the provider is answered this.
    Handshake(String),
    /// Genuine, and too old for anything to be done.
    Stale,
    /// No such route.
    NoRoute,
    /// Nobody with a key of the route signed it.
    Forged,
    /// Larger than the provider sends.
    TooLarge,
}

impl Taken {
    /// The word that refusals are counted by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Queued(_) => "queued",
            Self::Handshake(_) => "handshake",
            Self::Stale => "stale",
            Self::NoRoute => "no_route",
            Self::Forged => "forged",
            Self::TooLarge => "too_large",
        }
    }
}

/// Takes a webhook in.
pub async fn receive_webhook(
    ports: &Ports,
    provider: &str,
    token: &str,
    request: &Request<'_>,
) -> Result<Taken, Error> {
    let Some(webhook) = ports.webhooks.get(provider) else { return Ok(Taken::NoRoute) };
    if request.body.len() > webhook.most() {
        return Ok(Taken::TooLarge);
    }
    let Some(mut hook) = hooks::read(ports, token).await? else { return Ok(Taken::NoRoute) };
    let mut verdict = judge(webhook.as_ref(), &hook, provider, request).await;
    // The keys may have been changed since they were read here: a provider signs with the new ones at once.
    if matches!(verdict, None | Some(Verdict::Forged)) {
        let Some(now) = hooks::read_within(ports, token, RECENT).await? else { return Ok(Taken::NoRoute) };
        if now != hook {
            verdict = judge(webhook.as_ref(), &now, provider, request).await;
            hook = now;
        }
    }
    match verdict {
        None => return Ok(Taken::NoRoute),
        Some(Verdict::Forged) => return Ok(Taken::Forged),
        Some(Verdict::Stale) => return Ok(Taken::Stale),
        Some(Verdict::Handshake(answer)) => return Ok(Taken::Handshake(answer)),
        Some(Verdict::Genuine) => {}
    }
    keep(ports, provider, hook.project, request).await?;
    Ok(Taken::Queued(webhook.thanks()))
}

/// What the route's keys say of a request; none where it has none of the provider's.
async fn judge(webhook: &dyn Webhook, hook: &Hook, provider: &str, request: &Request<'_>) -> Option<Verdict> {
    let keys = hook.keys.get(provider)?;
    Some(webhook.verify(keys, request).await)
}

/// Puts the body on the queue as it came, or its file's name where it is large or no text.
async fn keep(ports: &Ports, provider: &str, project: Option<ProjectId>, request: &Request<'_>) -> Result<(), Error> {
    let group = project.as_ref().map_or(SHARED, ProjectId::as_str).to_owned();
    let small = Some(request.body).filter(|body| body.len() <= INLINE);
    let text = small.and_then(|body| std::str::from_utf8(body).ok()).map(str::to_owned);
    let (provider, query) = (provider.to_owned(), request.query().to_owned());
    let mut event = RawEvent { project, provider, query, body: text, file: None, received: request.at };
    if event.body.is_none() {
        let key = format!("webhooks/{group}/{}", ports.new_id().simple());
        ports.files.write(&key, whole(request.body.to_vec())).await?;
        event.file = Some(key);
    }
    Ok(ports.queue.send(QueueName::Events, vec![Message::new(group, encode(&event)?)]).await?)
}
