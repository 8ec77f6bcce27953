//! Tokens of routes: half of one is drawn, half is a code of it under a key of the platform's. One that somebody invented
//! is known for it without a look at anything: a flood of them reaches no service that counts its calls.

use crate::Ports;
use crate::error::Error;
use crate::ports::secrets::Secret;
use crate::store::keys;
use subtle::ConstantTimeEq;

/// The platform's key, made with the first route and never changed: every route handed out would end with it.
const KEY: &str = "hook.key";
/// Digits of each half: 64 bits.
const HALF: usize = 16;

/// The code of a token's first half.
fn code(key: &Secret, drawn: &str) -> String {
    let mut code = keys::keyed(key.expose().as_bytes(), "hook", drawn);
    code.truncate(HALF);
    code
}

/// Makes a token for a new route.
pub async fn new_token(ports: &Ports) -> Result<String, Error> {
    let made = Secret::new(format!("{}{}", ports.new_id().simple(), ports.new_id().simple()));
    let key = ports.secrets.claim(KEY, &made).await?;
    // The end of an id is drawn; its beginning is the time.
    let id = ports.new_id().simple().to_string();
    let drawn = &id[id.len() - HALF..];
    Ok(format!("{drawn}{}", code(&key, drawn)))
}

/// Whether a token was made here; compared in constant time.
pub(super) async fn is_ours(ports: &Ports, token: &str) -> Result<bool, Error> {
    let plausible = token.len() == 2 * HALF && token.bytes().all(|b| b.is_ascii_hexdigit());
    let Some((drawn, given)) = token.split_at_checked(HALF).filter(|_| plausible) else { return Ok(false) };
    let Some(key) = ports.secrets.get(KEY).await? else { return Ok(false) };
    Ok(bool::from(code(&key, drawn).as_bytes().ct_eq(given.as_bytes())))
}
