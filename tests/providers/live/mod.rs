//! Providers' posts through the real handlers, from the signature to what has become of people and messages.

mod aws;
mod calls;
mod errors;
mod files;
mod free;
mod gate;
mod letters;
mod mishaps;
mod money;
mod notifications;
mod path;
mod people;
mod samples;
mod shared;
mod states;

use crate::world::{World, day, folder};
use async_trait::async_trait;
use aws_lambda_events::event::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cauce_channels::sns::SnsWebhook;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::received::Received;
use cauce_engine::hooks::{self, Key, Keys};
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use cauce_engine::ports::provider::Provider;
use cauce_engine::store::received;
use cauce_local::clock::Clock;
use cauce_local::house::{House, Options};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

pub(crate) const APP_SECRET: &str = "secreto-de-la-app";
pub(crate) const AUTH_TOKEN: &str = "token-de-twilio";
pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub(crate) const PUBLIC: &str = "https://hooks.example.com";

/// A provider that takes everything under an id made of the message's place in the day: `whatsapp-1`, …
struct Taking(&'static str, std::sync::atomic::AtomicU32, Confirmed);

/// What people were told of their wishes.
type Confirmed = Arc<Mutex<Vec<String>>>;

#[async_trait]
impl Sender for Taking {
    fn provider(&self) -> &'static str {
        self.0
    }

    async fn send(&self, message: &Outgoing) -> Answer {
        if message.reference.starts_with("confirmacion-") {
            self.2.lock().expect("it").push(message.text.clone());
            return Answer::Accepted("confirmacion".into());
        }
        if message.reference.starts_with("aviso-") {
            return Answer::Accepted("aviso".into());
        }
        let count = self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        Answer::Accepted(format!("{}-{count}", self.0))
    }
}

/// A world whose project has accounts at Meta and Twilio.
pub(crate) struct Line {
    pub(crate) world: World,
    pub(crate) token: String,
    pub(crate) confirmed: Confirmed,
    _folder: tempfile::TempDir,
}

impl Line {
    /// On a day, with customers named by letter (see [`World::customers`]).
    pub(crate) async fn on(date: &str, customers: &str) -> Self {
        Self::with(date, customers, notifications::webhook(Vec::new())).await
    }

