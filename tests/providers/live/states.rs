//! What becomes of messages, and what a refusal means for their addresses, their accounts and their next try.

use super::{ACCOUNT, Line};
use cauce_domain::contact::channel::{Channel, Scope};
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::strategy::template::Template;
use cauce_engine::ports::table::{Change, Expect, Item};
use cauce_engine::store::codec::encode;
use cauce_engine::store::commit::commit;
use cauce_engine::store::edits::By;
use cauce_engine::store::interactions::{Receipt, reference};
use cauce_engine::store::keys;
use cauce_engine::store::settings;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// A line on which Ana's message of today has left by a channel.
async fn sent(channel: Channel) -> Line {
    let line = Line::on("2026-03-10", "Ana").await;
    let setup = line.world.setup().await;
    let ports = &line.world.house().ports;
    for before in &setup.templates {
        let subject = (channel == Channel::Email).then(|| "Aviso".to_owned());
        let after = Template { channel, subject, ..before.value.clone() };
        let key = settings::place(&line.world.project, format!("template#{}", after.id));
        settings::save(ports, &By::cauce(line.world.now()), key, Some(before), &after).await.expect("saved");
    }
    line.world.orders("100 F-1 2026-03-10 100.00").await;
    line.world.plan().await;
    line.world.pass("2026-03-10T15:00:00Z").await;
    assert_eq!(line.world.only("2026-03-10").await, State::Sent);
    line
}

async fn message(line: &Line) -> Interaction {
    line.world.messages("2026-03-10").await.remove(0)
}

fn status(id: &str, state: &str, code: Option<i64>) -> Value {
    let errors = code.map(|code| json!([{ "code": code, "title": "x" }])).unwrap_or_default();
    json!({ "statuses": [{ "id": id, "status": state, "timestamp": "1773158400", "recipient_id": "51987650000", "errors": errors }] })
}

fn form(id: &str, state: &str, code: &str) -> String {
    format!("AccountSid={ACCOUNT}&MessageSid={id}&MessageStatus={state}&ErrorCode={code}&To=%2B51987650000")
}

fn ses(kind: &str, member: &str, of: Value) -> Value {
    json!({ "version": "0", "id": "e", "detail-type": "Email", "source": "aws.ses", "detail": {
        "eventType": kind, member: of,
        "mail": { "messageId": "aws-1", "destination": ["ana@x.com"], "tags": { "project": ["lima"] } } } })
}

#[tokio::test]
async fn read_implies_delivered_and_nothing_goes_down() {
    let line = sent(Channel::Whatsapp).await;
    line.whatsapp(status("whatsapp-1", "read", None)).await;
    line.whatsapp(status("whatsapp-1", "sent", None)).await;
    line.whatsapp(status("whatsapp-1", "failed", Some(131_026))).await;
    let message = message(&line).await;
    assert_eq!(message.state, State::Opened);
    assert!(message.times.contains_key("delivered"));
}

#[tokio::test]
async fn a_number_that_is_not_on_whatsapp_is_left_alone_there_for_a_month() {
    let line = sent(Channel::Whatsapp).await;
    for _ in 0..2 {
        line.whatsapp(status("whatsapp-1", "failed", Some(131_026))).await;
    }
    assert!(matches!(message(&line).await.state, State::Failed { error, .. } if error.ends_with("(131026)")));
    let marks = line.world.account("100").await.customer.phones[0].marks.clone();
    let now = line.world.now();
    assert!(marks.rules_out(Channel::Whatsapp, now + TimeDelta::days(29)));
    assert!(!marks.rules_out(Channel::Whatsapp, now + TimeDelta::days(30)) && !marks.rules_out(Channel::Sms, now));
}

#[tokio::test]
async fn a_status_in_another_projects_name_finds_nothing() {
    let line = sent(Channel::Whatsapp).await;
    let message = message(&line).await;
    let mut foreign = ses(
        "Bounce",
        "bounce",
        json!({ "bounceType": "Permanent", "bouncedRecipients": [{ "emailAddress": "ana@x.com" }] }),
    );
    foreign["detail"]["mail"]["tags"] = json!({ "project": ["otro"], "msg": [reference(&message)] });
    line.aws(foreign).await;
    assert_eq!(super::states::message(&line).await.state, State::Sent);
}

