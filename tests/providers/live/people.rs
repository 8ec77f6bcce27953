//! What people write, wherever it belongs, and what they wish.

use super::path::connected;
use super::{ACCOUNT, Line, change, text};
use crate::fakes::{Memory, meta};
use crate::world::KEY;
use axum::http::{Method, StatusCode};
use cauce_domain::contact::channel::{Channel, Scope};
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::State;
use cauce_domain::contact::received::Flag;
use cauce_domain::contact::wish::Source;
use cauce_engine::exclude;
use cauce_engine::import::job::Kind;
use cauce_engine::store::{accounts, received};
use serde_json::{Value, json};

const AT: i64 = 1_773_151_200; // 10 March 2026, 9:00 in Lima

fn sms(id: &str, from: &str, said: &str, more: &str) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("AccountSid", ACCOUNT).append_pair("MessageSid", id).append_pair("SmsStatus", "received");
    form.append_pair("From", from)
        .append_pair("To", "+5115550000")
        .append_pair("Body", said)
        .append_pair("NumMedia", "0");
    form.finish() + more
}

#[tokio::test]
async fn an_answer_stands_in_its_customers_thread_once() {
    let line = Line::on("2026-03-10", "Ana Beto").await;
    let wrote = text("wamid.1", "51987650000", AT, "¿Cuánto debo?");
    for _ in 0..3 {
        line.whatsapp(wrote.clone()).await;
    }
    line.twilio(&sms("SM1", "+51987650000", "ya pagué", "")).await;
    let thread = line.thread("100").await;
    let said: Vec<_> = thread.iter().map(|m| (m.channel, m.text.as_deref().unwrap_or_default())).collect();
    assert_eq!(said, [(Channel::Sms, "ya pagué"), (Channel::Whatsapp, "¿Cuánto debo?")]);
    assert!(line.thread("101").await.is_empty());
    let account = line.world.account("100").await;
    let seen = account.customer.phones[0].marks.whatsapp.clone().expect("seen on WhatsApp");
    let wrote = chrono::DateTime::from_timestamp(AT, 0).expect("an instant");
    assert!(seen.window_is_open("100000000000001", wrote + chrono::TimeDelta::hours(23)));
}

#[tokio::test]
async fn who_nobody_knows_waits_among_the_unregistered() {
    let line = Line::on("2026-03-10", "Ana").await;
    line.whatsapp(text("wamid.1", "51999999999", AT, "hola")).await;
    line.whatsapp(text("wamid.2", "51999999999", AT + 60, "¿hay alguien?")).await;
    line.whatsapp(text("wamid.2", "51999999999", AT + 60, "¿hay alguien?")).await;
    let (ports, setup) = (&line.world.house().ports, line.world.setup().await);
    let known = received::unregistered(ports, &setup).await.expect("read");
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].address.as_str(), known[0].messages), ("+51999999999", 2));
}

#[tokio::test]
async fn baja_is_heeded_from_that_moment_on_that_channel_alone() {
    let line = Line::on("2026-03-10", "Ana").await;
    line.world.orders("100 F-1 2026-03-10 100.00").await;
    line.world.plan().await;
    let channel = line.world.messages("2026-03-10").await[0].channel.expect("a channel");
    assert_eq!(channel, Channel::Whatsapp, "the starter's step of the due day");
    line.whatsapp(text("wamid.1", "51987650000", AT - 3600, " Baja. ")).await;
    line.world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!(line.world.only("2026-03-10").await, State::NotSent { reason: Reason::OptedOut });
    let (ports, setup) = (&line.world.house().ports, line.world.setup().await);
    let wishes = exclude::wishes(ports, &setup, "+51987650000").await.expect("read");
    assert_eq!(wishes.len(), 1);
    assert_eq!((wishes[0].scope, wishes[0].source), (Scope::Whatsapp, Source::Keyword));
    assert_eq!(wishes[0].evidence.as_deref(), Some("wamid.1"));
    assert!(line.thread("100").await[0].flags.contains(&Flag::OptOut));
    line.whatsapp(text("wamid.2", "51987650000", AT, "BAJA")).await;
    let told = line.confirmed.lock().expect("it").clone();
    assert!(told.len() == 1 && told[0].contains("ALTA"), "told once: {told:?}");
}

