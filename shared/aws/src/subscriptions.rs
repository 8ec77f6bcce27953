//! Subscriptions of topics, confirmed with our own role: nobody without one can take them back.

use crate::signed::{AT_ONCE, Call, Signed};
use cauce_engine::ports::PortError;

/// What a value of a form leaves as it is.
fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

fn encoded(text: &str) -> String {
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Confirms a topic's subscription.
pub async fn confirm(signed: &Signed, topic: &str, token: &str) -> Result<(), PortError> {
    let body = format!(
        "Action=ConfirmSubscription&Version=2010-03-31&AuthenticateOnUnsubscribe=true&TopicArn={}&Token={}",
        encoded(topic),
        encoded(token)
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let call = Call { service: "sns", host: "sns", headers: &headers, path: "/", patience: AT_ONCE, body: &body };
    match signed.post(call).await {
        Ok(heard) if (200..300).contains(&heard.status) => Ok(()),
        Ok(heard) if heard.status < 500 => {
            Err(PortError::Refused(format!("SNS no confirmó el tema: {}", heard.status)))
        }
        _ => Err(PortError::Unavailable("SNS", None)),
    }
}
