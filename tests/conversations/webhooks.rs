//! Outgoing webhooks: what happens is told to the company's systems, signed, again and again until they take it.

use crate::world::{World, day};
use axum::http::{Method, StatusCode};
use cauce_engine::ports::outside::{Answered, Outside};
use cauce_engine::webhook::signature;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// One post, as an endpoint sees it.
#[derive(Debug, Clone)]
struct Post {
    id: String,
    timestamp: i64,
    signature: String,
    body: String,
}

impl Post {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("json")
    }
}

/// A company's system: takes what it is told, unless it was told to answer otherwise.
#[derive(Default)]
struct System {
    posts: Mutex<Vec<Post>>,
    answers: Mutex<VecDeque<Result<Answered, String>>>,
}

#[async_trait::async_trait]
impl Outside for System {
    async fn post(&self, _: &str, headers: &[(&str, String)], body: String) -> Result<Answered, String> {
        let header = |name: &str| headers.iter().find(|(n, _)| *n == name).expect("a header").1.clone();
        let (id, signature) = (header("webhook-id"), header("webhook-signature"));
        let timestamp = header("webhook-timestamp").parse().expect("a time");
        self.posts.lock().expect("posts").push(Post { id, timestamp, signature, body });
        let answer = self.answers.lock().expect("answers").pop_front();
        answer.unwrap_or(Ok(Answered { status: 204, retry_after: None }))
    }
    fn refuses(&self, url: &str) -> Option<&'static str> {
        (!url.starts_with("https://")).then_some("la dirección empieza con https://")
    }
}