#[tokio::test]
async fn a_wish_told_a_day_late_holds_and_is_answered_with_nothing() {
    let line = Line::on("2026-03-10", "Ana").await;
    let now = line.world.now().timestamp();
    line.whatsapp(text("wamid.1", "51987650000", now - 24 * 3600, "BAJA")).await;
    assert!(line.world.account("100").await.customer.phones[0].opted_out.contains(&Scope::Whatsapp));
    assert_eq!(*line.confirmed.lock().expect("it"), Vec::<String>::new(), "free text is closed by then");
    line.twilio(&sms("SM1", "+51987650000", "BAJA", "")).await;
    assert_eq!(line.confirmed.lock().expect("it").len(), 1, "an SMS has no such day");
}

#[tokio::test]
async fn a_word_takes_back_what_words_said_and_not_what_a_load_brought() {
    let line = Line::on("2026-03-10", "Ana Beto").await;
    let exclusions = "Dirección,Canal,Motivo\n+51987650001,SMS,pidió por carta\n";
    line.world.load(Kind::Exclusions, exclusions).await;
    for (id, number) in [("1", "+51987650000"), ("2", "+51987650001")] {
        line.twilio(&sms(&format!("SM{id}"), number, "STOP", "&OptOutType=STOP")).await;
        line.a_moment_later();
        line.twilio(&sms(&format!("SM{id}a"), number, "START", "&OptOutType=START")).await;
    }
    let opted = |number: &'static str| {
        let line = &line;
        async move { line.world.account(number).await.customer.phones[0].opted_out.clone() }
    };
    assert!(opted("100").await.is_empty());
    assert_eq!(opted("101").await.into_iter().collect::<Vec<_>>(), [Scope::Sms], "the load's stays");
    // A number that comes later brings what stands against it.
    line.world
        .load(Kind::Customers, "Tipo de documento,Número de documento,Nombre,Celular_1\nDNI,300,Caro,987650001\n")
        .await;
    assert_eq!(opted("300").await.into_iter().collect::<Vec<_>>(), [Scope::Sms]);
}

#[tokio::test]
async fn a_wish_told_late_or_twice_changes_nothing_that_was_said_since() {
    let line = Line::on("2026-03-10", "Ana").await;
    let said = |id: &str, at: i64, words: &str| text(&format!("wamid.{id}"), "51987650000", AT + at, words);
    let is_silent = async || !line.world.account("100").await.customer.phones[0].opted_out.is_empty();
    line.whatsapp(said("1", 0, "ALTA")).await;
    line.whatsapp(said("2", 60, "BAJA")).await;
    line.whatsapp(said("1", 0, "ALTA")).await;
    assert!(is_silent().await, "an old yes does not undo a no");
    line.whatsapp(said("3", 120, "ALTA")).await;
    line.whatsapp(said("2", 60, "BAJA")).await;
    assert!(!is_silent().await, "nor an old no a yes");
    let mut both = said("4", 180, "ALTA");
    let no = said("5", 240, "BAJA")["messages"][0].clone();
    both["messages"].as_array_mut().expect("messages").push(no);
    line.whatsapp(both).await;
    assert!(is_silent().await, "the later of one post counts");
    line.whatsapp(said("6", 240, "ALTA")).await;
    assert!(is_silent().await, "said at one instant, silence is kept");
}

