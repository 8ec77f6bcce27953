//! `Table` on DynamoDB.
//!
//! - A put names the version it makes: one more than it expects, 1 where nothing was, and a number out of the write's
//!   own id where anything may have been, so that no version of an item comes twice.
//! - One change is a conditional `PutItem` or `DeleteItem`; several are a `TransactWriteItems`. A refused condition
//!   answers with the item that stands there, by which a retry after a lost reply knows its own work.
//! - A transaction that met another one in flight, and reads that came back unprocessed, are tried again here.
//!
//! It does not promise that an index has what was just written: a query over one may be a moment behind.

mod item;
mod meter;
mod query;
mod write;

pub use item::{EXPIRES, VERSION, WRITE};
pub use meter::{Meter, Units};

use crate::environment::{self, Misplaced};
use crate::error::classify;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity, ReturnValue};
use cauce_engine::ports::PortError;
use cauce_engine::ports::table::{
    Change, Key, MAX_KEYS, Page, Query, Stored, Table, TableName, WriteError, check_limits,
};
use futures::StreamExt;
use item::{Attributes, key_of, stored};
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;
use std::time::Duration;
use uuid::Uuid;

const SERVICE: &str = "DynamoDB";
/// How often what DynamoDB puts off is asked again.
const TRIES: u32 = 6;
/// Single puts in flight at once.
const TOGETHER: usize = 16;

/// The table.
pub struct DynamoTable {
    config: SdkConfig,
    client: OnceLock<Client>,
    names: BTreeMap<TableName, String>,
    meter: Meter,
}

impl DynamoTable {
    /// Over the tables that the environment names.
    pub fn from_environment(config: &SdkConfig) -> Result<Self, Misplaced> {
        let name = |table| Ok((table, environment::read(&environment::table(table))?));
        Ok(Self::new(config, TableName::ALL.into_iter().map(name).collect::<Result<_, Misplaced>>()?))
    }

    /// Over tables by name.
    pub fn new(config: &SdkConfig, names: BTreeMap<TableName, String>) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), names, meter: Meter::default() }
    }

    /// The capacity used so far.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::new(&self.config))
    }

    fn name(&self, table: TableName) -> Result<&str, PortError> {
        let name = self.names.get(&table).map(String::as_str);
        name.ok_or_else(|| PortError::Refused(format!("la tabla '{}' no está configurada", table.name())))
    }

    /// The table of a name.
    fn table_of(&self, name: &str) -> Option<TableName> {
        // An answer may name a table by its address: `…:table/NAME`.
        let name = name.rsplit('/').next().unwrap_or(name);
        self.names.iter().find(|(_, n)| n.as_str() == name).map(|(table, _)| *table)
    }

    /// Reads a batch, asking again for what comes back unprocessed.
    async fn read_batch(&self, keys: &[Key]) -> Result<HashMap<Key, Stored>, PortError> {
        let mut wanted: HashMap<String, KeysAndAttributes> = HashMap::new();
        let mut by_table: BTreeMap<TableName, Vec<Attributes>> = BTreeMap::new();
        for key in keys {
            by_table.entry(key.table).or_default().push(key_of(key));
        }
        for (table, keys) in by_table {
            let asked = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
            wanted.insert(self.name(table)?.to_owned(), asked.map_err(|e| PortError::Refused(e.to_string()))?);
        }
        let mut found = HashMap::new();
        for attempt in 0..TRIES {
            let asked = self.client().batch_get_item().set_request_items(Some(wanted));
            let answer = asked.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
            let answer = answer.map_err(|e| classify(SERVICE, e))?;
            answer.consumed_capacity().iter().for_each(|c| self.meter.read(c.capacity_units()));
            for (name, items) in answer.responses.unwrap_or_default() {
                let Some(table) = self.table_of(&name) else { continue };
                for attributes in items {
                    let item = stored(table, attributes, false)?;
                    found.insert(item.key.clone(), item);
                }
            }
            wanted = answer.unprocessed_keys.unwrap_or_default();
            if wanted.is_empty() {
                return Ok(found);
            }
            pause(attempt).await;
        }
        Err(PortError::Unavailable(SERVICE, None))
    }
}

/// Waits before an attempt is repeated: doubling from 25 ms, each process by a share of its own.
async fn pause(attempt: u32) {
    let share = u64::from(Uuid::now_v7().as_bytes()[15]);
    tokio::time::sleep(Duration::from_millis((25_u64 << attempt.min(6)) * (256 + share) / 512)).await;
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key) -> Result<Option<Stored>, PortError> {
        let asked = self.client().get_item().table_name(self.name(key.table)?).set_key(Some(key_of(key)));
        let asked = asked.consistent_read(true).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = asked.send().await.map_err(|e| classify(SERVICE, e))?;
        self.meter.read(answer.consumed_capacity().and_then(|c| c.capacity_units()));
        answer.item.map(|attributes| stored(key.table, attributes, false)).transpose()
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, PortError> {
        if keys.len() > MAX_KEYS {
            return Err(PortError::Refused(format!("una lectura pide hasta {MAX_KEYS} elementos")));
        }
        let mut distinct = keys.to_vec();
        distinct.sort();
        distinct.dedup();
        if distinct.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.read_batch(&distinct).await?;
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        self.read_page(query).await
    }

    async fn write(&self, id: Uuid, changes: Vec<Change>) -> Result<(), WriteError> {
        check_limits(&changes)?;
        match changes.as_slice() {
            [one] => self.write_one(id, one).await,
            many => self.write_all(id, many).await,
        }
    }

    async fn write_many(&self, id: Uuid, changes: Vec<Change>) -> Result<Vec<Result<(), WriteError>>, PortError> {
        changes.iter().try_for_each(|c| check_limits(std::slice::from_ref(c)))?;
        let mut writes = Vec::with_capacity(changes.len());
        for change in &changes {
            writes.push(self.write_one(id, change));
        }
        Ok(futures::stream::iter(writes).buffered(TOGETHER).collect().await)
    }

    async fn add(&self, key: &Key, field: &str, by: i64) -> Result<i64, PortError> {
        let asked = self.client().update_item().table_name(self.name(key.table)?).set_key(Some(key_of(key)));
        let answer = asked
            .update_expression("ADD #f :by, #v :one SET #w = :w")
            .expression_attribute_names("#f", field)
            .expression_attribute_names("#v", VERSION)
            .expression_attribute_names("#w", WRITE)
            .expression_attribute_values(":by", AttributeValue::N(by.to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":w", item::text(&Uuid::now_v7().simple().to_string()))
            .return_values(ReturnValue::UpdatedNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|e| classify(SERVICE, e))?;
        self.meter.write(answer.consumed_capacity().and_then(|c| c.capacity_units()));
        match answer.attributes().and_then(|a| a.get(field)) {
            Some(AttributeValue::N(n)) => n.parse().map_err(|_| PortError::Refused(format!("'{n}' no es un conteo"))),
            _ => Err(PortError::Refused(format!("el conteo '{field}' no volvió"))),
        }
    }
}
