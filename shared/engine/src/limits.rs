//! How long texts and lists from outside may be: what is kept is read with every dossier, and has to fit a transaction.

use crate::error::Error;
use std::collections::BTreeSet;

/// Most characters of a description or note.
pub(crate) const LONG: usize = 2000;
/// Most characters of a name, a code or a means of payment.
pub(crate) const SHORT: usize = 200;
/// Orders one matter names at most.
pub(crate) const ORDERS: usize = 25;
/// Files that go with one thing at most.
pub(crate) const FILES: usize = 10;
/// Matters of a kind that stand over one customer at most.
pub(crate) const STANDING: usize = 20;

/// A text that has to be there.
pub(crate) fn text(field: &'static str, value: &str, most: usize) -> Result<String, Error> {
    let value = value.trim();
    match value.is_empty() || value.chars().count() > most {
        true => Err(Error::refused("invalid_value", field, format!("lleva de 1 a {most} caracteres"))),
        false => Ok(value.to_owned()),
    }
}

/// A text that may be there.
pub(crate) fn some(field: &'static str, value: Option<&str>, most: usize) -> Result<Option<String>, Error> {
    value.map(str::trim).filter(|value| !value.is_empty()).map(|value| text(field, value, most)).transpose()
}

/// A list, each of it once.
pub(crate) fn codes(field: &'static str, codes: &[String]) -> Result<Vec<String>, Error> {
    let distinct: BTreeSet<&String> = codes.iter().collect();
    if distinct.len() > ORDERS || distinct.iter().any(|code| code.is_empty() || code.len() > SHORT) {
        return Err(Error::refused("invalid_value", field, format!("indique hasta {ORDERS} órdenes por su código")));
    }
    Ok(distinct.into_iter().cloned().collect())
}

/// A number of things that one more of must not pass.
pub(crate) fn most(field: &'static str, count: usize, most: usize) -> Result<(), Error> {
    let message = || format!("no puede haber más de {most} a la vez");
    (count <= most).then_some(()).ok_or_else(|| Error::refused("too_many", field, message()))
}