#[tokio::test]
async fn a_handset_out_of_reach_is_tried_again_today_and_a_late_delivery_ends_it() {
    let line = sent(Channel::Sms).await;
    line.twilio(&form("twilio-1", "undelivered", "30008")).await;
    assert!(matches!(message(&line).await.state, State::Scheduled { .. }), "once more");
    line.world.pass("2026-03-10T16:00:00Z").await;
    let again = message(&line).await;
    assert_eq!((again.state, again.provider_id.as_deref()), (State::Sent, Some("twilio-2")));
    line.twilio(&form("twilio-1", "undelivered", "30008")).await;
    assert_eq!(message(&line).await.state, State::Sent, "the first try's failure says nothing of the second");
    line.twilio(&form("twilio-2", "undelivered", "30008")).await;
    assert!(matches!(message(&line).await.state, State::Failed { .. }), "once, and no more");
    line.twilio(&form("twilio-1", "delivered", "")).await;
    assert_eq!(message(&line).await.state, State::Delivered, "it arrived after all");
    assert!(line.world.broken().await.is_empty(), "{:?}", line.world.broken().await);
}

#[tokio::test]
async fn a_delivery_while_the_next_try_waits_ends_the_wait() {
    let line = sent(Channel::Sms).await;
    line.twilio(&form("twilio-1", "undelivered", "30008")).await;
    line.twilio(&form("twilio-1", "delivered", "")).await;
    line.world.pass("2026-03-10T23:00:00Z").await;
    let message = message(&line).await;
    assert_eq!((message.state, message.attempt), (State::Delivered, 1), "nothing left again");
}

#[tokio::test]
async fn who_stopped_at_the_provider_is_silent_here_too() {
    let line = sent(Channel::Sms).await;
    line.twilio(&form("twilio-1", "failed", "21610")).await;
    assert_eq!(line.world.account("100").await.customer.phones[0].opted_out.first(), Some(&Scope::Sms));
}

#[tokio::test]
async fn an_account_that_was_stopped_pauses_its_channel() {
    let line = sent(Channel::Sms).await;
    line.twilio(&form("twilio-1", "failed", "30002")).await;
    assert!(!line.world.setup().await.project().channels[&Channel::Sms].connected);
    assert!(line.world.setup().await.project().channels[&Channel::Whatsapp].connected);
}

#[tokio::test]
async fn a_bounce_takes_a_delivery_back_and_a_complaint_is_a_wish() {
    let line = sent(Channel::Email).await;
    let delivered = json!({ "timestamp": "2026-03-10T15:00:00.000Z", "recipients": ["Ana <ANA@x.com>"] });
    line.aws(ses("Delivery", "delivery", delivered.clone())).await;
    assert_eq!(message(&line).await.state, State::Delivered);
    let bounce = json!({ "bounceType": "Permanent", "bounceSubType": "General", "timestamp": "2026-03-10T15:10:00.000Z",
        "bouncedRecipients": [{ "emailAddress": "ANA@x.com", "status": "5.1.1", "diagnosticCode": "smtp; 550 no such user ana@x.com" }] });
    for _ in 0..2 {
        line.aws(ses("Bounce", "bounce", bounce.clone())).await;
    }
    line.aws(ses("Delivery", "delivery", delivered)).await;
    let bounced = message(&line).await;
    assert!(
        matches!(&bounced.state, State::Failed { bounced: true, error } if !error.contains('@')),
        "{:?}",
        bounced.state
    );
    assert!(line.world.account("100").await.customer.emails[0].marks.rules_out(Channel::Email, line.world.now()));
    let complaint =
        json!({ "complainedRecipients": [{ "emailAddress": "ana@x.com" }], "timestamp": "2026-03-10T16:00:00.000Z" });
    line.aws(ses("Complaint", "complaint", complaint)).await;
    assert_eq!(line.world.account("100").await.customer.emails[0].opted_out.first(), Some(&Scope::Email));
}

