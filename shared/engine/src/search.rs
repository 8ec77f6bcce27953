//! Finding a customer by what somebody has of it: a name or part of one, a document, a phone, an e-mail, an order's code.
//!
//! Names are found by the beginnings of their words, each kept under its first letters; everything else leads straight to
//! its customer.

use crate::Ports;
use crate::edit_customer::owners;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key, MAX_KEYS, Query, TableName};
use crate::store::codec::{encode, shapes};
use crate::store::settings::Setup;
use crate::store::{accounts, keys};
use cauce_domain::contact::point::{Email, Phone};
use cauce_domain::contact::silence::fold;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Status;
use cauce_domain::debt::document::Document;
use cauce_domain::ids::CustomerId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The kinds of document a bare number is tried as.
const KINDS: [&str; 14] =
    ["DNI", "RUC", "CE", "CC", "NIT", "TI", "RFC", "CURP", "RUT", "CUIT", "CUIL", "CI", "PASAPORTE", "OTROS"];
/// Words of a name that are kept.
const MOST_WORDS: usize = 8;
/// Names looked at, and customers found, at most.
const LOOKED_AT: u32 = 200;
const MOST_FOUND: usize = 50;

/// That a customer has a word in its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct NameWord {}

shapes! { NameWord => "name_word_v1" }

/// How a customer was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The customer.
    pub account: Account,
    /// By something only it has, rather than by its name.
    pub exactly: bool,
}

/// The words of a name, as they are looked for.
fn words(name: &str) -> BTreeSet<String> {
    let folded = fold(name);
    folded.split(' ').filter(|word| word.chars().count() > 1).take(MOST_WORDS).map(str::to_owned).collect()
}

fn partition(setup: &Setup, word: &str) -> String {
    format!("{}#nm#{}", setup.id(), word.chars().take(2).collect::<String>())
}

/// What is written for a name that came in place of another.
pub(crate) fn renamed(setup: &Setup, id: &CustomerId, before: Option<&str>, after: &str) -> Result<Vec<Change>, Error> {
    let (old, new) = (before.map(words).unwrap_or_default(), words(after));
    let place = |word: &String| Key::new(TableName::Accounts, partition(setup, word), format!("{word}#{id}"));
    let gone = old.difference(&new).map(|word| Ok(Change::Delete(place(word), Expect::Anything)));
    let come = new.difference(&old).map(|word| {
        let item = Item::new(place(word), encode(&NameWord::default())?);
        Ok(Change::Put(item, Expect::Anything))
    });
    gone.chain(come).collect()
}

/// Finds customers by whatever somebody writes.
pub async fn find(ports: &Ports, setup: &Setup, text: &str) -> Result<Vec<Found>, Error> {
    let text = text.trim();
    let mut exactly = Vec::new();
    if let Some((customer, ..)) = accounts::order_by_code(ports, setup.id(), text).await? {
        exactly.push(customer);
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if text.contains('@') {
        if let Ok(email) = Email::parse(text) {
            exactly.extend(owners(ports, setup, email.address()).await?);
        }
    } else if digits >= 3 {
        if let Ok(phone) = Phone::parse(text, Some(setup.project().country)) {
            exactly.extend(owners(ports, setup, phone.e164()).await?);
        }
        let documents = KINDS.iter().filter_map(|kind| Document::parse(kind, text).ok());
        exactly.extend(documents.map(|document| setup.customer_id(&document)));
    }
    let mut found = read(ports, setup, exactly, true).await?;
    if found.is_empty() && digits == 0 && !text.contains('@') {
        found = by_name(ports, setup, text).await?;
    }
    Ok(found)
}

/// Those whose name has words that begin as all of these do.
async fn by_name(ports: &Ports, setup: &Setup, text: &str) -> Result<Vec<Found>, Error> {
    let wanted = words(text);
    let Some(rarest) = wanted.iter().max_by_key(|word| word.chars().count()) else { return Ok(Vec::new()) };
    let query = Query::table(TableName::Accounts, partition(setup, rarest)).prefix(rarest).limit(LOOKED_AT);
    let listed = ports.table.query(&query).await?.items;
    let ids = listed.iter().filter_map(|stored| stored.key.sk.split_once('#')).map(|(_, id)| CustomerId::from(id));
    let mut found = read(ports, setup, ids.collect(), false).await?;
    found.retain(|found| {
        let has = words(&found.account.customer.name);
        wanted.iter().all(|word| has.iter().any(|own| own.starts_with(word.as_str())))
    });
    found.truncate(MOST_FOUND);
    Ok(found)
}

async fn read(ports: &Ports, setup: &Setup, ids: Vec<CustomerId>, exactly: bool) -> Result<Vec<Found>, Error> {
    let ids: BTreeSet<CustomerId> = ids.into_iter().collect();
    let places: Vec<Key> = ids.iter().map(|id| keys::account(setup.id(), id)).collect();
    let mut found = Vec::new();
    for some in places.chunks(MAX_KEYS) {
        for stored in ports.table.get_many(some).await?.into_iter().flatten() {
            let account = accounts::read_account(&stored)?;
            if account.customer.status != Status::Deleted {
                found.push(Found { account, exactly });
            }
        }
    }
    Ok(found)
}
