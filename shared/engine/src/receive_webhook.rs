//! A provider's webhook: who it belongs to, whether it is genuine, and onto the queue before the answer.
//!
//! Makes no table call: the route's token names a secret, the secret names the project. Nothing of a refused request is
//! logged but its route.

use crate::Ports;
use crate::error::Error;
use crate::messages::RawEvent;
use crate::ports::channel::Request;
use crate::ports::files::whole;
use crate::ports::queue::{Message, QueueName};
use crate::store::codec::encode;
use chrono::{DateTime, Utc};

/// Largest request taken, in bytes.
pub const MAX_BODY: usize = 3 * 1024 * 1024;
/// Largest body the queue carries itself.
const INLINE: usize = 96 * 1024;

/// What is answered to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Queued.
    Queued,
    /// No such route.
    NoRoute,
    /// The signature is not the secret's.
    Forged,
    /// Too large, or not text.
    Unfit,
}

/// Takes a webhook in.
pub async fn receive_webhook(
    ports: &Ports,
    provider: &str,
    token: &str,
    request: &Request<'_>,
    now: DateTime<Utc>,
) -> Result<Taken, Error> {
    if request.body.len() > MAX_BODY {
        return Ok(Taken::Unfit);
    }
    let plausible = token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit());
    let (Some(webhook), true) = (ports.webhooks.get(provider), plausible) else { return Ok(Taken::NoRoute) };
    let Some(secret) = ports.secrets.get(&format!("hook.{token}")).await? else { return Ok(Taken::NoRoute) };
    let Some((project, signing)) = secret.expose().split_once(' ') else { return Ok(Taken::NoRoute) };
    if !webhook.verify(signing, request) {
        return Ok(Taken::Forged);
    }
    let Ok(text) = std::str::from_utf8(request.body) else { return Ok(Taken::Unfit) };
    let mut event =
        RawEvent { project: project.into(), provider: provider.to_owned(), body: None, file: None, received: now };
    if text.len() <= INLINE {
        event.body = Some(text.to_owned());
    } else {
        let key = format!("webhooks/{project}/{}.json", ports.new_id().simple());
        ports.files.write(&key, whole(text.to_owned())).await?;
        event.file = Some(key);
    }
    ports.queue.send(QueueName::Events, vec![Message::new(project, encode(&event)?)]).await?;
    Ok(Taken::Queued)
}
