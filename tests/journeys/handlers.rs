//! The functions over AWS's own events, as they are in `events/`.

use crate::built::root;
use crate::world::World;
use cauce_engine::ports::files::{Files, whole};
use serde_json::Value;

fn event(name: &str) -> Value {
    let text = std::fs::read_to_string(root().join("events").join(name)).expect("an event");
    serde_json::from_str(&text).expect("json")
}

#[tokio::test]
async fn a_file_in_the_drop_folder_is_loaded_once_however_often_it_is_told() {
    let world = World::on("2026-03-10").await;
    let sample = std::fs::read(root().join("events/customers.csv")).expect("a sample file");
    world.house().folder.write("drop/lima/customers/customers.csv", whole(sample)).await.expect("written");
    let ports = &world.house().ports;
    for _ in 0..2 {
        let event = serde_json::from_value(event("import-file.sqs.json")).expect("an SQS event");
        let answer = cauce_import_file::handle(ports, event, world.now(), &|| false).await;
        assert!(answer.batch_item_failures.is_empty());
    }
    world.runner.drain().await.expect("drained");
    let log = cauce_engine::import::job::all(ports, &world.project).await.expect("read");
    let told: Vec<_> = log.iter().filter(|l| l.id.as_str() == log[0].id.as_str()).collect();
    assert_eq!((told.len(), log[0].counts.accepted, log[0].counts.rejected), (1, 2, 1));
}

#[tokio::test]
async fn a_body_nobody_can_read_fails_alone() {
    let world = World::on("2026-03-10").await;
    let event = serde_json::from_value(event("send-message.sqs.json")).expect("an SQS event");
    let answer = cauce_send_message::handle(&world.house().ports, event, world.now(), &|| false).await;
    let failed: Vec<&str> = answer.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
    assert_eq!(
        failed,
        ["11111111-0000-0000-0000-000000000002"],
        "the message that is gone is done; the broken one is not"
    );
}

#[tokio::test]
async fn schedules_plan_release_and_close() {
    let world = World::on("2026-03-10").await;
    let ports = &world.house().ports;
    let event = || serde_json::from_value(event("schedule.eventbridge.json")).expect("an EventBridge event");
    assert_eq!(cauce_plan_day::on_schedule(ports, event(), world.now()).await.expect("planned"), 1);
    cauce_release_due::on_schedule(ports, event(), world.now()).await.expect("released");
    cauce_close_day::on_schedule(ports, event(), world.now()).await.expect("closed");
    cauce_close_day::on_schedule(ports, event(), world.now()).await.expect("closed again");
}

#[tokio::test]
async fn a_webhook_is_taken_only_from_who_holds_the_secret() {
    let world = World::on("2026-03-10").await;
    let ports = &world.house().ports;
    let token = world.setup().await.project().hook_token.clone();
    let hook = cauce_engine::hooks::read(ports, &token).await.expect("read").expect("a hook");
    let signing = hook.keys["sandbox"].signing[0].text.clone();
    let post = |path: String, body: String, signature: String| {
        let mut request = event("receive-webhook.http.json");
        request["rawPath"] = path.into();
        request["body"] = body.into();
        request["headers"]["x-sandbox-signature"] = signature.into();
        let now = world.now();
        async move {
            let request = serde_json::from_value(request).expect("an HTTP event");
            cauce_receive_webhook::handle(ports, request, now).await.expect("an answer").status_code
        }
    };
    let body = r#"{"statuses":[]}"#.to_owned();
    let sign = |body: &str| cauce_channels::sandbox::sign(&signing, body.as_bytes());
    let route = format!("/hooks/sandbox/{token}");
    assert_eq!(post(route.clone(), body.clone(), sign(&body)).await, 200);
    assert_eq!(post(route.clone(), body.clone(), sign("other")).await, 401);
    assert_eq!(post(route.clone(), body.clone(), String::new()).await, 401);
    assert_eq!(post(format!("/hooks/sandbox/{}", "0".repeat(32)), body.clone(), sign(&body)).await, 404);
    assert_eq!(post(format!("/hooks/nadie/{token}"), body.clone(), sign(&body)).await, 404);
    assert_eq!(post("/hooks/sandbox/../x".into(), body, String::new()).await, 404);
    let huge = "x".repeat(4 * 1024 * 1024);
    assert_eq!(post(route.clone(), huge.clone(), sign(&huge)).await, 413);
    let large = format!(r#"{{"statuses":[],"padding":"{}"}}"#, "x".repeat(600_000));
    assert_eq!(post(route, large.clone(), sign(&large)).await, 200, "a large one travels as a file");
    world.runner.drain().await.expect("drained");
    assert_eq!(world.house().queue.depth().expect("depth"), (0, 0));
}

#[tokio::test]
async fn a_webhook_makes_no_table_call() {
    let world = World::on("2026-03-10").await;
    let token = world.setup().await.project().hook_token.clone();
    let before = world.house().table.meter().read();
    let mut request = event("receive-webhook.http.json");
    request["rawPath"] = format!("/hooks/sandbox/{token}").into();
    let request = serde_json::from_value(request).expect("an HTTP event");
    cauce_receive_webhook::handle(&world.house().ports, request, world.now()).await.expect("an answer");
    assert_eq!(world.house().table.meter().read(), before);
}
