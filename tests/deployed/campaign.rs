//! A campaign, from the draft to its end; the segments updated.

use super::project::Project;
use cauce_domain::contact::calendar::Calendar;
use cauce_domain::country::Country;
use chrono::{NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

/// Has the segments updated, and everybody written to, with some held out; whoever was written to today is left out.
pub(super) async fn campaigned(project: &Project<'_>, (today, offset): (NaiveDate, i64)) {
    let stack = project.stack;
    let walk = project.post("/v1/segments/refresh", json!({}));
    let path = format!("/v1/processes/{}", walk["id"].as_str().expect("an id"));
    let over = |walk: &Value| (walk["state_name"] == "Finalizado").then(|| walk["result"].clone());
    let result = stack.until("the update of the segments", || project.get(&path), over).await;
    assert_eq!(result["customers"], json!(4), "{result}");
    let open = json!([{ "from": "07:00:00", "to": "19:00:00" }]);
    let hours = json!({ "windows": vec![open; 7] }).to_string();
    let bearer = format!("Bearer {}", project.key);
    let opened = (2..40).any(|version| {
        let headers = [("authorization", bearer.as_str()), ("if-match", &version.to_string())];
        stack.call("PUT", "/v1/project", &headers, &hours).0 == 200
    });
    assert!(opened, "the hours are another day's");
    let template = json!({ "name": "Propuesta", "channel": "sms", "purposes": ["campaign"], "body": "Hola {nombre}" });
    let template = project.post("/v1/templates", template)["template"]["id"].clone();
    let draft = json!({ "name": "Noviembre", "audience": { "segments": ["default"] }, "communications": [{ "template": template }] });
    let made = project.post("/v1/campaigns", draft);
    let path = format!("/v1/campaigns/{}", made["id"].as_str().expect("an id"));
    let there = (Utc::now() + TimeDelta::seconds(offset + 30)).with_timezone(&Calendar::of(Country::Pe).zone);
    let moment = json!({ "date": today, "time": there.format("%H:%M:%S").to_string() }).to_string();
    let headers = [("authorization", bearer.as_str()), ("if-match", "1")];
    let (status, scheduled) = stack.call("PUT", &format!("{path}/schedule"), &headers, &moment);
    assert_eq!((status, &scheduled["standing"]), (200, &json!("scheduled")), "{scheduled}");
    let over = |campaign: &Value| (campaign["standing"] == "executed").then_some(());
    stack.until("the campaign's end", || project.get(&path), over).await;
    let result = project.get(&format!("{path}/result"));
    // Ana asked for silence, Beto and Caro were written to today, Zoe wants no SMS.
    assert_eq!((&result["scheduled"], &result["open"]), (&json!(4), &json!(0)), "{result}");
}
