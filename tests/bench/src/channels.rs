//! The channels' figures: webhooks taken, statuses applied, messages sent through played providers.

use crate::fakes::{self, Memory, Script, meta, twilio};
use crate::{head, line};
use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use cauce_channels::network::Addresses;
use cauce_domain::contact::calendar::Calendar;
use cauce_domain::country::Country;
use cauce_domain::ids::ProjectId;
use cauce_domain::strategy::approval::{Approval, Place};
use cauce_domain::strategy::template::Template;
use cauce_engine::connect::{self, Asked};
use cauce_engine::create_project::create_project;
use cauce_engine::hooks;
use cauce_engine::import::job::{Kind, Options as LoadOptions};
use cauce_engine::import::{Request, request};
use cauce_engine::plan_day;
use cauce_engine::ports::secrets::Secret;
use cauce_engine::store::codec::encode;
use cauce_engine::store::edits::By;
use cauce_engine::store::settings::{self, Project, Setup};
use cauce_engine::{approval, messages::RawEvent};
use cauce_local::clock::Clock;
use cauce_local::house::{House, Options};
use cauce_local::run::Runner;
use chrono::{NaiveDate, TimeDelta};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

/// Customers due by WhatsApp.
const DUE: usize = 2_000;
/// Webhooks taken.
const POSTS: usize = 4_000;
const SECRET: &str = "secreto-de-la-app";

pub(crate) fn figures(folder: &Path) -> Result<(), Failure> {
    let _ = std::fs::remove_dir_all(folder);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let whatsapp = Memory::new(|_| Script::Take, |_| {});
    let addresses = Addresses {
        whatsapp: runtime.block_on(fakes::serve(meta::router(Arc::clone(&whatsapp)))),
        twilio: runtime.block_on(fakes::serve(twilio::router(Memory::taking()))),
    };
    runtime.block_on(async {
        let (runner, setup) = prepare(folder, addresses).await?;
        sent(&runner, &whatsapp).await?;
        applied(&runner, &setup, &whatsapp).await?;
        taken(&runner, &setup).await
    })?;
    python(folder)
}

/// A project with a number at the played Meta, and customers due today.
async fn prepare(folder: &Path, addresses: Addresses) -> Result<(Runner, Setup), Failure> {
    let day: NaiveDate = "2026-03-10".parse()?;
    let start = Calendar::of(Country::Pe).midnight(day) + TimeDelta::minutes(5);
    let public_url = "https://hooks.example.com".to_owned();
    let options = Options { public_url, addresses, ..Options::default() };
    let house = House::open(&folder.join("data"), Clock::set_to(start), &options)?;
    let (id, by) = (ProjectId::from("bench"), By::cauce(start));
    create_project(&house.ports, &id, "Bench", Country::Pe).await?;
    let setup = settings::load(&house.ports, &id).await?;
    let active = Project { active: true, active_since: Some(day), ..setup.project().clone() };
    settings::save_project(&house.ports, &by, &setup.project, &active).await?;
    let text = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let secret = |pairs: [(&str, &str); 3]| pairs.into_iter().map(|(n, v)| (n.to_owned(), Secret::new(v))).collect();
    let asked = Asked {
        provider: "whatsapp".to_owned(),
        settings: text(&[("phone_number_id", meta::NUMBER), ("waba_id", meta::WABA)]),
        credentials: secret([("token", meta::TOKEN), ("app_secret", SECRET), ("verify_token", "v")]),
    };
    let channel = cauce_domain::contact::channel::Channel::Whatsapp;
    let setup = settings::load(&house.ports, &id).await?;
    connect::connect(&house.ports, &setup, channel, asked, &by).await?;
    let setup = settings::load(&house.ports, &id).await?;
    approval::refresh(&house.ports, &setup, channel, &by).await?;
    for before in setup.templates.iter().filter(|t| t.value.channel == channel) {
        let place = |text: &str| Place { name: None, text: text.to_owned() };
        let places = ["{primer_nombre}", "{codigo}", "{monto}", "{vencimiento}"].map(place).into();
        let approval = Some(Approval {
            name: "recordatorio".into(),
            language: "es".into(),
            heading: None,
            places,
            buttons: Vec::new(),
        });
        let after = Template { approval, ..before.value.clone() };
        let key = settings::place(&id, format!("template#{}", after.id));
        settings::save(&house.ports, &by, key, Some(before), &after).await?;
    }
    let setup = settings::load(&house.ports, &id).await?;
    let runner = Runner::new(house);
    load(&runner, &setup).await?;
    plan_day::begin(&runner.house.ports, &setup, day, runner.house.clock.now()).await?;
    runner.drain().await?;
    Ok((runner, setup))
}