#[tokio::test]
async fn looking_at_an_e_mail_opens_it_and_a_scanner_does_not() {
    let line = sent(Channel::Email).await;
    let delivered = json!({ "timestamp": "2026-03-10T15:00:00.000Z", "recipients": ["ana@x.com"] });
    line.aws(ses("Delivery", "delivery", delivered)).await;
    let click = |at: &str| json!({ "timestamp": at, "link": "https://pago.example" });
    line.aws(ses("Click", "click", click("2026-03-10T15:00:04.000Z"))).await;
    line.aws(ses("Open", "open", json!({ "timestamp": "2026-03-10T15:00:30.000Z", "isBotEvent": true }))).await;
    assert_eq!(message(&line).await.state, State::Delivered);
    line.aws(ses("Click", "click", click("2026-03-10T15:20:00.000Z"))).await;
    assert_eq!(message(&line).await.state, State::Opened);
}

#[tokio::test]
async fn a_number_that_is_dead_is_followed_once_on_what_last_worked() {
    let line = sent(Channel::Whatsapp).await;
    line.whatsapp(status("whatsapp-1", "delivered", None)).await;
    assert!(line.world.account("100").await.customer.emails.len() == 1);
    // The next step goes by e-mail, to an address that gives it back.
    let setup = line.world.setup().await;
    let before = setup.templates.iter().find(|t| t.value.name == "Tres días").expect("it");
    let after = Template { channel: Channel::Email, subject: Some("Aviso".into()), ..before.value.clone() };
    let key = settings::place(&line.world.project, format!("template#{}", after.id));
    let ports = &line.world.house().ports;
    settings::save(ports, &By::cauce(line.world.now()), key, Some(before), &after).await.expect("saved");
    line.world.until("2026-03-13T15:00:00Z").await;
    let failed = line.world.messages("2026-03-13").await.remove(0);
    assert_eq!((failed.state.clone(), failed.channel), (State::Sent, Some(Channel::Email)));
    let bounce = json!({ "bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{ "emailAddress": "ana@x.com" }] });
    for _ in 0..3 {
        line.aws(ses("Bounce", "bounce", bounce.clone())).await;
    }
    line.world.pass("2026-03-13T16:00:00Z").await;
    let messages = line.world.messages("2026-03-13").await;
    let next = messages.iter().find(|m| m.follows.is_some()).expect("what follows");
    assert_eq!((messages.len(), next.channel, next.state.clone()), (2, Some(Channel::Whatsapp), State::Sent));
    assert_eq!(next.follows.as_ref(), Some(&failed.id));
    let text = cauce_engine::store::interactions::texts(ports, &line.world.project, std::slice::from_ref(next)).await;
    assert!(text.expect("read")[0].as_ref().is_some_and(|t| t.text.contains("saldo total")), "the standard text");
    line.whatsapp(status("whatsapp-2", "failed", Some(131_026))).await;
    line.world.pass("2026-03-13T22:00:00Z").await;
    assert_eq!(line.world.messages("2026-03-13").await.len(), 2, "what follows is not followed");
    assert!(line.world.broken().await.is_empty(), "{:?}", line.world.broken().await);
    assert_eq!(line.world.result().await.alternatives, 1);
}

#[tokio::test]
async fn what_waits_for_its_message_is_looked_at_again_where_the_sender_died_in_between() {
    let line = sent(Channel::Whatsapp).await;
    let message = message(&line).await;
    let ports = &line.world.house().ports;
    // Another try of it left under an id of which only the receipt is told, by a sender that dies before it looks around.
    line.whatsapp(status("whatsapp-otra", "delivered", None)).await;
    assert_eq!(line.world.only("2026-03-10").await, State::Sent, "nobody knows whose it is");
    let receipt = Receipt::of(message.customer, message.day, message.id);
    let place = keys::receipt(&line.world.project, "whatsapp", "whatsapp-otra");
    let item = Item::new(place, encode(&receipt).expect("encoded"));
    commit(ports, vec![Change::Put(item, Expect::Absent)]).await.expect("written");
    line.world.pass("2026-03-10T15:10:00Z").await;
    assert_eq!(line.world.only("2026-03-10").await, State::Sent);
    line.world.pass("2026-03-10T15:30:00Z").await;
    assert_eq!(line.world.only("2026-03-10").await, State::Delivered);
    // What nobody ever knows of is let go.
    line.whatsapp(status("whatsapp-nadie", "delivered", None)).await;
    line.world.pass("2026-03-10T19:00:00Z").await;
    assert_eq!(line.world.house().queue.depth().expect("depth"), (0, 0));
}