#[tokio::test]
async fn a_number_of_a_crowd_is_nobodys_and_its_wish_is_everybodys() {
    let line = Line::on("2026-03-10", "").await;
    let rows: Vec<String> = (100..130).map(|n| format!("DNI,{n},C{n},987650000\n")).collect();
    let file = format!("Tipo de documento,Número de documento,Nombre,Celular_1\n{}", rows.concat());
    line.world.load(Kind::Customers, file.as_str()).await;
    line.whatsapp(text("wamid.1", "51987650000", AT, "mi voucher")).await;
    line.whatsapp(text("wamid.2", "51987650000", AT + 60, "BAJA")).await;
    assert!(line.thread("100").await.is_empty(), "one person's words are not thirty debtors'");
    let known = received::unregistered(&line.world.house().ports, &line.world.setup().await).await.expect("read");
    assert_eq!(known[0].messages, 2);
    assert_eq!(line.world.account("129").await.customer.phones[0].opted_out.len(), 1);
}

#[tokio::test]
async fn a_button_asks_for_silence_too_and_own_words_are_read_by_a_person() {
    let line = Line::on("2026-03-10", "Ana Beto").await;
    let button = json!({ "messages": [{ "from": "51987650000", "id": "wamid.1", "timestamp": AT.to_string(), "type": "button",
        "button": { "payload": "optout:v1", "text": "No recibir más" } }] });
    line.whatsapp(button).await;
    line.whatsapp(text("wamid.2", "51987650001", AT, "por favor ya no me manden mensajes")).await;
    assert_eq!(line.world.account("100").await.customer.phones[0].opted_out.len(), 1);
    let beto = line.world.account("101").await.customer.phones[0].clone();
    assert!(beto.opted_out.is_empty());
    let wrote = chrono::DateTime::from_timestamp(AT, 0).expect("an instant");
    assert!(
        beto.marks.is_silent(wrote + chrono::TimeDelta::hours(23))
            && !beto.marks.is_silent(wrote + chrono::TimeDelta::hours(24))
    );
    assert!(line.thread("101").await[0].flags.contains(&Flag::MaybeOptOut));
}

#[tokio::test]
async fn of_a_shared_number_the_last_one_written_to_answers() {
    let line = Line::on("2026-03-10", "").await;
    let file =
        "Tipo de documento,Número de documento,Nombre,Celular_1\nDNI,100,Ana,987650000\nDNI,101,Beto,987650000\n";
    line.world.load(Kind::Customers, file).await;
    line.whatsapp(text("wamid.1", "51987650000", AT - 7200, "hola")).await;
    for number in ["100", "101"] {
        let thread = line.thread(number).await;
        assert!(thread.len() == 1 && thread[0].flags.contains(&Flag::Shared), "{number}: {thread:?}");
    }
    line.world.orders("101 F-1 2026-03-10 100.00").await;
    line.world.plan().await;
    line.world.pass("2026-03-10T15:00:00Z").await;
    line.whatsapp(text("wamid.2", "51987650000", line.world.now().timestamp(), "ya pagué")).await;
    assert_eq!((line.thread("100").await.len(), line.thread("101").await.len()), (1, 2));
    let answer = line.thread("101").await.pop().expect("it");
    assert_eq!(answer.answers, Some(line.world.messages("2026-03-10").await[0].id.clone()));
}

#[tokio::test]
async fn an_answer_from_another_telephone_is_a_third_partys() {
    let line = Line::on("2026-03-10", "Ana").await;
    line.world.orders("100 F-1 2026-03-10 100.00").await;
    line.world.plan().await;
    line.world.pass("2026-03-10T15:00:00Z").await;
    let mut wrote = text("wamid.9", "51999999999", AT + 7200, "le aviso");
    wrote["messages"][0]["context"] = json!({ "from": "5115550000", "id": "whatsapp-1" });
    line.whatsapp(wrote).await;
    let thread = line.thread("100").await;
    assert!(thread.len() == 1 && thread[0].flags.contains(&Flag::ThirdParty), "{thread:?}");
}

