//! A customer's conversation: what stands above it, beside it, and in it.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::interactions::with_texts;
use crate::problem::{Path, Problem};
use axum::Json;
use axum::extract::State;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::days_past_due;
use cauce_domain::debt::situation::Situation;
use cauce_domain::ids::CustomerId;
use cauce_engine::open_conversation::{Conversation, open_conversation};
use cauce_engine::store::accounts;
use chrono::NaiveDate;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(conversation)).routes(routes!(whole_account))
}

/// What stands above a conversation, and on its line of a tray.
pub(crate) fn header(caller: &Caller, account: &Account, today: NaiveDate) -> Value {
    let (setup, summary) = (&caller.setup, &account.summary);
    let segment = setup.segments.iter().find(|segment| segment.value.id == account.segment);
    let carrying = summary.carrying.as_ref();
    let situation = Situation::of(account, today);
    let alerts = account.alerts.iter();
    let alerts = alerts.map(|(alert, by)| json!({ "alert": alert, "name": alert.spanish(), "by": by }));
    json!({
        "customer": account.id,
        "name": account.customer.name,
        "segment": { "id": account.segment, "name": segment.map(|segment| &segment.value.name) },
        "due": carrying.map(|carrying| carrying.due),
        "days_past_due": carrying.map(|carrying| days_past_due(carrying.due, today)),
        "debt_state": situation.debt_state(),
        "situation": situation,
        "situation_name": situation.spanish(),
        "open": summary.open,
        "disputed": summary.disputed,
        "uncollectible": summary.uncollectible,
        "alerts": alerts.collect::<Vec<_>>(),
        "paused_until": account.holds.paused_until,
        "promise_until": account.holds.promise_until,
        "adviser": account.customer.adviser,
        "supervisor": account.customer.supervisor,
        "portfolio": account.customer.portfolio,
        "inbox": account.inbox,
        "calls": account.calls,
    })
}

/// What stands beside a conversation: who it is, what it owes, what was agreed on.
fn panel(conversation: &Conversation, today: NaiveDate) -> Value {
    let customer = &conversation.account.customer;
    let orders: Vec<Value> = conversation.orders.iter().map(|order| crate::orders::shown(order, today)).collect();
    let reminders = conversation.matters.iter().filter(|matter| matches!(matter, Matter::Reminder(_)));
    json!({
        "document": customer.document,
        "kind": customer.kind,
        "phones": customer.phones,
        "emails": customer.emails,
        "references": customer.references,
        "guarantors": customer.guarantors,
        "variables": customer.variables,
        "orders": orders,
        "more_orders": conversation.more_orders,
        "matters": conversation.matters,
        "reminders": reminders.collect::<Vec<_>>(),
        "credit": conversation.account.credit,
    })
}

/// Opens a customer's conversation: header, panel, and the newest of its thread, oldest first.
#[utoipa::path(get, path = "/v1/customers/{id}/conversation", tag = "conversaciones", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn conversation(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let setup = &caller.setup;
    let found = open_conversation(&api.ports, setup, &CustomerId::new(id)).await?;
    let conversation = found.filter(|it| caller.sees(&it.account)).ok_or_else(|| Problem::not_found("el cliente"))?;
    let today = setup.today(api.now());
    let mut thread = with_texts(&api, setup.id(), &conversation.thread).await?;
    thread.sort_by_key(crate::interactions::moment);
    Ok(Json(json!({
        "header": header(&caller, &conversation.account, today),
        "panel": panel(&conversation, today),
        "thread": thread,
        "more": conversation.more_thread,
    })))
}

/// Shows the whole account (*ver todo*): every order, movement and matter, open or not.
#[utoipa::path(get, path = "/v1/customers/{id}/account", tag = "conversaciones", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn whole_account(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let (account, _) = crate::customers::found(&api, &caller, &id).await?;
    let (ports, project, today) = (&api.ports, caller.setup.id(), caller.setup.today(api.now()));
    let orders = accounts::all_orders(ports, project, &account.id).await?;
    let orders: Vec<Value> = orders.iter().map(|order| crate::orders::shown(order, today)).collect();
    Ok(Json(json!({
        "header": header(&caller, &account, today),
        "customer": crate::customers::shown(&caller, &account, today),
        "orders": orders,
        "movements": accounts::movements(ports, project, &account.id).await?,
        "matters": accounts::matters(ports, project, &account.id).await?,
    })))
}
