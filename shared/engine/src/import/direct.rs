//! One row by API: the same rules as a file of one row, the same effects, at once.

use super::chunk;
use super::columns;
use super::dates::DateStyle;
use super::job::Kind;
use super::owners::{id_of, owners};
use super::row::{Conventions, Found, RowError};
use super::spill::SpilledRow;
use crate::Ports;
use crate::error::{Error, Refusal};
use crate::link_contact::link_customer;
use crate::store::accounts;
use crate::store::edits::By;
use crate::store::settings::Setup;
use cauce_domain::country::NumberStyle;
use cauce_domain::ids::CustomerId;
use std::collections::BTreeMap;

/// What a row did.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The customer it is about.
    pub customer: CustomerId,
    /// Whether anything is new or changed.
    pub changed: bool,
    /// Values left out.
    pub observations: Vec<RowError>,
}

/// Takes one row in: texts by Spanish column name, amounts with a decimal dot, dates in ISO; `variables` apart.
pub async fn direct(
    ports: &Ports,
    setup: &Setup,
    kind: Kind,
    fields: &BTreeMap<&str, String>,
    variables: &BTreeMap<String, String>,
    by: &By,
) -> Result<Taken, Error> {
    let columns = columns::of(kind);
    let mut cells: Vec<String> = columns.iter().map(|c| fields.get(c.name).cloned().unwrap_or_default()).collect();
    if let Some(missing) = columns.iter().zip(&cells).find(|(c, t)| c.mandatory && t.trim().is_empty()) {
        return Err(refused(&RowError::error(1, missing.0.name, "", "es obligatorio")));
    }
    cells.extend(variables.values().cloned());
    let found = Found {
        conventions: Conventions { number: NumberStyle::DotDecimal, date: DateStyle::DayFirst },
        variables: variables.keys().cloned().collect(),
        present: columns.iter().filter(|c| fields.contains_key(c.name)).map(|c| c.name.to_owned()).collect(),
        reading_rejected: 0,
        incomplete: false,
    };
    let owner = owners(ports, setup, kind, &[(1, cells.clone())]).await?.remove(0).map_err(|e| refused(&e))?;
    let rows = [SpilledRow { owner, line: 1, cells }];
    let context = chunk::context(ports, setup, kind, by, &found, &[(owner, rows.to_vec())]).await?;
    let context = chunk::Context { by: Some(by), ..context };
    let effect = chunk::one(&context, kind, id_of(owner), &rows).await?;
    effect.remember(&context, by.at).await?;
    match effect.notes.iter().find(|n| n.rejects) {
        Some(error) => Err(refused(error)),
        None => {
            if kind == Kind::Customers
                && let Some((account, _)) = accounts::account(ports, setup.id(), &id_of(owner)).await?
            {
                link_customer(ports, setup, &account.customer).await;
            }
            Ok(Taken {
                customer: id_of(owner),
                changed: effect.counts.new + effect.counts.changed > 0,
                observations: effect.notes,
            })
        }
    }
}

fn refused(error: &RowError) -> Error {
    Error::Refused(Refusal {
        code: "invalid_value",
        message: error.sentence(),
        field: (!error.column.is_empty()).then(|| error.column.clone()),
    })
}
