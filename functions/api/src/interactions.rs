//! Interactions of a customer: its thread.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::page::{List, Page, limit};
use crate::problem::{Path, Problem, Query};
use axum::Json;
use axum::extract::State;
use cauce_domain::contact::call::Call;
use cauce_domain::contact::call_entry::CallEntry;
use cauce_domain::contact::interaction::{Interaction, State as MessageState};
use cauce_domain::contact::management::Management;
use cauce_domain::contact::note::Note;
use cauce_domain::contact::origin::Origin;
use cauce_domain::contact::past::Past;
use cauce_domain::contact::received::Received;
use cauce_domain::contact::reply::Reply;
use cauce_domain::debt::event::Event;
use cauce_domain::ids::ProjectId;
use cauce_engine::ports::table::{Query as TableQuery, Stored, TableName};
use cauce_engine::read_thread::read_thread;
use cauce_engine::store::codec::{Shape, decode, type_of};
use cauce_engine::store::{accounts, interactions, keys};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(of_customer)).routes(routes!(read))
}

/// An interaction as a reader sees it, with the names of the glossary.
pub(crate) fn shown(message: &Interaction) -> Value {
    let mut json = serde_json::to_value(message).unwrap_or_default();
    json["state_name"] = message.state.spanish().into();
    json["origin"] = message.cause.origin().code().into();
    json["origin_name"] = message.cause.origin().spanish().into();
    if let MessageState::NotSent { reason } = &message.state {
        json["reason_text"] = reason.spanish().into();
        json["final"] = true.into();
    }
    json
}

/// A management as a reader sees it.
fn managed(management: &Management) -> Value {
    let mut json = serde_json::to_value(management).unwrap_or_default();
    let contacted = management.situation.is_contact();
    json["channel"] = "call".into();
    json["state"] = if contacted { "contacted" } else { "not_contacted" }.into();
    json["state_name"] = if contacted { "Contactado" } else { "No contactado" }.into();
    json["direction"] = management.situation.direction().into();
    json["outcome_name"] = management.outcome.spanish().into();
    json
}

/// An item of a thread as a reader sees it, whatever it is.
pub(crate) fn any(stored: &Stored) -> Result<Value, Problem> {
    let body = &stored.body;
    let named = |json: serde_json::Result<Value>, names: &[(&str, &str)]| {
        let mut json = json.unwrap_or_default();
        names.iter().for_each(|(field, text)| json[field] = (*text).into());
        json
    };
    Ok(match type_of(body) {
        Event::TYPE => {
            let event: Event = decode(body)?;
            let names = [("state", "generated"), ("state_name", "Generado"), ("event_name", event.event.spanish())];
            named(serde_json::to_value(&event), &names)
        }
        Received::TYPE => {
            let message: Received = decode(body)?;
            named(serde_json::to_value(&message), &[("state", "received"), ("state_name", "Recibido")])
        }
        Management::TYPE => managed(&decode(body)?),
        Note::TYPE => crate::notes::shown(&decode(body)?),
        Reply::TYPE => {
            let reply: Reply = decode(body)?;
            crate::unregistered::replied(&reply, reply.by.at)
        }
        CallEntry::TYPE => {
            let entry: CallEntry = decode(body)?;
            let names =
                [("channel", "call"), ("state_name", entry.state.spanish()), ("reason_name", entry.reason.spanish())];
            named(serde_json::to_value(&entry), &names)
        }
        Call::TYPE => crate::calls::shown(&decode(body)?),
        Past::TYPE => {
            let past: Past = decode(body)?;
            let origin = Origin::Imported;
            let names = [
                ("state_name", past.state.spanish()),
                ("origin", origin.code()),
                ("origin_name", origin.spanish()),
                ("direction", "outbound"),
            ];
            named(serde_json::to_value(&past), &names)
        }
        // What an earlier version wrote in a shape of its own.
        "generated_v1" => serde_json::from_str(body).unwrap_or_default(),
        _ => shown(&interactions::decode_message(stored)?),
    })
}

/// Interactions as readers see them, messages with subject and text as they were sent.
pub(crate) async fn with_texts(api: &Api, project: &ProjectId, stored: &[Stored]) -> Result<Vec<Value>, Problem> {
    let mut items = stored.iter().map(any).collect::<Result<Vec<_>, _>>()?;
    let ours = |s: &Stored| s.key.sk.starts_with("i#") && interactions::is_message(&s.body);
    let sent = stored.iter().enumerate().filter(|(_, s)| ours(s));
    let sent = sent.map(|(at, s)| Ok((at, interactions::decode_message(s)?))).collect::<Result<Vec<_>, Problem>>()?;
    let (places, messages): (Vec<usize>, Vec<Interaction>) = sent.into_iter().unzip();
    for (at, text) in places.into_iter().zip(interactions::texts(&api.ports, project, &messages).await?) {
        if let Some(text) = text {
            items[at]["subject"] = text.subject.into();
            items[at]["text"] = text.text.into();
            let files =
                text.files.iter().map(|file| json!({ "name": file.name, "kind": file.kind, "size": file.size }));
            items[at]["files"] = files.collect();
        }
    }
    Ok(items)
}

/// When an item of a thread came to be, as it is sorted by: its day, then the first instant it tells.
pub(crate) fn moment(item: &Value) -> (String, String) {
    let first = item["times"].as_object().and_then(|times| times.values().filter_map(Value::as_str).min());
    let at = item["at"].as_str().or_else(|| item["by"]["at"].as_str()).or(first).unwrap_or_default();
    (item["day"].as_str().unwrap_or_default().to_owned(), at.to_owned())
}

/// Lists a customer's thread, newest day first, a page at a time: messages both ways, calls, what happened to its debt.
#[utoipa::path(get, path = "/v1/customers/{id}/interactions", tag = "interacciones", params(("id" = String, Path), Page), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn of_customer(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let (setup, id) = (&caller.setup, caller.customer(&api, &id).await?);
    if accounts::account(&api.ports, setup.id(), &id).await?.is_none() {
        return Err(Problem::not_found("el cliente"));
    }
    let list = List::new(&caller, format!("interactions of {id}"));
    let (_, after) = list.start(page.cursor.as_deref())?;
    let query = TableQuery::table(TableName::Interactions, keys::partition(setup.id(), &id)).prefix("i#");
    let query = query.descending().after(after).limit(limit(page.limit));
    let found = api.ports.table.query(&query).await.map_err(cauce_engine::Error::from)?;
    let items = with_texts(&api, setup.id(), &found.items).await?;
    Ok(list.page(items, found.next.map(|next| (0, Some(next)))))
}

/// Marks what a customer wrote as read by whoever asks: people who have read receipts see it.
#[utoipa::path(post, path = "/v1/customers/{id}/interactions/read", tag = "interacciones", params(("id" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Manage)?;
    let id = caller.customer(&api, &id).await?;
    if accounts::account(&api.ports, caller.setup.id(), &id).await?.is_none() {
        return Err(Problem::not_found("el cliente"));
    }
    let read = read_thread(&api.ports, &caller.setup, &id, &caller.by(&api)).await?;
    Ok(Json(json!({ "read": read })))
}
