//! A report of the day, written by its function as it is deployed.

use super::project::Project;
use super::stack::STAGE;
use chrono::NaiveDate;
use serde_json::{Value, json};

/// Asks for the day's interactions; its dawn is hours away, so its record is put on the queue by hand.
pub(super) async fn reported(project: &Project<'_>, today: NaiveDate) {
    let stack = project.stack;
    let body = json!({ "subject": "interactions", "format": "csv", "filter": { "from": today, "to": today } });
    let asked = project.post("/v1/reports", body);
    let id = asked["id"].as_str().expect("an id");
    let lists = project.get("/v1/project");
    let record = json!({ "type": "write_report_v1", "project": lists["id"], "report": id });
    let queues = aws_sdk_sqs::Client::new(&stack.sdk);
    let found = queues.get_queue_url().queue_name(format!("cauce-{STAGE}-reports")).send().await.expect("a queue");
    let url = found.queue_url.expect("its address");
    queues.send_message().queue_url(&url).message_body(record.to_string()).send().await.expect("sent");
    let path = format!("/v1/reports/{id}");
    let over = |report: &Value| (report["state_name"] == "Finalizado").then(|| report["rows"].clone());
    let rows = stack.until("the report", || project.get(&path), over).await;
    let content = project.downloaded(&format!("{path}/file"));
    let lines = content.lines().count() as u64;
    assert!(lines > 4 && Some(lines - 1) == rows.as_u64(), "{rows}: {content}");
    assert!(content.contains("Caro") && content.contains("Campaña"), "{content}");
}
