//! Finding a customer by what somebody has of it: a name or part of one, a document, a phone, an e-mail, an order's code.
//!
//! Names are found by the beginnings of their words, each kept under its first letters; everything else leads straight to
//! its customer.

use crate::Ports;
use crate::edit_customer::owners;
use crate::error::Error;
use crate::limits::SHORT;
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
/// Names looked at in each place, and customers found, at most.
const LOOKED_AT: u32 = 1000;
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

/// Words of a beginning lie in sixteen places, by customer: a load of many of one name meets itself in none.
fn partition(setup: &Setup, word: &str, shard: &str) -> String {
    format!("{}#nm#{}#{shard}", setup.id(), word.chars().take(2).collect::<String>())
}

/// What is written for a name that came in place of another.
pub(crate) fn renamed(
    setup: &Setup,
    id: &CustomerId,
    before: Option<&str>,
    after: Option<&str>,
) -> Result<Vec<Change>, Error> {
    let (old, new) = (before.map(words).unwrap_or_default(), after.map(words).unwrap_or_default());
    let shard = keys::shard_of(id);
    let place = |word: &String| Key::new(TableName::Accounts, partition(setup, word, shard), format!("{word}#{id}"));
    let gone = old.difference(&new).map(|word| Ok(Change::Delete(place(word), Expect::Anything)));
    let come = new.difference(&old).map(|word| {
        let item = Item::new(place(word), encode(&NameWord::default())?);
        Ok(Change::Put(item, Expect::Anything))
    });
    gone.chain(come).collect()
}

/// Finds customers by whatever somebody writes, among those that `sees` passes where a name is all there is.
pub async fn find(
    ports: &Ports,
    setup: &Setup,
    text: &str,
    sees: &(dyn Fn(&Account) -> bool + Sync),
) -> Result<Vec<Found>, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > SHORT {
        return Ok(Vec::new());
    }
    let mut exactly = Vec::new();
    if let Some((customer, ..)) = accounts::order_by_code(ports, setup.id(), text).await? {
        exactly.push(customer);
    }
    if text.contains('@') {
        if let Ok(email) = Email::parse(text) {
            exactly.extend(owners(ports, setup, email.address()).await?);
        }
    } else if text.chars().filter(char::is_ascii_digit).count() >= 3 {
        if let Ok(phone) = Phone::parse(text, Some(setup.project().country)) {
            exactly.extend(owners(ports, setup, phone.e164()).await?);
        }
        let documents = KINDS.iter().filter_map(|kind| Document::parse(kind, text).ok());
        exactly.extend(documents.map(|document| setup.customer_id(&document)));
    }
    let found = read(ports, setup, exactly, true).await?;
    match found.is_empty() && !text.contains('@') {
        true => by_name(ports, setup, text, sees).await,
        false => Ok(found),
    }
}

/// Those whose name has words that begin as all of these do: the customers that every word leads to.
async fn by_name(
    ports: &Ports,
    setup: &Setup,
    text: &str,
    sees: &(dyn Fn(&Account) -> bool + Sync),
) -> Result<Vec<Found>, Error> {
    let mut common: Option<BTreeSet<CustomerId>> = None;
    for word in words(text) {
        let with = with_word(ports, setup, &word).await?;
        common = Some(match common {
            None => with,
            Some(before) => before.intersection(&with).cloned().collect(),
        });
    }
    let mut found = Vec::new();
    for some in common.unwrap_or_default().into_iter().collect::<Vec<_>>().chunks(MAX_KEYS) {
        found.extend(read(ports, setup, some.to_vec(), false).await?.into_iter().filter(|it| sees(&it.account)));
        if found.len() >= MOST_FOUND {
            break;
        }
    }
    found.truncate(MOST_FOUND);
    Ok(found)
}

/// The customers that have a word that begins so, as far as is looked.
async fn with_word(ports: &Ports, setup: &Setup, word: &str) -> Result<BTreeSet<CustomerId>, Error> {
    let query =
        |shard: &&str| Query::table(TableName::Accounts, partition(setup, word, shard)).prefix(word).limit(LOOKED_AT);
    let queries: Vec<Query> = keys::SHARD_NAMES.iter().map(query).collect();
    let pages = futures::future::try_join_all(queries.iter().map(|query| ports.table.query(query))).await?;
    let listed = pages.into_iter().flat_map(|page| page.items);
    Ok(listed.filter_map(|stored| stored.key.sk.split_once('#').map(|(_, id)| CustomerId::from(id))).collect())
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
