//! What the roles of the template allow, call by call.

use super::recorder::Made;
use crate::template::cloud::template;
use serde_json::{Value, json};
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

/// What a function asks only where something went wrong, or rarely: a day without it is no reason to forbid it.
pub(crate) const RARE: [(&str, &str, &str); 124] = [
    ("close-day", "dynamodb:DeleteItem", "settings"),
    ("plan-day", "dynamodb:DeleteItem", "settings"),
    ("plan-day", "dynamodb:DeleteItem", "jobs"),
    // Reports: queued at dawn; of customers and of processes; told to whoever asked.
    ("close-day", "sqs:SendMessage", "cauce-prueba-reports"),
    ("write-report", "dynamodb:Query", "accounts/index/customers"),
    ("write-report", "dynamodb:Query", "accounts"),
    ("write-report", "dynamodb:GetItem", "accounts"),
    ("write-report", "dynamodb:Query", "jobs"),
    ("write-report", "dynamodb:BatchGetItem", "jobs"),
    ("write-report", "ses:SendEmail", "*"),
    // Indicators, at night.
    ("plan-day", "dynamodb:Query", "accounts"),
    ("plan-day", "dynamodb:Query", "accounts/index/touched"),
    ("plan-day", "dynamodb:BatchGetItem", "jobs"),
    // Campaigns and walks over the customers, where somebody asks for one.
    ("plan-day", "dynamodb:Query", "accounts/index/customers"),
    ("plan-day", "dynamodb:Query", "interactions/index/day"),
    ("plan-day", "dynamodb:GetItem", "interactions"),
    ("plan-day", "dynamodb:BatchGetItem", "interactions"),
    ("plan-day", "dynamodb:DeleteItem", "interactions"),
    ("plan-day", "dynamodb:GetItem", "settings"),
    ("plan-day", "dynamodb:PutItem", "settings"),
    ("plan-day", "sqs:SendMessage", "cauce-prueba-send-whatsapp"),
    ("plan-day", "sqs:SendMessage", "cauce-prueba-send-sms"),
    ("plan-day", "sqs:SendMessage", "cauce-prueba-send-email"),
    ("plan-day", "ses:SendEmail", "*"),
    ("release-due", "dynamodb:GetItem", "settings"),
    ("release-due", "sqs:SendMessage", "cauce-prueba-plan"),
    ("send-message", "dynamodb:GetItem", "settings"),
    ("close-day", "dynamodb:GetItem", "settings"),
    ("close-day", "sqs:SendMessage", "cauce-prueba-plan"),
    // What events and the agent say, where a project has them.
    ("import-file", "sqs:SendMessage", "cauce-prueba-send-whatsapp"),
    ("import-file", "sqs:SendMessage", "cauce-prueba-send-sms"),
    ("import-file", "sqs:SendMessage", "cauce-prueba-send-email"),
    ("apply-event", "sqs:SendMessage", "cauce-prueba-send-whatsapp"),
    ("apply-event", "sqs:SendMessage", "cauce-prueba-send-sms"),
    ("apply-event", "sqs:SendMessage", "cauce-prueba-send-email"),
    ("close-day", "sqs:SendMessage", "cauce-prueba-send-whatsapp"),
    ("close-day", "sqs:SendMessage", "cauce-prueba-send-sms"),
    ("close-day", "sqs:SendMessage", "cauce-prueba-send-email"),
    ("apply-event", "dynamodb:GetItem", "jobs"),
    ("apply-event", "dynamodb:Query", "jobs"),
    ("apply-event", "dynamodb:BatchGetItem", "accounts"),
    ("deliver-webhook", "dynamodb:DeleteItem", "interactions"),
    // A customer whom a flow has called.
    ("import-file", "dynamodb:BatchGetItem", "interactions"),
    // A model, for projects that choose it.
    ("apply-event", "bedrock:InvokeModel", "*"),
    // The company's own systems, where there are any to be told.
    ("api", "sqs:SendMessage", "cauce-prueba-webhooks"),
    ("import-file", "sqs:SendMessage", "cauce-prueba-webhooks"),
    ("release-due", "sqs:SendMessage", "cauce-prueba-webhooks"),
    ("send-message", "sqs:SendMessage", "cauce-prueba-webhooks"),
    ("apply-event", "sqs:SendMessage", "cauce-prueba-webhooks"),
    ("close-day", "sqs:SendMessage", "cauce-prueba-webhooks"),
    ("deliver-webhook", "dynamodb:GetItem", "interactions"),
    ("deliver-webhook", "dynamodb:PutItem", "interactions"),
    ("deliver-webhook", "dynamodb:Query", "settings"),
    ("deliver-webhook", "dynamodb:PutItem", "settings"),
    ("deliver-webhook", "dynamodb:PutItem", "jobs"),
    ("deliver-webhook", "ssm:GetParameter", "*"),
    ("deliver-webhook", "ses:SendEmail", "*"),
    // What a person writes leaves at once.
    ("api", "sqs:SendMessage", "cauce-prueba-send-whatsapp"),
    ("api", "sqs:SendMessage", "cauce-prueba-send-sms"),
    ("api", "sqs:SendMessage", "cauce-prueba-send-email"),
    // Trays; promises and payments whose day has come.
    ("api", "dynamodb:Query", "accounts/index/inbox"),
    ("api", "dynamodb:Query", "accounts/index/calls"),
    ("close-day", "dynamodb:BatchGetItem", "accounts"),
    ("close-day", "dynamodb:DeleteItem", "accounts"),
    // What an address wrote before it was known to be a customer's.
    ("api", "dynamodb:DeleteItem", "interactions"),
    ("import-file", "dynamodb:GetItem", "interactions"),
    ("import-file", "dynamodb:DeleteItem", "interactions"),
    ("import-file", "dynamodb:Query", "interactions"),
    // Templates with files.
    ("send-message", "s3:GetObject", "*"),
    ("send-message", "s3:ListBucket", "*"),
    // Accounts of AWS's own are connected and tried out by whoever has one.
    ("api", "ses:SendEmail", "*"),
    ("api", "ses:GetAccount", "*"),
    ("api", "ses:GetEmailIdentity", "*"),
    ("api", "sms-voice:DescribeSpendLimits", "*"),
    ("api", "sms-voice:SendTextMessage", "*"),
    ("send-message", "sms-voice:SendTextMessage", "*"),
    // A message whose account has a pace; the first key of reply tokens.
    ("send-message", "sqs:SendMessage", "cauce-prueba-send-whatsapp"),
    ("send-message", "sqs:SendMessage", "cauce-prueba-send-sms"),
    ("send-message", "sqs:SendMessage", "cauce-prueba-send-email"),
    ("send-message", "dynamodb:PutItem", "jobs"),
    ("send-message", "dynamodb:BatchGetItem", "jobs"),
    ("close-day", "dynamodb:PutItem", "settings"),
    ("send-message", "ssm:PutParameter", "*"),
    // A night's asking of projects that have accounts of their own.
    ("close-day", "dynamodb:Query", "interactions/index/day"),
    ("close-day", "dynamodb:GetItem", "accounts"),
    ("close-day", "dynamodb:Query", "accounts"),
    ("close-day", "dynamodb:PutItem", "accounts"),
    ("close-day", "dynamodb:GetItem", "interactions"),
    ("close-day", "dynamodb:BatchGetItem", "interactions"),
    ("close-day", "dynamodb:Query", "interactions"),
    ("close-day", "dynamodb:PutItem", "interactions"),
    ("close-day", "ses:GetMessageInsights", "*"),
    // What messages cost, where there are prices.
    ("send-message", "dynamodb:UpdateItem", "jobs"),
    ("apply-event", "dynamodb:UpdateItem", "jobs"),
    // A wish taken back; what is told of a template or a limit; an alert; a subscription; files of an e-mail.
    ("apply-event", "dynamodb:DeleteItem", "accounts"),
    ("apply-event", "dynamodb:BatchGetItem", "interactions"),
    ("apply-event", "dynamodb:PutItem", "settings"),
    ("apply-event", "sqs:SendMessage", "cauce-prueba-events"),
    ("apply-event", "ses:SendEmail", "*"),
    ("apply-event", "sns:ConfirmSubscription", "*"),
    ("apply-event", "s3:PutObject", "*"),
    ("apply-event", "dynamodb:Query", "interactions"),
    ("apply-event", "ssm:GetParameter", "*"),
    ("apply-event", "dynamodb:GetItem", "settings"),
    ("apply-event", "dynamodb:GetItem", "accounts"),
    // A plan asked for by hand before the schedule's.
    ("api", "sqs:SendMessage", "cauce-prueba-plan"),
    // That a file is not there is told only to whom may list.
    ("import-file", "s3:ListBucket", "*"),
    // The answer kept under an idempotency key is dropped when the call failed on our side.
    ("api", "dynamodb:DeleteItem", "jobs"),
    // A carry, a step put off, what was decided before.
    ("plan-day", "dynamodb:GetItem", "accounts"),
    ("plan-day", "dynamodb:PutItem", "accounts"),
    ("plan-day", "dynamodb:Query", "interactions"),
    ("send-message", "dynamodb:PutItem", "accounts"),
    // A lease that ran out.
    ("release-due", "dynamodb:GetItem", "interactions"),
    ("release-due", "dynamodb:PutItem", "interactions"),
    // An address that customers share, and its day given back.
    ("send-message", "dynamodb:GetItem", "accounts"),
    ("send-message", "dynamodb:DeleteItem", "accounts"),
    // A project that waits for its payments; a channel whose account is refused.
    ("send-message", "dynamodb:GetItem", "jobs"),
    ("send-message", "dynamodb:PutItem", "settings"),
    // Webhooks too large for a queue; reports that came before their message.
    ("receive-webhook", "s3:PutObject", "*"),
    ("apply-event", "s3:GetObject", "*"),
    ("apply-event", "dynamodb:DeleteItem", "interactions"),
    // A load left waiting.
    ("close-day", "dynamodb:DeleteItem", "jobs"),
    ("close-day", "sqs:SendMessage", "cauce-prueba-import"),
    ("api", "dynamodb:GetItem", "interactions"),
];

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
                let resources = match statement["Resource"].get("Fn::If") {
                    Some(_) => json!("*"),
                    None => statement["Resource"].clone(),
                };
                all.extend(list(&resources).iter().map(|r| (dashed(name), action.to_owned(), resource(r))));
            }
        }
    }
    all
}
