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
use cauce_engine::store::commit::written;
use cauce_engine::store::settings::User;
use cauce_engine::store::{accounts, assignments, keys};
use cauce_engine::trays::{Filter, Tray, page};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(changes))
}

/// Our machines' clocks differ a little, and an index shows late: so much is told twice rather than not at all.
const OVERLAP: TimeDelta = TimeDelta::minutes(2);
/// Conversations of one answer, at most; the next has the rest.
const MOST: usize = 100;
/// Customers given to somebody else that one answer tells of, at most.
const ASSIGNED: u32 = 500;

/// Since when, and of whom.
#[derive(Debug, Deserialize, IntoParams)]
struct Since {
    /// Where the answer before ended; without it only where to begin is told.
    cursor: Option<String>,
    /// The customer whose conversation is open: what changed in it is told too.
    customer: Option<String>,
}

/// Which stretch of time is told, and how far into it the answers before came.
struct Stretch {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    after: Option<String>,
}

impl Stretch {
    /// What a cursor stands for: a stretch begun, or where the next one begins.
    fn of(cursor: &Cursor, now: DateTime<Utc>) -> Option<Self> {
        let since = cursor.sk.parse().ok()?;
        match cursor.base_pk.is_empty() {
            true => Some(Self { since, until: now, after: None }),
            false => Some(Self { since, until: cursor.base_pk.parse().ok()?, after: Some(cursor.base_sk.clone()) }),
        }
    }

    /// Where the next answer begins, this one having come so far.
    fn next(&self, after: Option<String>) -> Cursor {
        match after {
            Some(after) => Cursor { sk: self.since.to_rfc3339(), base_pk: self.until.to_rfc3339(), base_sk: after },
            None => from(self.until),
        }
    }

    /// From when on things are looked for.
    fn from(&self) -> DateTime<Utc> {
        self.since - OVERLAP
    }
}

fn from(at: DateTime<Utc>) -> Cursor {
    Cursor { sk: at.to_rfc3339(), base_pk: String::new(), base_sk: String::new() }
}

/// Tells what is new since the cursor, by when it came to us: conversations with new messages (`items`), customers given to
/// somebody else (`assigned`, or `unassigned` where the caller lost them; `reload` where they were too many to be told), what waits in the trays, and of an open
/// conversation what changed in it and what stands above it now. While `more` is true the next answer has the rest. The same
/// thing may be told twice.
#[utoipa::path(get, path = "/v1/changes", tag = "conversaciones", params(Since), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn changes(State(api): State<Api>, caller: Caller, Query(asked): Query<Since>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let now = api.now();
    let list = List::new(&caller, "changes".to_owned());
    let (_, cursor) = list.start(asked.cursor.as_deref())?;
    let stretch = cursor.and_then(|cursor| Stretch::of(&cursor, now));
    let open = caller.some_customer(&api, asked.customer).await?;
    let mut answer = match &stretch {
        Some(stretch) => {
            let (received, after) = new_messages(&api, &caller, stretch, now).await?;
            let more = after.is_some();
            let mut answer = list.page(received, Some((0, Some(stretch.next(after))))).0;
            let (assigned, unassigned, reload) = given(&api, &caller, stretch, now).await?;
            answer["reload"] = reload.into();
            answer["assigned"] = assigned.into();
            answer["unassigned"] = unassigned.into();
            answer["more"] = more.into();
            answer
        }
        None => list.page(Vec::new(), Some((0, Some(from(now))))).0,
    };
    if let Some(customer) = &open {
        let found = accounts::account(&api.ports, caller.setup.id(), customer).await?;
        answer["header"] = found.map(|(account, _)| header(&caller, &account, caller.setup.today(now))).into();
        answer["thread"] = match &stretch {
            Some(stretch) => changed(&api, &caller, customer, stretch.from()).await?.into(),
            None => json!([]),
        };
    }
    answer["counts"] = counted(&api, &caller, &Asked::default()).await?;
    Ok(Json(answer))
}

/// Conversations that somebody wrote in, the last first, and where the rest begins.
async fn new_messages(
    api: &Api,
    caller: &Caller,
    stretch: &Stretch,
    now: DateTime<Utc>,
) -> Result<(Vec<Value>, Option<String>), Problem> {
    let filter = Filter { since: Some(stretch.from()), ..Asked::default().filter(caller)? };
    let found =
        page(&api.ports, &caller.setup, (Tray::Received, &filter), (stretch.after.as_deref(), MOST), now).await?;
    let today = caller.setup.today(now);
    Ok((found.accounts.iter().map(|account| header(caller, account, today)).collect(), found.next))
}

/// Customers that were given to somebody else: those the caller sees now, the ids of those it saw, and whether there were more.
async fn given(
    api: &Api,
    caller: &Caller,
    stretch: &Stretch,
    now: DateTime<Utc>,
) -> Result<(Vec<Value>, Vec<Value>, bool), Problem> {
    if stretch.after.is_some() {
        // They were told with the first answer of the stretch.
        return Ok(Default::default());
    }
    let (project, today) = (caller.setup.id(), caller.setup.today(now));
    let (mut assigned, mut unassigned) = (Vec::new(), Vec::new());
    let mut told = BTreeSet::new();
    let all = assignments::since(&api.ports, project, stretch.from(), ASSIGNED).await?;
    let too_many = all.len() == ASSIGNED as usize;
    for given in all {
        let Some((account, _)) = accounts::account(&api.ports, project, &given.customer).await? else { continue };
        let was = |user: &User| given.before.contains(&user.id);
        if told.contains(&given.customer) {
            continue;
        }
        if caller.sees(&account) {
            told.insert(given.customer);
            assigned.push(header(caller, &account, today));
        } else if caller.user.as_ref().is_some_and(was) {
            unassigned.push(json!(given.customer));
            told.insert(given.customer);
        }
    }
    Ok((assigned, unassigned, too_many))
}

/// What of a thread's newest fifty came to be, or to stand otherwise, since.
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
    let mut newest = api.ports.table.query(&query).await.map_err(cauce_engine::Error::from)?.items;
    newest.retain(|stored| written(stored.write) >= since);
    with_texts(api, project, &newest).await
}
