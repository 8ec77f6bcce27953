//! A day through the deployed stage: files dropped, the schedules' plan, messages by the queues, providers' webhooks by
//! the HTTP API, states back; a record nobody can read; and what each role was asked for.

use super::recorder::Made;
use super::stack::{DATA, STAGE, Stack, deploy};
use crate::world::ask;
use aws_sdk_ssm::types::ParameterType;
use cauce_channels::sandbox::{Kept, SIGNATURE, sign};
use cauce_domain::contact::calendar::Calendar;
use cauce_domain::country::Country;
use chrono::{Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const ADMIN: &str = "llave-de-administracion-de-prueba";

/// The next day on which a debtor in Lima may be contacted, and how far its noon is from now, in seconds.
fn next_noon() -> (NaiveDate, i64) {
    let (lima, now) = (Calendar::of(Country::Pe), Utc::now());
    let tomorrow = lima.local_day(now) + Days::new(1);
    let day = lima.next_allowed_day(tomorrow).expect("a day");
    (day, (lima.midnight(day) + TimeDelta::hours(12) - now).num_seconds())
}

/// A project of the stage and its key.
struct Project<'a> {
    stack: &'a Stack,
    key: String,
}

impl Project<'_> {
    fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.stack.call(method, path, &[("authorization", &format!("Bearer {}", self.key))], &body.to_string())
    }
    /// Changes the project's settings, read at a version.
    fn set(&self, version: &str, edit: &Value) {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", bearer.as_str()), ("if-match", version)];
        let (status, edited) = self.stack.call("PUT", "/v1/project", &headers, &edit.to_string());
        assert_eq!(status, 200, "{edited}");
    }
    fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, &Value::Null);
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }
    fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call("POST", path, &body);
        assert!((200..300).contains(&status), "POST {path}: {status} {body}");
        body
    }
    /// The states of the process log by kind, once every load is over.
    async fn loads(&self, wanted: usize) -> BTreeMap<String, String> {
        let over = |log: &Value| -> Option<BTreeMap<String, String>> {
            let items = log["items"].as_array()?;
            let name = |l: &Value, f: &str| l[f].as_str().unwrap_or_default().to_owned();
            let done = items.iter().filter(|l| !l["finished"].is_null()).count() == items.len();
            (done && items.len() == wanted)
                .then(|| items.iter().map(|l| (name(l, "file_name"), name(l, "state_name"))).collect())
        };
        self.stack.until("the loads", || self.get("/v1/imports"), over).await
    }
}

