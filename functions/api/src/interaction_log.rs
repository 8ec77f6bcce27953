//! The interactions tray (*Interacciones*): what was said or done with everybody, filtered, with the columns each user chose.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::columns;
use crate::interactions::any;
use crate::page::{List, limit};
use crate::problem::{Problem, Query};
use axum::Json;
use axum::extract::State;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Portfolio;
use cauce_engine::columns::{Column, Names};
use cauce_engine::interaction_log::{self, Filter, Found, Place};
use cauce_engine::report::Subject;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Days one page may be asked of, at most.
const MOST_DAYS: i64 = 366;

/// Which interactions.
#[derive(Debug, Deserialize, IntoParams)]
struct Asked {
    /// One local day; today when no day is named.
    day: Option<NaiveDate>,
    /// First local day.
    from: Option<NaiveDate>,
    /// Last local day, included; today where none is named.
    to: Option<NaiveDate>,
    /// `scheduled`, the day it was decided for, or `actual`, the day it really was.
    dates: Option<String>,
    /// `outbound`, `inbound` or `internal`.
    direction: Option<String>,
    /// `flow`, `event`, `campaign`, `manual`, `call` or `imported`.
    origin: Option<String>,
    /// A flow's id.
    flow: Option<String>,
    /// An event's code.
    event: Option<String>,
    /// A campaign's id.
    campaign: Option<String>,
    /// A template's id.
    template: Option<String>,
    /// `whatsapp`, `sms`, `email`, `call` or `note`.
    channel: Option<String>,
    /// State code.
    state: Option<String>,
    /// Reason code.
    reason: Option<String>,
    /// With an error, or without.
    error: Option<bool>,
    /// An adviser's user id, or `none`.
    adviser: Option<String>,
    /// A segment's id.
    segment: Option<String>,
    /// `current` or `written_off`.
    #[param(value_type = Option<String>)]
    portfolio: Option<Portfolio>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Most items, up to 200.
    limit: Option<u32>,
}

impl Asked {
    fn filter(&self, today: NaiveDate) -> Result<Filter, Problem> {
        let by_actual = match self.dates.as_deref() {
            None | Some("scheduled") => false,
            Some("actual") => true,
            Some(_) => return Err(Problem::invalid("dates", "use scheduled o actual")),
        };
        let named = [(&self.flow, "flow"), (&self.event, "event"), (&self.campaign, "campaign")];
        let mut named = named.into_iter().filter_map(|(id, origin)| Some((id.clone()?, origin)));
        let (of, origin) = match (named.next(), named.next()) {
            (_, Some((_, origin))) => return Err(Problem::invalid(origin, "elija un flujo, un evento o una campaña")),
            (Some((id, origin)), None) => (Some(id), Some(origin.to_owned())),
            (None, None) => (None, None),
        };
        let (from, to) = (self.from.or(self.day), self.to.or(self.day));
        let (from, to) = match (from, to) {
            (None, Some(_)) => return Err(Problem::invalid("from", "indique desde qué día")),
            // Up to today, where no end is named.
            (Some(from), to) => (from, to.unwrap_or(from.max(today))),
            (None, None) => (today, today),
        };
        if to < from {
            return Err(Problem::invalid("to", "el rango termina antes de empezar"));
        }
        if (to - from).num_days() >= MOST_DAYS {
            return Err(Problem::invalid("to", format!("hasta {MOST_DAYS} días a la vez")));
        }
        Ok(Filter {
            from: Some(from),
            to: Some(to),
            by_actual,
            direction: self.direction.clone(),
            origin: origin.or_else(|| self.origin.clone()),
            of,
            template: self.template.clone(),
            channel: self.channel.clone(),
            state: self.state.clone(),
            reason: self.reason.clone(),
            error: self.error,
            adviser: self.adviser.clone(),
            segment: self.segment.clone(),
            portfolio: self.portfolio,
        })
    }
}

/// Lists interactions of some days, the newest day first, filtered, a page at a time; each with the columns the caller chose. A
/// filter that passes few may answer a short page with a cursor.
#[utoipa::path(get, path = "/v1/interactions", tag = "interacciones", params(Asked), responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn list(State(api): State<Api>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let (setup, now) = (&caller.setup, api.now());
    let filter = asked.filter(setup.today(now))?;
    let list = List::new(&caller, format!("interactions {filter:?}"));
    let (at, after) = list.start(asked.cursor.as_deref())?;
    let place = (Place { at, after }, limit(asked.limit) as usize);
    let sees = |account: Option<&Account>| account.map_or(!caller.sees_some(), |account| caller.sees(account));
    let (found, next) = interaction_log::page(&api.ports, setup, &filter, place, (&sees, now)).await?;
    let mut names = Names::of_setup(setup);
    names.meet(&api.ports, &interaction_log::campaigns(&found)).await?;
    let columns = columns::of_caller(&api, &caller, Subject::Interactions).await?;
    let items = found.iter().map(|found| shown(found, &columns, &names)).collect::<Result<Vec<_>, _>>()?;
    Ok(list.page(items, next.map(|place| (place.at, place.after))))
}

fn shown(found: &Found, columns: &[&Column], names: &Names<'_>) -> Result<Value, Problem> {
    let mut json = any(&found.stored)?;
    let text = |column: &Column| interaction_log::shown(column, &found.line, found.account.as_ref(), names);
    json["columns"] = columns.iter().map(|column| (column.code.to_owned(), json!(text(column)))).collect();
    Ok(json)
}
