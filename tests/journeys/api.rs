//! The API as a client meets it.

use crate::built::root;
use crate::world::{KEY, World};
use axum::http::{Method, StatusCode};
use cauce_domain::country::Country;
use cauce_domain::ids::ProjectId;
use cauce_engine::create_project::{create_project, grant_key};
use cauce_engine::import::job::Kind;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const OTHER: &str = "ck_otra_0123456789abcdef";

async fn get(world: &World, path: &str) -> (StatusCode, Value) {
    world.call(Method::GET, path, None).await
}
async fn post(world: &World, path: &str, body: Value) -> (StatusCode, Value) {
    world.call(Method::POST, path, Some(body)).await
}

#[tokio::test]
async fn a_day_is_run_through_the_api_alone() {
    let world = World::on("2026-03-10").await;
    let ana = json!({ "document_kind": "DNI", "document_number": "100", "name": "Ana Díaz", "phones": ["987654321"] });
    let (status, taken) = post(&world, "/v1/customers", ana).await;
    assert_eq!((status, &taken["changed"]), (StatusCode::OK, &json!(true)), "{taken}");
    let id = taken["customer"].as_str().expect("an id").to_owned();
    let order = json!({ "document_kind": "DNI", "document_number": "100", "code": "F-1", "due": "2026-03-10", "amount": "100.50", "currency": "PEN" });
    assert_eq!(post(&world, "/v1/orders", order).await.0, StatusCode::OK);
    let (_, why) = get(&world, &format!("/v1/customers/{id}/why")).await;
    assert_eq!((&why["planned"], why["steps"].as_array().map(Vec::len)), (&json!(false), Some(7)));
    let (_, trial) = get(&world, "/v1/runs/2026-03-10/dry-run").await;
    assert_eq!((&trial["plan"]["send"], &trial["plan"]["by_step"]["0"]), (&json!(1), &json!(1)));
    assert_eq!(post(&world, "/v1/runs", json!({})).await.0, StatusCode::ACCEPTED);
    world.runner.drain().await.expect("planned");
    let (_, why) = get(&world, &format!("/v1/customers/{id}/why?date=2026-03-10")).await;
    let step = why["steps"].as_array().expect("steps").iter().find(|s| s["offset"] == 0).expect("step 0").clone();
    assert_eq!((&why["planned"], &step["outcome"]), (&json!(true), &json!("scheduled")));
    assert_eq!(why["next"], json!("2026-03-10T14:00:00Z"), "the one that waits");
    let (status, moved) = post(&world, "/sandbox/advance", json!({ "to": "2026-03-11T04:00:00Z" })).await;
    assert_eq!(status, StatusCode::OK, "{moved}");
    let (_, why) = get(&world, &format!("/v1/customers/{id}/why?date=2026-03-10")).await;
    assert_eq!(why["next"], json!("2026-03-13T14:00:00Z"), "step +3");
    let (_, run) = get(&world, "/v1/runs/2026-03-10").await;
    assert_eq!(run["result"]["plan"]["send"], json!(1));
    let (_, list) = get(&world, "/v1/interactions?day=2026-03-10&channel=whatsapp").await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
    let (_, none) = get(&world, "/v1/interactions?day=2026-03-10&channel=sms").await;
    assert_eq!(none["items"].as_array().map(Vec::len), Some(0));
    let payment = json!({ "order": "F-1", "code": "M-1", "date": "2026-03-11", "amount": "100.50" });
    assert_eq!(post(&world, "/v1/payments", payment).await.0, StatusCode::OK);
    let (_, order) = get(&world, "/v1/orders/F-1").await;
    assert_eq!((&order["state"], &order["balance"]), (&json!("paid"), &json!(0)));
    let (_, thread) = get(&world, &format!("/v1/customers/{id}/interactions")).await;
    let names: Vec<&str> =
        thread["items"].as_array().expect("items").iter().filter_map(|i| i["state_name"].as_str()).collect();
    assert!(names.contains(&"Generado"), "{names:?}");
    let mut paged = Vec::new();
    let mut path = format!("/v1/customers/{id}/interactions?limit=1");
    for _ in 0..10 {
        let (_, page) = get(&world, &path).await;
        paged.extend(
            page["items"].as_array().expect("items").iter().filter_map(|i| i["state_name"].as_str().map(str::to_owned)),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/customers/{id}/interactions?limit=1&cursor={next}");
    }
    assert_eq!(paged, names, "a page at a time");
    let mut texts = thread["items"].as_array().expect("items").iter().filter_map(|item| item["text"].as_str());
    let text = texts.next_back().expect("the text as sent");
    assert!(text.contains("Ana") && text.contains("100"), "{text}");
    let (_, replay) = get(&world, "/v1/runs/2026-03-10/replay").await;
    assert_eq!((&replay["decisions"], &replay["differ"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_file_is_uploaded_exactly_as_announced() {
    let world = World::on("2026-03-10").await;
    let file = "Tipo de documento,Número de documento,Nombre\nDNI,1,Ana\nDNI,2,\n";
    let digest = cauce_engine::store::keys::hex(&Sha256::digest(file));
    let asked = json!({ "kind": "customers", "file_name": "marzo.csv", "length": file.len(), "sha256": digest });
    let (status, upload) = post(&world, "/v1/imports", asked).await;
    assert_eq!(status, StatusCode::CREATED, "{upload}");
    let url = upload["upload_url"].as_str().expect("a url").to_owned();
    let put = |url: String, body: &'static str| {
        let router = world.router();
        async move {
            let request = axum::http::Request::builder().method("PUT").uri(url).body(axum::body::Body::from(body));
            tower::ServiceExt::oneshot(router, request.expect("a request")).await.expect("an answer").status()
        }
    };
    assert_eq!(put(url.clone(), "otra cosa").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put(url.replace("lima", "otro"), file).await, StatusCode::FORBIDDEN, "the key is the server's");
    assert_eq!(put(url.clone(), file).await, StatusCode::OK);
    assert_eq!(put(url, file).await, StatusCode::CONFLICT, "once");
    let id = upload["id"].as_str().expect("an id");
    let (status, _) =
        post(&world, &format!("/v1/imports/{id}/start"), json!({ "kind": "customers", "file_name": "marzo.csv" }))
            .await;
    assert_eq!(status, StatusCode::ACCEPTED);
    world.runner.drain().await.expect("loaded");
    let (_, load) = get(&world, &format!("/v1/imports/{id}")).await;
    assert_eq!(
        (&load["state_name"], &load["counts"]["accepted"]),
        (&json!("Finalizado con errores"), &json!(1)),
        "{load}"
    );
    let (_, notes) = get(&world, &format!("/v1/imports/{id}/notes")).await;
    assert_eq!(notes["items"][0]["message"], json!("falta el nombre"));
    let rejected = world.downloaded(&format!("/v1/imports/{id}/rejected")).await;
    assert!(String::from_utf8_lossy(&rejected).contains("falta el nombre"));
    assert_eq!(get(&world, "/v1/imports/templates/orders").await.0, StatusCode::OK);
    let (_, log) = get(&world, "/v1/imports").await;
    assert_eq!(log["items"][0]["file_name"], json!("marzo.csv"));
}

#[tokio::test]
async fn the_same_request_twice_is_answered_twice_and_done_once() {
    let world = World::on("2026-03-10").await;
    let bearer = format!("Bearer {KEY}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "abc")];
    let body = |name: &str| json!({ "name": name, "email": format!("{name}@andes.com"), "role": "adviser" });
    let call = |name: &'static str| world.call_with(Method::POST, "/v1/users", Some(body(name)), &headers);
    let (first, user) = call("ana").await;
    let (again, same) = call("ana").await;
    assert_eq!((first, again, &user["id"]), (StatusCode::CREATED, StatusCode::CREATED, &same["id"]));
    let (other, problem) = call("beto").await;
    assert_eq!((other, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused")));
    assert_eq!(get(&world, "/v1/users").await.1.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_request_whose_worker_died_is_done_by_the_next_one_with_its_key() {
    use cauce_engine::store::codec::encode;
    use cauce_engine::store::jobs::{Answered, answered_key};
    let world = World::on("2026-03-10").await;
    let user = json!({ "id": "ana", "name": "Ana", "email": "ana@andes.pe", "role": "adviser" });
    let digest = cauce_engine::store::keys::sha256(format!("/v1/users\n{user}").as_bytes());
    let bearer = format!("Bearer {KEY}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k-1")];
    for (ago, expected) in [(10, StatusCode::CONFLICT), (600, StatusCode::CREATED)] {
        let begun = world.now().timestamp() - ago;
        let left = Answered { request: digest.clone(), status: None, body: String::new(), begun };
        let item = cauce_engine::ports::table::Item::new(
            answered_key(&world.project, "api\u{1}k-1"),
            encode(&left).expect("json"),
        );
        let put = cauce_engine::ports::table::Change::Put(item, cauce_engine::ports::table::Expect::Anything);
        world.house().ports.table.write(world.house().ports.new_id(), vec![put]).await.expect("left behind");
        let (status, answer) = world.call_with(Method::POST, "/v1/users", Some(user.clone()), &headers).await;
        assert_eq!(status, expected, "{ago} seconds: {answer}");
    }
}

#[tokio::test]
async fn an_edit_names_the_version_it_was_made_on() {
    let world = World::on("2026-03-10").await;
    let bearer = format!("Bearer {KEY}");
    let edit = json!({ "name": "Andes S.A." });
    let (status, _) = world.call(Method::PUT, "/v1/project", Some(edit.clone())).await;
    assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    let with = |tag: &'static str| {
        let (world, bearer, edit) = (&world, &bearer, edit.clone());
        async move {
            world
                .call_with(Method::PUT, "/v1/project", Some(edit), &[("authorization", bearer), ("if-match", tag)])
                .await
                .0
        }
    };
    let version = world.setup().await.project.version;
    assert_eq!(version, 2);
    assert_eq!(with("\"2\"").await, StatusCode::OK);
    assert_eq!(with("\"2\"").await, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn every_wrong_request_gets_a_problem_in_spanish() {
    let world = World::on("2026-03-10").await;
    for (path, code) in [
        ("/v1/runs/abc", "bad_path"),
        ("/v1/interactions?day=xx", "bad_query"),
        ("/v1/customers?limit=-1", "bad_query"),
    ] {
        let (status, problem) = get(&world, path).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!(code)), "{path}: {problem}");
    }
    let template = |body: &str| json!({ "name": "T", "channel": "sms", "purposes": ["flow"], "body": body });
    let cases = [
        (post(&world, "/v1/templates", template("Hola {nonbre}")).await, "bad_template"),
        (post(&world, "/v1/templates", template("Hola {nombre")).await, "bad_template"),
        (post(&world, "/v1/templates", template("{nom<b>bre</b>}")).await, "bad_template"),
        (post(&world, "/v1/templates", json!({ "name": 3 })).await, "bad_json"),
        (post(&world, "/v1/orders", json!({ "document_kind": "DNI", "document_number": "9", "code": "F", "due": "2026-01-01", "amount": "1" })).await, "invalid_value"),
        (post(&world, "/v1/runs", json!({ "date": "2030-01-01" })).await, "invalid_value"),
        (get(&world, "/v1/customers/nadie").await, "not_found"),
        (get(&world, "/v1/nada").await, "not_found"),
        (get(&world, "/v1/customers?cursor=xyz").await, "bad_cursor"),
        (world.call_with(Method::GET, "/v1/project", None, &[]).await, "unauthorized"),
        (world.call_with(Method::GET, "/v1/project", None, &[("x-api-key", "falsa")]).await, "unauthorized"),
    ];
    for ((status, problem), code) in cases {
        assert!(status.is_client_error(), "{problem}");
        assert_eq!(problem["code"], json!(code), "{problem}");
        assert!(problem["title"].as_str().is_some_and(|t| t.len() > 10), "{problem}");
    }
    let (_, found) = post(&world, "/v1/templates", template("Hola {nonbre}")).await;
    assert!(found["title"].as_str().is_some_and(|t| t.contains("{nombre}")), "the nearest is named: {found}");
}

#[tokio::test]
async fn a_template_is_duplicated_previewed_and_sent_to_oneself_alone() {
    let world = World::on("2026-03-10").await;
    let (status, copy) = post(&world, "/v1/templates/inicial-mas-3/duplicate", json!({})).await;
    assert_eq!((status, &copy["template"]["name"]), (StatusCode::CREATED, &json!("Tres días (copia)")));
    let (_, shown) = post(&world, "/v1/templates/inicial-mas-3/preview", json!({})).await;
    assert!(shown["text"].as_str().is_some_and(|t| t.contains("Andes")), "{shown}");
    world.change(|p| p.active = false).await;
    world.change(|p| p.test_addresses = vec!["987000111".into()]).await;
    let send = |to: &str| post(&world, "/v1/templates/inicial-mas-3/test-send", json!({ "to": to }));
    assert_eq!(send("987654321").await.1["code"], json!("not_a_test_address"));
    let (status, sent) = send("987000111").await;
    assert_eq!(status, StatusCode::OK, "platform mode does not matter: {sent}");
    assert!(world.outbox()[0].text.starts_with("[PRUEBA]"));
    assert!(world.messages("2026-03-10").await.is_empty(), "a test is no interaction");
    world.change(|p| p.channels.values_mut().for_each(|c| c.active = false)).await;
    assert_eq!(send("987000111").await.1["code"], json!("channel_inactive"));
}

#[tokio::test]
async fn an_sms_tells_its_segments_and_what_plain_letters_would_save() {
    let world = World::on("2026-03-10").await;
    let text = format!("{{nombre}}, su cuota vence mañana. Está a tiempo. {}", "Pague en línea. ".repeat(5));
    let long = json!({ "name": "Largo", "channel": "sms", "purposes": ["flow"], "body": text });
    let (status, made) = post(&world, "/v1/templates", long).await;
    assert!(status.is_success(), "{made}");
    let id = made["template"]["id"].as_str().expect("an id");
    let (_, shown) = post(&world, &format!("/v1/templates/{id}/preview"), json!({})).await;
    let sms = &shown["sms"];
    assert_eq!((&sms["encoding"], &sms["segments"]), (&json!("ucs2"), &json!(3)), "{shown}");
    assert_eq!(sms["transliterated"]["segments"], json!(1));
    assert!(
        sms["transliterated"]["text"].as_str().is_some_and(|t| t.contains("mañana") && t.contains("linea")),
        "{sms}"
    );
    let (_, email) = post(&world, "/v1/templates/inicial-menos-1/preview", json!({})).await;
    assert!(email["text"].is_string() && email["sms"].is_null(), "{email}");
}

#[tokio::test]
async fn every_blocker_is_listed_with_what_to_do() {
    let world = World::on("2026-03-14").await;
    world
        .change(|p| {
            p.active = false;
            p.channels.values_mut().for_each(|c| c.connected = false);
        })
        .await;
    let (_, blockers) = get(&world, "/v1/project/blockers").await;
    let codes: Vec<&str> = blockers.as_array().expect("a list").iter().filter_map(|b| b["code"].as_str()).collect();
    assert_eq!(codes, [["channel_disconnected"; 4].as_slice(), &["restricted_day", "platform_inactive"]].concat());
}

#[tokio::test]
async fn a_users_address_is_nobodys_contact() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    let user = json!({ "name": "Ana", "email": "ana@x.com", "role": "adviser" });
    let (_, problem) = post(&world, "/v1/users", user).await;
    assert_eq!(problem["code"], json!("address_of_customer"));
    assert!(problem["title"].as_str().is_some_and(|t| t.contains("Ana")));
    post(&world, "/v1/users", json!({ "id": "u1", "name": "Beto", "email": "beto@andes.com", "role": "adviser" }))
        .await;
    let id = world.account("100").await.id;
    let (_, ana) = get(&world, &format!("/v1/customers/{id}")).await;
    assert!(ana.get("id").is_some());
    let bearer = format!("Bearer {KEY}");
    let edit = json!({ "emails": { "2": "beto@andes.com" } });
    let headers = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
    let (_, problem) = world.call_with(Method::PATCH, &format!("/v1/customers/{id}"), Some(edit), &headers).await;
    assert_eq!(problem["code"], json!("internal_contact"), "{problem}");
}

#[tokio::test]
async fn a_persons_edit_survives_the_same_file_and_yields_to_a_new_value() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    let id = world.account("100").await.id;
    let bearer = format!("Bearer {KEY}");
    let headers = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
    let edit = json!({ "name": "Ana María", "phones": { "1": "999888777" } });
    let (status, edited) = world.call_with(Method::PATCH, &format!("/v1/customers/{id}"), Some(edit), &headers).await;
    assert_eq!(status, StatusCode::OK, "{edited}");
    world.customers("Ana").await;
    let ana = world.account("100").await.customer;
    assert_eq!((ana.name.as_str(), ana.phones[0].address.e164()), ("Ana María", "+51999888777"));
    let file = "Tipo de documento,Número de documento,Nombre,Celular_1\nDNI,100,Ana Nueva,911111111\n";
    world.load(Kind::Customers, file).await;
    let ana = world.account("100").await.customer;
    assert_eq!((ana.name.as_str(), ana.phones[0].address.e164()), ("Ana Nueva", "+51911111111"));
}

#[tokio::test]
async fn customers_are_listed_page_by_page_and_segments_counted() {
    let world = World::on("2026-03-10").await;
    world.customers("A B C D E F G H I J K").await;
    let (mut seen, mut cursor) = (0, String::new());
    loop {
        let (_, page) = get(&world, &format!("/v1/customers?limit=4{cursor}")).await;
        seen += page["items"].as_array().map_or(0, Vec::len);
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, 11);
    let segment = json!({ "name": "Con A", "priority": 1, "predicate": { "is": { "field": "name", "operator": "in", "values": ["A", "B"] } } });
    let (status, made) = post(&world, "/v1/segments", segment).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let (status, begun) = post(&world, "/v1/segments/refresh", json!({})).await;
    assert_eq!((status, &begun["state_name"]), (StatusCode::ACCEPTED, &json!("En proceso")));
    world.runner.drain().await.expect("walked");
    let id = made["segment"]["id"].as_str().expect("an id");
    let process = format!("/v1/processes/{}", begun["id"].as_str().expect("an id"));
    let (_, done) = get(&world, &process).await;
    assert_eq!((&done["state_name"], &done["progress_percent"]), (&json!("Finalizado"), &json!(100.0)));
    assert_eq!((&done["result"]["by_segment"][id], &done["result"]["by_segment"]["default"]), (&json!(2), &json!(9)));
    assert_eq!(done["result"]["moved"]["default"][id], 2);
    let (_, moves) = get(&world, &format!("{process}/moves")).await;
    assert_eq!(moves["items"].as_array().map(Vec::len), Some(2));
    let (_, listed) = get(&world, "/v1/segments").await;
    assert_eq!(
        listed.as_array().and_then(|all| all.iter().find(|it| it["segment"]["id"] == id)).map(|it| &it["customers"]),
        Some(&json!(2))
    );
    let (_, log) = get(&world, "/v1/processes").await;
    assert_eq!(log["items"].as_array().map(Vec::len), Some(2), "the load and the update");
}

/// Every route of the OpenAPI document, called with another project's key and this project's ids.
#[tokio::test]
async fn no_key_reaches_another_project_on_any_route() {
    let world = World::on("2026-03-10").await;
    let ports = &world.house().ports;
    let other = ProjectId::from("otra");
    create_project(ports, &other, "Otra", Country::Co).await.expect("a project");
    grant_key(ports, &other, None, OTHER).await.expect("a key");
    world.customers("Secreta").await;
    world.orders("100 F-SECRETA 2026-03-10 100").await;
    world.plan().await;
    let customer = world.account("100").await.id.to_string();
    let load = cauce_engine::import::job::all(ports, &world.project).await.expect("read")[0].id.to_string();
    let kept = [customer.as_str(), "F-SECRETA", "Secreta", "secreta@x.com", "987650000", load.as_str()];
    let before = dump(&world);
    let document: Value = serde_json::to_value(cauce_api::openapi()).expect("json");
    let mut called = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            let path = path
                .replace("/imports/{id}", &format!("/imports/{load}"))
                .replace("{id}", &customer)
                .replace("{code}", "F-SECRETA")
                .replace("{date}", "2026-03-10")
                .replace("{kind}", "orders")
                .replace("{channel}", "sms")
                .replace("{name}", "x");
            let body = json!({ "document_kind": "DNI", "document_number": "100", "address": "secreta@x.com", "fields": {}, "kind": "customers" });
            let bearer = format!("Bearer {OTHER}");
            let headers = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
            let verb: Method = method.to_uppercase().parse().expect("a method");
            let body = (verb != Method::GET).then_some(body);
            let (status, answer) = world.call_with(verb, &path, body, &headers).await;
            called += 1;
            assert!(!status.is_server_error(), "{method} {path}: {answer}");
            let text = answer.to_string();
            let own = |secret: &&&str| !(path.contains("imports") && **secret == load.as_str());
            for secret in kept.iter().filter(own) {
                assert!(!text.contains(secret), "{method} {path} tells {secret}: {text}");
            }
        }
    }
    assert!(called > 50, "{called} routes");
    world.runner.drain().await.expect("drained");
    assert_eq!(dump(&world), before, "and none changed anything");
}

/// Everything stored of the first project, but the log of its own work.
fn dump(world: &World) -> Vec<String> {
    let sql = "SELECT pk || '|' || sk || '|' || body FROM accounts WHERE pk LIKE 'lima#%' \
               UNION ALL SELECT pk || '|' || sk || '|' || body FROM interactions WHERE pk LIKE 'lima#%' \
               UNION ALL SELECT pk || '|' || sk || '|' || body FROM settings WHERE pk = 'lima' ORDER BY 1";
    let read = world.house().table.read(|c| c.prepare(sql)?.query_map([], |r| r.get(0))?.collect());
    read.expect("read")
}

#[test]
fn the_document_names_every_resource() {
    let text = std::fs::read_to_string(root().join("docs/openapi.json")).expect("the document");
    let document: Value = serde_json::from_str(&text).expect("json");
    assert_eq!(document["openapi"], json!("3.1.0"));
    let paths = document["paths"].as_object().expect("paths");
    for path in
        ["/v1/customers/{id}/why", "/v1/runs/{date}/dry-run", "/v1/imports/{id}/rejected", "/v1/project/blockers"]
    {
        assert!(paths.contains_key(path), "{path}");
    }
}
