//! Internal notes, and addresses nobody is known to have.

use super::ana;
use crate::providers::live::{Line, text};
use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const AT: i64 = 1_773_151_200; // 10 March 2026, 9:00 in Lima

#[tokio::test]
async fn a_note_stands_in_the_history_and_is_found_by_its_channel() {
    let world = ana().await;
    let note = json!({
        "origin": "call",
        "kind": "outbound_no_contact",
        "code": "F-1",
        "comment": "su hermano dice que viaja hasta el lunes",
    });
    let written = world.done("100", "notes", note).await;
    assert_eq!((&written["channel"], &written["by"]["author"]), (&json!("note"), &json!("api")));
    world.plan().await;
    let (_, found) = world.call(Method::GET, "/v1/interactions?channel=note", None).await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["items"][0]["comment"], "su hermano dice que viaja hasta el lunes");
    assert!(world.thread("100").await.iter().any(|item| item["id"] == written["id"]));
    assert_eq!(world.messages("2026-03-10").await.len(), 2, "it is no message");
    assert_eq!(world.refused("100", "notes", json!({ "origin": "call", "comment": " " })).await.0, "invalid_value");
}

async fn get(world: &World, path: &str) -> (StatusCode, Value) {
    world.call(Method::GET, path, None).await
}

#[tokio::test]
async fn an_address_nobody_is_known_to_have_is_linked_with_all_it_wrote_or_taken_off_until_it_writes_again() {
    let line = Line::on("2026-03-10", "Ana").await;
    let world = &line.world;
    line.whatsapp(text("w1", "51999999999", AT, "hola, soy Ana")).await;
    let (status, answer) = get(world, "/v1/trays/unregistered").await;
    assert_eq!((status, &answer["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("tray_off")), "kept, not shown");
    world.change(|project| project.unregistered_tray = true).await;
    let (_, tray) = get(world, "/v1/trays/unregistered").await;
    let id = tray["items"][0]["id"].as_str().expect("an id").to_owned();
    assert!(!id.contains("999999999"), "it is not named by its number");

    let path = format!("/v1/trays/unregistered/{id}");
    assert_eq!(world.call(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(get(world, "/v1/trays/unregistered").await.1["items"], json!([]));
    line.whatsapp(text("w2", "51999999999", AT + 60, "¿me leen?")).await;
    let (_, read) = get(world, &path).await;
    assert_eq!(read["messages"].as_array().map(Vec::len), Some(2), "it is back, with all it wrote");

    let link = json!({ "customer": world.id("100").await, "add_address": true });
    let (status, answer) = world.call(Method::POST, &format!("{path}/link"), Some(link)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(get(world, &path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(line.thread("100").await.len(), 2);
    let account = world.account("100").await;
    assert_eq!(
        account.customer.phones.iter().map(|p| p.address.e164()).collect::<Vec<_>>(),
        ["+51987650000", "+51999999999"]
    );
    assert_eq!(account.inbox.map(|inbox| inbox.unread), Some(2));
    // What it writes from now on is hers.
    line.whatsapp(text("w3", "51999999999", AT + 120, "gracias")).await;
    assert_eq!(line.thread("100").await.len(), 3);
}

#[tokio::test]
async fn only_what_it_wrote_moves_where_the_address_is_not_to_be_the_customers() {
    let line = Line::on("2026-03-10", "Ana").await;
    let world = &line.world;
    world.change(|project| project.unregistered_tray = true).await;
    line.whatsapp(text("w1", "51999999999", AT, "soy el contador de Ana")).await;
    let id = get(world, "/v1/trays/unregistered").await.1["items"][0]["id"].as_str().expect("an id").to_owned();
    let link = json!({ "customer": world.id("100").await });
    world.call(Method::POST, &format!("/v1/trays/unregistered/{id}/link"), Some(link)).await;
    assert_eq!(line.thread("100").await.len(), 1);
    assert_eq!(world.account("100").await.customer.phones.len(), 1);
    line.whatsapp(text("w2", "51999999999", AT + 60, "otra cosa")).await;
    assert_eq!(get(world, "/v1/trays/unregistered").await.1["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn an_address_nobody_knows_is_answered_by_the_channel_it_wrote_by_and_by_no_other() {
    let line = Line::on("2026-03-10", "Ana").await;
    let world = &line.world;
    world.change(|project| project.unregistered_tray = true).await;
    line.whatsapp(text("w1", "51999999999", AT, "hola, ¿con quién hablo?")).await;
    line.twilio(
        "AccountSid=AC00000000000000000000000000000001&MessageSid=SM1&SmsStatus=received&From=%2B51988888888&To=%2B5115550000&Body=hola",
    )
    .await;
    let (_, tray) = get(world, "/v1/trays/unregistered").await;
    let of = |channel: &str| {
        let found = tray["items"].as_array().expect("a list").iter().find(|item| item["channel"] == channel);
        format!("/v1/trays/unregistered/{}", found.expect("an entry")["id"].as_str().expect("an id"))
    };
    let (by_whatsapp, by_sms) = (of("whatsapp"), of("sms"));
    let answer = |path: &str, key: &'static str| {
        let path = format!("{path}/reply");
        async move {
            let bearer = format!("Bearer {}", crate::world::KEY);
            let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
            let body = json!({ "text": "Somos Andes {así}. ¿Su documento?" });
            world.call_with(Method::POST, &path, Some(body), &headers).await
        }
    };
    let (status, sent) = answer(&by_whatsapp, "r-1").await;
    assert_eq!(
        (status, &sent["state"], &sent["text"]),
        (StatusCode::OK, &json!("sent"), &json!("Somos Andes {así}. ¿Su documento?"))
    );
    assert_eq!(answer(&by_whatsapp, "r-1").await.1["id"], sent["id"], "asked twice it left once");
    assert_eq!(answer(&by_sms, "r-2").await.1["code"], "reply_by_sms");
    let (_, read) = get(world, &by_whatsapp).await;
    assert_eq!(read["replies"].as_array().map(Vec::len), Some(1));
    // What was answered goes with what was written.
    let link = json!({ "customer": world.id("100").await });
    world.call(Method::POST, &format!("{by_whatsapp}/link"), Some(link)).await;
    assert!(world.thread("100").await.iter().any(|item| item["text"] == "Somos Andes {así}. ¿Su documento?"));
    // A day after it last wrote nobody writes free words to it.
    line.whatsapp(text("w2", "51977777777", AT, "¿hay alguien?")).await;
    let (_, tray) = get(world, "/v1/trays/unregistered").await;
    let late =
        tray["items"].as_array().expect("a list").iter().find(|item| item["channel"] == "whatsapp").expect("an entry")
            ["id"]
            .clone();
    world.house().clock.advance_to(world.now() + chrono::TimeDelta::hours(40));
    let path = format!("/v1/trays/unregistered/{}", late.as_str().expect("an id"));
    assert_eq!(answer(&path, "r-3").await.1["code"], "window_closed");
}
