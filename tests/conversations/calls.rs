//! Calls to make: agreed on, tried again, and settled by whoever calls.

use super::{ana, told};
use axum::http::Method;
use serde_json::json;

async fn open_calls(world: &crate::world::World) -> Vec<String> {
    let calls = world.account("100").await.calls;
    calls.iter().map(|call| format!("{} {}", call.reason.spanish(), call.due)).collect()
}

#[tokio::test]
async fn a_call_is_agreed_on_only_for_a_day_and_an_hour_on_which_it_may_be_made() {
    let world = ana().await;
    for (date, time, words) in [
        ("2026-03-09", None, "la próxima llamada es hoy o después"),
        ("2026-03-14", None, "el 2026-03-14 no se puede llamar: fin de semana"),
        ("2026-04-02", None, "el 2026-04-02 no se puede llamar: feriado: Jueves Santo"),
        ("2026-03-12", Some("22:00:00"), "esa hora está fuera del horario de contacto permitido"),
    ] {
        let asked = told("outbound_contact", "call_back", json!({ "call_back": { "date": date, "time": time } }));
        assert_eq!(world.refused("100", "outcomes", asked).await.1, words);
    }
    let (_, days) = world.call(Method::GET, "/v1/days?month=2026-04", None).await;
    let days = days["items"].as_array().expect("days").clone();
    assert_eq!(days.len(), 30);
    assert_eq!((&days[1]["allowed"], &days[1]["reason"]), (&json!(false), &json!("feriado: Jueves Santo")));
    assert_eq!(days[0], json!({ "date": "2026-04-01", "allowed": true }));
}

#[tokio::test]
async fn who_does_not_answer_is_called_again_today_three_times_and_then_on_the_next_day() {
    let world = ana().await;
    world.until("2026-03-13T14:00:00Z").await;
    let no_answer = async || world.outcome("100", "outbound_no_contact", "no_answer", json!({})).await;
    no_answer().await;
    assert_eq!(open_calls(&world).await, ["No contestó 2026-03-13"]);
    let again = world.account("100").await.calls[0].not_before;
    assert_eq!(again, "2026-03-13T16:00:00Z".parse().ok(), "after two hours");
    world.until("2026-03-13T16:00:00Z").await;
    no_answer().await;
    world.until("2026-03-13T18:00:00Z").await;
    no_answer().await;
    assert_eq!(open_calls(&world).await, ["No contestó 2026-03-16"], "three times are enough for a Friday");
    let entries = world.thread("100").await.into_iter().filter(|item| item["reason"] == "retry");
    let mut states: Vec<String> = entries.map(|item| item["state_name"].as_str().unwrap_or_default().into()).collect();
    states.sort();
    assert_eq!(states, ["No contactado", "No contactado", "Por gestionar"]);
}

#[tokio::test]
async fn one_call_settles_what_was_due_and_leaves_what_was_agreed_on_for_later() {
    let world = ana().await;
    world.outcome("100", "outbound_contact", "call_back", json!({ "call_back": { "date": "2026-03-12" } })).await;
    world.outcome("100", "outbound_no_contact", "no_answer", json!({})).await;
    assert_eq!(open_calls(&world).await, ["No contestó 2026-03-10", "Volver a llamar 2026-03-12"]);
    world.outcome("100", "outbound_contact", "wont_pay", json!({})).await;
    assert_eq!(open_calls(&world).await, ["Volver a llamar 2026-03-12"]);
    world.outcome("100", "outbound_contact", "call_back", json!({ "call_back": { "date": "2026-03-20" } })).await;
    assert_eq!(open_calls(&world).await, ["Volver a llamar 2026-03-20"], "a new one takes the place of the old");
    world.until("2026-03-20T14:00:00Z").await;
    world.outcome("100", "inbound", "information_request", json!({ "note": "su saldo" })).await;
    assert_eq!(open_calls(&world).await, ["Volver a llamar 2026-03-20"], "a question settles nothing");
    world.outcome("100", "inbound", "payment_made", json!({})).await;
    assert!(open_calls(&world).await.is_empty());
}

#[tokio::test]
async fn a_reminder_with_a_day_asks_for_a_call_on_it() {
    let world = ana().await;
    let reminder = json!({ "reminder": { "text": "cobra su quincena", "date": "2026-03-14" } });
    world.outcome("100", "outbound_contact", "reminder", reminder).await;
    assert!(open_calls(&world).await.is_empty());
    world.until("2026-03-14T06:00:00Z").await;
    assert_eq!(open_calls(&world).await, ["Recordatorio 2026-03-16"], "Saturday's is Monday's");
    world.until("2026-03-16T14:00:00Z").await;
    let noted = world.matter("100", "reminder").await;
    let id = noted["id"].as_str().expect("an id").to_owned();
    world.done("100", &format!("reminders/{id}/done"), json!({})).await;
    assert_eq!(world.post("100", &format!("reminders/{id}/done"), json!({})).await.0, 404);
}