impl System {
    fn will_answer(&self, answer: Result<(u16, Option<u64>), &str>) {
        let answer = answer.map(|(status, retry_after)| Answered { status, retry_after }).map_err(str::to_owned);
        self.answers.lock().expect("answers").push_back(answer);
    }
    fn posts(&self) -> Vec<Post> {
        self.posts.lock().expect("posts").clone()
    }
    fn events(&self) -> Vec<String> {
        self.posts().iter().map(|post| post.json()["type"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// A project in Lima whose company is told of some families, at ten in the morning.
async fn told(families: Value) -> (World, Arc<System>, Value, tempfile::TempDir) {
    let (folder, system) = (crate::world::folder(), Arc::new(System::default()));
    let outside = Arc::clone(&system);
    let world = World::at(folder.path(), day("2026-03-10"), |mut house| {
        house.ports.outside = outside;
        house
    })
    .await;
    world.customers("Ana Beto").await;
    world.orders("100 F-1 2026-03-07 100.00\n101 G-1 2026-03-07 50.00").await;
    let body = json!({ "url": "https://erp.example/cauce", "families": families });
    let (status, made) = world.call(Method::POST, "/v1/webhooks", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    world.pass("2026-03-10T15:00:00Z").await;
    (world, system, made, folder)
}

fn id(made: &Value) -> &str {
    made["webhook"]["id"].as_str().expect("an id")
}

#[tokio::test]
async fn what_happens_to_a_debt_is_told_signed_under_the_key_that_was_shown_once() {
    let (world, system, made, _folder) = told(json!(["events"])).await;
    let promise = json!({ "promise": { "date": "2026-03-13", "amount": "100.00" } });
    world.outcome("100", "outbound_contact", "promise_or_payment", promise).await;
    world.pay("P-1", "F-1", "2026-03-10", "100.00").await;
    world.unpay("P-1", "F-1").await;
    world.runner.drain().await.expect("drained");
    let mut events = system.events();
    events.sort();
    assert_eq!(events, ["payment", "payment_annulled", "promise_kept", "promise_made", "promise_reopened"]);
    let first = system.posts().into_iter().find(|post| post.json()["type"] == "promise_made").expect("it was told");
    let secret = made["secret"].as_str().expect("a key");
    assert!(secret.starts_with("whsec_"));
    assert_eq!(first.signature, signature([secret], &first.id, first.timestamp, &first.body));
    let data = &first.json()["data"];
    assert_eq!(
        (&data["amount"], &data["date"], &data["by"]["author"]),
        (&json!(10000), &json!("2026-03-13"), &json!("api"))
    );
    assert_eq!(
        (&data["customer_id"], &data["document"]["number"]),
        (&json!(world.id("100").await), &json!("00000100"))
    );
    let (_, list) = world.call(Method::GET, "/v1/webhooks", None).await;
    assert!(!list.to_string().contains("whsec_"), "it is not shown again");
}

#[tokio::test]
async fn messages_are_told_of_as_they_go_and_notes_only_to_who_asked_for_them() {
    let (world, system, _, _folder) = told(json!(["communications"])).await;
    world.done("100", "messages", json!({ "channel": "sms", "text": "Hola {nombre}" })).await;
    world.pass("2026-03-10T16:00:00Z").await;
    let events = system.events();
    assert_eq!(&events[..2], ["communication_sent", "communication_delivered"], "{events:?}");
    let data = &system.posts()[0].json()["data"];
    assert_eq!(
        (&data["channel"], &data["origin"], &data["state_name"]),
        (&json!("sms"), &json!("manual"), &json!("Enviado"))
    );
    world.outcome("101", "outbound_no_contact", "voicemail", json!({})).await;
    world.done("101", "notes", json!({ "origin": "call", "comment": "reservado" })).await;
    world.runner.drain().await.expect("drained");
    let last = system.posts().last().expect("a post").json();
    assert_eq!((&last["type"], &last["data"]["outcome"]), (&json!("communication_managed"), &json!("voicemail")));
    assert!(!system.posts().iter().any(|post| post.body.contains("reservado")));
    let all = json!({ "url": "https://notas.example/x", "families": ["notes"] });
    world.call(Method::POST, "/v1/webhooks", Some(all)).await;
    world.done("101", "notes", json!({ "origin": "call", "comment": "viaja", "kind": "inbound_contact" })).await;
    world.runner.drain().await.expect("drained");
    let data = system.posts().last().expect("a post").json()["data"].clone();
    assert_eq!(
        (&data["note"], &data["author"], &data["origin"], &data["management"]),
        (&json!("viaja"), &json!("api"), &json!("call"), &json!("inbound_contact"))
    );
}

#[tokio::test]
async fn what_is_not_taken_is_told_again_ever_later_under_the_same_id() {
    let (world, system, made, _folder) = told(json!(["events"])).await;
    system.will_answer(Ok((500, None)));
    system.will_answer(Err("no respondió a tiempo"));
    system.will_answer(Ok((429, Some(7200))));
    world.pay("P-1", "F-1", "2026-03-10", "10.00").await;
    world.runner.drain().await.expect("drained");
    let tried = || system.posts().len();
    assert_eq!(tried(), 1);
    world.pass("2026-03-10T15:02:00Z").await;
    assert_eq!(tried(), 2, "after a minute");
    world.pass("2026-03-10T15:09:00Z").await;
    assert_eq!(tried(), 3, "after five");
    world.pass("2026-03-10T17:05:00Z").await;
    assert_eq!(tried(), 3, "it asked for two hours");
    world.pass("2026-03-10T17:15:00Z").await;
    assert_eq!(tried(), 4);
    let posts = system.posts();
    assert!(posts.iter().all(|post| post.id == posts[0].id && post.body == posts[0].body));
    assert_ne!(posts[0].signature, posts[3].signature, "the time is signed too");
    let (_, list) = world.call(Method::GET, &format!("/v1/webhooks/{}/deliveries", id(&made)), None).await;
    let told = &list["items"][0];
    assert_eq!(
        (&told["state"], &told["attempts"], &told["answer"]),
        (&json!("delivered"), &json!(4), &json!("HTTP 204"))
    );
    world.pass("2026-03-12T17:15:00Z").await;
    assert_eq!(tried(), 4, "what was taken is not told again");
}

#[tokio::test]
async fn what_nobody_takes_lies_among_the_dead_until_it_is_replayed() {
    let (world, system, made, _folder) = told(json!(["events"])).await;
    world.change(|project| project.alert_addresses = vec!["cobranza@andes.com".into()]).await;
    (0..10).for_each(|_| system.will_answer(Ok((503, None))));
    world.pay("P-1", "F-1", "2026-03-10", "10.00").await;
    world.pass("2026-03-15T15:00:00Z").await;
    assert_eq!(system.posts().len(), 10);
    let dead = format!("/v1/webhooks/{}/deliveries?dead=true", id(&made));
    let (_, list) = world.call(Method::GET, &dead, None).await;
    assert_eq!((&list["items"][0]["state"], &list["items"][0]["answer"]), (&json!("dead"), &json!("HTTP 503")));
    assert!(world.outbox().iter().any(|taken| taken.text.contains("no recibió «payment»")), "the team is told");
    let (_, again) = world.call(Method::POST, &format!("/v1/webhooks/{}/replay", id(&made)), None).await;
    assert_eq!(again["replayed"], 1);
    world.runner.drain().await.expect("drained");
    assert_eq!(system.posts().len(), 11);
    assert_eq!(world.call(Method::GET, &dead, None).await.1["items"], json!([]));
    let none = format!("/v1/webhooks/{}/deliveries/msg_x/replay", id(&made));
    assert_eq!(world.call(Method::POST, &none, None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_new_key_signs_beside_the_old_for_a_day() {
    let (world, system, made, _folder) = told(json!(["events"])).await;
    let old = made["secret"].as_str().expect("a key").to_owned();
    let (_, rotated) = world.call(Method::POST, &format!("/v1/webhooks/{}/rotate", id(&made)), None).await;
    let new = rotated["secret"].as_str().expect("a key").to_owned();
    let signed = async |code: &str| {
        world.pay(code, "F-1", "2026-03-10", "1.00").await;
        world.runner.drain().await.expect("drained");
        system.posts().last().expect("a post").clone()
    };
    let post = signed("P-1").await;
    assert_eq!(post.signature, signature([old.as_str(), &new], &post.id, post.timestamp, &post.body));
    world.pass("2026-03-11T16:00:00Z").await;
    let post = signed("P-2").await;
    assert_eq!(post.signature, signature([new.as_str()], &post.id, post.timestamp, &post.body));
}

#[tokio::test]
async fn an_endpoint_that_says_it_is_gone_is_told_nothing_more() {
    let (world, system, made, _folder) = told(json!(["events"])).await;
    system.will_answer(Ok((410, None)));
    world.pay("P-1", "F-1", "2026-03-10", "1.00").await;
    world.runner.drain().await.expect("drained");
    let (_, list) = world.call(Method::GET, "/v1/webhooks", None).await;
    assert_eq!(
        (&list["items"][0]["active"], &list["items"][0]["stopped"]),
        (&json!(false), &json!("respondió 410: ya no existe"))
    );
    world.pay("P-2", "F-1", "2026-03-10", "1.00").await;
    world.pass("2026-03-10T16:00:00Z").await;
    assert_eq!(system.posts().len(), 1);
    let (_, tested) = world.call(Method::POST, &format!("/v1/webhooks/{}/test", id(&made)), None).await;
    assert_eq!((&tested["event"], &tested["state"]), (&json!("test"), &json!("delivered")));
}

#[tokio::test]
async fn what_was_not_done_is_not_told_and_a_lost_queue_only_delays_it() {
    let (world, system, _, _folder) = told(json!(["events"])).await;
    // Refused: nothing happened.
    world.refused("100", "promises", json!({ "date": "2026-03-01", "amount": "1.00" })).await;
    world.pass("2026-03-10T15:05:00Z").await;
    assert!(system.posts().is_empty());
    for (body, code) in [
        (json!({ "url": "http://erp.example", "families": ["events"] }), "bad_url"),
        (json!({ "url": "https://erp.example", "families": [] }), "invalid_value"),
    ] {
        assert_eq!(world.call(Method::POST, "/v1/webhooks", Some(body)).await.1["code"], code);
    }
}

#[tokio::test]
async fn who_is_not_to_hear_of_something_any_more_does_not_and_no_list_shows_what_was_said() {
    let (world, system, made, _folder) = told(json!(["notes"])).await;
    system.will_answer(Ok((500, None)));
    world.done("100", "notes", json!({ "origin": "call", "comment": "reservado" })).await;
    world.runner.drain().await.expect("drained");
    let path = format!("/v1/webhooks/{}", id(&made));
    let bearer = format!("Bearer {}", crate::world::KEY);
    let headers = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
    let other = json!({ "url": "https://otro.example", "families": ["events"] });
    assert_eq!(world.call_with(Method::PUT, &path, Some(other), &headers).await.0, StatusCode::OK);
    world.pass("2026-03-10T15:05:00Z").await;
    assert_eq!(system.posts().len(), 1, "the note is told to nobody else");
    let (_, list) = world.call(Method::GET, &format!("{path}/deliveries?dead=true"), None).await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    assert!(!list.to_string().contains("reservado"));
    assert_eq!(world.call(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.call(Method::GET, "/v1/webhooks", None).await.1["items"], json!([]));
}
