//! Reports that come late, doubled, out of order or before their message; answers that never come.

use crate::world::World;
use async_trait::async_trait;
use axum::http::Method;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::{Report, State};
use cauce_engine::apply_event::{Applied, apply_event};
use cauce_engine::import::job::Kind;
use cauce_engine::messages::RawEvent;
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use cauce_engine::restore::{self, Left};
use cauce_engine::store::interactions::reference;
use cauce_engine::store::settings::ExpectedLoad;
use cauce_engine::store::setups::Setups;
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A provider that gives the answers it is told, and remembers how often it was called.
struct Scripted {
    answers: Mutex<Vec<Answer>>,
    calls: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Sender for Scripted {
    fn provider(&self) -> &'static str {
        "sandbox"
    }
    async fn send(&self, message: &Outgoing) -> Answer {
        self.calls.lock().expect("calls").push(message.reference.clone());
        self.answers.lock().expect("answers").pop().unwrap_or_else(|| Answer::Accepted("sb-x".into()))
    }
}

type Calls = Arc<Mutex<Vec<String>>>;

async fn world_with(answers: Vec<Answer>) -> (tempfile::TempDir, World, Calls) {
    let folder = crate::world::folder();
    let calls: Calls = Arc::default();
    let scripted = Arc::new(Scripted { answers: Mutex::new(answers), calls: Arc::clone(&calls) });
    let world = World::at(folder.path(), crate::world::day("2026-03-10"), |mut house| {
        for channel in Channel::ALL {
            house.ports.channels.insert(channel, Arc::clone(&scripted) as Arc<dyn Sender>);
        }
        house
    })
    .await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-10 100.00").await;
    world.plan().await;
    (folder, world, calls)
}

async fn report(world: &World, id: &str, reference: Option<&str>, status: &str) -> Applied {
    let at = world.now();
    let body = json!({ "statuses": [{ "id": id, "reference": reference, "status": status, "error": "x", "at": at }] });
    let raw = RawEvent {
        project: Some(world.project.clone()),
        provider: "sandbox".into(),
        query: String::new(),
        body: Some(body.to_string()),
        file: None,
        received: at,
    };
    apply_event(&world.house().ports, &Setups::new(&world.house().ports), &raw).await.expect("applied")
}

#[tokio::test]
async fn a_report_before_its_message_waits_and_is_applied() {
    let (_folder, world, _) = world_with(vec![]).await;
    assert_eq!(report(&world, "sb-x", None, "delivered").await, Applied { parked: 1, ..Applied::default() });
    world.pass("2026-03-10T15:00:00Z").await;
    assert_eq!(world.only("2026-03-10").await, State::Delivered);
    assert_eq!(report(&world, "sb-x", None, "sent").await.applied, 1);
    assert_eq!(report(&world, "sb-x", None, "opened").await.applied, 1);
    assert_eq!(report(&world, "sb-x", None, "failed").await.applied, 1);
    assert_eq!(world.only("2026-03-10").await, State::Opened, "never down");
}

