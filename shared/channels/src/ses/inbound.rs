//! E-mail that came in, by SES's notification of it.

use super::events::address;
use crate::json::{list, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cauce_engine::ports::told::{Mail, Told};
use serde_json::Value;

/// Reads the notification of a mail received; where it lies, whom it is for, whether its sender is who it says.
pub fn read(notification: &Value) -> Told {
    let verdict = |of: &str| text(notification, &format!("receipt/{of}Verdict/status"));
    let is = |of: &str, wanted: &str| verdict(of).as_deref() == Some(wanted);
    let spoofed = is("dmarc", "FAIL") || is("spf", "FAIL") && !is("dkim", "PASS");
    let quarantine = is("virus", "FAIL");
    let place = text(notification, "receipt/action/bucketName").zip(text(notification, "receipt/action/objectKey"));
    let content = text(notification, "content").and_then(|content| {
        match text(notification, "receipt/action/encoding").as_deref() {
            Some("BASE64") => STANDARD.decode(content).ok(),
            _ => Some(content.into_bytes()),
        }
    });
    let recipients = list(notification, "receipt/recipients").iter().filter_map(Value::as_str).map(address);
    Told::Mail(Mail {
        place: place.map(|(bucket, key)| format!("{bucket}/{key}")),
        content,
        id: text(notification, "mail/messageId"),
        recipients: recipients.collect(),
        source: text(notification, "mail/source").map(|from| address(&from)).unwrap_or_default(),
        trusted: !(spoofed || quarantine || is("spam", "FAIL")),
        quarantine,
    })
}
