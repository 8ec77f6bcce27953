//! Sending SMS by Twilio.

use super::answer;
use super::hook::{PROVIDER, REFERENCE};
use super::log::Log;
use super::request::{Call, From, call, sms};
use crate::http::{self, Http};
use crate::json::text;
use async_trait::async_trait;
use cauce_domain::contact::channel::Channel;
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use cauce_engine::ports::provider::{Account, Field, Open, Provider, Ring, Signs, Standing, Unfit};
use cauce_engine::ports::secrets::Secret;
use cauce_engine::ports::told::Status;
use chrono::TimeDelta;
use serde_json::Value;
use std::sync::Arc;

/// What an account at Twilio needs. Sending goes by an API key where there is one; reports are signed with the token.
const FIELDS: [Field; 8] = [
    Field::setting("account_sid", "el identificador de la cuenta de Twilio (AC…)"),
    Field::credential("auth_token", "el auth token principal, con el que Twilio firma sus avisos"),
    Field::credential("api_key", "la llave de API (SK…)").optional(),
    Field::credential("api_secret", "el secreto de la llave de API").optional(),
    Field::setting("from", "el número o nombre que envía").optional(),
    Field::setting("messaging_service_sid", "el servicio de mensajería (MG…)").optional(),
    Field::setting("voice_from", "el número desde el que se llama").optional(),
    Field::setting("rate", "los mensajes por segundo del remitente").or("10"),
];

/// SMS by Twilio.
pub struct Twilio {
    /// What calls are made with.
    pub http: Arc<Http>,
    /// Where the API is; never a project's to say.
    pub base: String,
}

/// More pages than this are not asked for: two hundred thousand messages of a number in a day.
const MOST_PAGES: usize = 1000;

/// Where Twilio's API is.
pub const BASE: &str = "https://api.twilio.com";

impl Twilio {
    /// The address of something of an account's.
    fn address(&self, account: &Account, path: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}{path}", self.base, account.setting("account_sid"))
    }
}

/// A request with what opens the account.
fn opened(request: reqwest::RequestBuilder, account: &Account) -> reqwest::RequestBuilder {
    match account.credential("api_key") {
        "" => request.basic_auth(account.setting("account_sid"), Some(account.credential("auth_token"))),
        key => request.basic_auth(key, Some(account.credential("api_secret"))),
    }
}

fn sender(account: &Account) -> From<'_> {
    match account.setting("messaging_service_sid") {
        "" => From::Number(account.setting("from")),
        service => From::Service(service),
    }
}

#[async_trait]
impl Sender for Twilio {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    async fn send(&self, outgoing: &Outgoing) -> Answer {
        let Some(account) = &outgoing.account else { return Answer::disconnected("falta la cuenta de Twilio") };
        let Some(to) = outgoing.recipients.to.first() else { return Answer::refused("falta el destinatario") };
        // A test send has no window of its own: an hour is enough for somebody who waits for it.
        let closes = outgoing.until.unwrap_or(outgoing.at + TimeDelta::hours(1));
        let callback = format!("{}?{REFERENCE}={}", account.callback, outgoing.reference);
        let form = sms(sender(account), &to.address, &outgoing.text, &callback, outgoing.at, closes);
        let Some(form) = form else { return Answer::refused("se cerró el horario de contacto") };
        let request = opened(self.http.client().post(self.address(account, "/Messages.json")), account);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let heard = http::call(request).await;
        http::answer("Twilio", heard.map(|h| answer::read(h.status, h.retry_after, &h.body)))
    }
}

#[async_trait]
impl Provider for Twilio {
    fn channels(&self) -> &'static [Channel] {
        &[Channel::Sms]
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn account_id(&self, account: &Account) -> String {
        account.setting("account_sid").to_owned()
    }

    fn signs(&self, account: &Account) -> Option<Signs> {
        Some(Signs {
            webhook: PROVIDER,
            key: Some(Secret::new(account.credential("auth_token"))),
            account: Some(account.setting("account_sid").to_owned()),
            ..Signs::default()
        })
    }

