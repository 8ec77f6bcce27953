//! Keys. Every one begins with the project, except the release index and the ways in from outside.

use crate::ports::table::{Key, TableName};
use cauce_domain::contact::ledger::week_of;
use cauce_domain::ids::{CustomerId, MatterId, ProjectId, SendId};
use chrono::{DateTime, NaiveDate, Utc};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// How many shards spread an index partition.
pub const SHARDS: usize = 16;
/// The names of the shards.
pub const SHARD_NAMES: [&str; SHARDS] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

/// The shard of a customer, the first digit of its id.
pub fn shard_of(customer: &CustomerId) -> &str {
    customer.as_str().get(..1).unwrap_or("0")
}

/// The partition of a customer, in accounts and in interactions.
pub fn partition(project: &ProjectId, customer: &CustomerId) -> String {
    format!("{project}#{customer}")
}

/// The account item.
pub fn account(project: &ProjectId, customer: &CustomerId) -> Key {
    Key::new(TableName::Accounts, partition(project, customer), "a")
}

/// An order by which something is owed.
pub fn open_order(project: &ProjectId, customer: &CustomerId, due: NaiveDate, code: &str) -> Key {
    Key::new(TableName::Accounts, partition(project, customer), format!("o#{due}#{code}"))
}

/// A closed order: paid or annulled.
pub fn closed_order(project: &ProjectId, customer: &CustomerId, code: &str) -> Key {
    Key::new(TableName::Accounts, partition(project, customer), format!("z#o#{code}"))
}

/// A matter that stands.
pub fn standing_matter(project: &ProjectId, customer: &CustomerId, matter: &MatterId) -> Key {
    Key::new(TableName::Accounts, partition(project, customer), format!("p#{matter}"))
}

/// A matter that is over.
pub fn ended_matter(project: &ProjectId, customer: &CustomerId, matter: &MatterId) -> Key {
    Key::new(TableName::Accounts, partition(project, customer), format!("z#p#{matter}"))
}

/// A movement of a customer.
pub fn movement(project: &ProjectId, customer: &CustomerId, code: &str) -> Key {
    Key::new(TableName::Accounts, partition(project, customer), format!("z#m#{code}"))
}

/// Whose order a code is.
pub fn order_code(project: &ProjectId, code: &str) -> Key {
    Key::new(TableName::Accounts, format!("{project}#oc#{code}"), "p")
}

/// Whose movement a code is.
pub fn movement_code(project: &ProjectId, code: &str) -> Key {
    Key::new(TableName::Accounts, format!("{project}#mv#{code}"), "p")
}

/// The partition of an address, by its HMAC.
pub fn address(project: &ProjectId, hmac: &str) -> String {
    format!("{project}#ad#{hmac}")
}

/// The partition of a day in the due, carry or agenda index.
pub fn day_shard(project: &ProjectId, day: NaiveDate, shard: &str) -> String {
    format!("{project}#{day}#{shard}")
}

/// The partition of a project's customers.
pub fn customers_shard(project: &ProjectId, shard: &str) -> String {
    format!("{project}#{shard}")
}

/// A message.
pub fn interaction(project: &ProjectId, customer: &CustomerId, day: NaiveDate, send: &SendId) -> Key {
    Key::new(TableName::Interactions, partition(project, customer), format!("i#{day}#{send}"))
}

/// A week of the contact ledger.
pub fn ledger(project: &ProjectId, customer: &CustomerId, day: NaiveDate) -> Key {
    Key::new(TableName::Interactions, partition(project, customer), format!("l#{}", week_of(day)))
}

/// The receipt of a provider's id.
pub fn receipt(project: &ProjectId, provider: &str, provider_id: &str) -> Key {
    Key::new(TableName::Interactions, format!("{project}#rc#{provider}#{provider_id}"), "r")
}

/// The partition of reports that wait for a receipt.
pub fn parked(project: &ProjectId, provider: &str, provider_id: &str) -> String {
    format!("{project}#pk#{provider}#{provider_id}")
}

/// The partition of the release index: UTC hour and shard.
pub fn release_hour(at: DateTime<Utc>, shard: &str) -> String {
    format!("{}#{shard}", at.format("%Y-%m-%dT%H"))
}

/// An instant as keys spell it: sorts as time does.
pub fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// SHA-256 in hex.
pub fn sha256(text: &[u8]) -> String {
    hex(&Sha256::digest(text))
}

/// A keyed digest of a personal value, 32 hex digits: looked up, never read back.
pub fn keyed(key: &[u8], kind: &str, value: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return sha256(value.as_bytes()) };
    mac.update(kind.as_bytes());
    mac.update(b"\0");
    mac.update(value.as_bytes());
    hex(&mac.finalize().into_bytes()[..16])
}

/// Bytes in hex.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)] as char, DIGITS[usize::from(b & 15)] as char]).collect()
}
