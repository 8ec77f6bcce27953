//! The days of a month on which contact is allowed: what a date picker greys out, and why.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Problem, Query};
use axum::Json;
use axum::extract::State;
use chrono::{Datelike, Months, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(of_month))
}

/// Which month.
#[derive(Debug, Deserialize, IntoParams)]
struct Month {
    /// Such as `2026-03`; the current one when absent.
    month: Option<String>,
}

/// Lists the days of a month, each with why it is forbidden, where it is.
#[utoipa::path(get, path = "/v1/days", tag = "calendario", params(Month), responses((status = 200, body = Object)))]
async fn of_month(State(api): State<Api>, caller: Caller, Query(asked): Query<Month>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let calendar = &caller.setup.project().calendar;
    let today = caller.setup.today(api.now());
    let first: NaiveDate = match &asked.month {
        Some(month) => format!("{month}-01").parse().map_err(|_| Problem::invalid("month", "escriba aaaa-mm"))?,
        None => today.with_day(1).unwrap_or(today),
    };
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let day = |day: NaiveDate| match calendar.why_closed(day) {
        None => json!({ "date": day, "allowed": true }),
        Some(why) => json!({ "date": day, "allowed": false, "reason": why }),
    };
    Ok(Json(json!({ "items": first.iter_days().take_while(|d| *d < next).map(day).collect::<Vec<_>>() })))
}