#[tokio::test]
async fn a_number_that_changed_hears_of_no_debt_until_somebody_made_sure() {
    let line = Line::on("2026-03-10", "Ana").await;
    line.world.orders("100 F-1 2026-03-10 100.00").await;
    line.world.plan().await;
    let system = |kind: &str, more: Value| {
        let mut system = json!({ "type": kind, "body": "User Ana changed from 51987650000 to 51911111111" });
        more.as_object().expect("members").iter().for_each(|(name, value)| system[name] = value.clone());
        json!({ "messages": [{ "from": "51987650000", "id": "wamid.s", "timestamp": AT.to_string(), "type": "system", "system": system }] })
    };
    let changed = system("user_changed_number", json!({ "wa_id": "51911111111" }));
    line.whatsapp(changed.clone()).await;
    let doubted = || async { line.world.account("100").await.customer.phones[0].marks.unverified };
    assert!(doubted().await);
    line.world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!(line.world.only("2026-03-10").await, State::NotSent { reason: Reason::InvalidContact });
    line.whatsapp(text("wamid.n", "51911111111", AT, "soy yo")).await;
    assert!(line.thread("100").await.is_empty(), "the new number is nobody's until a person links it");
    let verify = json!({ "address": "987650000" });
    assert_eq!(line.world.call(Method::POST, "/v1/addresses/verify", Some(verify)).await.0, StatusCode::NO_CONTENT);
    line.whatsapp(changed.clone()).await;
    assert!(!doubted().await, "told again, it takes nothing back");
    let mut later = changed;
    later["messages"][0]["timestamp"] = (line.world.now().timestamp() + 60).to_string().into();
    line.whatsapp(later).await;
    assert!(doubted().await, "another change does");
}

/// Something a person says whom WhatsApp names by id alone.
fn nameless(id: &str, user: &str, at: i64, more: Value) -> Value {
    let mut message = json!({ "from_user_id": user, "id": id, "timestamp": at.to_string() });
    more.as_object().expect("members").iter().for_each(|(name, value)| message[name] = value.clone());
    json!({ "messages": [message] })
}

#[tokio::test]
async fn who_has_a_name_instead_of_a_number_is_silenced_by_number() {
    let line = Line::on("2026-03-10", "Ana Beto Caro Dora Elsa").await;
    line.world.orders("100 F-1 2026-03-10 100.00").await;
    line.world.plan().await;
    line.world.pass("2026-03-10T15:00:00Z").await;
    let silent = |number: &'static str| {
        let line = &line;
        async move {
            let account = line.world.account(number).await;
            let phone = &account.customer.phones[0];
            phone.opted_out.contains(&Scope::Whatsapp)
        }
    };
    let stop = json!({ "type": "text", "text": { "body": "BAJA" } });
    // Beto has written nothing yet: his wish waits under his name.
    line.whatsapp(nameless("wamid.b", "PE.2", AT, stop.clone())).await;
    assert!(!silent("101").await);
    let mut known = text("wamid.b2", "51987650001", AT + 60, "soy Beto");
    known["messages"][0]["from_user_id"] = "PE.2".into();
    line.whatsapp(known).await;
    assert!(silent("101").await, "and holds for his number once it is known");
    // Caro's name changes before anybody knows her number.
    line.whatsapp(nameless("wamid.c", "PE.3", AT, stop.clone())).await;
    let renamed = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "200", "changes": [{ "field": "user_id_update", "value": {
        "messaging_product": "whatsapp", "metadata": { "display_phone_number": "5115550000", "phone_number_id": "100000000000001" },
        "user_id_update": [{ "user_id": { "previous": "PE.3", "current": "PE.33" } }] } }] }] });
    assert_eq!(line.meta(renamed.to_string().as_bytes()).await, 200);
    let mut known = text("wamid.c2", "51987650002", AT + 60, "soy Caro");
    known["messages"][0]["from_user_id"] = "PE.33".into();
    line.whatsapp(known).await;
    assert!(silent("102").await, "what was wished goes along with the name");
    // Dora's wish under the name she had is told after she has another.
    line.meta(renamed.to_string().replace("PE.33", "PE.44").replace("PE.3\"", "PE.4\"").as_bytes()).await;
    line.whatsapp(nameless("wamid.d", "PE.4", AT, stop.clone())).await;
    let mut known = text("wamid.d2", "51987650003", AT + 60, "soy Dora");
    known["messages"][0]["from_user_id"] = "PE.44".into();
    line.whatsapp(known).await;
    assert!(silent("103").await, "even told afterwards");
    assert_eq!(line.thread("103").await.len(), 2, "and what she wrote without a number is hers");
    // Ana answers what went to her number.
    let answer =
        json!({ "type": "text", "text": { "body": "BAJA" }, "context": { "id": "whatsapp-1", "from": "5115550000" } });
    line.whatsapp(nameless("wamid.a", "PE.1", AT, answer)).await;
    assert!(silent("100").await);
    assert!(!silent("104").await, "Elsa said nothing");
    assert_eq!(line.thread("100").await.len(), 1);
}

