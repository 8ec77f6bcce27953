//! The address a person answers to: it names the message answered, under a code only we can make.

use hmac::{Hmac, Mac};
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

/// The code of a message under a key.
fn code(key: &[u8], project: &str, ulid: &str) -> [u8; CODE] {
    let mut letters = [b'a'; CODE];
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return letters };
    mac.update(format!("reply:v1:{project}:{ulid}").as_bytes());
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
    let code = code(key, project, &ulid);
    format!("r+{ulid}{}@{domain}", String::from_utf8_lossy(&code))
}

impl ReplyToken {
    /// The token in an address, if it has the shape of one.
    pub fn of(address: &str) -> Option<Self> {
        let address = address.trim().to_lowercase();
        let (local, _) = address.split_once('@')?;
        // Some forms take the plus away.
        let token = local.strip_prefix("r+").or_else(|| local.strip_prefix("r-"))?;
        let (ulid, code) = token.split_at_checked(ULID)?;
        let crockford =
            |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z');
        let shaped = ulid.bytes().all(crockford) && code.len() == CODE && code.bytes().all(|c| ALPHABET.contains(&c));
        shaped.then(|| Self { ulid: ulid.to_owned(), code: code.to_owned() })
    }

    /// Whether one of our keys made it for the project; compared in constant time.
    pub fn is_ours(&self, keys: &[&[u8]], project: &str) -> bool {
        use subtle::ConstantTimeEq;
        let same = |key: &&&[u8]| bool::from(code(key, project, &self.ulid).ct_eq(self.code.as_bytes()));
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
