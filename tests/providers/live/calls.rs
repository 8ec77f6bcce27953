//! Calls: the adviser's telephone first, states onto the call in the customer's thread.

use super::path::connected;
use super::{AUTH_TOKEN, Line, PUBLIC, twilio_headers};
use crate::fakes::{Memory, twilio};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

async fn line(memory: &Arc<Memory>) -> Line {
    let line = connected(&Memory::taking(), memory).await;
    line.world.customers("Ana").await;
    line
}

async fn tell(line: &Line, callback: &str, form: &str) {
    let headers = twilio_headers(AUTH_TOKEN, callback, form);
    let path = callback.strip_prefix(PUBLIC).expect("our address");
    assert_eq!(line.post(path, &headers, form.as_bytes()).await.status_code, 200);
}

async fn call(line: &Line, id: &str) -> Value {
    let (_, thread) = line.world.call(Method::GET, &format!("/v1/customers/{id}/interactions"), None).await;
    thread["items"].as_array().expect("items").iter().find(|i| i["channel"] == "call").expect("the call").clone()
}

#[tokio::test]
async fn the_adviser_rings_first_and_the_end_is_the_customers() {
    let memory = Memory::taking();
    let line = line(&memory).await;
    let id = line.world.account("100").await.id;
    let path = format!("/v1/customers/{id}/calls");
    let ask = || line.world.call(Method::POST, &path, Some(json!({ "adviser_phone": "912345678" })));
    let (status, why) = ask().await;
    assert_eq!((status, why["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("outside_hours")), "{why}");
    line.world.house().clock.advance_to("2026-03-10T15:00:00Z".parse().expect("an instant"));
    let (status, made) = ask().await;
    assert_eq!((status, made["refused"].is_null()), (StatusCode::ACCEPTED, true), "{made}");
    assert_eq!(ask().await.1["code"], "too_many_calls", "one a second");
    assert_eq!(memory.wrong(), Vec::<String>::new());
    let rung = memory.taken().remove(0);
    assert_eq!(rung.asked.to, "+51912345678");
    assert!(rung.asked.text.contains(">+51987650000</Number>"), "{}", rung.asked.text);
    let callback = rung.callback.expect("a callback");
    let leg = |sid: &str, parent: &str, state: &str, seq: u32, more: &str| {
        format!(
            "AccountSid={}&CallSid={sid}&ParentCallSid={parent}&CallStatus={state}&SequenceNumber={seq}{more}",
            twilio::ACCOUNT
        )
    };
    let told = [
        leg("CA2", "CA1", "completed", 3, "&CallDuration=61"),
        leg("CA1", "", "in-progress", 2, ""),
        leg("CA2", "CA1", "ringing", 1, ""),
        leg("CA2", "CA1", "in-progress", 2, ""),
        leg("CA2", "CA1", "completed", 3, "&CallDuration=61"),
        leg("CA1", "", "completed", 3, "&CallDuration=80"),
    ];
    for form in &told {
        tell(&line, &callback, form).await;
    }
    let kept = call(&line, id.as_str()).await;
    assert_eq!(
        (kept["result"].as_str(), kept["result_name"].as_str()),
        (Some("contacted"), Some("Contactado")),
        "{kept}"
    );
    assert_eq!(kept["legs"]["customer"]["state"], "completed");
    assert_eq!(kept["legs"]["adviser"]["seconds"], 80);
    assert!(line.world.broken().await.is_empty(), "{:?}", line.world.broken().await);
}
