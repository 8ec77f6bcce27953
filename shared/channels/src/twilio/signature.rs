//! Who signed a webhook of Twilio's: an HMAC over the address it was sent to and the fields of its form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use subtle::ConstantTimeEq;

/// The header that carries the signature.
pub const HEADER: &str = "x-twilio-signature";

/// Whether the account's auth token signed a request to exactly this address, fragment left out.
///
/// Twilio may or may not spell the usual port of the scheme: either is taken. A JSON body is not part of what is signed;
/// its digest in the address is, and has to be the body's.
pub fn verify(token: &str, header: Option<&str>, url: &str, is_form: bool, body: &[u8]) -> bool {
    let Some(given) = header.and_then(|h| STANDARD.decode(h).ok()) else { return false };
    let fields = if is_form { fields(body) } else { String::new() };
    if !is_form && !body.is_empty() && !names_digest(url, body) {
        return false;
    }
    let signed = |url: &String| {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else { return false };
        mac.update(url.as_bytes());
        mac.update(fields.as_bytes());
        mac.verify_slice(&given).is_ok()
    };
    // All spellings are tried, so that the time tells nothing.
    spellings(url).iter().filter(|url| signed(url)).count() > 0
}

/// The fields of a form, sorted, each name before each of its distinct values.
fn fields(body: &[u8]) -> String {
    let pairs: BTreeSet<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    pairs.into_iter().map(|(name, value)| name + &value).collect()
}

fn names_digest(url: &str, body: &[u8]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256");
    let digest = hex::encode(Sha256::digest(body));
    named.is_some_and(|(_, named)| bool::from(named.to_lowercase().as_bytes().ct_eq(digest.as_bytes())))
}

/// The address as given, with the usual port, and without it.
fn spellings(url: &str) -> Vec<String> {
    let url = url.split('#').next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let usual = if scheme == "https" { "443" } else { "80" };
    let (host, port) = authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let mut all = vec![url.to_owned()];
    match port {
        None => all.push(format!("{scheme}://{host}:{usual}{path}")),
        Some(port) if port == usual => all.push(format!("{scheme}://{host}{path}")),
        Some(_) => {}
    }
    all
}
