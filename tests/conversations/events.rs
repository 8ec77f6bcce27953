//! Events: what happens to a debt is told to the customer, while a promise stops the flow and whatever the day.

use super::{ana, holds};
use crate::world::World;
use axum::http::{Method, StatusCode};
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::contact::origin::{Cause, Origin};
use cauce_domain::strategy::trigger::Trigger;
use serde_json::{Value, json};

impl World {
    /// Sets an event up.
    async fn event(&self, trigger: Trigger, more: Value) {
        let mut body = json!({ "active": true, "templates": [format!("evento-{}", trigger.code().replace('_', "-"))] });
        more.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
        let path = format!("/v1/events/{}", trigger.code());
        let bearer = format!("Bearer {}", crate::world::KEY);
        let version =
            self.setup().await.events.iter().find(|rule| rule.value.trigger == trigger).map_or(0, |rule| rule.version);
        let tag = format!("\"{version}\"");
        let headers = [("authorization", bearer.as_str()), ("if-match", tag.as_str())];
        let (status, answer) = self.call_with(Method::PUT, &path, Some(body), &headers).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    /// The messages of events of a day, with what set each off.
    async fn told(&self, date: &str) -> Vec<(Trigger, Interaction)> {
        let all = self.messages(date).await.into_iter();
        let trigger = |message: &Interaction| match &message.cause {
            Cause::Event(occasion) => Some(occasion.trigger),
            _ => None,
        };
        all.filter_map(|message| Some((trigger(&message)?, message))).collect()
    }

    /// What left by the sandbox, in words.
    fn words(&self) -> Vec<String> {
        self.outbox().into_iter().map(|taken| taken.text).collect()
    }
}

/// At ten in the morning, with one event on.
async fn listening(trigger: Trigger) -> World {
    let world = ana().await;
    world.event(trigger, json!({})).await;
    world.pass("2026-03-10T15:00:00Z").await;
    world
}

#[tokio::test]
async fn a_new_project_has_its_events_ready_and_off() {
    let world = ana().await;
    let (_, all) = world.call(Method::GET, "/v1/events", None).await;
    let all = all["items"].as_array().expect("a list");
    assert_eq!(all.len(), Trigger::ALL.len());
    assert!(all.iter().all(|rule| rule["active"] == false));
    world.pass("2026-03-10T15:00:00Z").await;
    world.pay("P-1", "F-1", "2026-03-10", "10.00").await;
    assert!(world.told("2026-03-10").await.is_empty());
}

#[tokio::test]
async fn a_promise_is_confirmed_and_recalled_the_day_before_and_on_its_day_while_the_flow_is_silent() {
    let world = ana().await;
    for trigger in [Trigger::PromiseMade, Trigger::PromiseUpcoming, Trigger::PromiseDue, Trigger::PromiseBroken] {
        let days = if trigger == Trigger::PromiseUpcoming { json!({ "days_before": 1 }) } else { json!({}) };
        world.event(trigger, days).await;
    }
    world.pass("2026-03-10T15:00:00Z").await;
    let promise = json!({ "promise": { "date": "2026-03-13", "amount": "100.00" } });
    world.outcome("100", "outbound_contact", "promise_or_payment", promise).await;
    world.until("2026-03-10T16:00:00Z").await;
    assert!(
        world.words()[0].starts_with("Hola Ana, registramos su compromiso de pago por S/ 100.00 para el 13/03/2026")
    );
    world.until("2026-03-12T23:00:00Z").await;
    let days = |told: Vec<(Trigger, Interaction)>| told.into_iter().map(|(trigger, _)| trigger).collect::<Vec<_>>();
    assert_eq!(days(world.told("2026-03-11").await), []);
    assert_eq!(days(world.told("2026-03-12").await), [Trigger::PromiseUpcoming]);
    world.until("2026-03-13T23:00:00Z").await;
    assert_eq!(days(world.told("2026-03-13").await), [Trigger::PromiseDue]);
    assert!(world.words().iter().any(|words| words.contains("hoy 13/03/2026 es la fecha de su compromiso")));
    let mine = world.id("100").await;
    for day in ["2026-03-11", "2026-03-12", "2026-03-13", "2026-03-16"] {
        let messages = world.messages(day).await;
        let flows = messages.iter().filter(|m| m.customer.as_str() == mine && m.cause.origin() == Origin::Flow);
        assert_eq!(flows.filter(|m| !matches!(m.state, State::NotSent { .. })).count(), 0, "{day}: the flow is silent");
    }
    // Saturday and Sunday pass, Monday is tolerance: on Tuesday it is broken, and that is told.
    world.until("2026-03-17T16:00:00Z").await;
    assert_eq!(days(world.told("2026-03-17").await), [Trigger::PromiseBroken]);
    assert_eq!(world.alerts("100").await, ["Compromiso incumplido"]);
    holds(&world).await;
}

#[tokio::test]
async fn a_promise_that_was_kept_meanwhile_is_not_asked_for() {
    let world = listening(Trigger::PromiseDue).await;
    world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "100.00" })).await;
    // The night has put the reminder down; the money comes before it leaves.
    world.until("2026-03-13T06:00:00Z").await;
    world.pay("P-1", "F-1", "2026-03-13", "100.00").await;
    world.until("2026-03-13T16:00:00Z").await;
    let told = world.told("2026-03-13").await;
    assert_eq!(told[0].1.state, State::NotSent { reason: Reason::EventOver });
    assert!(!world.words().iter().any(|words| words.contains("compromiso")));
}

