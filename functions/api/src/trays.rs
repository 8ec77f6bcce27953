//! The trays an adviser works from.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::conversations::header;
use crate::page::{List, limit};
use crate::problem::{Problem, Query};
use axum::Json;
use axum::extract::State;
use cauce_domain::contact::alert::Alert;
use cauce_domain::contact::channel::Channel;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Portfolio;
use cauce_domain::ids::{SegmentId, UserId};
use cauce_engine::ports::table::Cursor;
use cauce_engine::store::settings::Role;
use cauce_engine::trays::{self, Filter, Tray};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(received)).routes(routes!(calls)).routes(routes!(counts))
}

/// Which conversations of a tray.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub(crate) struct Asked {
    /// An adviser's user id, or `none` for those that are nobody's.
    adviser: Option<String>,
    /// A supervisor's user id.
    supervisor: Option<String>,
    /// `current` or `written_off`.
    #[param(value_type = Option<String>)]
    portfolio: Option<Portfolio>,
    /// A segment's id.
    segment: Option<String>,
    /// A flow's id: those whose segment it serves.
    flow: Option<String>,
    /// An alert, such as `broken_promise`.
    #[param(value_type = Option<String>)]
    alert: Option<Alert>,
    /// With messages nobody has read, or without.
    unread: Option<bool>,
    /// First local day.
    from: Option<NaiveDate>,
    /// Last local day.
    to: Option<NaiveDate>,
    /// With a telephone that works, or without.
    reachable: Option<bool>,
    /// Whose last communication went by `whatsapp`, `sms`, `email`, or was a call a flow asked for (`call`).
    #[param(value_type = Option<String>)]
    last_channel: Option<Channel>,
    /// A variable, as `name=value`.
    variable: Option<String>,
    /// Calls whose hour has not come, too.
    #[serde(default)]
    waiting: bool,
    /// Calls by amount: `amount_desc` or `amount_asc`; without pages.
    order: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Most items, up to 200.
    limit: Option<u32>,
}

impl Asked {
    /// What passes, within what the caller sees.
    pub(crate) fn filter(&self, caller: &Caller) -> Result<Filter, Problem> {
        let variable = match self.variable.as_deref().map(|text| text.split_once('=')) {
            None => None,
            Some(Some((name, value))) => Some((name.to_owned(), value.to_owned())),
            Some(None) => return Err(Problem::invalid("variable", "escriba nombre=valor")),
        };
        let segments = match &self.flow {
            Some(id) => {
                let flow = caller.setup.flows.iter().find(|flow| flow.value.id.as_str() == id);
                Some(flow.ok_or_else(|| Problem::not_found("el flujo"))?.value.segments.clone())
            }
            None => self.segment.as_ref().map(|id| vec![SegmentId::from(id.as_str())]),
        };
        let viewer = caller.user.as_ref().filter(|user| user.only_assigned);
        Ok(Filter {
            advisers: self.advisers(caller),
            supervisor: self.supervisor.as_deref().map(UserId::from),
            portfolio: self.portfolio,
            segments,
            alert: self.alert,
            unread: self.unread,
            from: self.from,
            to: self.to,
            since: None,
            reachable: self.reachable,
            variable,
            last_channel: self.last_channel,
            waiting: self.waiting,
            viewer: viewer.map(|user| user.id.clone()),
            unassigned: viewer.is_some_and(|user| user.role == Role::Supervisor),
        })
    }

    /// Whose conversations: an adviser who sees what is assigned to it alone has no other place to look at.
    fn advisers(&self, caller: &Caller) -> Option<Vec<Option<UserId>>> {
        let own = caller.user.as_ref().filter(|user| user.only_assigned && user.role == Role::Adviser);
        match (own, self.adviser.as_deref()) {
            (Some(user), _) => Some(vec![Some(user.id.clone())]),
            (None, Some("none")) => Some(vec![None]),
            (None, Some(id)) => Some(vec![Some(UserId::from(id))]),
            (None, None) => None,
        }
    }
}

fn lines(caller: &Caller, accounts: &[Account], today: NaiveDate) -> Vec<Value> {
    accounts.iter().map(|account| header(caller, account, today)).collect()
}

async fn tray(api: &Api, caller: &Caller, tray: Tray, asked: &Asked) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let (filter, now) = (asked.filter(caller)?, api.now());
    let today = caller.setup.today(now);
    let list = List::new(caller, format!("tray {tray:?} {filter:?}"));
    let (_, after) = list.start(asked.cursor.as_deref())?;
    let after = after.map(|cursor| cursor.sk);
    let page = (after.as_deref(), limit(asked.limit) as usize);
    let page = trays::page(&api.ports, &caller.setup, (tray, &filter), page, now).await?;
    let next = page.next.map(|sk| (0, Some(Cursor { sk, base_pk: String::new(), base_sk: String::new() })));
    Ok(list.page(lines(caller, &page.accounts, today), next))
}

/// Lists conversations with messages received, the last first.
#[utoipa::path(get, path = "/v1/trays/received", tag = "conversaciones", params(Asked), responses((status = 200, body = Object)))]
async fn received(State(api): State<Api>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    tray(&api, &caller, Tray::Received, &asked).await
}

/// Lists customers to be called, the first due first, or by amount.
#[utoipa::path(get, path = "/v1/trays/calls", tag = "conversaciones", params(Asked), responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn calls(State(api): State<Api>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let most_first = match asked.order.as_deref() {
        None => return tray(&api, &caller, Tray::Calls, &asked).await,
        Some("amount_desc") => true,
        Some("amount_asc") => false,
        Some(_) => return Err(Problem::invalid("order", "use amount_desc o amount_asc")),
    };
    caller.may(Permission::Read)?;
    let (filter, now) = (asked.filter(&caller)?, api.now());
    let wanted = (most_first, limit(asked.limit) as usize);
    let accounts = trays::calls_by_amount(&api.ports, &caller.setup, &filter, wanted, now).await?;
    Ok(Json(json!({ "items": lines(&caller, &accounts, caller.setup.today(now)), "next": null })))
}

/// Counts what waits in each tray, up to a thousand.
#[utoipa::path(get, path = "/v1/trays/counts", tag = "conversaciones", params(Asked), responses((status = 200, body = Object)))]
async fn counts(State(api): State<Api>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    Ok(Json(counted(&api, &caller, &asked).await?))
}

/// What waits in each tray.
pub(crate) async fn counted(api: &Api, caller: &Caller, asked: &Asked) -> Result<Value, Problem> {
    let (filter, now) = (asked.filter(caller)?, api.now());
    let unread = Filter { unread: Some(true), ..filter.clone() };
    let (ports, setup) = (&api.ports, &caller.setup);
    let unread = trays::count(ports, setup, (Tray::Received, &unread), now).await?;
    let calls = trays::count(ports, setup, (Tray::Calls, &filter), now).await?;
    Ok(json!({ "unread": unread, "calls": calls }))
}
