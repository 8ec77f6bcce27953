//! Templates as Meta lists them, and as one is asked to be approved.

use crate::json::{list, text};
use cauce_domain::strategy::registered::{Has, Holds, Registered, Standing, places_of};
use serde_json::{Value, json};

/// Reads a page of an account's templates.
pub(super) fn read(page: &Value) -> Vec<Registered> {
    list(page, "data").iter().filter_map(one).collect()
}

fn one(template: &Value) -> Option<Registered> {
    let component = |kind: &str| {
        let of_kind =
            |component: &&Value| text(component, "type").is_some_and(|named| named.eq_ignore_ascii_case(kind));
        list(template, "components").iter().find(of_kind)
    };
    let body = component("body").and_then(|body| text(body, "text")).unwrap_or_default();
    Some(Registered {
        name: text(template, "name")?,
        language: text(template, "language")?,
        category: text(template, "category").unwrap_or_default(),
        standing: Standing::of(&text(template, "status").unwrap_or_default()),
        heading: component("header").and_then(heading),
        places: places_of(&body),
        body,
        buttons: component("buttons").map(|all| list(all, "buttons").iter().map(button).collect()).unwrap_or_default(),
        reason: text(template, "rejected_reason").filter(|reason| reason != "NONE"),
    })
}

fn heading(header: &Value) -> Option<Holds> {
    match text(header, "format").unwrap_or_default().to_ascii_uppercase().as_str() {
        "TEXT" => (!places_of(&text(header, "text").unwrap_or_default()).is_empty()).then_some(Holds::Text),
        "IMAGE" => Some(Holds::Picture),
        "DOCUMENT" => Some(Holds::Document),
        _ => Some(Holds::Other),
    }
}

fn button(button: &Value) -> Has {
    match text(button, "type").unwrap_or_default().to_ascii_uppercase().as_str() {
        "URL" if text(button, "url").is_some_and(|url| url.contains("{{")) => Has::Url,
        "QUICK_REPLY" => Has::Reply,
        "URL" | "PHONE_NUMBER" | "VOICE_CALL" => Has::Fixed,
        _ => Has::Other,
    }
}

/// A template as Meta is asked to approve it: each place with an example, as it demands.
pub(super) fn submission(template: &Registered) -> Value {
    let examples: Vec<String> = template.places.iter().map(|place| format!("ejemplo {place}")).collect();
    let mut body = json!({ "type": "BODY", "text": template.body });
    if !examples.is_empty() {
        body["example"] = json!({ "body_text": [examples] });
    }
    json!({
        "name": template.name, "language": template.language, "category": template.category, "components": [body],
    })
}

/// What Meta says of a template just asked for; it may put it in another category than it was asked for.
pub(super) fn submitted(asked: &Registered, answer: &Value) -> Registered {
    Registered {
        standing: Standing::of(&text(answer, "status").unwrap_or_default()),
        category: text(answer, "category").unwrap_or_else(|| asked.category.clone()),
        ..asked.clone()
    }
}

/// How many people a day may be written to first, by the name Meta gives the limit; none of the highest.
pub(super) fn tier(name: &str) -> Option<u64> {
    let number = name.strip_prefix("TIER_")?;
    let (digits, times) = match number.strip_suffix('K') {
        Some(thousands) => (thousands, 1000),
        None => (number, 1),
    };
    Some(digits.parse::<u64>().ok()? * times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_templates_is_read() {
        let page = json!({ "data": [
            { "name": "recordatorio", "language": "es_MX", "status": "APPROVED", "category": "UTILITY", "components": [
                { "type": "HEADER", "format": "TEXT", "text": "Pago" }, { "type": "BODY", "text": "Hola {{1}}, debe {{2}}." },
                { "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "BAJA" }, { "type": "URL", "url": "https://x/{{1}}" },
                    { "type": "URL", "url": "https://x/fija" }, { "type": "PHONE_NUMBER" }] }] },
            { "name": "sin_idioma" },
            { "name": "otra", "language": "es", "status": "REJECTED", "rejected_reason": "ABUSIVE_CONTENT",
              "components": [{ "type": "HEADER", "format": "DOCUMENT" }] },
        ] });
        let all = read(&page);
        assert_eq!((all.len(), all[0].places.len(), all[0].standing), (2, 2, Standing::Approved));
        assert_eq!(all[0].buttons, [Has::Reply, Has::Url, Has::Fixed, Has::Fixed]);
        assert_eq!((all[0].heading, all[1].heading), (None, Some(Holds::Document)), "fixed words take nothing");
        assert_eq!(all[1].reason.as_deref(), Some("ABUSIVE_CONTENT"));
    }

    #[test]
    fn limits_are_read_by_their_names() {
        let read = ["TIER_50", "TIER_250", "TIER_1K", "TIER_2K", "TIER_100K", "TIER_UNLIMITED", ""].map(tier);
        assert_eq!(read, [Some(50), Some(250), Some(1000), Some(2000), Some(100_000), None, None]);
    }
}