    /// The same with a provider more that channels can be connected to.
    pub(crate) async fn providing(date: &str, customers: &str, more: (&'static str, Arc<dyn Provider>)) -> Self {
        Self::made(date, customers, notifications::webhook(Vec::new()), Some(more)).await
    }

    /// The same where AWS's notifications are read by a given webhook.
    pub(crate) async fn with(date: &str, customers: &str, aws: SnsWebhook) -> Self {
        Self::made(date, customers, aws, None).await
    }

    async fn made(
        date: &str,
        customers: &str,
        aws: SnsWebhook,
        more: Option<(&'static str, Arc<dyn Provider>)>,
    ) -> Self {
        let (folder, confirmed) = (folder(), Confirmed::default());
        let told = Arc::clone(&confirmed);
        let world = World::at(folder.path(), day(date), |mut house| {
            for (channel, provider) in
                [(Channel::Whatsapp, "whatsapp"), (Channel::Sms, "twilio"), (Channel::Email, "aws")]
            {
                house.ports.channels.insert(channel, Arc::new(Taking(provider, 0.into(), Arc::clone(&told))));
            }
            house.ports.public_url = PUBLIC.to_owned();
            house.ports.webhooks.insert("aws", Arc::new(aws));
            house.ports.providers.extend(more);
            house
        })
        .await;
        if !customers.is_empty() {
            world.customers(customers).await;
        }
        let token = world.setup().await.project().hook_token.clone();
        let ports = &world.house().ports;
        let mut hook = hooks::read(ports, &token).await.expect("read").expect("a hook");
        let handshake = Some("verificame".to_owned());
        hook.keys.insert("whatsapp".into(), Keys { handshake, ..Keys::signed_with(APP_SECRET) });
        let key = Key { text: AUTH_TOKEN.into(), account: Some(ACCOUNT.into()), until: None };
        hook.keys.insert("twilio".into(), Keys { signing: vec![key], ..Keys::default() });
        hooks::write(ports, &token, &hook).await.expect("written");
        Self { world, token, confirmed, _folder: folder }
    }

    /// The same as a newcomer finds it, its channels to be connected by whoever runs it.
    pub(crate) async fn opened(date: &str, options: &Options) -> Self {
        let folder = folder();
        let start =
            cauce_domain::contact::calendar::Calendar::of(cauce_domain::country::Country::Pe).midnight(day(date));
        let clock = Clock::set_to(start + chrono::TimeDelta::minutes(5));
        let house = House::open(folder.path(), clock, &Options { public_url: PUBLIC.to_owned(), ..options.clone() });
        let world = World::around(house.expect("a house"), day(date)).await;
        Self::around(world, folder).await
    }

    /// Around a world and the folder it lies in.
    async fn around(world: World, folder: tempfile::TempDir) -> Self {
        let token = world.setup().await.project().hook_token.clone();
        Self { world, token, confirmed: Confirmed::default(), _folder: folder }
    }

    /// Posts to a route, works until nothing is left, and answers what the provider was answered.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, String)], body: &[u8]) -> ApiGatewayV2httpResponse {
        let answer = self.ask("POST", path, headers, body).await;
        self.world.runner.drain().await.expect("drained");
        answer
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> ApiGatewayV2httpResponse {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut request = ApiGatewayV2httpRequest::default();
        request.request_context.http.method = method.parse().expect("a method");
        request.raw_path = Some(path.to_owned());
        request.raw_query_string = Some(query.to_owned());
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().expect("a name");
            request.headers.insert(name, value.parse().expect("a value"));
        }
        request.is_base64_encoded = true;
        request.body = Some(STANDARD.encode(body));
        cauce_receive_webhook::handle(&self.world.house().ports, request, self.world.now()).await.expect("an answer")
    }

    /// Meta's post of a body.
    pub(crate) async fn meta(&self, body: &[u8]) -> i64 {
        let headers = [("x-hub-signature-256", meta_signature(APP_SECRET, body))];
        self.post(&format!("/hooks/whatsapp/{}", self.token), &headers, body).await.status_code
    }

    /// Meta's post of one change of the field `messages`.
    pub(crate) async fn whatsapp(&self, value: Value) -> i64 {
        self.meta(change("100000000000001", value).to_string().as_bytes()).await
    }

    /// Twilio's post of a form.
    pub(crate) async fn twilio(&self, form: &str) -> i64 {
        let path = format!("/hooks/twilio/{}", self.token);
        let headers = twilio_headers(AUTH_TOKEN, &format!("{PUBLIC}{path}"), form);
        self.post(&path, &headers, form.as_bytes()).await.status_code
    }

    /// An event of AWS's that a rule put on the queue.
    pub(crate) async fn aws(&self, event: Value) {
        use cauce_engine::ports::queue::{Message, Queue, QueueName};
        let message = Message::new("aws", event.to_string());
        self.world.house().queue.send(QueueName::Events, vec![message]).await.expect("queued");
        self.world.runner.drain().await.expect("drained");
    }

    /// What waits for messages that nobody knows of is let go, and nothing has died on the way.
    pub(crate) async fn until_nothing_waits(&self) {
        for _ in 0..10 {
            self.world.house().clock.advance_to(self.world.now() + chrono::TimeDelta::minutes(16));
            self.world.runner.drain().await.expect("drained");
        }
        assert_eq!(self.world.house().queue.depth().expect("depth"), (0, 0));
    }

    /// A second goes by.
    pub(crate) fn a_moment_later(&self) {
        self.world.house().clock.advance_to(self.world.now() + chrono::TimeDelta::seconds(1));
    }

    /// What a customer wrote.
    pub(crate) async fn thread(&self, number: &str) -> Vec<Received> {
        let id = self.world.account(number).await.id;
        received::of_customer(&self.world.house().ports, &self.world.setup().await, &id).await.expect("read")
    }
}

/// A post of Meta's with one change.
pub(crate) fn change(phone_number_id: &str, value: Value) -> Value {
    let mut value = value;
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] = json!({ "display_phone_number": "5115550000", "phone_number_id": phone_number_id });
    let entry = json!({ "id": "200", "changes": [{ "field": "messages", "value": value }] });
    json!({ "object": "whatsapp_business_account", "entry": [entry] })
}

/// A text of a person's, as Meta tells it.
pub(crate) fn text(id: &str, from: &str, at: i64, said: &str) -> Value {
    json!({
        "contacts": [{ "profile": { "name": "Alguien" }, "wa_id": from }],
        "messages": [{ "from": from, "id": id, "timestamp": at.to_string(), "type": "text", "text": { "body": said } }],
    })
}

pub(crate) fn meta_signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

pub(crate) fn twilio_headers(token: &str, url: &str, form: &str) -> [(&'static str, String); 2] {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs.dedup();
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(token.as_bytes()).expect("a key");
    mac.update(url.as_bytes());
    pairs.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    [("content-type", "application/x-www-form-urlencoded".to_owned()), ("x-twilio-signature", signature)]
}
