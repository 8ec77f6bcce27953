//! A house in a temporary folder with a travelling clock, and words to tell a journey in.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use cauce_domain::contact::calendar::Calendar;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::country::Country;
use cauce_domain::ids::ProjectId;
use cauce_domain::strategy::template::{Audience, Template};
use cauce_engine::create_project::{create_project, grant_key};
use cauce_engine::import::job::{Kind, Load, Options as LoadOptions};
use cauce_engine::import::{self, job};
use cauce_engine::plan_day;
use cauce_engine::ports::files::{Files, whole};
use cauce_engine::run_result::{RunResult, run_result};
use cauce_engine::store::edits::By;
use cauce_engine::store::keys::SHARD_NAMES;
use cauce_engine::store::settings::{self, Project, Setup};
use cauce_engine::store::{accounts, interactions};
use cauce_local::clock::Clock;
use cauce_local::house::{House, Options};
use cauce_local::outbox::Taken;
use cauce_local::run::Runner;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt;

pub(crate) const KEY: &str = "ck_prueba_0123456789abcdef";

/// A temporary folder, in memory where the machine has it: the tests are about order, not about disks.
pub(crate) fn folder() -> tempfile::TempDir {
    let shm = Path::new("/dev/shm");
    let made = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
    made.expect("a folder")
}

/// The step a flow's message is, by its days past due.
pub(crate) fn offset(message: &Interaction) -> i32 {
    message.step().expect("a step").offset
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}
pub(crate) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// A running house with one active project in Lima.
pub(crate) struct World {
    pub(crate) runner: Arc<Runner>,
    pub(crate) project: ProjectId,
    /// Where files are uploaded, when that is not the house's own folder.
    pub(crate) uploads: Option<Arc<dyn Files>>,
    _folder: Option<tempfile::TempDir>,
}

impl World {
    /// On a day at 00:05 in Lima, active since then.
    pub(crate) async fn on(date: &str) -> Self {
        let folder = folder();
        let world = Self::at(folder.path(), day(date), |house| house).await;
        Self { _folder: Some(folder), ..world }
    }

    /// The same over a given folder and a changed house.
    pub(crate) async fn at(path: &Path, date: NaiveDate, change: impl FnOnce(House) -> House) -> Self {
        let start = Calendar::of(Country::Pe).midnight(date) + TimeDelta::minutes(5);
        Self::open(path, start, date, change).await
    }

    /// The same at an instant.
    pub(crate) async fn open(
        path: &Path,
        start: DateTime<Utc>,
        date: NaiveDate,
        change: impl FnOnce(House) -> House,
    ) -> Self {
        let house = House::open(path, Clock::set_to(start), &Options::default()).expect("a house");
        Self::around(change(house), date).await
    }

    /// Around a house, active since a day.
    pub(crate) async fn around(house: House, date: NaiveDate) -> Self {
        let start = house.clock.now();
        let project = ProjectId::from("lima");
        create_project(&house.ports, &project, "Andes", Country::Pe).await.expect("a project");
        grant_key(&house.ports, &project, None, KEY).await.expect("a key");
        let setup = settings::load(&house.ports, &project).await.expect("settings");
        if !setup.project().active {
            let active = Project { active: true, active_since: Some(date), ..setup.project().clone() };
            settings::save_project(&house.ports, &By::cauce(start), &setup.project, &active).await.expect("saved");
        }
        Self { runner: Arc::new(Runner::new(house)), project, uploads: None, _folder: None }
    }

    /// Around a runner that is there already.
    pub(crate) fn of(runner: Arc<Runner>, project: ProjectId) -> Self {
        Self { runner, project, uploads: None, _folder: None }
    }