#[tokio::test]
async fn silence_is_unknown_never_resent_and_resolved_by_a_report() {
    let (_folder, world, calls) = world_with(vec![Answer::Unknown("sin respuesta".into())]).await;
    world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!(world.only("2026-03-10").await, State::Unknown);
    assert_eq!(calls.lock().expect("calls").len(), 1, "never resent");
    let (ports, sent) = (&world.house().ports, world.messages("2026-03-10").await);
    let texts = cauce_engine::store::interactions::texts(ports, &world.project, &sent).await.expect("read");
    assert!(texts[0].as_ref().is_some_and(|t| t.text.contains("Ana")), "what may have left can be read");
    let message = world.messages("2026-03-10").await.remove(0);
    report(&world, "sb-late", Some(&reference(&message)), "delivered").await;
    assert_eq!(world.only("2026-03-10").await, State::Delivered);
    let sent = world.messages("2026-03-10").await;
    let texts = cauce_engine::store::interactions::texts(ports, &world.project, &sent).await.expect("read");
    assert!(texts[0].as_ref().is_some_and(|t| t.text.contains("Ana")), "and still can when it is known to have left");
    assert!(world.broken().await.is_empty());
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_inside_the_window() {
    let (_folder, world, calls) = world_with(vec![Answer::not_now("429"), Answer::not_now("429")]).await;
    world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!(calls.lock().expect("calls").len(), 3);
    assert_eq!(world.only("2026-03-10").await, State::Sent);
    assert_eq!(world.messages("2026-03-10").await[0].attempt, 3);
}

#[tokio::test]
async fn a_refusal_gives_the_contact_back() {
    let (_folder, world, calls) = world_with(vec![Answer::refused("número inválido")]).await;
    world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!(world.only("2026-03-10").await, State::Failed { error: "número inválido".into(), bounced: false });
    assert_eq!(calls.lock().expect("calls").len(), 1);
    assert!(world.broken().await.is_empty(), "it is not in the ledger");
}

#[tokio::test]
async fn an_account_the_provider_refuses_drops_its_channel_and_alerts_once() {
    let (_folder, world, calls) = world_with(vec![Answer::disconnected("clave vencida")]).await;
    world.customers("Ana Beto").await;
    world.change(|p| p.alert_addresses = vec!["jefa@andes.pe".into()]).await;
    world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!(world.only("2026-03-10").await, State::NotSent { reason: Reason::ChannelDisconnected });
    let channels = world.setup().await.project().channels.clone();
    assert_eq!(channels.values().filter(|c| !c.connected).count(), 1);
    let calls = calls.lock().expect("calls").clone();
    assert_eq!(calls.iter().filter(|r| r.starts_with("aviso-")).count(), 1, "{calls:?}");
    assert!(world.broken().await.is_empty(), "it is not in the ledger");
}

#[tokio::test]
async fn a_file_that_did_not_come_by_its_hour_is_told_once() {
    let (_folder, world, calls) = world_with(vec![]).await;
    let told = || calls.lock().expect("calls").iter().filter(|r| r.starts_with("aviso-")).count();
    world
        .change(|p| {
            p.alert_addresses = vec!["jefa@andes.pe".into()];
            let by = "08:00:00".parse().expect("an hour");
            p.expected_loads = [Kind::Orders, Kind::Payments].map(|kind| ExpectedLoad { kind, by }).into();
        })
        .await;
    world.until("2026-03-10T12:59:00Z").await;
    assert_eq!(told(), 0, "before eight nothing is late");
    world.until("2026-03-10T22:00:00Z").await;
    assert_eq!(told(), 1, "payments did not come, orders did");
    world.until("2026-03-11T13:30:00Z").await;
    assert_eq!(told(), 3, "the next day neither came");
    world.until("2026-03-15T23:00:00Z").await;
    assert_eq!(told(), 7, "no file is expected on a weekend");
}

#[tokio::test]
async fn a_dead_worker_leaves_unknown_after_its_lease() {
    let (_folder, world, calls) = world_with(vec![]).await;
    // The claim took effect and the process died: the message stays *sending*.
    let mut message = world.messages("2026-03-10").await.remove(0);
    message.state = State::Sending { lease: crate::world::utc("2026-03-10T14:05:00Z") };
    let item = cauce_engine::store::interactions::item(&world.project, &message, true).expect("an item");
    let change = cauce_engine::ports::table::Change::Put(item, cauce_engine::ports::table::Expect::Anything);
    world.house().ports.table.write(world.house().ports.new_id(), vec![change]).await.expect("written");
    world.pass("2026-03-10T14:04:00Z").await;
    assert!(matches!(world.only("2026-03-10").await, State::Sending { .. }));
    world.pass("2026-03-10T14:10:00Z").await;
    assert_eq!(world.only("2026-03-10").await, State::Unknown);
    assert!(calls.lock().expect("calls").is_empty());
}

#[tokio::test]
async fn two_workers_with_one_message_send_it_once() {
    let (_folder, world, calls) = world_with(vec![]).await;
    world.house().clock.advance_to(crate::world::utc("2026-03-10T14:00:00Z"));
    let message = world.messages("2026-03-10").await.remove(0);
    let one = cauce_engine::messages::SendOne {
        project: world.project.clone(),
        customer: message.customer,
        day: message.day,
        send: message.id,
        channel: None,
        place: None,
        campaign: false,
    };
    let setup = world.setup().await;
    let workers =
        (0..20).map(|_| cauce_engine::send_message::send_message(&world.house().ports, &setup, &one, world.now()));
    for outcome in futures::future::join_all(workers).await {
        outcome.expect("no failure");
    }
    assert_eq!(calls.lock().expect("calls").len(), 1);
}

#[tokio::test]
async fn every_report_kind_has_a_code() {
    let failed = Report::Failed { error: String::new() };
    assert_eq!(
        [Report::Sent, Report::Delivered, Report::Opened, failed].map(|r| r.code().to_owned()),
        ["sent", "delivered", "opened", "failed"]
    );
}

#[tokio::test]
async fn what_left_before_a_restore_never_leaves_again() {
    let (_folder, world, calls) = world_with(vec![]).await;
    let message = world.messages("2026-03-10").await.remove(0);
    let setup = world.setup().await;
    let left = Left { reference: reference(&message), channel: Channel::Whatsapp };
    assert!(restore::enter(&world.house().ports, &setup, &left).await.expect("entered"));
    assert!(!restore::enter(&world.house().ports, &setup, &left).await.expect("known"), "once");
    world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!(world.only("2026-03-10").await, State::NotSent { reason: Reason::Superseded });
    assert!(calls.lock().expect("calls").is_empty());
    let other = Left { reference: "nada".into(), channel: Channel::Sms };
    assert!(restore::enter(&world.house().ports, &setup, &other).await.is_err());
}

#[tokio::test]
async fn a_restored_project_is_inactive_until_it_is_activated_again() {
    let folder = crate::world::folder();
    let restored = crate::world::utc("2026-03-10T12:00:00Z");
    let world = World::at(folder.path(), crate::world::day("2026-03-10"), |mut house| {
        house.ports.restored = Some(restored);
        house
    })
    .await;
    assert!(!world.setup().await.project().active, "activated before the restore");
    world.customers("Ana Beto").await;
    world.orders("100 F-1 2026-03-10 100.00").await;
    assert_eq!(world.plan().await.plan.not_send.get("platform_inactive"), Some(&1));
    world.pass("2026-03-10T15:00:00Z").await;
    assert!(world.outbox().is_empty());
    let confirm = Some(json!({ "confirm": true }));
    let (status, _) = world.call(Method::POST, "/v1/project/activate", confirm).await;
    assert!(status.is_success() && world.setup().await.project().active);
    let (status, _) = world.call(Method::POST, "/v1/project/restored-sends", Some(json!({ "items": [] }))).await;
    assert_eq!(status.as_u16(), 409, "too late for its history");
}
