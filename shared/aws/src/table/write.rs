//! Writes: one change alone, or several that stand or fall together.

use super::item::{Attributes, VERSION, attributes, key_of, stored};
use super::{DynamoTable, SERVICE, TRIES, pause};
use crate::error::{AwsError, classify};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure as Refused, TransactWriteItem,
};
use cauce_engine::ports::PortError;
use cauce_engine::ports::table::{Change, Expect, Stored, WriteError};
use std::collections::HashMap;
use uuid::Uuid;

/// What a change expects, as DynamoDB asks for it.
struct Condition {
    expression: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Condition {
    fn of(expect: Expect) -> Self {
        match expect {
            Expect::Anything => Self { expression: None, names: None, values: None },
            Expect::Absent => {
                Self { expression: Some("attribute_not_exists(pk)".to_owned()), names: None, values: None }
            }
            Expect::Version(version) => Self {
                expression: Some("#v = :v".to_owned()),
                names: Some(HashMap::from([("#v".to_owned(), VERSION.to_owned())])),
                values: Some(HashMap::from([(":v".to_owned(), AttributeValue::N(version.to_string()))])),
            },
        }
    }
}

/// The year 2020, in milliseconds since 1970: what is counted from there fits beside the random bits until 2089.
const SINCE: u64 = 1_577_836_800_000;

/// The version a put makes.
fn version_after(expect: Expect, write: Uuid) -> u64 {
    match expect {
        Expect::Absent => 1,
        Expect::Version(version) => version + 1,
        // The write's millisecond and 22 of its random bits: above every count, and no two writes alike.
        Expect::Anything => {
            let millis = (write.as_u128() >> 80) as u64;
            (millis.saturating_sub(SINCE) << 22) | (write.as_u128() as u64 & 0x3F_FFFF)
        }
    }
}

fn broken(error: impl std::fmt::Display) -> PortError {
    PortError::Refused(error.to_string())
}

impl DynamoTable {
    pub(super) async fn write_one(&self, id: Uuid, change: &Change) -> Result<(), WriteError> {
        let condition = Condition::of(change.expect());
        let name = self.name(change.key().table)?;
        let capacity = ReturnConsumedCapacity::Total;
        let outcome = match change {
            Change::Check(_, Expect::Anything) => return Ok(()),
            // A lone check has no call of its own.
            Change::Check(..) => return self.write_all(id, std::slice::from_ref(change)).await,
            Change::Put(item, expect) => {
                let asked = self.client().put_item().table_name(name);
                let asked = asked.set_item(Some(attributes(item, version_after(*expect, id), id)?));
                let asked = asked.set_condition_expression(condition.expression);
                let asked = asked.set_expression_attribute_names(condition.names);
                let asked = asked.set_expression_attribute_values(condition.values);
                let asked = asked.return_values_on_condition_check_failure(Refused::AllOld);
                let answer = asked.return_consumed_capacity(capacity).send().await;
                answer.map(|a| a.consumed_capacity.and_then(|c| c.capacity_units)).map_err(|error| {
                    match error.as_service_error() {
                        Some(PutItemError::ConditionalCheckFailedException(e)) => Failed::Condition(e.item.clone()),
                        _ => Failed::Call(classify(SERVICE, error)),
                    }
                })
            }
            Change::Delete(key, _) => {
                let asked = self.client().delete_item().table_name(name).set_key(Some(key_of(key)));
                let asked = asked.set_condition_expression(condition.expression);
                let asked = asked.set_expression_attribute_names(condition.names);
                let asked = asked.set_expression_attribute_values(condition.values);
                let asked = asked.return_values_on_condition_check_failure(Refused::AllOld);
                let answer = asked.return_consumed_capacity(capacity).send().await;
                answer.map(|a| a.consumed_capacity.and_then(|c| c.capacity_units)).map_err(|error| {
                    match error.as_service_error() {
                        Some(DeleteItemError::ConditionalCheckFailedException(e)) => Failed::Condition(e.item.clone()),
                        _ => Failed::Call(classify(SERVICE, error)),
                    }
                })
            }
        };
        match outcome {
            Ok(units) => {
                self.meter.write(units);
                Ok(())
            }
            Err(Failed::Call(error)) => Err(WriteError::Port(error.into())),
            Err(Failed::Condition(item)) => Err(WriteError::Conflict(vec![(0, self.standing(change, item)?)])),
        }
    }

