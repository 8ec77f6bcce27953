//! Lists, a page at a time: where one ended goes with the answer, sealed under the list's name and filter.

use crate::caller::Caller;
use crate::problem::Problem;
use axum::Json;
use cauce_engine::ports::table::Cursor;
use cauce_engine::store::cursor;
use cauce_engine::store::settings::Setup;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

/// A page of a list.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Page {
    /// Where the page before ended.
    pub(crate) cursor: Option<String>,
    /// Most items, up to 200.
    pub(crate) limit: Option<u32>,
}

/// Most items of a page, when the caller does not say.
const USUAL: u32 = 50;

/// How many items a page holds at most.
pub(crate) fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(USUAL).clamp(1, 200)
}

/// A list a caller reads.
pub(crate) struct List<'a> {
    setup: &'a Setup,
    scope: String,
}

impl<'a> List<'a> {
    /// The list of a name, its filter in it.
    pub(crate) fn new(caller: &'a Caller, scope: impl Into<String>) -> Self {
        Self { setup: &caller.setup, scope: scope.into() }
    }

    /// Where a page begins: the partition of the list, and the place in it.
    pub(crate) fn start(&self, cursor: Option<&str>) -> Result<(usize, Option<Cursor>), Problem> {
        match cursor {
            Some(text) => Ok(cursor::open(&self.setup.key, self.setup.id(), &self.scope, text)?),
            None => Ok((0, None)),
        }
    }

    /// A page as it is answered, with where the next begins, if there is one.
    pub(crate) fn page(&self, items: Vec<Value>, next: Option<(usize, Option<Cursor>)>) -> Json<Value> {
        let seal = |(at, after): (usize, Option<Cursor>)| {
            cursor::seal(&self.setup.key, self.setup.id(), &self.scope, at, after.as_ref())
        };
        Json(json!({ "items": items, "next": next.map(seal) }))
    }
}