    /// Twilio's own address opens with the account's key; where it leads to from there is followed without it.
    async fn fetch(&self, account: &Account, source: &str) -> Result<Option<Vec<u8>>, String> {
        if !source.starts_with(&format!("{}/", self.base)) {
            return Ok(None);
        }
        match http::file(opened(self.http.client().get(source), account)).await? {
            http::File::Here(bytes) => Ok(Some(bytes)),
            http::File::Gone => Ok(None),
            http::File::Elsewhere(url) => {
                let host = http::host(&url);
                let stores = [".twiliocdn.com", ".amazonaws.com", ".twilio.com"].iter().any(|end| host.ends_with(end));
                let usual = stores && url.starts_with("https://");
                if !(usual || self.base != BASE && host == http::host(&self.base)) {
                    return Err("Twilio indicó una dirección extraña".to_owned());
                }
                match http::file(self.http.client().get(&url)).await? {
                    http::File::Here(bytes) => Ok(Some(bytes)),
                    http::File::Gone | http::File::Elsewhere(_) => Ok(None),
                }
            }
        }
    }

    async fn ring(&self, account: &Account, ring: &Ring) -> Answer {
        let from = account.setting("voice_from");
        if from.is_empty() {
            return Answer::refused("falta el número desde el que se llama, en la cuenta de Twilio");
        }
        let callback = format!("{}?{REFERENCE}={}", account.callback, ring.reference);
        let (adviser, customer) = (ring.adviser.as_str(), ring.customer.as_str());
        let form = call(&Call { adviser, from, customer, callback: &callback, action: &callback });
        let request = opened(self.http.client().post(self.address(account, "/Calls.json")), account);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let heard = http::call(request).await;
        http::answer("Twilio", heard.map(|h| answer::read(h.status, h.retry_after, &h.body)))
    }

    /// Reads the account's log of the days in question, by id; a message without one is known by where it went and what it
    /// said, where the log has exactly one such.
    async fn look_up(&self, account: &Account, open: &[Open]) -> Result<Vec<Status>, String> {
        let Some(from) = open.iter().map(|one| one.day).min() else { return Ok(Vec::new()) };
        let mut log = Log::default();
        let mut path = Some(format!("/Messages.json?DateSent%3E={from}&PageSize=200"));
        for _ in 0..MOST_PAGES {
            let Some(at) = path.take() else { break };
            let heard = http::call(opened(self.http.client().get(self.address(account, &at)), account)).await;
            let heard = heard.map_err(|_| "Twilio no respondió".to_owned())?;
            if heard.status != 200 {
                return Err(format!("HTTP {}", heard.status));
            }
            let page: Value = serde_json::from_slice(&heard.body).map_err(|_| "respuesta ilegible".to_owned())?;
            log.read(&page);
            let next = text(&page, "next_page_uri");
            path = next.and_then(|next| Some(next.split_once(account.setting("account_sid"))?.1.to_owned()));
        }
        Ok(open.iter().filter_map(|one| log.of(one)).collect())
    }

    async fn check(&self, account: &Account) -> Result<Standing, Unfit> {
        let wrong = |why: &str| Err(Unfit::Refused(why.to_owned()));
        if account.setting("from").is_empty() && account.setting("messaging_service_sid").is_empty() {
            return wrong("indique el número que envía o el servicio de mensajería");
        }
        let sid = account.setting("account_sid");
        if sid.len() != 34 || !sid.starts_with("AC") || !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return wrong("el identificador de la cuenta se escribe AC y 32 letras o dígitos");
        }
        let heard = http::call(opened(self.http.client().get(self.address(account, ".json")), account)).await;
        let heard = heard.map_err(|_| Unfit::Silent("Twilio no respondió".to_owned()))?;
        let body: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
        match (heard.status, text(&body, "status").as_deref()) {
            (200, Some("active") | None) => Ok(Standing {
                rate: account.setting("rate").parse().ok().filter(|rate| *rate > 0.0),
                people_a_day: None,
                notes: text(&body, "friendly_name").into_iter().collect(),
            }),
            (200, Some(status)) => Err(Unfit::Refused(format!("la cuenta está {status}"))),
            (status, _) => {
                Err(Unfit::by_status(status, text(&body, "message").unwrap_or_else(|| format!("HTTP {status}"))))
            }
        }
    }
}
