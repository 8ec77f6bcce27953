//! Sandbox channels: messages that go nowhere, and webhooks that come back late, doubled and out of order, from a seed.
//!
//! What happens to a message is a pure function of seed, recipient and text, so that a trial can be repeated. The outbox and
//! the webhooks still to come are kept by an [`Outbox`], as a provider would keep its own.

use async_trait::async_trait;
use cauce_domain::contact::channel::Channel;
use cauce_engine::Ports;
use cauce_engine::hooks::Keys;
use cauce_engine::ports::channel::{Answer, Outgoing, Sender, is_aside};
use cauce_engine::ports::files::{Files, whole};
use cauce_engine::ports::told::{self, Reported, Told};
use cauce_engine::ports::webhook::{Request, Verdict, Webhook};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The provider's name in routes and receipts.
pub const PROVIDER: &str = "sandbox";
/// The header that carries the signature.
pub const SIGNATURE: &str = "x-sandbox-signature";

/// One status a sandbox will report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The sandbox's id of the message.
    pub id: String,
    /// Our reference; left out of some, as providers do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `sent`, `delivered`, `opened` or `failed`.
    pub status: String,
    /// Error, of failed ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// A webhook body: one status or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The statuses.
    pub statuses: Vec<Status>,
}

/// What the sandbox keeps, outside Cauce's own store.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Keeps a message taken, with the webhooks it will cause and when; fails as a provider's disk would.
    async fn keep(
        &self,
        channel: Channel,
        id: &str,
        message: &Outgoing,
        posts: &[(DateTime<Utc>, Post)],
    ) -> Result<(), String>;
}

/// What a message and the webhooks it causes are kept as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    /// The sandbox's id.
    pub id: String,
    /// Channel.
    pub channel: Channel,
    /// Our reference.
    pub reference: String,
    /// Where it went, copies after.
    pub recipients: Vec<String>,
    /// Text.
    pub text: String,
    /// What will be posted, and when.
    pub posts: Vec<(DateTime<Utc>, Post)>,
}

/// An outbox among the files: one JSON document a message, under `outbox/{project}/`. Nobody posts its webhooks by
/// itself: whoever tries a stage out reads them there.
pub struct FilesOutbox(pub Arc<dyn Files>);

#[async_trait]
impl Outbox for FilesOutbox {
    async fn keep(
        &self,
        channel: Channel,
        id: &str,
        message: &Outgoing,
        posts: &[(DateTime<Utc>, Post)],
    ) -> Result<(), String> {
        let all = message.recipients.to.iter().chain(&message.recipients.cc);
        let kept = Kept {
            id: id.to_owned(),
            channel,
            reference: message.reference.clone(),
            recipients: all.map(|d| d.address.clone()).collect(),
            text: message.text.clone(),
            posts: posts.to_vec(),
        };
        let body = serde_json::to_vec(&kept).map_err(|e| e.to_string())?;
        let key = format!("outbox/{}/{id}.json", message.project);
        self.0.write(&key, whole(body)).await.map_err(|e| e.to_string())
    }
}

/// Sandbox senders for the channels given, over one outbox.
pub fn senders(
    channels: impl IntoIterator<Item = Channel>,
    seed: u64,
    outbox: &Arc<dyn Outbox>,
) -> BTreeMap<Channel, Arc<dyn Sender>> {
    let sender = |channel| -> Arc<dyn Sender> { Arc::new(Sandbox { channel, seed, outbox: Arc::clone(outbox) }) };
    channels.into_iter().map(|channel| (channel, sender(channel))).collect()
}

/// The senders of a stage: what is connected already, and the sandbox for every other channel, kept among the files.
pub fn over(ports: &Ports) -> BTreeMap<Channel, Arc<dyn Sender>> {
    let outbox: Arc<dyn Outbox> = Arc::new(FilesOutbox(Arc::clone(&ports.files)));
    let open = Channel::WRITTEN.into_iter().filter(|c| !ports.channels.contains_key(c));
    let mut channels = senders(open, 0, &outbox);
    channels.extend(ports.channels.iter().map(|(c, s)| (*c, Arc::clone(s))));
    channels
}

/// A sandbox sender of one channel.
pub struct Sandbox {
    /// Channel.
    pub channel: Channel,
    /// Seed of what happens.
    pub seed: u64,
    /// Where it is kept.
    pub outbox: Arc<dyn Outbox>,
}

#[async_trait]
impl Sender for Sandbox {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    async fn send(&self, message: &Outgoing) -> Answer {
        let fate = Fate::of(self.seed, message);
        if fate.refused() {
            return Answer::refused("destinatario no disponible (sandbox)");
        }
        let id = format!("sb-{}", Fate::of_text(self.seed, &message.reference).hex(12));
        let notice = is_aside(&message.reference);
        let posts = if notice { Vec::new() } else { fate.posts(self.channel, &id, message) };
        match self.outbox.keep(self.channel, &id, message, &posts).await {
            Ok(()) if fate.silent() => Answer::Unknown("sin respuesta (sandbox)".to_owned()),
            Ok(()) => Answer::Accepted(id),
            Err(_) => Answer::not_now("el sandbox no pudo guardar el mensaje"),
        }
    }
}

/// What happens to one message, drawn from the seed, where it goes and what it says. With seed 0 nothing goes wrong.
struct Fate([u8; 32], bool);

