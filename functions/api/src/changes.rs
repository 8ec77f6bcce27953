//! What is new since a moment, for whoever has a conversation or a tray before them.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::conversations::header;
use crate::interactions::with_texts;
use crate::page::List;
use crate::problem::{Problem, Query};
use crate::trays::{Asked, counted};
use axum::Json;
use axum::extract::State;
use cauce_domain::ids::CustomerId;
use cauce_engine::ports::table::Cursor;
use cauce_engine::store::{accounts, keys};
use cauce_engine::trays::{Tray, page};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(changes))
}

/// A provider's clock may run behind, and an index show late: so much is told twice rather than not at all.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);
/// Conversations of one answer, at most.
const MOST: usize = 200;

/// Since when, and of whom.
#[derive(Debug, Deserialize, IntoParams)]
struct Since {
    /// Where the answer before ended; without it only where to begin is told.
    cursor: Option<String>,
    /// The customer whose conversation is open: what changed in it is told too.
    customer: Option<String>,
}

/// Tells what is new: conversations with new messages, what waits in the trays, and of an open conversation what changed in
/// it and what stands above it now, whoever it is given to among it. The same thing may be told twice.
#[utoipa::path(get, path = "/v1/changes", tag = "conversaciones", params(Since), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn changes(State(api): State<Api>, caller: Caller, Query(asked): Query<Since>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let now = api.now();
    let list = List::new(&caller, "changes".to_owned());
    let (_, cursor) = list.start(asked.cursor.as_deref())?;
    let since: Option<DateTime<Utc>> =
        cursor.and_then(|cursor| cursor.sk.parse().ok()).map(|at: DateTime<Utc>| at - OVERLAP);
    let open = caller.some_customer(&api, asked.customer).await?;
    let (mut received, mut thread) = (Vec::new(), Vec::new());
    if let Some(since) = since {
        received = new_messages(&api, &caller, since, now).await?;
        if let Some(customer) = &open {
            thread = changed(&api, &caller, customer, since).await?;
        }
    }
    let next = Cursor { sk: now.to_rfc3339(), base_pk: String::new(), base_sk: String::new() };
    let mut answer = list.page(received, Some((0, Some(next))));
    if let Some(customer) = &open {
        let found = accounts::account(&api.ports, caller.setup.id(), customer).await?;
        answer.0["header"] = found.map(|(account, _)| header(&caller, &account, caller.setup.today(now))).into();
    }
    answer.0["thread"] = thread.into();
    answer.0["counts"] = counted(&api, &caller, &Asked::default()).await?;
    Ok(answer)
}

/// Conversations that somebody wrote in since.
async fn new_messages(
    api: &Api,
    caller: &Caller,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Value>, Problem> {
    let day = caller.setup.today(since);
    let filter = Asked::since(day).filter(caller)?;
    let found = page(&api.ports, &caller.setup, (Tray::Received, &filter), (None, MOST), now).await?;
    let new = found.accounts.iter().filter(|account| account.inbox.as_ref().is_some_and(|inbox| inbox.last >= since));
    let today = caller.setup.today(now);
    Ok(new.map(|account| header(caller, account, today)).collect())
}

/// What of a thread's newest fifty came, or came to stand otherwise, since.
async fn changed(
    api: &Api,
    caller: &Caller,
    customer: &CustomerId,
    since: DateTime<Utc>,
) -> Result<Vec<Value>, Problem> {
    use cauce_engine::ports::table::{Query, TableName};
    let project = caller.setup.id();
    let query =
        Query::table(TableName::Interactions, keys::partition(project, customer)).prefix("i#").descending().limit(50);
    let newest = api.ports.table.query(&query).await.map_err(cauce_engine::Error::from)?;
    let items = with_texts(api, project, &newest.items).await?;
    Ok(items.into_iter().filter(|item| touched(item) >= Some(since)).collect())
}

/// When something last happened to an item of a thread.
fn touched(item: &Value) -> Option<DateTime<Utc>> {
    let times = item["times"].as_object().into_iter().flat_map(|times| times.values());
    let others = [&item["at"], &item["received"], &item["by"]["at"], &item["read"]["at"], &item["draft"]["by"]["at"]];
    times.chain(others).filter_map(|value| value.as_str()?.parse().ok()).max()
}
