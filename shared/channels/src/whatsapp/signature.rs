//! Who signed a webhook of Meta's, and the handshake that subscribes its address.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The header that carries the signature.
pub const HEADER: &str = "x-hub-signature-256";

/// Whether the app secret signed exactly these bytes.
pub fn verify(secret: &str, header: Option<&str>, body: &[u8]) -> bool {
    let Some(given) = header.and_then(|h| h.strip_prefix("sha256=")).and_then(|hex| hex::decode(hex).ok()) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    // Compares whole and in constant time; another length is another signature.
    mac.verify_slice(&given).is_ok()
}

/// Answers the handshake: the challenge, when the token is ours.
pub fn challenge<'a>(token: &str, query: &'a [(String, String)]) -> Option<&'a str> {
    let named = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let ours = named("hub.verify_token").is_some_and(|t| bool::from(t.as_bytes().ct_eq(token.as_bytes())));
    let subscribes = named("hub.mode") == Some("subscribe");
    // What is echoed must not be able to be a page.
    let plain = |c: &&str| {
        (1..=128).contains(&c.len()) && c.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    named("hub.challenge").filter(plain).filter(|_| ours && subscribes)
}
