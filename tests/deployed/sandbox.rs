//! The stage's files: what is dropped there, and what the sandbox channels keep there and report.

use super::stack::{DATA, STAGE, Stack};
use cauce_channels::sandbox::{Kept, SIGNATURE, sign};
use cauce_engine::hooks::{Hook, Keys};
use serde_json::json;

pub(super) async fn drop_file(stack: &Stack, name: &str, content: &str) {
    let files = aws_sdk_s3::Client::new(&stack.sdk);
    let key = format!("drop/lima/{name}.csv");
    let bucket = format!("{DATA}-files-000000000000");
    files.put_object().bucket(bucket).key(key).body(content.as_bytes().to_vec().into()).send().await.expect("dropped");
}

/// What the sandbox took, by our reference.
pub(super) async fn outbox(stack: &Stack) -> Vec<Kept> {
    let (files, bucket) = (aws_sdk_s3::Client::new(&stack.sdk), format!("{DATA}-files-000000000000"));
    let listed = files.list_objects_v2().bucket(&bucket).prefix("outbox/lima/").send().await.expect("listed");
    let mut kept = Vec::new();
    for object in listed.contents() {
        let got = files.get_object().bucket(&bucket).key(object.key().unwrap_or_default()).send().await.expect("there");
        let body = got.body.collect().await.expect("read").into_bytes();
        kept.push(serde_json::from_slice(&body).expect("json"));
    }
    kept
}

/// Posts what the sandbox owes, as a provider would; one that does not hold the secret is turned away.
pub(super) async fn deliver(stack: &Stack, kept: &[Kept]) {
    let found = aws_sdk_ssm::Client::new(&stack.sdk).get_parameters_by_path().path(format!("/{DATA}")).recursive(true);
    let found = found.with_decryption(true).send().await.expect("listed").parameters.unwrap_or_default();
    let hook = found.iter().find(|p| p.name().is_some_and(|n| n.contains("/hook."))).expect("a hook");
    let token = hook.name().and_then(|n| n.rsplit("hook.").next()).expect("a token");
    let name = hook.name().expect("a name").to_owned();
    let mut hook: Hook = serde_json::from_str(hook.value().expect("a value")).expect("a hook");
    // As connecting the channel would write it, before anybody has read it.
    hook.keys.insert("whatsapp".into(), Keys::signed_with(APP_SECRET));
    let text = serde_json::to_string(&hook).expect("json");
    let put = aws_sdk_ssm::Client::new(&stack.sdk).put_parameter().name(name).value(text).overwrite(true);
    put.send().await.expect("written");
    let secret = &hook.keys["sandbox"].signing[0].text;
    let path = format!("/hooks/sandbox/{token}");
    for (_, post) in kept.iter().flat_map(|k| &k.posts) {
        let body = serde_json::to_string(post).expect("json");
        let signature = sign(secret, body.as_bytes());
        assert_eq!(stack.call("POST", &path, &[(SIGNATURE, &signature)], &body).0, 200);
        assert_eq!(stack.call("POST", &path, &[(SIGNATURE, "00")], &body).0, 401);
    }
}

/// The secret of the app that posts what people write.
const APP_SECRET: &str = "secreto-de-la-app";

/// Posts what a person wrote by WhatsApp, as Meta would, twice.
pub(super) async fn write(stack: &Stack, from: &str, said: &str) {
    let found = aws_sdk_ssm::Client::new(&stack.sdk).get_parameters_by_path().path(format!("/{DATA}")).recursive(true);
    let found = found.send().await.expect("listed").parameters.unwrap_or_default();
    let token = found.iter().find_map(|p| p.name()?.rsplit_once("/hook.").map(|(_, token)| token.to_owned()));
    let path = format!("/hooks/whatsapp/{}", token.expect("a token"));
    let message =
        json!({ "from": from, "id": "wamid.1", "timestamp": "1773151200", "type": "text", "text": { "body": said } });
    let value = json!({ "metadata": { "phone_number_id": "1" }, "messages": [message] });
    let post = json!({ "object": "whatsapp_business_account",
        "entry": [{ "id": "2", "changes": [{ "field": "messages", "value": value }] }] });
    let body = post.to_string();
    let signature = sign(APP_SECRET, body.as_bytes());
    for _ in 0..2 {
        assert_eq!(stack.call("POST", &path, &[("x-hub-signature-256", &signature)], &body).0, 200);
    }
    assert_eq!(stack.call("GET", &format!("{path}?hub.mode=subscribe&hub.challenge=1"), &[], "").0, 401);
}

/// An event of SES's about the only e-mail, as its rule puts it on the queue.
pub(super) async fn told_by_ses(stack: &Stack, id: &str) {
    let event = json!({ "detail-type": "Email Delivered", "source": "aws.ses", "detail": { "eventType": "Delivery",
        "mail": { "messageId": id, "destination": ["caro@x.com"], "tags": { "project": ["lima"] } },
        "delivery": { "timestamp": chrono::Utc::now(), "recipients": ["caro@x.com"] } } });
    let sqs = aws_sdk_sqs::Client::new(&stack.sdk);
    let queue = sqs.get_queue_url().queue_name(format!("cauce-{STAGE}-events")).send().await.expect("a queue");
    let sent = sqs.send_message().queue_url(queue.queue_url().expect("a url")).message_body(event.to_string());
    sent.send().await.expect("sent");
}