    pub(crate) fn house(&self) -> &House {
        &self.runner.house
    }
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.house().clock.now()
    }
    pub(crate) async fn setup(&self) -> Setup {
        settings::load(&self.house().ports, &self.project).await.expect("settings")
    }

    /// Changes the project's settings.
    pub(crate) async fn change(&self, change: impl FnOnce(&mut Project)) {
        let setup = self.setup().await;
        let mut project = setup.project().clone();
        change(&mut project);
        let (ports, by) = (&self.house().ports, By::cauce(self.now()));
        settings::save_project(ports, &by, &setup.project, &project).await.expect("saved");
    }

    /// Has a template of the starter's written to guarantors.
    pub(crate) async fn for_guarantors(&self, name: &str) {
        let setup = self.setup().await;
        let before = setup.templates.iter().find(|t| t.value.name == name).expect("a template");
        let after = Template { audience: Audience::Guarantor, ..before.value.clone() };
        let key = settings::place(&self.project, format!("template#{}", after.id));
        settings::save(&self.house().ports, &By::cauce(self.now()), key, Some(before), &after).await.expect("saved");
    }

    /// Loads a file and works until it is over.
    pub(crate) async fn load(&self, kind: Kind, content: impl Into<Vec<u8>>) -> Load {
        self.load_with(kind, content, LoadOptions::default()).await
    }

    pub(crate) async fn load_with(&self, kind: Kind, content: impl Into<Vec<u8>>, options: LoadOptions) -> Load {
        let ports = &self.house().ports;
        let id = ports.new_id().simple().to_string();
        let file = format!("uploads/lima/{id}/{}", kind.code());
        self.house().folder.write(&file, whole(content.into())).await.expect("written");
        let asked = import::Request { kind, file, file_name: "archivo".into(), requester: "prueba".into(), options };
        let load = import::request(ports, &self.setup().await, &id, asked, self.now()).await.expect("requested");
        self.runner.drain().await.expect("drained");
        self.job(&load).await
    }

    pub(crate) async fn job(&self, load: &Load) -> Load {
        job::read(&self.house().ports, &self.project, &load.id).await.expect("read").expect("a load").0
    }

    /// The sentences about a load's rows.
    pub(crate) async fn notes(&self, load: &Load) -> Vec<String> {
        let notes = import::finish::notes(&self.house().ports, &self.setup().await, load, 1000).await.expect("notes");
        notes.iter().map(|n| format!("{}: {}", n.line, n.sentence())).collect()
    }

    pub(crate) async fn file(&self, key: &str) -> Vec<u8> {
        std::fs::read(self.house().data.join(key)).expect("a file")
    }

    /// Customers named by letter, each with a phone and an e-mail.
    pub(crate) async fn customers(&self, names: &str) -> Load {
        let mut file = String::from("Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1\n");
        for (n, name) in names.split(' ').enumerate() {
            file.push_str(&format!("DNI,{},{name},98765{:04},{}@x.com\n", 100 + n, n, name.to_lowercase()));
        }
        self.load(Kind::Customers, file).await
    }

    /// Orders: customer's number, code, due date, amount; one a line.
    pub(crate) async fn orders(&self, lines: &str) -> Load {
        self.load(Kind::Orders, orders_file(lines)).await
    }

    /// Plans today.
    pub(crate) async fn plan(&self) -> RunResult {
        let setup = self.setup().await;
        plan_day::begin(&self.house().ports, &setup, setup.today(self.now()), self.now()).await.expect("begun");
        self.runner.drain().await.expect("planned");
        self.result().await
    }

    pub(crate) async fn result(&self) -> RunResult {
        let setup = self.setup().await;
        run_result(&self.house().ports, &setup, setup.today(self.now())).await.expect("read").unwrap_or_default()
    }

    /// Lets time pass, schedules included.
    pub(crate) async fn until(&self, at: &str) {
        self.runner.advance_to(utc(at)).await.expect("advanced");
    }

    /// Lets what is waiting happen, without schedules, up to an instant.
    pub(crate) async fn pass(&self, until: &str) {
        let until = utc(until);
        while let Some(next) = self.runner.next_event().expect("read").filter(|n| *n <= until) {
            self.house().clock.advance_to(next);
            self.runner.settle().await.expect("settled");
        }
        self.house().clock.advance_to(until);
    }

    pub(crate) fn outbox(&self) -> Vec<Taken> {
        self.house().outbox.taken().expect("an outbox")
    }

    /// A customer's account by its number.
    pub(crate) async fn account(&self, number: &str) -> cauce_domain::debt::account::Account {
        let setup = self.setup().await;
        let document = cauce_domain::debt::document::Document::parse("DNI", number).expect("a document");
        let id = setup.customer_id(&document);
        accounts::account(&self.house().ports, &self.project, &id).await.expect("read").expect("an account").0
    }

    /// Every message of a day.
    pub(crate) async fn messages(&self, date: &str) -> Vec<Interaction> {
        let mut all = Vec::new();
        for shard in SHARD_NAMES {
            let found = interactions::of_day(&self.house().ports, &self.project, day(date), shard).await.expect("read");
            all.extend(found.into_iter().map(|(m, _)| m));
        }
        all
    }

    /// The state of the only message of a day.
    pub(crate) async fn only(&self, date: &str) -> State {
        let messages = self.messages(date).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages[0].state.clone()
    }

    /// What the store's check objects to.
    pub(crate) async fn broken(&self) -> Vec<String> {
        cauce_engine::check_store::check_store(&self.house().ports, &self.setup().await).await.expect("checked").broken
    }

    pub(crate) fn router(&self) -> Router {
        cauce_local::http::router(&self.runner, true)
    }

    /// Calls the API with the project's key.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        self.call_with(method, path, body, &[("authorization", &format!("Bearer {KEY}"))]).await
    }

    pub(crate) async fn call_with(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let body = body.map_or(Body::empty(), |b| Body::from(b.to_string()));
        let json = [&[("content-type", "application/json")], headers].concat();
        self.call_raw(method, path, body, &json).await
    }

    /// The same with a body that is no JSON.
    pub(crate) async fn call_raw(
        &self,
        method: Method,
        path: &str,
        body: Body,
        headers: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let (status, bytes) = read(self.answer(method, path, body, headers).await).await;
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// A page as a browser is shown it.
    pub(crate) async fn page(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> (StatusCode, String) {
        let (status, bytes) = read(self.answer(method, path, Body::empty(), headers).await).await;
        (status, String::from_utf8(bytes).expect("a page"))
    }

    /// A document as it is downloaded.
    pub(crate) async fn bytes(&self, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        read(self.answer(Method::GET, path, Body::empty(), headers).await).await.1
    }

    /// A file, from where the API says it is.
    pub(crate) async fn downloaded(&self, path: &str) -> Vec<u8> {
        let (status, place) = self.call(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{place}");
        self.bytes(place["url"].as_str().expect("a url"), &[]).await
    }

    /// Where a browser is sent that posts to a page.
    pub(crate) async fn leads_to(&self, path: &str, headers: &[(&str, &str)]) -> String {
        let answer = self.answer(Method::POST, path, Body::empty(), headers).await;
        answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned()
    }

    async fn answer(
        &self,
        method: Method,
        path: &str,
        body: Body,
        headers: &[(&str, &str)],
    ) -> axum::response::Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.router().oneshot(request.body(body).expect("a request")).await.expect("an answer")
    }
}

async fn read(answer: axum::response::Response) -> (StatusCode, Vec<u8>) {
    let status = answer.status();
    (status, to_bytes(answer.into_body(), usize::MAX).await.expect("a body").to_vec())
}

/// An orders file from lines of `number code due amount`.
pub(crate) fn orders_file(lines: &str) -> String {
    let mut file =
        String::from("Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto\n");
    for line in lines.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let parts: Vec<&str> = line.split_whitespace().collect();
        file.push_str(&format!("DNI,{},{},{},PEN,{}\n", parts[0], parts[1], parts[2], parts[3]));
    }
    file
}

/// One plain HTTP request on this machine; answers status and body.
pub(crate) fn ask(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<(u16, String)> {
    use std::io::{Read, Write};
    let rest = url.strip_prefix("http://").expect("a plain url");
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let own = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).map_or(host, |(_, value)| *value);
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\n");
    let length = ("content-length", body.len().to_string());
    let set = |name: &str| ["content-length", "host"].iter().any(|own| name.eq_ignore_ascii_case(own));
    let named = headers.iter().filter(|(name, _)| !set(name));
    named.for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
    request.push_str(&format!("{}: {}\r\n\r\n", length.0, length.1));
    let mut stream = std::net::TcpStream::connect(host)?;
    stream.write_all(request.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("no status line"))?;
    Ok((status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()))
}
