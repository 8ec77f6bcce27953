//! A record nobody can read.

use super::project::ADMIN;
use super::stack::{STAGE, Stack};
use serde_json::json;
use std::time::{Duration, Instant};

/// It ends among the dead letters, and the log tells why under its message id.
pub(super) async fn poisoned(stack: &Stack) {
    use aws_sdk_sqs::types::QueueAttributeName::{ApproximateNumberOfMessages, QueueArn, RedrivePolicy};
    let queues = aws_sdk_sqs::Client::new(&stack.sdk);
    let url = async |name: &str| {
        let found = queues.get_queue_url().queue_name(format!("cauce-{STAGE}-{name}")).send().await;
        found.expect("a queue").queue_url.expect("its address")
    };
    let (events, dead) = (url("events").await, url("events-dead").await);
    let arn = queues.get_queue_attributes().queue_url(&dead).attribute_names(QueueArn).send().await.expect("read");
    let arn = arn.attributes.unwrap_or_default().remove(&QueueArn).expect("its name");
    // Eight tries take most of an hour: here the second is the last.
    let twice = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 2 }).to_string();
    queues.set_queue_attributes().queue_url(&events).attributes(RedrivePolicy, twice).send().await.expect("set");
    let sent =
        queues.send_message().queue_url(&events).message_body("{\"type\":\"otra_v9\"}").send().await.expect("sent");
    let id = sent.message_id.expect("an id");
    let begun = Instant::now();
    loop {
        let counted = queues.get_queue_attributes().queue_url(&dead).attribute_names(ApproximateNumberOfMessages);
        let counted = counted.send().await.expect("read").attributes.unwrap_or_default();
        if counted.get(&ApproximateNumberOfMessages).is_some_and(|n| n == "1") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "it is not among the dead letters");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let logs = stack.logs();
    assert!(logs.lines().any(|l| l.contains(&id) && l.contains("otra_v9")), "the log tells why: {logs}");
    let personal = ["987650001", "caro@x.com", ADMIN];
    assert!(!personal.iter().any(|p| logs.contains(p)), "no address and no key is logged");
}