#[tokio::test]
async fn a_payment_is_thanked_for_once_with_its_sum_and_history_is_not() {
    let world = listening(Trigger::Payment).await;
    world.orders("100 F-2 2026-03-08 30.00").await;
    world.change(|project| project.confirm_above_percent = 100).await;
    let file = "Código de pago,Código de movimiento,Fecha,Moneda,Monto\n\
                F-1,M-1,2026-03-10,PEN,40.00\nF-2,M-2,2026-03-09,PEN,30.00\nF-1,M-0,2026-02-01,PEN,5.00\n";
    let load = world.load(cauce_engine::import::job::Kind::Payments, file).await;
    assert_eq!(world.notes(&load).await, Vec::<String>::new());
    world.pass("2026-03-10T16:00:00Z").await;
    assert_eq!(world.words(), ["Hola Ana, recibimos su pago por S/ 70.00. Muchas gracias. Andes"]);
    holds(&world).await;
}

#[tokio::test]
async fn a_declared_payment_is_acknowledged_then_verified_or_not_found() {
    let world = listening(Trigger::PaymentToVerify).await;
    world.event(Trigger::PaymentVerified, json!({})).await;
    world.event(Trigger::PaymentRejected, json!({})).await;
    world.event(Trigger::Payment, json!({})).await;
    let declared = json!({ "date": "2026-03-10", "amount": "40.00", "order": "F-1" });
    world.done("100", "payments-to-verify", declared.clone()).await;
    let open = async || {
        let all = world.matters("100", "payment_to_verify").await;
        let open = all.iter().find(|payment| payment["state"] == "to_verify").expect("an open one");
        open["id"].as_str().expect("an id").to_owned()
    };
    let id = open().await;
    world.done("100", &format!("payments-to-verify/{id}/verify"), json!({})).await;
    world.done("100", "payments-to-verify", declared).await;
    let id = open().await;
    world.done("100", &format!("payments-to-verify/{id}/reject"), json!({ "reason": "no figura en el banco" })).await;
    let mut told: Vec<Trigger> = world.told("2026-03-10").await.into_iter().map(|(trigger, _)| trigger).collect();
    told.sort();
    let expected =
        [Trigger::PaymentToVerify, Trigger::PaymentToVerify, Trigger::PaymentVerified, Trigger::PaymentRejected];
    assert_eq!(told, expected, "that it was verified is told once");
    holds(&world).await;
}

