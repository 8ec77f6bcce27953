//! The address a person answers to: it names the message answered, under a code only we can make.

use crate::error::Error;
use crate::ports::Ports;
use crate::ports::secrets::Secret;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::commit;
use crate::store::interactions::Receipt;
use cauce_domain::ids::{ProjectId, SendId};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Base 32 of RFC 4648, in lower case: some servers change the case of addresses.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Characters of a ULID in Crockford's base 32.
const ULID: usize = 26;
/// Characters of the code.
const CODE: usize = 16;

/// A reply token as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyToken {
    /// The message answered.
    pub ulid: String,
    code: String,
}

/// How long a link to the ways to pay leads there.
const FOLLOWED: TimeDelta = TimeDelta::days(180);

/// What a code is made for: one made for another use opens nothing.
const REPLY: &str = "reply:v1";
const UNSUBSCRIBE: &str = "unsub:v1";
const PAY: &str = "pay:v1";

/// The code of a message under a key.
fn code(key: &[u8], purpose: &str, project: &str, ulid: &str) -> [u8; CODE] {
    let mut letters = [b'a'; CODE];
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return letters };
    mac.update(format!("{purpose}:{project}:{ulid}").as_bytes());
    let digest = mac.finalize().into_bytes();
    for (at, letter) in letters.iter_mut().enumerate() {
        // Five bits at a time, of eighty.
        let (byte, shift) = (at * 5 / 8, at * 5 % 8);
        let pair = u16::from_be_bytes([digest[byte], digest[byte + 1]]);
        *letter = ALPHABET[usize::from(pair >> (11 - shift) & 31)];
    }
    letters
}

/// The address that names a message.
pub fn address(key: &[u8], project: &str, ulid: &str, domain: &str) -> String {
    let ulid = ulid.to_lowercase();
    let code = code(key, REPLY, project, &ulid);
    format!("r+{ulid}{}@{domain}", String::from_utf8_lossy(&code))
}

/// The id of a message as its token writes it, and back: 128 bits in Crockford's base 32.
fn ulid(send: &SendId) -> Option<String> {
    const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let bits = u128::from_str_radix(send.as_str(), 16).ok().filter(|_| send.as_str().len() == 32)?;
    Some((0..ULID).rev().map(|at| char::from(CROCKFORD[(bits >> (5 * at) & 31) as usize])).collect())
}

/// What a token leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lead {
    project: ProjectId,
    receipt: Receipt,
}

shapes! { Lead => "reply_v1" }

/// The platform's keys, the one that makes tokens first; made at their first use. Two during a change of keys.
const KEYS: &str = "reply.keys";

async fn keys(ports: &Ports) -> Result<Vec<String>, Error> {
    if let Some(secret) = ports.secrets.get(KEYS).await? {
        return Ok(secret.expose().split_whitespace().map(str::to_owned).collect());
    }
    let made = format!("{}{}", ports.new_id().simple(), ports.new_id().simple());
    let kept = ports.secrets.claim(KEYS, &Secret::new(made)).await?;
    Ok(kept.expose().split_whitespace().map(str::to_owned).collect())
}

fn place(ulid: &str) -> Key {
    Key::new(TableName::Interactions, format!("reply#{ulid}"), "r")
}

/// What names a message in an address, a link or a heading: its ulid and a code for the use it is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// For the address answers go to.
    pub reply: String,
    /// For the way out.
    pub unsubscribe: String,
}

/// Makes a message's tokens, and has them lead to it.
pub async fn issue(ports: &Ports, project: &ProjectId, receipt: &Receipt) -> Result<Option<Names>, Error> {
    let Some(ulid) = ulid(&receipt.send) else { return Ok(None) };
    let keys = keys(ports).await?;
    let Some(key) = keys.first().map(String::as_bytes) else { return Ok(None) };
    let lead = Lead {
        project: project.clone(),
        receipt: Receipt::of(receipt.customer.clone(), receipt.day, receipt.send.clone()),
    };
    commit(ports, vec![Change::Put(Item::new(place(&ulid), encode(&lead)?), Expect::Anything)]).await?;
    let token = |purpose| format!("{ulid}{}", String::from_utf8_lossy(&code(key, purpose, project.as_str(), &ulid)));
    Ok(Some(Names { reply: format!("r+{}", token(REPLY)), unsubscribe: token(UNSUBSCRIBE) }))
}

