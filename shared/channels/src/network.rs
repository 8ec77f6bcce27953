//! The providers reached over HTTP, and those whose webhooks are read, wired once for whoever runs them.

use crate::http::Http;
use crate::sandbox::{self, SandboxWebhook};
use crate::twilio::{hook::TwilioWebhook, sender::Twilio};
use crate::whatsapp::{hook::WhatsappWebhook, media::Uploaded, sender::Whatsapp};
use crate::{twilio, whatsapp};
use cauce_engine::ports::provider::Provider;
use cauce_engine::ports::webhook::Webhook;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the providers' APIs are; never a project's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Meta's.
    pub whatsapp: String,
    /// Twilio's.
    pub twilio: String,
}

impl Default for Addresses {
    fn default() -> Self {
        Self { whatsapp: whatsapp::sender::BASE.to_owned(), twilio: twilio::sender::BASE.to_owned() }
    }
}

/// The providers a project may hold an account at, reached over HTTP.
pub fn providers(addresses: &Addresses) -> BTreeMap<&'static str, Arc<dyn Provider>> {
    let http = Arc::new(Http::default());
    let uploaded = Uploaded::default();
    let whatsapp = Whatsapp { http: Arc::clone(&http), base: addresses.whatsapp.clone(), uploaded };
    let twilio = Twilio { http, base: addresses.twilio.clone() };
    BTreeMap::from([
        (whatsapp::hook::PROVIDER, Arc::new(whatsapp) as Arc<dyn Provider>),
        (twilio::hook::PROVIDER, Arc::new(twilio)),
    ])
}

/// The providers whose webhooks are read.
pub fn webhooks() -> BTreeMap<&'static str, Arc<dyn Webhook>> {
    BTreeMap::from([
        (sandbox::PROVIDER, Arc::new(SandboxWebhook) as Arc<dyn Webhook>),
        (whatsapp::hook::PROVIDER, Arc::new(WhatsappWebhook)),
        (twilio::hook::PROVIDER, Arc::new(TwilioWebhook)),
    ])
}
