//! The stage's files: what is dropped there, and what the sandbox channels keep there and report.

use super::stack::{DATA, Stack};
use cauce_channels::sandbox::{Kept, SIGNATURE, sign};

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
    let hook: cauce_engine::hooks::Hook = serde_json::from_str(hook.value().expect("a value")).expect("a hook");
    let secret = &hook.keys["sandbox"].signing[0].text;
    let path = format!("/hooks/sandbox/{token}");
    for (_, post) in kept.iter().flat_map(|k| &k.posts) {
        let body = serde_json::to_string(post).expect("json");
        let signature = sign(secret, body.as_bytes());
        assert_eq!(stack.call("POST", &path, &[(SIGNATURE, &signature)], &body).0, 200);
        assert_eq!(stack.call("POST", &path, &[(SIGNATURE, "00")], &body).0, 401);
    }
}
