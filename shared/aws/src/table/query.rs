//! Queries: a partition of a table or an index, a range of it, page by page.

use super::item::{Attributes, stored, taken, text};
use super::{DynamoTable, SERVICE};
use crate::error::classify;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use cauce_engine::ports::PortError;
use cauce_engine::ports::table::{Cursor, Page, Query, Source};

/// The names of a source's keys.
struct Keys {
    pk: String,
    sk: String,
}

impl Keys {
    fn of(source: Source) -> Self {
        match source {
            Source::Table(_) => Self { pk: "pk".to_owned(), sk: "sk".to_owned() },
            Source::Index(index) => Self { pk: format!("{}_pk", index.name()), sk: format!("{}_sk", index.name()) },
        }
    }
}

/// Where DynamoDB goes on after a page.
fn start(query: &Query, keys: &Keys, after: &Cursor) -> Attributes {
    let mut start = Attributes::from([("sk".to_owned(), text(&after.base_sk))]);
    let base_pk = if matches!(query.source, Source::Table(_)) { &query.pk } else { &after.base_pk };
    start.insert("pk".to_owned(), text(base_pk));
    start.insert(keys.pk.clone(), text(&query.pk));
    start.insert(keys.sk.clone(), text(&after.sk));
    start
}

fn cursor(mut last: Attributes, keys: &Keys) -> Result<Cursor, PortError> {
    let (base_pk, base_sk) = (taken(&mut last, "pk")?, taken(&mut last, "sk")?);
    let sk = if keys.sk == "sk" { base_sk.clone() } else { taken(&mut last, &keys.sk)? };
    Ok(Cursor { sk, base_pk, base_sk })
}

impl DynamoTable {
    pub(super) async fn read_page(&self, query: &Query) -> Result<Page, PortError> {
        let keys = Keys::of(query.source);
        let (table, index) = match query.source {
            Source::Table(table) => (table, None),
            Source::Index(index) => (index.table(), Some(index)),
        };
        let range = match (&query.from, &query.to) {
            (Some(_), Some(_)) => " AND #sk BETWEEN :from AND :to",
            (Some(_), None) => " AND #sk >= :from",
            (None, Some(_)) => " AND #sk <= :to",
            (None, None) => "",
        };
        let mut asked = self
            .client()
            .query()
            .table_name(self.name(table)?)
            .set_index_name(index.map(|i| i.name().to_owned()))
            .key_condition_expression(format!("#pk = :pk{range}"))
            .expression_attribute_names("#pk", &keys.pk)
            .expression_attribute_values(":pk", text(&query.pk))
            .consistent_read(index.is_none())
            .scan_index_forward(!query.descending)
            .set_limit(query.limit.map(|l| i32::try_from(l).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(query.after.as_ref().map(|after| start(query, &keys, after)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if !range.is_empty() {
            asked = asked.expression_attribute_names("#sk", &keys.sk);
        }
        for (name, bound) in [(":from", &query.from), (":to", &query.to)] {
            if let Some(bound) = bound {
                asked = asked.expression_attribute_values(name, text(bound));
            }
        }
        let answer = asked.send().await.map_err(|e| classify(SERVICE, e))?;
        self.meter.read(answer.consumed_capacity().and_then(|c| c.capacity_units()));
        let mut page = Page::default();
        for mut attributes in answer.items.unwrap_or_default() {
            let sort = if keys.sk == "sk" { None } else { Some(taken(&mut attributes, &keys.sk)?) };
            let item = stored(table, attributes, index.is_some_and(|i| i.keys_only()))?;
            page.sort_keys.push(sort.unwrap_or_else(|| item.key.sk.clone()));
            page.items.push(item);
        }
        page.next = answer.last_evaluated_key.map(|last| cursor(last, &keys)).transpose()?;
        Ok(page)
    }
}