/// Makes the short name of a message's link to the ways to pay, and has it lead to the message. Short enough for an SMS:
/// eighty bits that nobody guesses are all there is of it.
pub(crate) async fn issue_pay(
    ports: &Ports,
    project: &ProjectId,
    receipt: &Receipt,
    now: DateTime<Utc>,
) -> Result<Option<String>, Error> {
    let Some(ulid) = ulid(&receipt.send) else { return Ok(None) };
    let keys = keys(ports).await?;
    let Some(key) = keys.first().map(String::as_bytes) else { return Ok(None) };
    let name = String::from_utf8_lossy(&code(key, PAY, project.as_str(), &ulid)).into_owned();
    let lead = Lead { project: project.clone(), receipt: receipt.clone() };
    let item = Item::new(place(&name), encode(&lead)?).expiring((now + FOLLOWED).timestamp());
    commit(ports, vec![Change::Put(item, Expect::Anything)]).await?;
    Ok(Some(name))
}

/// The message a link to the ways to pay belongs to.
pub(crate) async fn follow_pay(ports: &Ports, name: &str) -> Result<Option<(ProjectId, Receipt)>, Error> {
    let name = name.to_lowercase();
    if name.len() != CODE || !name.bytes().all(|c| ALPHABET.contains(&c)) {
        return Ok(None);
    }
    let Some(stored) = ports.table.get(&place(&name)).await? else { return Ok(None) };
    let Lead { project, receipt } = decode(&stored.body)?;
    Ok(Some((project, receipt)))
}

/// The message a reply's token names, where our key made it.
pub async fn follow(ports: &Ports, token: &ReplyToken) -> Result<Option<(ProjectId, Receipt)>, Error> {
    lead(ports, token, REPLY).await
}

/// The message a way out names, where our key made it.
pub async fn follow_way_out(ports: &Ports, token: &str) -> Result<Option<(ProjectId, Receipt)>, Error> {
    match ReplyToken::shaped(&token.to_lowercase()) {
        Some(token) => lead(ports, &token, UNSUBSCRIBE).await,
        None => Ok(None),
    }
}

async fn lead(ports: &Ports, token: &ReplyToken, purpose: &str) -> Result<Option<(ProjectId, Receipt)>, Error> {
    let Some(stored) = ports.table.get(&place(&token.ulid)).await? else { return Ok(None) };
    let Lead { project, receipt } = decode(&stored.body)?;
    let keys = keys(ports).await?;
    let keys: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
    Ok(token.is_made_by(&keys, purpose, project.as_str()).then_some((project, receipt)))
}

impl ReplyToken {
    /// The token in an address, if it has the shape of one.
    pub fn of(address: &str) -> Option<Self> {
        let address = address.trim().to_lowercase();
        let (local, _) = address.split_once('@')?;
        // Some forms take the plus away.
        let token = local.strip_prefix("r+").or_else(|| local.strip_prefix("r-"))?;
        Self::shaped(token)
    }

    /// A token with what stands before it taken off.
    fn shaped(token: &str) -> Option<Self> {
        let (ulid, code) = token.split_at_checked(ULID)?;
        let crockford =
            |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z');
        let shaped = ulid.bytes().all(crockford) && code.len() == CODE && code.bytes().all(|c| ALPHABET.contains(&c));
        shaped.then(|| Self { ulid: ulid.to_owned(), code: code.to_owned() })
    }

    /// Whether one of our keys made it for the project; compared in constant time.
    pub fn is_ours(&self, keys: &[&[u8]], project: &str) -> bool {
        self.is_made_by(keys, REPLY, project)
    }

    fn is_made_by(&self, keys: &[&[u8]], purpose: &str, project: &str) -> bool {
        use subtle::ConstantTimeEq;
        let same = |key: &&&[u8]| bool::from(code(key, purpose, project, &self.ulid).ct_eq(self.code.as_bytes()));
        keys.iter().filter(same).count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ULID: &str = "01hzx3v9k2q4w6t8y0abcdefgh";

    #[test]
    fn a_token_opens_with_the_key_that_made_it() {
        let made = address(b"una", "t1", ULID, "reply.example");
        let token = ReplyToken::of(&made.to_uppercase()).expect("a token");
        assert_eq!(token.ulid, ULID);
        assert!(token.is_ours(&[b"otra", b"una"], "t1"));
        assert!(!token.is_ours(&[b"otra"], "t1"));
        assert!(!token.is_ours(&[b"una"], "t2"), "of another project");
    }

    #[test]
    fn what_has_no_shape_of_a_token_is_none() {
        for address in
            ["r+corto@x.com", "soporte@x.com", "r+", "r+01hzx3v9k2q4w6t8y0abcdefgu0123456789abcdef@x.com", "ñ"]
        {
            assert_eq!(ReplyToken::of(address), None, "{address}");
        }
    }
}
