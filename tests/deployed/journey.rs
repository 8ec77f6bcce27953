//! A day through the deployed stage: files dropped, the schedules' plan, messages by the queues, providers' webhooks by
//! the HTTP API, states back; a record nobody can read; and what each role was asked for.

use super::campaign::campaigned;
use super::person::explained_and_edited;
use super::poison::poisoned;
use super::project::{Project, make_project};
use super::recorder::Made;
use super::report::reported;
use super::sandbox::{deliver, drop_file, outbox, told_by_ses, write};
use super::stack::deploy;
use cauce_domain::contact::calendar::Calendar;
use cauce_domain::country::Country;
use chrono::{Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The next day on which a debtor in Lima may be contacted, and how far its noon is from now, in seconds.
fn next_noon() -> (NaiveDate, i64) {
    let (lima, now) = (Calendar::of(Country::Pe), Utc::now());
    let tomorrow = lima.local_day(now) + Days::new(1);
    let day = lima.next_allowed_day(tomorrow).expect("a day");
    (day, (lima.midnight(day) + TimeDelta::hours(12) - now).num_seconds())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stage_as_it_is_deployed_lives_a_day() {
    let (today, offset) = next_noon();
    let stack = deploy(offset).await;
    let sender =
        aws_sdk_sesv2::Client::new(&stack.sdk).create_email_identity().email_identity("cobros@andes.example.com");
    sender.send().await.expect("verified");
    let project = make_project(&stack).await;
    files_are_loaded(&project, today).await;
    the_day_is_planned_and_sent(&project, today, offset).await;
    the_providers_report(&project, today).await;
    explained_and_edited(&project, today).await;
    campaigned(&project, (today, offset)).await;
    reported(&project, today).await;
    poisoned(&stack).await;
    compare(&stack.recorder.made());
}

async fn files_are_loaded(project: &Project<'_>, today: NaiveDate) {
    let stack = project.stack;
    let customers = "Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1,Variable Zona\n\
        DNI,1,Ana,987650001,,Norte\nDNI,2,Beto,987650002,,\nDNI,3,Caro,,caro@x.com,Sur\nDNI,4,,,,\n";
    drop_file(stack, "customers/customers", customers).await;
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
    drop_file(stack, "orders/orders", &orders).await;
    assert_eq!(project.loads(2).await["orders.csv"], "Finalizado");
    let payments = format!("Código de pago,Código de movimiento,Fecha,Monto,Moneda\nF-4,M-1,{},10.00,PEN\n", day(0));
    drop_file(stack, "payments/payments", &payments).await;
    drop_file(stack, "orders/rota", "Fecha\n").await;
    let loads = project.loads(4).await;
    let ends = (loads["payments.csv"].as_str(), loads["rota.csv"].as_str());
    assert_eq!(ends, ("Finalizado", "Fallido"), "{loads:?} {}", stack.logs());
}

/// The schedules plan and release; the queues send.
async fn the_day_is_planned_and_sent(project: &Project<'_>, today: NaiveDate, offset: i64) {
    let stack = project.stack;
    // Messages of a late plan are spread over what is left of the day's hours: these close in six minutes.
    let closes = (Utc::now() + TimeDelta::seconds(offset)).with_timezone(&Calendar::of(Country::Pe).zone);
    let open = json!([{ "from": "07:00:00", "to": (closes + TimeDelta::minutes(6)).format("%H:%M:%S").to_string() }]);
    project.set("2", &json!({ "windows": vec![open; 7] }));
    let activated = project.post("/v1/project/activate", json!({ "confirm": true }));
    assert_eq!(activated["active"], json!(true));
    // An upgrade turns the plan's schedule on.
    stack.deployed.deploy("rate(1 minute)");
    let planned = stack.until(
        "the plan",
        || project.call("GET", &format!("/v1/runs/{today}"), &Value::Null),
        |(status, run)| (*status == 200 && run["result"]["done"] == json!(true)).then(|| run["result"].clone()),
    );
    let planned = planned.await;
    assert_eq!(planned["plan"]["send"], json!(3), "{planned}");
    let sent = |body: &Value| (by_state(body).get("sent") == Some(&3)).then_some(());
    stack.until("the sends", || project.get(&messages_of(today)), sent).await;
    // Three messages in three channels: each queue's batch is of one, the most a message can cost in logs.
    let logs = tokio::task::block_in_place(|| stack.logs());
    let of_sends = logs.lines().filter(|line| line.contains("\"function\":\"send-message\""));
    let bytes: usize = of_sends.map(str::len).sum();
    eprintln!("a message: {} bytes of logs", bytes / 3);
    assert!((1..=3 * 1024).contains(&bytes), "{bytes} bytes of logs for three messages");
}

async fn the_providers_report(project: &Project<'_>, today: NaiveDate) {
    let kept = outbox(project.stack).await;
    assert_eq!(kept.len(), 2, "WhatsApp and SMS went to the sandbox, the e-mail to SES: {kept:?}");
    deliver(project.stack, &kept).await;
    let ended = |body: &Value| {
        let states = by_state(body);
        let over: usize = ["delivered", "opened", "failed"].iter().filter_map(|s| states.get(*s)).sum();
        (over == 2 && states.get("sent") == Some(&1)).then_some(())
    };
    project.stack.until("the reports", || project.get(&messages_of(today)), ended).await;
    let all = project.get(&messages_of(today));
    let email = all["items"].as_array().into_iter().flatten().find(|i| i["channel"] == "email").expect("the e-mail");
    told_by_ses(project.stack, email["provider_id"].as_str().expect("its id")).await;
    let gone = |body: &Value| (!by_state(body).contains_key("sent")).then_some(());
    project.stack.until("the e-mail's delivery", || project.get(&messages_of(today)), gone).await;
    write(project.stack, "51987650001", "BAJA").await;
    let found = json!({ "document_kind": "DNI", "document_number": "1" });
    let silent = |body: &Value| {
        body["items"][0]["customer"]["phones"][0]["opted_out"].as_array().is_some_and(|o| !o.is_empty()).then_some(())
    };
    project.stack.until("the wish", || project.post("/v1/customers/search", found.clone()), silent).await;
}

fn messages_of(day: NaiveDate) -> String {
    format!("/v1/interactions?day={day}")
}

/// How many messages of a list are in each state.
fn by_state(list: &Value) -> BTreeMap<String, usize> {
    let mut states = BTreeMap::new();
    for state in list["items"].as_array().into_iter().flatten().filter_map(|i| i["state"].as_str()) {
        *states.entry(state.to_owned()).or_default() += 1;
    }
    states
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
