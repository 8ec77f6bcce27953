//! Meta's posts to us: the handshake that subscribes the address, and what an app secret signed.

use super::{parse, signature};
use async_trait::async_trait;
use cauce_engine::hooks::Keys;
use cauce_engine::ports::told::Told;
use cauce_engine::ports::webhook::{Request, Verdict, Webhook};

/// The provider's name in routes and receipts.
pub const PROVIDER: &str = "whatsapp";

/// Reads Meta's webhooks.
pub struct WhatsappWebhook;

#[async_trait]
impl Webhook for WhatsappWebhook {
    fn most(&self) -> usize {
        3 * 1024 * 1024
    }

    async fn verify(&self, keys: &Keys, request: &Request<'_>) -> Verdict {
        if request.method == "GET" {
            let query: Vec<(String, String)> =
                form_urlencoded::parse(request.query().as_bytes()).into_owned().collect();
            let named = keys.handshake.as_deref().and_then(|token| signature::challenge(token, &query));
            return named.map_or(Verdict::Forged, |challenge| Verdict::Handshake(challenge.to_owned()));
        }
        let header = request.header(signature::HEADER);
        // All keys are tried, so that the time tells nothing.
        let by = keys.valid(None, request.at).filter(|key| signature::verify(key, header, request.body)).count();
        if by > 0 { Verdict::Genuine } else { Verdict::Forged }
    }

    fn read(&self, body: &[u8], _query: &str) -> Vec<Told> {
        parse(body)
    }
}