impl Fate {
    fn of(seed: u64, message: &Outgoing) -> Self {
        let to = message.recipients.to.first().map_or("", |d| d.address.as_str());
        Self::of_text(seed, &format!("{to}\n{}", message.text))
    }
    fn of_text(seed: u64, text: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(seed.to_le_bytes());
        digest.update(text.as_bytes());
        Self(digest.finalize().into(), seed == 0)
    }
    fn hex(&self, bytes: usize) -> String {
        self.0[..bytes].iter().map(|b| format!("{b:02x}")).collect()
    }
    /// One in a hundred is refused at once.
    fn refused(&self) -> bool {
        !self.1 && self.draw(0, 100) == 0
    }
    /// One in five hundred is taken without an answer.
    fn silent(&self) -> bool {
        !self.1 && self.draw(2, 500) == 0
    }
    fn draw(&self, at: usize, of: u32) -> u32 {
        u32::from(u16::from_le_bytes([self.0[12 + at], self.0[13 + at]])) % of
    }

    /// The webhooks of a message: accepted, then sent, delivered and opened, or failed; some twice, some before others.
    fn posts(&self, channel: Channel, id: &str, message: &Outgoing) -> Vec<(DateTime<Utc>, Post)> {
        let delivered = i64::from(self.draw(4, 900)) + 2;
        let opened = delivered + 60 + i64::from(self.draw(6, 36_000));
        let opens = match channel {
            Channel::Whatsapp => self.draw(8, 100) < 62,
            Channel::Email => self.draw(8, 100) < 34,
            Channel::Sms => false,
            Channel::Call => false,
        };
        let fails = !self.1 && self.draw(10, 100) < 4;
        let mut steps = vec![("sent", 1)];
        match (fails, opens) {
            (true, _) => steps.push(("failed", delivered)),
            (false, true) => steps.extend([("delivered", delivered), ("opened", opened)]),
            (false, false) => steps.push(("delivered", delivered)),
        }
        let status = |(name, after): (&str, i64)| Status {
            id: id.to_owned(),
            // Only half of the posts carry our reference: the rest must find the message by its receipt.
            reference: self.0[30].is_multiple_of(2).then(|| message.reference.clone()),
            status: name.to_owned(),
            error: (name == "failed").then(|| "número o buzón no disponible (sandbox)".to_owned()),
            at: message.at + TimeDelta::seconds(after),
        };
        let late = |n: usize| {
            TimeDelta::seconds(i64::from(self.0[20 + n] % 7) * if self.0[31].is_multiple_of(5) { 1200 } else { 1 })
        };
        let mut posts: Vec<(DateTime<Utc>, Post)> = steps
            .into_iter()
            .enumerate()
            .map(|(n, step)| (message.at + TimeDelta::seconds(step.1) + late(n), Post { statuses: vec![status(step)] }))
            .collect();
        if self.0[29].is_multiple_of(6)
            && let Some(doubled) = posts.last().cloned()
        {
            posts.push((doubled.0 + TimeDelta::minutes(3), doubled.1));
        }
        if self.0[28].is_multiple_of(8) && posts.len() > 1 {
            // Two in one post, the later status first.
            let (at, mut last) = posts.remove(1);
            last.statuses.extend(posts[0].1.statuses.clone());
            posts[0] = (at, last);
        }
        posts
    }
}

/// Signs a webhook body.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body);
    let digest: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256={digest}")
}

/// Reads sandbox webhooks.
pub struct SandboxWebhook;

#[async_trait]
impl Webhook for SandboxWebhook {
    fn most(&self) -> usize {
        3 * 1024 * 1024
    }

    async fn verify(&self, keys: &Keys, request: &Request<'_>) -> Verdict {
        let given = request.header(SIGNATURE).unwrap_or_default().as_bytes();
        let signed = |key: &&str| bool::from(sign(key, request.body).as_bytes().ct_eq(given));
        if keys.valid(None, request.at).filter(signed).count() > 0 { Verdict::Genuine } else { Verdict::Forged }
    }

    fn read(&self, body: &[u8], _query: &str) -> Vec<Told> {
        match serde_json::from_slice::<Post>(body) {
            Ok(post) => post.statuses.into_iter().map(read).collect(),
            Err(_) => vec![Told::DeadLetter { reason: "not_json" }],
        }
    }
}

fn read(status: Status) -> Told {
    let state = match status.status.as_str() {
        "sent" => Reported::Sent,
        "delivered" => Reported::Delivered,
        "opened" => Reported::Read,
        "failed" => Reported::Failed,
        other => return Told::Ignored { reason: format!("status:{other}"), id: Some(status.id) },
    };
    Told::Status(told::Status {
        at: Some(status.at),
        reference: status.reference,
        // What a sandbox refuses says nothing of the address.
        reason: status.error,
        ..told::Status::of(status.id, state)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_statuses_are_passed_over_and_broken_bodies_named() {
        let body = br#"{"statuses":[{"id":"a","status":"typing","at":"2026-03-10T14:00:00Z"},{"id":"a","status":"opened","at":"2026-03-10T14:00:00Z"}]}"#;
        let told = SandboxWebhook.read(body, "");
        assert!(matches!(&told[..], [Told::Ignored { .. }, Told::Status(_)]), "{told:?}");
        assert!(matches!(SandboxWebhook.read(b"no", "")[..], [Told::DeadLetter { .. }]));
    }
}
