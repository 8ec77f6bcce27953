//! Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body, in Base64, under each key in force.

use crate::ports::Ports;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How keys are written, so that they are known for what they are.
const PREFIX: &str = "whsec_";

/// A new key: 256 bits.
pub fn new_secret(ports: &Ports) -> String {
    let bytes: Vec<u8> =
        [ports.new_id(), ports.new_id(), ports.new_id()].iter().flat_map(|id| *id.as_bytes()).collect();
    // Ids are told apart by their time; what nobody can know of them is spread over the key.
    let digest = <Sha256 as sha2::Digest>::digest(&bytes);
    format!("{PREFIX}{}", STANDARD.encode(digest))
}

/// The header `webhook-signature` for a body: one signature per key.
pub fn signature<'a>(secrets: impl IntoIterator<Item = &'a str>, id: &str, timestamp: i64, body: &str) -> String {
    let one = |secret: &str| {
        let key = STANDARD.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).unwrap_or_default();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.into_iter().filter_map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn a_body_is_signed_as_the_specification_does() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let (id, at, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature([secret], id, at, body), expected);
        let two = signature([secret, secret], id, at, body);
        assert_eq!(two, format!("{expected} {expected}"), "both keys sign while one takes the other's place");
    }
}
