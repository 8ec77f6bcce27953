//! What a delivery report says of each recipient (RFC 3464).

use super::class::{is, parts};
use cauce_engine::ports::told::Delivery;
use mail_parser::Message;

/// The recipients of every delivery report in a message.
pub(super) fn deliveries(message: &Message<'_>) -> Option<Vec<Delivery>> {
    let reports: Vec<_> = parts(message).into_iter().filter(|part| is(part, "message", "delivery-status")).collect();
    let texts = reports.iter().map(|part| String::from_utf8_lossy(part.contents()).into_owned());
    (!reports.is_empty()).then(|| texts.flat_map(|text| read(&text)).collect())
}

/// Groups of fields, a group per recipient, after the one about the whole.
fn read(text: &str) -> Vec<Delivery> {
    let text = text.replace("\r\n", "\n");
    text.split("\n\n").filter_map(group).collect()
}

fn group(text: &str) -> Option<Delivery> {
    let unfolded = text.replace("\n ", " ").replace("\n\t", " ");
    let field = |name: &str| {
        let named = unfolded.lines().filter_map(|line| line.split_once(':'));
        let found = named.into_iter().find(|(n, _)| n.trim().eq_ignore_ascii_case(name));
        // `rfc822; a@b`: what kind of name it is stands before it.
        found.map(|(_, value)| value.rsplit_once(';').map_or(value, |(_, v)| v).trim().to_owned())
    };
    Some(Delivery {
        recipient: field("Final-Recipient").or_else(|| field("Original-Recipient"))?.to_lowercase(),
        action: field("Action")?.to_lowercase(),
        status: field("Status").and_then(|status| status.split_whitespace().next().map(str::to_owned)),
        diagnostic: field("Diagnostic-Code"),
    })
}