    fn standing(&self, change: &Change, item: Option<Attributes>) -> Result<Option<Stored>, PortError> {
        item.map(|attributes| stored(change.key().table, attributes, false)).transpose()
    }

    fn part(&self, id: Uuid, change: &Change) -> Result<TransactWriteItem, PortError> {
        let condition = Condition::of(change.expect());
        let name = self.name(change.key().table)?;
        let item = TransactWriteItem::builder();
        Ok(match change {
            Change::Put(put, expect) => {
                let built = Put::builder()
                    .table_name(name)
                    .set_item(Some(attributes(put, version_after(*expect, id), id)?))
                    .set_condition_expression(condition.expression)
                    .set_expression_attribute_names(condition.names)
                    .set_expression_attribute_values(condition.values)
                    .return_values_on_condition_check_failure(Refused::AllOld);
                item.put(built.build().map_err(broken)?)
            }
            Change::Delete(key, _) => {
                let built = Delete::builder()
                    .table_name(name)
                    .set_key(Some(key_of(key)))
                    .set_condition_expression(condition.expression)
                    .set_expression_attribute_names(condition.names)
                    .set_expression_attribute_values(condition.values)
                    .return_values_on_condition_check_failure(Refused::AllOld);
                item.delete(built.build().map_err(broken)?)
            }
            Change::Check(key, _) => {
                let built = ConditionCheck::builder()
                    .table_name(name)
                    .set_key(Some(key_of(key)))
                    .set_condition_expression(condition.expression)
                    .set_expression_attribute_names(condition.names)
                    .set_expression_attribute_values(condition.values)
                    .return_values_on_condition_check_failure(Refused::AllOld);
                item.condition_check(built.build().map_err(broken)?)
            }
        }
        .build())
    }

    pub(super) async fn write_all(&self, id: Uuid, changes: &[Change]) -> Result<(), WriteError> {
        // A check of nothing in particular is no condition to DynamoDB.
        let asked: Vec<(usize, &Change)> =
            changes.iter().enumerate().filter(|(_, c)| !matches!(c, Change::Check(_, Expect::Anything))).collect();
        let parts = asked.iter().map(|(_, c)| self.part(id, c)).collect::<Result<Vec<_>, _>>()?;
        for attempt in 0..TRIES {
            let call = self.client().transact_write_items().set_transact_items(Some(parts.clone()));
            let error = match call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
                Ok(answer) => {
                    answer.consumed_capacity().iter().for_each(|c| self.meter.write(c.capacity_units()));
                    return Ok(());
                }
                Err(error) => error,
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
                return Err(WriteError::Port(classify(SERVICE, error).into()));
            };
            match self.conflicts(&asked, canceled.cancellation_reasons())? {
                Canceled::Conflict(lost) => return Err(WriteError::Conflict(lost)),
                Canceled::Refused(why) => return Err(WriteError::Port(PortError::Refused(why))),
                Canceled::Later => pause(attempt).await,
            }
        }
        Err(WriteError::Port(PortError::Unavailable(SERVICE, None)))
    }

    /// What a cancelled transaction says: conditions that failed, something wrong with the request, or *ask again*.
    fn conflicts(&self, asked: &[(usize, &Change)], reasons: &[CancellationReason]) -> Result<Canceled, PortError> {
        let mut lost = Vec::new();
        let mut refused = None;
        for ((at, change), reason) in asked.iter().zip(reasons) {
            match reason.code() {
                Some("ConditionalCheckFailed") => lost.push((*at, self.standing(change, reason.item.clone())?)),
                Some("ValidationError" | "ItemCollectionSizeLimitExceeded") => {
                    refused = Some(reason.message().unwrap_or("validación").to_owned());
                }
                _ => {}
            }
        }
        Ok(match (lost.is_empty(), refused) {
            (false, _) => Canceled::Conflict(lost),
            (true, Some(why)) => Canceled::Refused(why),
            (true, None) => Canceled::Later,
        })
    }
}

/// Why a single write was not made.
enum Failed {
    Condition(Option<Attributes>),
    Call(AwsError),
}

/// Why a transaction was not made.
enum Canceled {
    Conflict(Vec<(usize, Option<Stored>)>),
    Refused(String),
    Later,
}
