//! Twilio: SMS, and calls that reach the adviser first.

pub mod answer;
pub mod codes;
mod form;
pub mod hook;
mod log;
pub mod request;
pub mod sender;
pub mod signature;
mod sms;
mod voice;

use cauce_engine::ports::told::Told;
use form::Form;

/// Reads a verified body.
pub fn parse(body: &[u8]) -> Vec<Told> {
    let form = Form::of(body);
    let of_message = form.any("MessageSid").or_else(|| form.any("SmsSid")).is_some();
    match form.get("CallSid") {
        Some(call) if !of_message => vec![voice::read(&form, call)],
        _ => vec![sms::read(&form)],
    }
}
