//! What advisers do all day: outcomes of calls, promises, payments to verify, claims, and what follows from them.

mod agent;
mod calls;
mod claims;
mod events;
mod flow_calls;
mod messages;
mod notes;
mod outcomes;
mod payments;
pub(crate) mod people;
mod promises;
mod random_days;
mod together;
mod trays;
mod webhooks;

use crate::world::{World, day};
use axum::http::{Method, StatusCode};
use cauce_domain::debt::document::Document;
use cauce_engine::store::accounts;
use serde_json::{Value, json};

impl World {
    /// The id of the customer with a number.
    pub(crate) async fn id(&self, number: &str) -> String {
        let document = Document::parse("DNI", number).expect("a document");
        self.setup().await.customer_id(&document).to_string()
    }

    /// The version of a customer's account, as If-Match carries it.
    pub(crate) async fn version(&self, number: &str) -> String {
        let id = self.id(number).await.as_str().into();
        let found = accounts::account(&self.house().ports, &self.project, &id).await.expect("read");
        format!("\"{}\"", found.expect("an account").1)
    }

    /// Posts something about a customer.
    pub(crate) async fn post(&self, number: &str, what: &str, body: Value) -> (StatusCode, Value) {
        let path = format!("/v1/customers/{}/{what}", self.id(number).await);
        self.call(Method::POST, &path, Some(body)).await
    }

    /// Posts something that is taken.
    pub(crate) async fn done(&self, number: &str, what: &str, body: Value) -> Value {
        let (status, answer) = self.post(number, what, body).await;
        assert!(status.is_success(), "{what}: {status} {answer}");
        answer
    }

    /// Posts something that is refused, with the code it is refused by.
    pub(crate) async fn refused(&self, number: &str, what: &str, body: Value) -> (String, String) {
        let (status, answer) = self.post(number, what, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {answer}");
        let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        (text("code"), text("title"))
    }

    /// Registers what came of a call.
    pub(crate) async fn outcome(&self, number: &str, situation: &str, outcome: &str, more: Value) -> Value {
        self.done(number, "outcomes", told(situation, outcome, more)).await
    }

    /// A customer's matters of a kind.
    pub(crate) async fn matters(&self, number: &str, kind: &str) -> Vec<Value> {
        let path = format!("/v1/customers/{}/matters", self.id(number).await);
        let (_, answer) = self.call(Method::GET, &path, None).await;
        let all = answer["items"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|matter| matter["matter"] == kind).collect()
    }

    /// The only matter of a kind.
    pub(crate) async fn matter(&self, number: &str, kind: &str) -> Value {
        let mut found = self.matters(number, kind).await;
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    /// A customer's thread.
    pub(crate) async fn thread(&self, number: &str) -> Vec<Value> {
        let path = format!("/v1/customers/{}/interactions?limit=200", self.id(number).await);
        let (_, answer) = self.call(Method::GET, &path, None).await;
        answer["items"].as_array().cloned().unwrap_or_default()
    }

    /// The events of a customer's thread, oldest first.
    pub(crate) async fn events(&self, number: &str) -> Vec<String> {
        let mut thread = self.thread(number).await;
        thread.retain(|item| item["state"] == "generated");
        thread.sort_by_key(|item| (item["by"]["at"].to_string(), item["id"].to_string()));
        thread.iter().map(|item| item["event"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The alerts of a customer, by name.
    pub(crate) async fn alerts(&self, number: &str) -> Vec<String> {
        self.account(number).await.alerts.iter().map(|(alert, _)| alert.spanish().to_owned()).collect()
    }

    /// Somebody pays an order.
    pub(crate) async fn pay(&self, code: &str, order: &str, date: &str, amount: &str) {
        let body = json!({ "code": code, "order": order, "date": date, "amount": amount });
        let (status, answer) = self.call(Method::POST, "/v1/payments", Some(body)).await;
        assert!(status.is_success(), "{answer}");
    }

    /// Takes a payment back.
    pub(crate) async fn unpay(&self, code: &str, order: &str) {
        let body = json!({ "code": format!("no-{code}"), "order": order, "kind": "anulación", "reference": code, "date": "2026-03-10", "amount": "1.00" });
        let (status, answer) = self.call(Method::POST, "/v1/payments", Some(body)).await;
        assert!(status.is_success(), "{answer}");
    }

    /// Changes the project's rules.
    pub(crate) async fn rules(&self, rules: Value) {
        let version = format!("\"{}\"", self.setup().await.project.version);
        let bearer = format!("Bearer {}", crate::world::KEY);
        let headers = [("authorization", bearer.as_str()), ("if-match", version.as_str())];
        let (status, answer) = self.call_with(Method::PATCH, "/v1/project/rules", Some(rules), &headers).await;
        assert!(status.is_success(), "{answer}");
    }
}

/// The body of an outcome.
pub(crate) fn told(situation: &str, outcome: &str, more: Value) -> Value {
    let mut body = json!({ "situation": situation, "outcome": outcome });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

/// A project in Lima on Tuesday the tenth of March, with Ana, who owes 100 since three days ago.
pub(crate) async fn ana() -> World {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto").await;
    world.orders("100 F-1 2026-03-07 100.00\n101 G-1 2026-03-07 50.00").await;
    assert_eq!(world.account("100").await.summary.carrying.map(|c| c.due), Some(day("2026-03-07")));
    world
}

/// Everything owed and noted holds together.
pub(crate) async fn holds(world: &World) {
    let broken = world.broken().await;
    assert!(broken.is_empty(), "{broken:?}");
}
