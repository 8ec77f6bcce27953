//! Calls that steps of flows ask for: in the tray from their hour, ended by whoever calls or by what makes them needless.

use super::{ana, holds};
use axum::http::{Method, StatusCode};
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::State;
use serde_json::json;

/// A flow with two calls, three and eight days late.
async fn calling() -> crate::world::World {
    let world = ana().await;
    let template = json!({ "name": "Llamada", "channel": "call", "purposes": ["flow"], "body": "Hola {primer_nombre}, su pago {codigo} por {monto} venció el {vencimiento}." });
    let (status, made) = world.call(Method::POST, "/v1/templates", Some(template)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let id = made["template"]["id"].as_str().expect("an id");
    let step = |offset: i32| json!({ "offset": offset, "time": "09:00:00", "template": id });
    let flow = json!({ "name": "Llamadas", "active": true, "segments": ["default"], "steps": [step(3), step(4)] });
    let bearer = format!("Bearer {}", crate::world::KEY);
    let version = format!("\"{}\"", world.setup().await.flows[0].version);
    let headers = [("authorization", bearer.as_str()), ("if-match", version.as_str())];
    let (status, answer) = world.call_with(Method::PUT, "/v1/flows/inicial", Some(flow), &headers).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    world
}

async fn to_call(world: &crate::world::World) -> Vec<String> {
    let (_, tray) = world.call(Method::GET, "/v1/trays/calls", None).await;
    let all = tray["items"].as_array().cloned().unwrap_or_default();
    all.iter().map(|line| line["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_steps_call_stands_in_the_tray_from_its_hour_and_ends_as_it_was_made() {
    let world = calling().await;
    world.plan().await;
    assert!(to_call(&world).await.is_empty(), "its hour has not come");
    world.pass("2026-03-10T14:05:00Z").await;
    assert_eq!(to_call(&world).await.len(), 2);
    let asked = world.thread("100").await.into_iter().find(|item| item["origin"] == "flow").expect("a call");
    assert_eq!((&asked["state_name"], &asked["channel"]), (&json!("Por gestionar"), &json!("call")));
    assert_eq!(asked["script"], "Hola Ana, su pago F-1 por S/ 100.00 venció el 07/03/2026.");
    assert!(world.outbox().is_empty(), "nothing leaves");
    world.outcome("100", "outbound_contact", "wont_pay", json!({ "note": "no quiere" })).await;
    world.outcome("101", "outbound_no_contact", "voicemail", json!({})).await;
    let states: Vec<String> = world.messages("2026-03-10").await.iter().map(|m| m.state.spanish().to_owned()).collect();
    assert!(states.contains(&"Contactado".to_owned()) && states.contains(&"No contactado".to_owned()), "{states:?}");
    assert!(to_call(&world).await.is_empty());
    let result = world.result().await;
    assert_eq!((result.states.contacted, result.states.not_contacted, result.states.to_manage), (1, 1, 0));
    holds(&world).await;
}

#[tokio::test]
async fn nobody_is_called_who_paid_promised_or_was_paused_meanwhile() {
    let world = calling().await;
    world.plan().await;
    world.pass("2026-03-10T14:05:00Z").await;
    world.pay("P-1", "F-1", "2026-03-10", "100.00").await;
    assert_eq!(to_call(&world).await, ["Beto"]);
    world.done("101", "promises", json!({ "date": "2026-03-13", "amount": "50.00" })).await;
    assert!(to_call(&world).await.is_empty());
    let reasons: Vec<State> = world.messages("2026-03-10").await.into_iter().map(|m| m.state).collect();
    assert!(reasons.contains(&State::NotSent { reason: Reason::NothingDue }), "{reasons:?}");
    assert!(reasons.contains(&State::NotSent { reason: Reason::PromiseLive }), "{reasons:?}");
    holds(&world).await;
}

#[tokio::test]
async fn a_call_nobody_made_gives_its_place_to_the_next_steps() {
    let world = calling().await;
    world.until("2026-03-11T14:05:00Z").await;
    let of_ana = |messages: Vec<cauce_domain::contact::interaction::Interaction>, id: &str| {
        messages.into_iter().find(|m| m.customer.as_str() == id).map(|m| m.state)
    };
    let id = world.id("100").await;
    let first = of_ana(world.messages("2026-03-10").await, &id);
    assert_eq!(first, Some(State::NotSent { reason: Reason::Superseded }));
    assert_eq!(of_ana(world.messages("2026-03-11").await, &id), Some(State::ToManage));
    assert_eq!(world.account("100").await.calls.len(), 1);
    holds(&world).await;
}

#[tokio::test]
async fn without_the_channel_there_are_no_calls_and_no_outcomes() {
    let world = calling().await;
    world.change(|project| project.channels.values_mut().for_each(|flags| flags.active = false)).await;
    assert_eq!(world.plan().await.plan.not_send.get("channel_inactive"), Some(&2));
    let body = super::told("outbound_no_contact", "voicemail", json!({}));
    assert_eq!(world.refused("100", "outcomes", body).await.0, "channel_inactive");
}
