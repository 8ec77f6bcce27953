//! The whole path through Amazon's e-mail and SMS, played over HTTP: signed, in their shapes, with everything that goes wrong.

use super::mishaps::{Mishaps, askew, is_silent, judge, portfolio};
use super::{Line, PUBLIC, notifications};
use crate::aws::config;
use crate::fakes::signature::KEY;
use crate::fakes::{self, Memory, Script, Taken, aws_sms, ses};
use crate::world::{World, day, folder};
use axum::http::{Method, StatusCode};
use cauce_aws::email::Ses;
use cauce_aws::signed::Signed;
use cauce_aws::sms::AwsSms;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::State;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

/// A line whose project is connected to the played services.
pub(super) async fn connected(email: &Arc<Memory>, sms: &Arc<Memory>) -> Line {
    let mail = config(&fakes::serve(ses::router(Arc::clone(email))).await, KEY).await;
    let texts = config(&fakes::serve(aws_sms::router(Arc::clone(sms))).await, KEY).await;
    let folder = folder();
    let world = World::at(folder.path(), day("2026-03-10"), |mut house| {
        let ses = Ses::new(&mail, String::new(), None).reached_at(PUBLIC);
        house.ports.public_url = PUBLIC.to_owned();
        house.ports.providers.insert("ses", Arc::new(ses));
        house.ports.providers.insert("aws-sms", Arc::new(AwsSms(Arc::new(Signed::new(&texts)))));
        house.ports.webhooks.insert("aws", Arc::new(notifications::webhook(Vec::new())));
        house
    })
    .await;
    let line = Line::around(world, folder).await;
    let from = format!("Andes <cobros@{}>", ses::DOMAIN);
    let wrong = json!({ "provider": "ses", "settings": { "from": "cobros@otro.example.com" } });
    assert_eq!(connect(&line, "email", wrong).await.1["code"], "not_connected");
    let right = json!({ "provider": "ses", "settings": { "from": from, "configuration_set": ses::SET, "reply_domain": "r.andes.pe" } });
    let (status, made) = connect(&line, "email", right).await;
    assert_eq!((status, made["connection"]["rate"].as_f64()), (StatusCode::OK, Some(90.0)), "{made}");
    let texts =
        json!({ "provider": "aws-sms", "settings": { "origination_identity": aws_sms::IDENTITY, "rate": "50" } });
    assert_eq!(connect(&line, "sms", texts).await.0, StatusCode::OK);
    line
}

async fn connect(line: &Line, channel: &str, body: Value) -> (StatusCode, Value) {
    line.world.call(Method::PUT, &format!("/v1/channels/{channel}/connection"), Some(body)).await
}

/// What SES and its SMS service answer where something goes wrong.
fn mishaps(dead: Value) -> Mishaps {
    let error = |status, body: Value| Script::Error { status, body: body.to_string(), retry_after: None };
    Mishaps {
        too_many: error(429, json!({ "__type": "TooManyRequestsException", "message": "Too many requests" })),
        busy: error(400, json!({ "__type": "ThrottlingException", "message": "Maximum sending rate exceeded." })),
        dead: error(400, dead),
        broken: error(500, json!({ "__type": "InternalFailure", "message": "Internal failure" })),
    }
}

/// Events of an e-mail as the bus brings them: late ones first, some twice.
fn of_mail(taken: &Taken, at: DateTime<Utc>) -> Vec<Value> {
    let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let (id, to) = (&taken.id, &taken.asked.to);
    let event = |(kind, name, member): &(&str, &str, &str)| {
        let mail = json!({ "timestamp": at, "messageId": id, "source": "cobros@andes.example.com", "destination": [to],
            "tags": { "msg": [taken.asked.reference], "project": ["lima"] } });
        let mut detail = json!({ "eventType": kind, "mail": mail });
        detail[*member] = json!({ "timestamp": at, "recipients": [to], "smtpResponse": "250 ok" });
        json!({ "version": "0", "id": format!("{id}-{kind}"), "source": "aws.ses", "detail-type": name, "time": at, "detail": detail })
    };
    let delivered = ("Delivery", "Email Delivered", "delivery");
    [delivered, ("Send", "Email Sent", "send"), delivered, ("Open", "Email Opened", "open")].iter().map(event).collect()
}

/// Events of an SMS, in the same order.
fn of_sms(taken: &Taken, at: DateTime<Utc>) -> Vec<Value> {
    let event = |kind: &&str| {
        let detail = json!({ "eventType": kind, "eventVersion": "1.0", "eventTimestamp": at.timestamp_millis(), "isFinal": *kind == "TEXT_DELIVERED",
            "originationPhoneNumber": aws_sms::IDENTITY, "destinationPhoneNumber": taken.asked.to, "messageId": taken.id,
            "context": { "msg": taken.asked.reference, "project": "lima" } });
        json!({ "version": "0", "id": format!("{}-{kind}", taken.id), "source": "aws.sms-voice", "time": at.to_rfc3339(),
            "detail-type": "Text Message Delivery Status Updated", "detail": detail })
    };
    ["TEXT_DELIVERED", "TEXT_PENDING", "TEXT_SUCCESSFUL", "TEXT_DELIVERED"].iter().map(event).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_amazon_too_a_message_leaves_once_or_nobody_knows() {
    let rejected = json!({ "__type": "MessageRejected", "message": "Illegal header" });
    let invalid = json!({ "__type": "ValidationException", "Reason": "INVALID_PARAMETER", "Fields": [{ "Name": "DestinationPhoneNumber" }] });
    let email = Memory::new(mishaps(rejected).fate(), |_| {});
    let sms = Memory::new(mishaps(invalid).fate(), |_| {});
    let line = connected(&email, &sms).await;
    // Half of them stand on a step by e-mail, half on one by SMS.
    portfolio(&line, ["2026-03-11", "2026-03-07"]).await;
    for hour in ["2026-03-10T14:30:00Z", "2026-03-10T16:00:00Z", "2026-03-10T23:00:00Z"] {
        line.world.pass(hour).await;
        for (memory, events) in [(&email, of_mail as fn(&Taken, DateTime<Utc>) -> Vec<Value>), (&sms, of_sms)] {
            for taken in memory.taken().iter().filter(|taken| !is_silent(taken)) {
                for event in events(taken, askew(taken, line.world.now())) {
                    line.aws(event).await;
                }
            }
        }
    }
    assert_eq!((email.wrong(), sms.wrong()), (Vec::<String>::new(), vec![]));
    let messages = line.world.messages("2026-03-10").await;
    judge(&messages, &email, Channel::Email);
    judge(&messages, &sms, Channel::Sms);
    assert!(line.world.broken().await.is_empty(), "{:?}", line.world.broken().await);
}

#[tokio::test]
async fn an_e_mail_of_which_nothing_was_told_is_asked_about_at_night() {
    let email = Memory::taking();
    let line = connected(&email, &Memory::taking()).await;
    line.world.customers("Ana").await;
    line.world.orders("100 F-1 2026-03-11 100.00").await;
    line.world.plan().await;
    line.world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!(line.world.only("2026-03-10").await, State::Sent);
    line.world.until("2026-03-11T06:00:00Z").await;
    assert_eq!(line.world.only("2026-03-10").await, State::Delivered);
    assert_eq!((email.taken().len(), email.wrong()), (1, vec![]));
}
