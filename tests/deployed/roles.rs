//! What the roles of the template allow, call by call.

use super::recorder::Made;
use crate::template::cloud::template;
use serde_json::Value;
use std::collections::BTreeSet;

/// What Lambda itself does with a function's role: take records from its queues, write its log. And what a function does
/// only where a record fails: give it back.
const APART: [&str; 6] = [
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ChangeMessageVisibility",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
];

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

/// `SendWhatsapp` as the functions and queues spell it: `send-whatsapp`.
fn dashed(name: &str) -> String {
    name.chars().enumerate().fold(String::new(), |mut all, (at, c)| {
        if c.is_uppercase() && at > 0 {
            all.push('-');
        }
        all.extend(c.to_lowercase());
        all
    })
}

/// The last part of a resource, as the recorder names it.
fn resource(value: &Value) -> String {
    if let Some(text) = value["Fn::Sub"].as_str().and_then(|t| t.strip_prefix("${Tables}-")) {
        return text.to_owned();
    }
    match value["Ref"].as_str().and_then(|r| r.strip_suffix("Arn")) {
        Some(queue) => format!("cauce-{}-{}", super::stack::STAGE, dashed(queue)),
        None => "*".to_owned(),
    }
}

/// Every call that some role allows.
pub(crate) fn allowed() -> BTreeSet<Made> {
    let mut all = BTreeSet::new();
    for (name, role) in template("infra/roles.yaml")["Resources"].as_object().expect("resources") {
        for statement in list(&role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]) {
            for action in list(&statement["Action"]).iter().filter_map(Value::as_str) {
                assert!(!action.contains('*'), "{name} names its actions: {action}");
                if APART.contains(&action) || action == "sqs:SendMessageBatch" {
                    continue;
                }
                all.extend(list(&statement["Resource"]).iter().map(|r| (dashed(name), action.to_owned(), resource(r))));
            }
        }
    }
    all
}
