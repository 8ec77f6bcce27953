//! Twilio's posts to us: signed with the auth token of the account they are about, over the address they were sent to.

use super::form::Form;
use super::{parse, signature};
use async_trait::async_trait;
use cauce_engine::hooks::Keys;
use cauce_engine::ports::told::{Called, Status, Told};
use cauce_engine::ports::webhook::{Request, Thanks, Verdict, Webhook};

/// The provider's name in routes and receipts.
pub const PROVIDER: &str = "twilio";

/// What our reference is called in the address of a message's states.
pub(super) const REFERENCE: &str = "ref";

/// Reads Twilio's webhooks.
pub struct TwilioWebhook;

/// The account a request says it is about: a form's field, or a member of a JSON body. Not yet to be trusted.
fn account(is_form: bool, request: &Request<'_>) -> Option<String> {
    match is_form {
        true => Form::of(request.body).get("AccountSid"),
        false => {
            let body: serde_json::Value = serde_json::from_slice(request.body).ok()?;
            body.get("AccountSid").and_then(|sid| sid.as_str()).map(str::to_owned)
        }
    }
}

#[async_trait]
impl Webhook for TwilioWebhook {
    fn most(&self) -> usize {
        64 * 1024
    }

    async fn verify(&self, keys: &Keys, request: &Request<'_>) -> Verdict {
        let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let is_form = kind.starts_with("application/x-www-form-urlencoded");
        let account = account(is_form, request);
        let header = request.header(signature::HEADER);
        let signed = |key: &&str| signature::verify(key, header, request.url, is_form, request.body);
        let by = keys.valid(account.as_deref(), request.at).filter(signed).count();
        if by > 0 { Verdict::Genuine } else { Verdict::Forged }
    }

    fn read(&self, body: &[u8], query: &str) -> Vec<Told> {
        // Our reference travels in the address the states are told to.
        let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == REFERENCE);
        let reference = named.map(|(_, reference)| reference.into_owned());
        let with_it = |told| match told {
            Told::Status(status) => Told::Status(Status { reference: reference.clone(), ..status }),
            Told::Call(called) => Told::Call(Called { reference: reference.clone(), ..called }),
            other => other,
        };
        parse(body).into_iter().map(with_it).collect()
    }

    /// Instructions with nothing to do: any other answer would be read out or sent to the person.
    fn thanks(&self) -> Thanks {
        Thanks { content_type: "text/xml", body: "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>" }
    }
}