impl Stack {
    /// Asks again until there is an answer.
    async fn until<T, R: std::fmt::Debug>(
        &self,
        what: &str,
        mut ask: impl FnMut() -> R,
        found: impl Fn(&R) -> Option<T>,
    ) -> T {
        let begun = Instant::now();
        loop {
            let answer = tokio::task::block_in_place(&mut ask);
            if let Some(found) = found(&answer) {
                return found;
            }
            let waited = begun.elapsed();
            assert!(waited < Duration::from_secs(300), "{what} did not come: {answer:?}\n{}", self.logs());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

async fn drop_file(stack: &Stack, name: &str, content: &str) {
    let files = aws_sdk_s3::Client::new(&stack.sdk);
    let key = format!("drop/lima/{name}.csv");
    let bucket = format!("{DATA}-files-000000000000");
    files.put_object().bucket(bucket).key(key).body(content.as_bytes().to_vec().into()).send().await.expect("dropped");
}

/// A project made with the administration key.
async fn project(stack: &Stack) -> Project<'_> {
    let secrets = aws_sdk_ssm::Client::new(&stack.sdk);
    let admin = secrets.put_parameter().name(format!("/{DATA}/admin")).value(ADMIN).r#type(ParameterType::SecureString);
    admin.send().await.expect("kept");
    let asked = json!({ "id": "lima", "name": "Crédito Andino", "country": "PE" });
    let (refused, _) = stack.call("POST", "/v1/projects", &[("authorization", "Bearer otra")], &asked.to_string());
    assert_eq!(refused, 401);
    let bearer = format!("Bearer {ADMIN}");
    let (status, made) = stack.call("POST", "/v1/projects", &[("authorization", &bearer)], &asked.to_string());
    assert_eq!(status, 201, "{made}");
    let again = stack.call("POST", "/v1/projects", &[("authorization", &bearer)], &asked.to_string());
    assert_eq!((again.0, again.1["code"].as_str()), (409, Some("project_exists")));
    let project = Project { stack, key: made["key"].as_str().expect("a key").to_owned() };
    let edit = json!({
        "alert_addresses": ["jefa@andes.example.com"], "expected_loads": [{ "kind": "exclusiones", "by": "00:00:00" }],
    });
    project.set("1", &edit);
    project
}

/// What the sandbox took, by our reference.
async fn outbox(stack: &Stack) -> Vec<Kept> {
    let (files, bucket) = (aws_sdk_s3::Client::new(&stack.sdk), format!("{DATA}-files-000000000000"));
    let listed = files.list_objects_v2().bucket(&bucket).prefix("outbox/lima/").send().await.expect("listed");
    let mut kept = Vec::new();
    for object in listed.contents() {
        let got = files.get_object().bucket(&bucket).key(object.key().unwrap_or_default()).send().await.expect("there");
        let body = got.body.collect().await.expect("read").into_bytes();
        kept.push(serde_json::from_slice(&body).expect("json"));
    }
    kept
}

/// Posts what the sandbox owes, as a provider would; one that does not hold the secret is turned away.
async fn deliver(stack: &Stack, kept: &[Kept]) {
    let found = aws_sdk_ssm::Client::new(&stack.sdk).get_parameters_by_path().path(format!("/{DATA}")).recursive(true);
    let found = found.with_decryption(true).send().await.expect("listed").parameters.unwrap_or_default();
    let hook = found.iter().find(|p| p.name().is_some_and(|n| n.contains("/hook."))).expect("a hook");
    let token = hook.name().and_then(|n| n.rsplit("hook.").next()).expect("a token");
    let secret = hook.value().and_then(|v| v.split_once(' ')).map(|(_, secret)| secret).expect("a secret");
    let path = format!("/hooks/sandbox/{token}");
    for (_, post) in kept.iter().flat_map(|k| &k.posts) {
        let body = serde_json::to_string(post).expect("json");
        let signature = sign(secret, body.as_bytes());
        assert_eq!(stack.call("POST", &path, &[(SIGNATURE, &signature)], &body).0, 200);
        assert_eq!(stack.call("POST", &path, &[(SIGNATURE, "00")], &body).0, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stage_as_it_is_deployed_lives_a_day() {
    let (today, offset) = next_noon();
    let stack = deploy(offset).await;
    let sender =
        aws_sdk_sesv2::Client::new(&stack.sdk).create_email_identity().email_identity("cobros@andes.example.com");
    sender.send().await.expect("verified");
    let project = project(&stack).await;
    drop_file(&stack, "customers/customers", "Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1,Variable Zona\nDNI,1,Ana,987650001,,Norte\nDNI,2,Beto,987650002,,\nDNI,3,Caro,,caro@x.com,Sur\nDNI,4,,,,\n").await;
    let loads = project.loads(1).await;
    assert_eq!(loads["customers.csv"], "Finalizado con errores", "{}", stack.logs());
    let day = |days: i64| (today + TimeDelta::days(days)).format("%d/%m/%Y").to_string();
    let orders = format!(
        "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto\nDNI,1,F-1,{},PEN,100.00\n\
         DNI,2,F-2,{},PEN,50.00\nDNI,3,F-3,{},PEN,70.00\nDNI,3,F-4,{},PEN,10.00\n",
        day(0),
        day(-3),
        day(1),
        day(40)
    );
    drop_file(&stack, "orders/orders", &orders).await;
    assert_eq!(project.loads(2).await["orders.csv"], "Finalizado");
    drop_file(
        &stack,
        "payments/payments",
        &format!("Código de pago,Código de movimiento,Fecha,Monto,Moneda\nF-4,M-1,{},10.00,PEN\n", day(0)),
    )
    .await;
    drop_file(&stack, "orders/rota", "Fecha\n").await;
    let loads = project.loads(4).await;
    assert_eq!(
        (loads["payments.csv"].as_str(), loads["rota.csv"].as_str()),
        ("Finalizado", "Fallido"),
        "{loads:?} {}",
        stack.logs()
    );

    // Messages of a late plan are spread over what is left of the day's hours: these close in six minutes.
    let closes = (Utc::now() + TimeDelta::seconds(offset)).with_timezone(&Calendar::of(Country::Pe).zone);
    let open = json!([{ "from": "07:00:00", "to": (closes + TimeDelta::minutes(6)).format("%H:%M:%S").to_string() }]);
    project.set("2", &json!({ "windows": vec![open; 7] }));
    let activated = project.post("/v1/project/activate", json!({ "confirm": true }));
    assert_eq!(activated["active"], json!(true));
    // An upgrade turns the plan's schedule on. The schedules plan and release; the queues send.
    stack.deployed.deploy("rate(1 minute)");
    let planned = stack.until(
        "the plan",
        || project.call("GET", &format!("/v1/runs/{today}"), &Value::Null),
        |(status, run)| (*status == 200 && run["result"]["done"] == json!(true)).then(|| run["result"].clone()),
    );
    let planned = planned.await;
    assert_eq!(planned["plan"]["send"], json!(3), "{planned}");
    let list = format!("/v1/interactions?day={today}");
    let by_state = |body: &Value| -> BTreeMap<String, usize> {
        let states =
            body["items"].as_array().into_iter().flatten().filter_map(|i| i["state"].as_str().map(str::to_owned));
        states.fold(BTreeMap::new(), |mut all, state| {
            *all.entry(state).or_default() += 1;
            all
        })
    };
    stack
        .until("the sends", || project.get(&list), |body| (by_state(body).get("sent") == Some(&3)).then_some(()))
        .await;
    let kept = outbox(&stack).await;
    assert_eq!(kept.len(), 2, "WhatsApp and SMS went to the sandbox, the e-mail to SES: {kept:?}");

    // The provider reports.
    deliver(&stack, &kept).await;
    let ended = |body: &Value| {
        let states = by_state(body);
        let over: usize = ["delivered", "opened", "failed"].iter().filter_map(|s| states.get(*s)).sum();
        (over == 2 && states.get("sent") == Some(&1)).then_some(())
    };
    stack.until("the reports", || project.get(&list), ended).await;

    explained_and_edited(&project, today).await;
    poisoned(&stack).await;
    compare(&stack.recorder.made());
}

/// What a person does besides: asks why, uploads a file, edits, makes a key and takes it back.
async fn explained_and_edited(project: &Project<'_>, today: NaiveDate) {
    let found = project.post("/v1/customers/search", json!({ "document_kind": "DNI", "document_number": "1" }));
    let id = found["items"][0]["id"].as_str().unwrap_or_else(|| panic!("Ana: {found}")).to_owned();
    let ana = id.clone();
    let why = project.get(&format!("/v1/customers/{id}/why?date={today}"));
    assert!(why["steps"].as_array().is_some_and(|s| s.iter().any(|s| !s["facts"].is_null())), "{why}");
    let thread = project.get(&format!("/v1/customers/{id}/interactions"));
    let texts = thread["items"].as_array().into_iter().flatten().filter_map(|i| i["text"].as_str());
    assert!(texts.into_iter().any(|t| t.contains("Ana")), "{thread}");
    let replay = project.get(&format!("/v1/runs/{today}/replay"));
    assert_eq!((&replay["decisions"], &replay["differ"]), (&json!(3), &json!(0)));
    project.get(&format!("/v1/runs/{}/dry-run", today + Days::new(3)));
    let content = "Tipo de documento,Número de documento,Nombre\nDNI,9,Zoe\n";
    let upload = project.post(
        "/v1/imports",
        json!({ "kind": "customers", "file_name": "zoe.csv", "length": content.len(),
            "sha256": cauce_engine::store::keys::sha256(content.as_bytes()) }),
    );
    let headers: Vec<(String, String)> = upload["upload_headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(n, v)| (n.clone(), v.as_str().unwrap_or_default().to_owned()))
        .collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let url = upload["upload_url"].as_str().expect("a url");
    let put = ask("PUT", url, &headers, content.as_bytes()).expect("answered");
    assert_eq!(put.0, 200, "{put:?}");
    let id = upload["id"].as_str().expect("an id");
    project.post(&format!("/v1/imports/{id}/start"), json!({ "kind": "customers", "file_name": "zoe.csv" }));
    assert_eq!(project.loads(5).await["zoe.csv"], "Finalizado");
    let key = project.post("/v1/keys", json!({ "name": "integración" }));
    let revoked = project.call("DELETE", &format!("/v1/keys/{}", key["id"].as_str().expect("an id")), &Value::Null);
    assert_eq!(revoked.0, 204);
    let order = json!({ "document_kind": "DNI", "document_number": "9", "code": "F-9", "due": today, "amount": "5", "currency": "PEN" });
    project.post("/v1/orders", order);
    project.post("/v1/payments", json!({ "order": "F-9", "code": "M-9", "date": today, "amount": "5" }));
    project.post("/v1/exclusions", json!({ "document_kind": "DNI", "document_number": "9", "channel": "sms" }));
    project.get("/v1/customers");
    project.get("/v1/segments");
    let log = project.get("/v1/imports");
    let with_errors = log["items"].as_array().into_iter().flatten().find(|l| l["rejected_file"].is_string());
    let id = with_errors.and_then(|l| l["id"].as_str()).expect("rejected rows").to_owned();
    let (status, rejected) = project.call("GET", &format!("/v1/imports/{id}/rejected"), &Value::Null);
    assert!(status == 200 && rejected.as_str().is_some_and(|r| r.contains("falta el nombre")), "{rejected}");
    assert_eq!(project.get(&format!("/v1/imports/{id}/notes"))["items"].as_array().map(Vec::len), Some(1));
    project.post("/v1/runs", json!({}));
    let bearer = format!("Bearer {}", project.key);
    let edit = json!({ "phones": { "1": "987650009" } }).to_string();
    // How often the account was written meanwhile is nobody's promise: one of these versions is its own.
    let edited = (1..40).any(|version| {
        let headers = [("authorization", bearer.as_str()), ("if-match", &version.to_string())];
        project.stack.call("PATCH", &format!("/v1/customers/{ana}"), &headers, &edit).0 == 200
    });
    assert!(edited, "the phone is another");
}

/// A record nobody can read ends among the dead letters, and the log tells why under its message id.
async fn poisoned(stack: &Stack) {
    use aws_sdk_sqs::types::QueueAttributeName::{ApproximateNumberOfMessages, QueueArn, RedrivePolicy};
    let queues = aws_sdk_sqs::Client::new(&stack.sdk);
    let url = async |name: &str| {
        let found = queues.get_queue_url().queue_name(format!("cauce-{STAGE}-{name}")).send().await;
        found.expect("a queue").queue_url.expect("its address")
    };
    let (events, dead) = (url("events").await, url("events-dead").await);
    let arn = queues.get_queue_attributes().queue_url(&dead).attribute_names(QueueArn).send().await.expect("read");
    let arn = arn.attributes.unwrap_or_default().remove(&QueueArn).expect("its name");
    // Eight tries take most of an hour: here the second is the last.
    let twice = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 2 }).to_string();
    queues.set_queue_attributes().queue_url(&events).attributes(RedrivePolicy, twice).send().await.expect("set");
    let sent =
        queues.send_message().queue_url(&events).message_body("{\"type\":\"otra_v9\"}").send().await.expect("sent");
    let id = sent.message_id.expect("an id");
    let begun = Instant::now();
    loop {
        let counted = queues.get_queue_attributes().queue_url(&dead).attribute_names(ApproximateNumberOfMessages);
        let counted = counted.send().await.expect("read").attributes.unwrap_or_default();
        if counted.get(&ApproximateNumberOfMessages).is_some_and(|n| n == "1") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "it is not among the dead letters");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let logs = stack.logs();
    assert!(logs.lines().any(|l| l.contains(&id) && l.contains("otra_v9")), "the log tells why: {logs}");
    let personal = ["987650001", "caro@x.com", ADMIN];
    assert!(!personal.iter().any(|p| logs.contains(p)), "no address and no key is logged");
}

/// Each role allows what its function was seen to ask, and no more.
fn compare(made: &BTreeSet<Made>) {
    let allowed = super::roles::allowed();
    let asked: BTreeSet<&Made> = made
        .iter()
        .filter(|(function, action, _)| !function.is_empty() && action != "sqs:ChangeMessageVisibility")
        .collect();
    let missing: Vec<_> = asked.iter().filter(|call| !allowed.contains(**call)).collect();
    let idle: Vec<_> = allowed
        .iter()
        .filter(|call| !asked.contains(call))
        .filter(|(f, a, r)| !super::roles::RARE.contains(&(f.as_str(), a.as_str(), r.as_str())))
        .collect();
    assert!(
        missing.is_empty() && idle.is_empty(),
        "asked and not allowed: {missing:#?}\nallowed and not asked: {idle:#?}"
    );
}
