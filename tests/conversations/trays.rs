//! The trays, a conversation as it opens, and how customers are found.

use super::told;
use crate::providers::live::{Line, text};
use crate::world::World;
use axum::http::Method;
use cauce_engine::import::job::Kind;
use serde_json::{Value, json};

const AT: i64 = 1_773_151_200; // 10 March 2026, 9:00 in Lima

async fn get(world: &World, path: &str) -> Value {
    let (status, answer) = world.call(Method::GET, path, None).await;
    assert!(status.is_success(), "{path}: {answer}");
    answer
}

async fn names(world: &World, path: &str) -> Vec<String> {
    let answer = get(world, path).await;
    let items = answer["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["name"].as_str().unwrap_or_default().to_owned()).collect()
}

/// A customer writes.
async fn wrote(line: &Line, id: &str, number: u32, at: i64, said: &str) {
    line.whatsapp(text(id, &format!("5198765{number:04}"), AT + at, said)).await;
}

/// Users, and customers given to them: each line a customer's number and its adviser.
async fn assigned(world: &World, lines: &str) {
    for (id, role) in [("luis", "adviser"), ("rosa", "adviser"), ("sonia", "supervisor")] {
        let user = json!({ "id": id, "name": id, "email": format!("{id}@andes.pe"), "role": role });
        world.call(Method::POST, "/v1/users", Some(user)).await;
    }
    let mut file = String::from("Tipo de documento,Número de documento,Nombre,Asesor ID\n");
    for line in lines.lines() {
        let (number, adviser) = line.trim().split_once(' ').expect("a number and an adviser");
        file.push_str(&format!("DNI,{number},,{adviser}\n"));
    }
    world.load(Kind::Customers, file).await;
}

#[tokio::test]
async fn received_messages_come_the_last_first_with_what_nobody_has_read() {
    let line = Line::on("2026-03-10", "Ana Beto Caro Dora").await;
    let world = &line.world;
    assigned(world, "100 luis\n101 luis\n102 rosa").await;
    for (id, number, at) in [("w1", 0, 10), ("w2", 1, 20), ("w3", 2, 30), ("w4", 0, 40), ("w5", 3, 50)] {
        wrote(&line, id, number, at, "hola").await;
    }
    wrote(&line, "w4", 0, 40, "hola").await;
    assert_eq!(names(world, "/v1/trays/received").await, ["Dora", "Ana", "Caro", "Beto"]);
    assert_eq!(names(world, "/v1/trays/received?adviser=luis").await, ["Ana", "Beto"]);
    assert_eq!(names(world, "/v1/trays/received?adviser=none").await, ["Dora"]);
    let counts = get(world, "/v1/trays/counts?adviser=luis").await;
    assert_eq!(counts, json!({ "unread": 2, "calls": 0 }));

    let tray = get(world, "/v1/trays/received?adviser=luis").await;
    assert_eq!(tray["items"][0]["inbox"]["unread"], 2, "told twice it is one");
    world.done("100", "interactions/read", json!({})).await;
    assert_eq!(names(world, "/v1/trays/received?unread=true").await, ["Dora", "Caro", "Beto"]);
    assert_eq!(names(world, "/v1/trays/received?unread=false").await, ["Ana"]);
    // A page at a time, the same each once.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(world, &format!("/v1/trays/received?limit=1{cursor}")).await;
        let items = page["items"].as_array().cloned().unwrap_or_default();
        seen.extend(items.iter().map(|item| item["name"].as_str().unwrap_or_default().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["Dora", "Ana", "Caro", "Beto"]);
    // Whom a customer is given to has it in his tray.
    assigned(world, "100 rosa").await;
    assert_eq!(names(world, "/v1/trays/received?adviser=rosa").await, ["Ana", "Caro"]);
    assert_eq!(names(world, "/v1/trays/received?adviser=luis").await, ["Beto"]);
}

#[tokio::test]
async fn what_came_from_a_shared_address_is_read_in_all_its_threads_at_once() {
    let line = Line::on("2026-03-10", "").await;
    let world = &line.world;
    let head = "Tipo de documento,Número de documento,Nombre,Celular_1\n";
    world.load(Kind::Customers, format!("{head}DNI,100,Ana,987650000\nDNI,101,Beto,987650000\n")).await;
    wrote(&line, "w1", 0, 10, "¿de cuál de los dos?").await;
    assert_eq!(get(world, "/v1/trays/counts").await["unread"], 2);
    world.done("101", "interactions/read", json!({})).await;
    assert_eq!(get(world, "/v1/trays/counts").await["unread"], 0);
}

#[tokio::test]
async fn calls_to_make_come_the_first_due_first_and_are_filtered_as_an_adviser_works() {
    let line = Line::on("2026-03-10", "Ana Beto Caro").await;
    let world = &line.world;
    world.orders("100 F-1 2026-03-01 100.00\n101 G-1 2026-03-01 300.00\n102 H-1 2026-03-01 200.00").await;
    world.until("2026-03-10T14:00:00Z").await;
    for (number, date) in [("100", "2026-03-12"), ("101", "2026-03-11"), ("102", "2026-03-12")] {
        let back = json!({ "call_back": { "date": date } });
        world.outcome(number, "outbound_contact", "call_back", back).await;
    }
    assert!(names(world, "/v1/trays/calls").await.is_empty(), "they left the tray until their day");
    world.until("2026-03-12T14:00:00Z").await;
    assert_eq!(names(world, "/v1/trays/calls?limit=1").await, ["Beto"]);
    assert_eq!(names(world, "/v1/trays/calls?order=amount_desc").await, ["Beto", "Caro", "Ana"]);
    assert_eq!(names(world, "/v1/trays/calls?order=amount_asc&to=2026-03-11").await, ["Beto"]);
    world.outcome("102", "outbound_contact", "wont_pay", json!({})).await;
    world.outcome("101", "outbound_no_contact", "no_answer", json!({})).await;
    assert_eq!(names(world, "/v1/trays/calls").await, ["Ana"], "who did not answer waits for his hour");
    assert_eq!(names(world, "/v1/trays/calls?waiting=true&from=2026-03-12").await.len(), 2);
    assert!(names(world, "/v1/trays/calls?alert=wont_pay").await.is_empty());
    let id = world.id("100").await;
    let header = &get(world, &format!("/v1/customers/{id}/conversation")).await["header"];
    assert_eq!((&header["days_past_due"], &header["debt_state"]), (&json!(11), &json!("vencida")));
}

#[tokio::test]
async fn a_conversation_opens_with_what_stands_above_beside_and_in_it() {
    let line = Line::on("2026-03-10", "Ana").await;
    let world = &line.world;
    world.orders("100 F-1 2026-03-07 100.00\n100 F-2 2026-04-07 50.00").await;
    wrote(&line, "w1", 0, 10, "mañana pago").await;
    world.until("2026-03-10T15:00:00Z").await;
    world
        .outcome(
            "100",
            "inbound",
            "promise_or_payment",
            json!({ "promise": { "date": "2026-03-11", "amount": "100" } }),
        )
        .await;
    world.outcome("100", "outbound_contact", "reminder", json!({ "reminder": { "text": "habla bajito" } })).await;
    let id = world.id("100").await;
    let opened = get(world, &format!("/v1/customers/{id}/conversation")).await;
    let (header, panel) = (&opened["header"], &opened["panel"]);
    assert_eq!(header["segment"]["name"], "General");
    assert_eq!((&header["due"], &header["situation_name"]), (&json!("2026-03-07"), &json!("mora temprana")));
    assert_eq!(panel["document"]["number"], "00000100");
    assert_eq!(panel["orders"].as_array().map(Vec::len), Some(2));
    assert_eq!((&panel["orders"][0]["state"], &panel["orders"][1]["state"]), (&json!("past_due"), &json!("current")));
    assert_eq!(panel["reminders"][0]["text"], "habla bajito");
    let states: Vec<&str> =
        opened["thread"].as_array().expect("a thread").iter().filter_map(|i| i["state"].as_str()).collect();
    let at = |wanted: &str| states.iter().position(|state| *state == wanted);
    assert!(at("received").is_some() && at("received") < at("contacted"), "{states:?}");
    assert_eq!(states.iter().filter(|state| **state == "contacted").count(), 2);
    world.pay("P-1", "F-2", "2026-03-10", "50.00").await;
    let whole = get(world, &format!("/v1/customers/{id}/account")).await;
    assert_eq!(whole["orders"].as_array().map(Vec::len), Some(2), "the one that is paid too");
    assert_eq!(whole["movements"][0]["code"], "P-1");
}

#[tokio::test]
async fn a_customer_is_found_by_whatever_somebody_has_of_it() {
    let world = World::on("2026-03-10").await;
    let head = "Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1\n";
    let rows =
        "DNI,45678912,María Núñez Pérez,987654321,maria@x.com\nRUC,20123456789,Pesquera Núñez SAC,,pagos@nunez.pe\n";
    world.load(Kind::Customers, format!("{head}{rows}")).await;
    let order = "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto\nDNI,45678912,FAC-001,2026-03-20,PEN,10.00\n";
    world.load(Kind::Orders, order).await;
    let find = async |text: &str| {
        let (_, answer) = world.call(Method::POST, "/v1/customers/search", Some(json!({ "text": text }))).await;
        let items = answer["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["customer"]["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    for text in ["45678912", "987 654 321", "MARIA@x.com", "FAC-001", "maria", "nuñez mar", "perez"] {
        assert_eq!(find(text).await, ["María Núñez Pérez"], "{text}");
    }
    assert_eq!(find("20123456789").await, ["Pesquera Núñez SAC"]);
    assert_eq!(find("nunez").await.len(), 2);
    for text in ["", "x", "999999999", "nadie", "otra@x.com"] {
        assert!(find(text).await.is_empty(), "{text}");
    }
    let edit = told("outbound_no_contact", "voicemail", json!({ "edit": { "name": "María Vega" } }));
    world.done("45678912", "outcomes", edit).await;
    assert!(find("perez").await.is_empty(), "that is not her name any more");
    assert_eq!(find("vega").await, ["María Vega"]);
}

#[tokio::test]
async fn what_nobody_has_read_is_read_however_much_has_happened_since() {
    let line = Line::on("2026-03-10", "Ana").await;
    let world = &line.world;
    world.orders("100 F-1 2026-03-20 1000.00").await;
    wrote(&line, "w1", 0, 10, "hola").await;
    let mut file = String::from("Código de movimiento,Código de pago,Fecha,Monto\n");
    (0..150).for_each(|n| file.push_str(&format!("M-{n},F-1,2026-03-10,1.00\n")));
    world.load(Kind::Payments, file).await;
    assert_eq!(get(world, "/v1/trays/counts").await["unread"], 1);
    world.done("100", "interactions/read", json!({})).await;
    assert_eq!(get(world, "/v1/trays/counts").await["unread"], 0);
}

#[tokio::test]
async fn of_many_of_one_name_the_one_that_is_meant_is_found() {
    let world = World::on("2026-03-10").await;
    let mut file = String::from("Tipo de documento,Número de documento,Nombre\n");
    (0..600).for_each(|n| file.push_str(&format!("DNI,{},José Rodríguez {n}\n", 1000 + n)));
    file.push_str("DNI,9999,Zoila Rodríguez\nDNI,9998,Grupo 21\n");
    world.load(Kind::Customers, file).await;
    let find = async |text: &str| {
        let (_, answer) = world.call(Method::POST, "/v1/customers/search", Some(json!({ "text": text }))).await;
        answer["items"].as_array().cloned().unwrap_or_default()
    };
    assert_eq!(find("zoila rodriguez").await.len(), 1);
    assert_eq!(find("rodríguez 577").await.len(), 1);
    assert_eq!(find("grupo 21").await.len(), 1);
    assert_eq!(find("rodriguez").await.len(), 50, "as many as are shown");
}

#[tokio::test]
async fn a_customer_of_very_many_orders_shows_what_was_agreed_on() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    let orders: String = (0..150).map(|n| format!("100 H-{n:03} 2026-03-01 1.00\n")).collect();
    world.orders(&orders).await;
    world.done("100", "promises", json!({ "date": "2026-03-13", "amount": "150.00" })).await;
    let id = world.id("100").await;
    let panel = &get(&world, &format!("/v1/customers/{id}/conversation")).await["panel"];
    assert_eq!((panel["matters"].as_array().map(Vec::len), &panel["more_orders"]), (Some(1), &json!(true)));
}

#[tokio::test]
async fn what_is_new_since_a_moment_is_told_to_whoever_may_see_it() {
    let line = Line::on("2026-03-10", "Ana Beto").await;
    let world = &line.world;
    world.pass("2026-03-10T15:00:00Z").await;
    let changes = async |path: &str| world.call(Method::GET, path, None).await.1;
    let start = changes("/v1/changes").await;
    let cursor = start["next"].as_str().expect("a cursor").to_owned();
    assert_eq!((&start["items"], &start["counts"]["unread"]), (&json!([]), &json!(0)));
    world.house().clock.advance_to(world.now() + chrono::TimeDelta::minutes(1));
    line.whatsapp(text("w1", "51987650000", world.now().timestamp(), "hola")).await;
    let id = world.id("100").await;
    let told = changes(&format!("/v1/changes?cursor={cursor}&customer={id}")).await;
    assert_eq!((&told["items"][0]["name"], &told["counts"]["unread"]), (&json!("Ana"), &json!(1)));
    assert_eq!((&told["thread"][0]["text"], &told["header"]["name"]), (&json!("hola"), &json!("Ana")));
    let next = told["next"].as_str().expect("a cursor").to_owned();
    world.house().clock.advance_to(world.now() + chrono::TimeDelta::minutes(20));
    let told = changes(&format!("/v1/changes?cursor={next}&customer={id}")).await;
    assert_eq!(
        (told["items"].as_array().map(Vec::len), told["thread"].as_array().map(Vec::len)),
        (Some(1), Some(1)),
        "told twice at most"
    );
    let later = told["next"].as_str().expect("a cursor").to_owned();
    let told = changes(&format!("/v1/changes?cursor={later}&customer={id}")).await;
    assert_eq!((&told["items"], &told["thread"]), (&json!([]), &json!([])));
    let (status, _) = world.call(Method::GET, "/v1/changes?cursor=otro", None).await;
    assert!(status.is_client_error());
}

#[tokio::test]
async fn what_a_provider_held_back_for_an_hour_is_new_when_it_comes() {
    let line = Line::on("2026-03-10", "Ana").await;
    let world = &line.world;
    world.pass("2026-03-10T15:00:00Z").await;
    let cursor = get(world, "/v1/changes").await["next"].as_str().expect("a cursor").to_owned();
    world.pass("2026-03-10T15:30:00Z").await;
    wrote(&line, "w1", 0, 0, "escrito a las nueve").await;
    let told = get(world, &format!("/v1/changes?cursor={cursor}")).await;
    assert_eq!((&told["items"][0]["name"], &told["more"]), (&json!("Ana"), &json!(false)));
}

#[tokio::test]
async fn what_is_new_with_very_many_is_told_in_parts_and_nobody_is_left_out() {
    let names: Vec<String> = (0..130).map(|n| format!("C{n:03}")).collect();
    let line = Line::on("2026-03-10", &names.join(" ")).await;
    let world = &line.world;
    let mut cursor = get(world, "/v1/changes").await["next"].as_str().expect("a cursor").to_owned();
    for number in 0..130 {
        wrote(&line, &format!("w{number}"), number, i64::from(number), "hola").await;
    }
    let (mut seen, mut answers, mut more) = (std::collections::BTreeSet::new(), 0, true);
    while more {
        let told = get(world, &format!("/v1/changes?cursor={cursor}")).await;
        let items = told["items"].as_array().cloned().unwrap_or_default();
        seen.extend(items.iter().map(|item| item["name"].as_str().unwrap_or_default().to_owned()));
        cursor = told["next"].as_str().expect("a cursor").to_owned();
        (more, answers) = (told["more"] == true, answers + 1);
    }
    assert_eq!((seen.len(), answers), (130, 2));
}

#[tokio::test]
async fn a_tray_is_filtered_by_the_channel_of_the_last_communication() {
    let world = crate::conversations::ana().await;
    world.pass("2026-03-10T15:00:00Z").await;
    for number in ["100", "101"] {
        world.outcome(number, "outbound_no_contact", "no_answer", json!({})).await;
    }
    world.done("100", "messages", json!({ "channel": "sms", "text": "Hola {nombre}" })).await;
    world.done("101", "messages", json!({ "channel": "email", "subject": "Hola", "text": "Hola {nombre}" })).await;
    world.pass("2026-03-10T18:00:00Z").await;
    for (channel, expected) in [("sms", vec!["Ana"]), ("email", vec!["Beto"]), ("whatsapp", vec![])] {
        let tray = get(&world, &format!("/v1/trays/calls?last_channel={channel}")).await;
        let names: Vec<&str> =
            tray["items"].as_array().expect("a list").iter().filter_map(|it| it["name"].as_str()).collect();
        assert_eq!(names, expected, "{channel}");
    }
}
