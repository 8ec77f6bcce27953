//! Whether AWS signed a notification, and whether it is of a topic of ours.
//!
//! Anybody may subscribe our address to a topic of their own, and AWS signs that one as well: the topic is asked first.

use crate::json::text;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// The longest a notification may have been on its way: SNS gives up within the hour.
const STALE: TimeDelta = TimeDelta::hours(1);

/// Why a notification is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is no notification, or its headers say otherwise.
    Unreadable,
    /// Its topic is not one of ours.
    Foreign,
    /// Its certificate lies where AWS keeps none.
    Certificate,
    /// Its signature is of a kind nobody knows.
    Version,
    /// It is too old: acknowledged, and nothing is done.
    Stale,
    /// The certificate did not sign it.
    Forged,
}

/// A notification whose topic and certificate's place are right; not yet known to be genuine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// `Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
    pub kind: String,
    /// The topic.
    pub topic: String,
    /// Where the certificate lies.
    pub certificate: String,
    /// What confirms a subscription.
    pub token: Option<String>,
    canonical: String,
    signature: Vec<u8>,
    is_sha256: bool,
}

/// Opens a notification of one of `topics`, as of `now`. `headers` gives what SNS's own headers say of kind and id.
pub fn open(
    body: &[u8],
    headers: (Option<&str>, Option<&str>),
    topics: &[String],
    now: DateTime<Utc>,
) -> Result<Envelope, Refused> {
    let value: Value = serde_json::from_slice(body).map_err(|_| Refused::Unreadable)?;
    let member = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (kind, id) = (member("Type").ok_or(Refused::Unreadable)?, member("MessageId").ok_or(Refused::Unreadable)?);
    let said = |header: Option<&str>, own: &str| header.is_none_or(|header| header == own);
    if !said(headers.0, &kind) || !said(headers.1, &id) {
        return Err(Refused::Unreadable);
    }
    let topic = member("TopicArn").filter(|topic| topics.contains(topic)).ok_or(Refused::Foreign)?;
    let certificate = member("SigningCertURL").filter(|url| is_of_aws(url)).ok_or(Refused::Certificate)?;
    let is_sha256 = match member("SignatureVersion").as_deref() {
        Some("1") => false,
        Some("2") => true,
        _ => return Err(Refused::Version),
    };
    let canonical = canonical(&value, &kind).ok_or(Refused::Unreadable)?;
    let signature = member("Signature").and_then(|s| decode(&s)).ok_or(Refused::Forged)?;
    let at: DateTime<Utc> = text(&value, "Timestamp").and_then(|at| at.parse().ok()).ok_or(Refused::Unreadable)?;
    let envelope = Envelope { kind, topic, certificate, token: member("Token"), canonical, signature, is_sha256 };
    if now - at > STALE { Err(Refused::Stale) } else { Ok(envelope) }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// Whether a certificate's address is AWS's own and nothing else.
fn is_of_aws(url: &str) -> bool {
    let Some((host, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else { return false };
    let region = host.strip_prefix("sns.").and_then(|h| {
        h.strip_suffix(".amazonaws.com")
            .or_else(|| h.strip_suffix(".amazonaws.com.cn").filter(|r| r.starts_with("cn-")))
    });
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let region = region.is_some_and(|region| !region.is_empty() && region.bytes().all(plain));
    let name = path.strip_prefix("SimpleNotificationService-").and_then(|name| name.strip_suffix(".pem"));
    region && name.is_some_and(|hex| !hex.is_empty() && hex.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')))
}

/// What AWS signs: names and values, a line each, in the order its pages give.
fn canonical(value: &Value, kind: &str) -> Option<String> {
    let names: &[&str] = match kind {
        "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
            &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        }
        _ => return None,
    };
    let mut lines = String::new();
    for name in names {
        match value.get(*name).and_then(Value::as_str) {
            Some(text) => lines.push_str(&format!("{name}\n{text}\n")),
            None if *name == "Subject" => {}
            None => return None,
        }
    }
    Some(lines)
}

impl Envelope {
    /// Whether the certificate signed it.
    pub fn is_signed_by(&self, pem: &[u8]) -> bool {
        use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256};
        let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(pem) else { return false };
        let Ok(certificate) = pem.parse_x509() else { return false };
        let key = &certificate.public_key().subject_public_key.data;
        let algorithm =
            if self.is_sha256 { &RSA_PKCS1_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY };
        let key = ring::signature::UnparsedPublicKey::new(algorithm, key);
        key.verify(self.canonical.as_bytes(), &self.signature).is_ok()
    }
}