#[tokio::test]
async fn a_person_known_by_id_alone_is_who_wrote_under_it_before() {
    let line = Line::on("2026-03-10", "Ana").await;
    let mut first = text("wamid.1", "51987650000", AT, "hola");
    first["messages"][0]["from_user_id"] = "PE.1349".into();
    line.whatsapp(first).await;
    let second = json!({ "messages": [{ "from_user_id": "PE.1349", "id": "wamid.2", "timestamp": (AT + 60).to_string(), "type": "text", "text": { "body": "sigo aquí" } }] });
    line.whatsapp(second).await;
    let third = json!({ "messages": [{ "from_user_id": "PE.9999", "id": "wamid.3", "timestamp": (AT + 90).to_string(), "type": "text", "text": { "body": "¿quién soy?" } }] });
    line.whatsapp(third).await;
    assert_eq!(line.thread("100").await.len(), 2);
    let known = received::unregistered(&line.world.house().ports, &line.world.setup().await).await.expect("read");
    assert_eq!(known.iter().map(|k| k.address.as_str()).collect::<Vec<_>>(), ["PE.9999"]);
}

#[tokio::test]
async fn a_user_notes_a_wish_takes_it_back_and_makes_sure_of_a_number() {
    let line = Line::on("2026-03-10", "Ana").await;
    line.twilio(&sms("SM1", "+51987650000", "BAJA", "")).await;
    let call = |path: &'static str, body: Value| line.world.call(Method::POST, path, Some(body));
    let about = |more: Value| {
        let mut body = json!({ "address": "987650000", "channel": "sms" });
        more.as_object().expect("members").iter().for_each(|(name, value)| body[name] = value.clone());
        body
    };
    assert_eq!(call("/v1/addresses/silence", about(json!({ "reason": "llamó" }))).await.1["changed"], true);
    let (_, listed) = call("/v1/addresses/wishes", json!({ "address": "+51 987 650 000" })).await;
    let sources: Vec<_> = listed["items"].as_array().expect("wishes").iter().map(|w| w["source"].clone()).collect();
    assert_eq!(sources, ["keyword", "user"]);
    line.a_moment_later();
    line.twilio(&sms("SM2", "+51987650000", "alta", "")).await;
    assert_eq!(line.world.account("100").await.customer.phones[0].opted_out.len(), 1, "what a user noted stays");
    assert_eq!(
        call("/v1/addresses/consent", about(json!({}))).await.0,
        StatusCode::UNPROCESSABLE_ENTITY,
        "by what proof"
    );
    assert_eq!(call("/v1/addresses/consent", about(json!({ "reason": "carta firmada" }))).await.1["changed"], true);
    assert!(line.world.account("100").await.customer.phones[0].opted_out.is_empty());
    let system = json!({ "messages": [{ "from": "51987650000", "id": "wamid.s", "timestamp": AT.to_string(), "type": "system",
        "system": { "type": "user_changed_number", "wa_id": "51911111111", "body": "x" } }] });
    line.whatsapp(system).await;
    assert!(line.world.account("100").await.customer.phones[0].marks.unverified);
    assert_eq!(call("/v1/addresses/verify", json!({ "address": "987650000" })).await.0, StatusCode::NO_CONTENT);
    assert!(!line.world.account("100").await.customer.phones[0].marks.unverified);
}

