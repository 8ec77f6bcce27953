//! A query's page, by SQL.

use cauce_engine::ports::table::{Cursor, Key, MAX_PAGE, Page, Query, Source, Stored};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use uuid::Uuid;

/// The SQL of a query and its parameters.
fn select(query: &Query) -> (String, Vec<Value>) {
    let (table, pk, sk, extra) = match query.source {
        Source::Table(table) => (table, "pk".to_owned(), "sk".to_owned(), String::new()),
        Source::Index(index) => {
            let name = index.name();
            (index.table(), format!("{name}_pk"), format!("{name}_sk"), ", pk, sk".to_owned())
        }
    };
    let mut values: Vec<Value> = vec![query.pk.clone().into()];
    let mut sql = format!("SELECT pk, sk, {sk}, body, version, write_id FROM {} WHERE {pk} = ?1", table.name());
    let mut bound = |sql: &mut String, operator: &str, value: &str| {
        values.push(Value::from(value.to_owned()));
        sql.push_str(&format!(" AND {sk} {operator} ?{}", values.len()));
    };
    if let Some(from) = &query.from {
        bound(&mut sql, ">=", from);
    }
    if let Some(to) = &query.to {
        bound(&mut sql, "<=", to);
    }
    let (compare, order) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    if let Some(after) = &query.after {
        let n = values.len();
        values.extend([after.sk.clone(), after.base_pk.clone(), after.base_sk.clone()].map(Value::from));
        sql.push_str(&match query.source {
            Source::Table(_) => format!(" AND {sk} {compare} ?{}", n + 1),
            Source::Index(_) => format!(" AND ({sk}, pk, sk) {compare} (?{}, ?{}, ?{})", n + 1, n + 2, n + 3),
        });
        if matches!(query.source, Source::Table(_)) {
            values.truncate(n + 1);
        }
    }
    let extra = extra.replace(',', &format!(" {order},"));
    sql.push_str(&format!(" ORDER BY {sk}{extra} {order}"));
    (sql, values)
}

/// One page and its bytes.
pub(super) fn page(connection: &Connection, query: &Query) -> rusqlite::Result<(Page, usize)> {
    let (sql, values) = select(query);
    let table = match query.source {
        Source::Table(table) => table,
        Source::Index(index) => index.table(),
    };
    let bodiless = matches!(query.source, Source::Index(index) if index.keys_only());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let (mut page, mut bytes) = (Page::default(), 0);
    let limit = query.limit.map_or(usize::MAX, |l| l as usize);
    while let Some(row) = rows.next()? {
        if page.items.len() >= limit || bytes >= MAX_PAGE {
            let last = page.items.last().zip(page.sort_keys.last());
            page.next = last.map(|(item, sort)| Cursor {
                sk: sort.clone(),
                base_pk: item.key.pk.clone(),
                base_sk: item.key.sk.clone(),
            });
            break;
        }
        let key = Key::new(table, row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        let body: String = if bodiless { String::new() } else { row.get(3)? };
        bytes += key.pk.len() + key.sk.len() + body.len();
        page.sort_keys.push(row.get(2)?);
        page.items.push(Stored { key, body, version: row.get(4)?, write: Uuid::from_bytes(row.get(5)?) });
    }
    Ok((page, bytes))
}