#[tokio::test]
async fn what_is_annulled_disputed_or_settled_is_told_too() {
    let world = ana().await;
    let plain = json!({ "name": "Aviso", "channel": "sms", "purposes": ["event"], "body": "{empresa}: {primer_nombre}, le avisamos." });
    let (_, made) = world.call(Method::POST, "/v1/templates", Some(plain)).await;
    let id = made["template"]["id"].as_str().expect("an id").to_owned();
    for trigger in [Trigger::PaymentAnnulled, Trigger::OrderAnnulled, Trigger::ClaimOpened, Trigger::ClaimClosed] {
        world.event(trigger, json!({ "templates": [id] })).await;
    }
    world.pass("2026-03-10T15:00:00Z").await;
    world.pay("P-1", "F-1", "2026-03-01", "10.00").await;
    world.unpay("P-1", "F-1").await;
    let claim = json!({ "category": "billing", "description": "no reconozco el cargo" });
    let opened = world.done("100", "claims", claim).await;
    let claim = opened["id"].as_str().expect("an id").to_owned();
    world.done("100", &format!("claims/{claim}/close"), json!({ "resolution": "se explicó" })).await;
    world
        .done("100", "orders/standing", json!({ "orders": ["F-1"], "standing": "annulled", "reason": "duplicada" }))
        .await;
    let mut told: Vec<Trigger> = world.told("2026-03-10").await.into_iter().map(|(trigger, _)| trigger).collect();
    told.sort();
    assert_eq!(told, [Trigger::PaymentAnnulled, Trigger::OrderAnnulled, Trigger::ClaimOpened, Trigger::ClaimClosed]);
}

#[tokio::test]
async fn who_cannot_pay_hears_of_what_was_paid_and_of_nothing_else_and_a_pause_silences_all() {
    let world = listening(Trigger::Payment).await;
    world.event(Trigger::OrderAnnulled, json!({ "templates": ["evento-payment"] })).await;
    world.change(|project| project.caps.per_day = 9).await;
    world.outcome("100", "outbound_contact", "cannot_pay", json!({})).await;
    world.pay("P-1", "F-1", "2026-03-10", "10.00").await;
    world.orders("100 F-9 2026-03-08 5.00").await;
    world
        .done("100", "orders/standing", json!({ "orders": ["F-9"], "standing": "annulled", "reason": "duplicada" }))
        .await;
    world.pass("2026-03-10T16:00:00Z").await;
    let state = |told: &[(Trigger, Interaction)], wanted| {
        told.iter().find(|(it, _)| *it == wanted).map(|(_, m)| m.state.clone())
    };
    let told = world.told("2026-03-10").await;
    assert!(!matches!(state(&told, Trigger::Payment), Some(State::NotSent { .. }) | None));
    assert_eq!(state(&told, Trigger::OrderAnnulled), Some(State::NotSent { reason: Reason::CannotPay }));
    world.done("100", "pause", json!({ "until": "2026-03-20" })).await;
    world.pay("P-2", "F-1", "2026-03-10", "10.00").await;
    world.pass("2026-03-10T17:00:00Z").await;
    let paused = world
        .told("2026-03-10")
        .await
        .into_iter()
        .filter(|(_, m)| m.state == State::NotSent { reason: Reason::Paused });
    assert_eq!(paused.count(), 1);
}

#[tokio::test]
async fn an_event_waits_its_delay_and_for_the_hours_of_contact_and_ends_with_its_switch() {
    let world = listening(Trigger::Payment).await;
    world.event(Trigger::Payment, json!({ "delay_minutes": 90 })).await;
    world.pay("P-1", "F-1", "2026-03-10", "10.00").await;
    let at = |told: &[(Trigger, Interaction)]| match told[0].1.state {
        State::Scheduled { at } => at.to_rfc3339(),
        ref other => panic!("{other:?}"),
    };
    assert_eq!(at(&world.told("2026-03-10").await), "2026-03-10T16:30:00+00:00");
    // Paid at half past ten at night: thanked for when the day opens, at seven.
    world.pass("2026-03-11T03:30:00Z").await;
    world.pay("P-2", "F-1", "2026-03-10", "10.00").await;
    assert_eq!(at(&world.told("2026-03-11").await), "2026-03-11T12:00:00+00:00");
    world.event(Trigger::Payment, json!({ "active": false })).await;
    world.pass("2026-03-11T13:00:00Z").await;
    assert_eq!(world.told("2026-03-11").await[0].1.state, State::NotSent { reason: Reason::EventInactive });
}