#[tokio::test]
async fn what_an_adviser_reads_is_marked_once_and_told_to_whoever_has_receipts() {
    let whatsapp = Memory::taking();
    let line = connected(&whatsapp, &Memory::taking()).await;
    line.world.customers("Ana Beto").await;
    for (n, said) in ["hola", "¿están?", "soy Ana", "¿cuánto debo?", "¿y hoy?"].into_iter().enumerate() {
        let body = text(&format!("wamid.{n}"), "51987650000", AT + i64::try_from(n).expect("small"), said);
        line.meta(change(meta::NUMBER, body).to_string().as_bytes()).await;
    }
    let path = format!("/v1/customers/{}/interactions/read", line.world.account("100").await.id);
    for expected in [5, 0] {
        let (status, told) = line.world.call(Method::POST, &path, None).await;
        assert_eq!((status, told["read"].as_u64()), (StatusCode::OK, Some(expected)), "{told}");
    }
    let receipts: Vec<_> = whatsapp.taken().into_iter().map(|taken| taken.asked.text).collect();
    assert_eq!(
        (receipts, whatsapp.wrong()),
        (vec!["\"wamid.4\"".to_owned()], vec![]),
        "the last stands for those before"
    );
    let thread = line.thread("100").await;
    assert!(thread.iter().all(|message| message.read.as_ref().is_some_and(|read| read.at == line.world.now())));
}

#[tokio::test]
async fn what_an_address_wrote_goes_to_the_one_customer_that_comes_to_have_it() {
    let line = Line::on("2026-03-10", "Ana Beto").await;
    let unregistered = || async {
        let known = received::unregistered(&line.world.house().ports, &line.world.setup().await).await.expect("read");
        known.iter().map(|contact| contact.address.clone()).collect::<Vec<_>>()
    };
    let patch = |number: &'static str, phones: Value| {
        let line = &line;
        async move {
            let account = line.world.account(number).await;
            let path = format!("/v1/customers/{}", account.id);
            let stored =
                accounts::account(&line.world.house().ports, &line.world.project, &account.id).await.expect("read");
            let version = format!("\"{}\"", stored.expect("an account").1);
            let bearer = format!("Bearer {KEY}");
            let headers = [("authorization", bearer.as_str()), ("if-match", version.as_str())];
            let (status, why) =
                line.world.call_with(Method::PATCH, &path, Some(json!({ "phones": phones })), &headers).await;
            assert_eq!(status, StatusCode::OK, "{why}");
        }
    };
    line.whatsapp(text("wamid.1", "51911111111", AT, "hola")).await;
    line.whatsapp(text("wamid.2", "51911111111", AT + 60, "¿cuánto debo?")).await;
    line.twilio(&sms("SM1", "+51922222222", "soy Caro", "")).await;
    assert_eq!(unregistered().await.len(), 2);
    patch("100", json!({ "2": "911111111" })).await;
    assert_eq!((line.thread("100").await.len(), unregistered().await), (2, vec!["+51922222222".to_owned()]));
    line.whatsapp(text("wamid.1", "51911111111", AT, "hola")).await;
    assert_eq!(line.thread("100").await.len(), 2, "told again it is the same message");
    // A load brings Caro.
    let file = "Tipo de documento,Número de documento,Nombre,Celular_1\nDNI,300,Caro,922222222\n";
    line.world.load(Kind::Customers, file.to_owned()).await;
    assert_eq!((line.thread("300").await.len(), unregistered().await.len()), (1, 0));
    // An address that two have stays where it is.
    line.whatsapp(text("wamid.3", "51933333333", AT, "¿y yo?")).await;
    let file =
        "Tipo de documento,Número de documento,Nombre,Celular_1\nDNI,301,Dora,933333333\nDNI,302,Elsa,933333333\n";
    line.world.load(Kind::Customers, file.to_owned()).await;
    assert_eq!(unregistered().await, ["+51933333333"]);
}