async fn load(runner: &Runner, setup: &Setup) -> Result<(), Failure> {
    let mut customers = String::from("Tipo de documento,Número de documento,Nombre,Celular_1\n");
    let mut orders =
        String::from("Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto\n");
    for n in 0..DUE {
        customers.push_str(&format!("DNI,{},Cliente {n},98{n:07}\n", 1000 + n));
        orders.push_str(&format!("DNI,{},F-{n},2026-03-10,PEN,10.00\n", 1000 + n));
    }
    for (kind, name, content) in [(Kind::Customers, "c.csv", customers), (Kind::Orders, "o.csv", orders)] {
        let file = format!("uploads/bench/{name}");
        let place = runner.house.data.join(&file);
        std::fs::create_dir_all(place.parent().ok_or("a folder")?)?;
        std::fs::write(place, content)?;
        let (file_name, requester, options) = (name.to_owned(), "bench".to_owned(), LoadOptions::default());
        let asked = Request { kind, file, file_name, requester, options };
        request(&runner.house.ports, setup, name, asked, runner.house.clock.now()).await?;
        runner.drain().await?;
    }
    Ok(())
}

/// CPU seconds this process has used.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// Sends everything due: how fast the number may, by the clock that is set, and how fast this machine could.
async fn sent(runner: &Runner, whatsapp: &Memory) -> Result<(), Failure> {
    let (begun, mut first, mut last) = (Instant::now(), None, None);
    while let Some(next) = runner.next_event()? {
        runner.house.clock.advance_to(next);
        let before = whatsapp.taken().len();
        runner.settle().await?;
        if whatsapp.taken().len() > before {
            first.get_or_insert(next);
            last = Some(next);
        }
    }
    let (seconds, count) = (begun.elapsed().as_secs_f64(), whatsapp.taken().len());
    let span = first.zip(last).map_or(0.0, |(first, last)| (last - first).as_seconds_f64() + 1.0);
    head("messages through a played WhatsApp");
    line(
        "at the number's pace of 80/s",
        &format!("{:.1} messages/s ({count} in {span:.0} s of its clock)", count as f64 / span),
    );
    line(
        "as fast as the machine goes",
        &format!("{:.0} messages/s, claim to settled, with the played API beside", count as f64 / seconds),
    );
    if count != DUE || !whatsapp.wrong().is_empty() {
        return Err(format!("{count} of {DUE} taken, {:?}", whatsapp.wrong()).into());
    }
    Ok(())
}

/// A post of Meta's about one message.
fn post(id: &str, state: &str) -> String {
    let status = json!({ "id": id, "status": state, "timestamp": "1773158400", "recipient_id": "51980000000",
        "pricing": { "billable": true, "pricing_model": "PMP", "category": "utility", "type": "regular" } });
    let value = json!({ "messaging_product": "whatsapp", "metadata": { "display_phone_number": "5115550000",
        "phone_number_id": meta::NUMBER }, "statuses": [status] });
    let entry = json!({ "id": meta::WABA, "changes": [{ "field": "messages", "value": value }] });
    json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string()
}

/// Applies three states of each message, in batches as the queue gives them.
async fn applied(runner: &Runner, setup: &Setup, whatsapp: &Memory) -> Result<(), Failure> {
    let now = runner.house.clock.now();
    let mut records = Vec::new();
    for taken in whatsapp.taken() {
        for state in ["delivered", "sent", "read"] {
            let raw = RawEvent {
                project: Some(setup.id().clone()),
                provider: "whatsapp".into(),
                query: String::new(),
                body: Some(post(&taken.id, state)),
                file: None,
                received: now,
            };
            let mut record = SqsMessage::default();
            record.message_id = Some(records.len().to_string());
            record.body = Some(encode(&raw)?);
            records.push(record);
        }
    }
    let (count, before) = (records.len(), runner.house.table.meter().read());
    let (begun, used) = (Instant::now(), cpu());
    for batch in records.chunks(512) {
        let mut event = SqsEvent::default();
        event.records = batch.to_vec();
        let answer = cauce_apply_event::handle(&runner.house.ports, event, now, &|| false).await;
        if !answer.batch_item_failures.is_empty() {
            return Err("a status was not applied".into());
        }
    }
    let (seconds, core) = (begun.elapsed().as_secs_f64(), cpu() - used);
    let units = runner.house.table.meter().read() - before;
    head("statuses applied");
    line(
        "per second of a core",
        &format!("{:.0} ({count} in {core:.2} s of CPU, {seconds:.2} s)", count as f64 / core),
    );
    line("write units a status", &format!("{:.2} (budget ≤ 2)", units.write_units as f64 / count as f64));
    line("read units a status", &format!("{:.2}", units.read_units as f64 / count as f64));
    Ok(())
}

/// Takes webhooks, one after another: signature, queue, answer.
async fn taken(runner: &Runner, setup: &Setup) -> Result<(), Failure> {
    let token = &setup.project().hook_token;
    let known = hooks::read(&runner.house.ports, token).await?.ok_or("a hook")?;
    let body = post("wamid.HBgLNTE5ODc2NTAwMDAVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA", "delivered");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(known.keys["whatsapp"].signing[0].text.as_bytes())?;
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let mut request = ApiGatewayV2httpRequest::default();
    request.request_context.http.method = "POST".parse()?;
    request.raw_path = Some(format!("/hooks/whatsapp/{token}"));
    request.headers.insert("x-hub-signature-256", signature.parse()?);
    request.body = Some(body);
    let reads = runner.house.table.meter().read();
    let (begun, used) = (Instant::now(), cpu());
    for _ in 0..POSTS {
        let answer =
            cauce_receive_webhook::handle(&runner.house.ports, request.clone(), runner.house.clock.now()).await?;
        if answer.status_code != 200 {
            return Err(format!("a webhook was answered {}", answer.status_code).into());
        }
    }
    let (seconds, core) = (begun.elapsed().as_secs_f64(), cpu() - used);
    let calls = runner.house.table.meter().read() - reads;
    head("webhooks verified and queued");
    let each = |total: f64| total * 1000.0 / POSTS as f64;
    line("Cauce", &format!("{:.3} ms of CPU each (budget ≤ 1), {:.2} ms until the answer", each(core), each(seconds)));
    line("table reads before the answer", &format!("{}", calls.reads));
    Ok(())
}

/// The same in Python's standard library: signature, a row in SQLite, committed.
fn python(folder: &Path) -> Result<(), Failure> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/others/webhook.py");
    let output = Command::new("python3").arg(script).arg(folder).arg(POSTS.to_string()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let said: Value = serde_json::from_slice(&output.stdout)?;
    let figure = |name: &str| said[name].as_f64().unwrap_or(f64::NAN);
    line("Python, hmac and sqlite3", &format!("{:.3} ms of CPU each, {:.2} ms", figure("cpu_ms"), figure("ms")));
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}
