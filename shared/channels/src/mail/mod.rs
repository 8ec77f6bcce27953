//! E-mail that people write to us: who wrote it, what it says above its quotes, what it answers, what it brings.

mod class;
mod html;
mod quotes;
mod report;

use cauce_domain::contact::silence::asks_for_silence;
use cauce_engine::ports::told::{Attachment, Class, Letter};
use cauce_engine::reply_token::ReplyToken;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

/// Files of one e-mail that are kept, and messages it may answer: more are somebody's program.
const MOST: usize = 20;
/// Characters of a text that are kept: what an item of the table has room for.
const LONGEST: usize = 64_000;
/// Characters of a subject that are kept.
const LONGEST_SUBJECT: usize = 1000;

/// Headers an address of ours may stand in.
const RECIPIENTS: [&str; 5] = ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"];

/// Reads an e-mail; `None` when there is nothing to read. `envelope` are the recipients of ours it came for.
pub fn read(raw: &[u8], envelope: &[String]) -> Option<Letter> {
    let parsed = Parsed(MessageParser::default().parse(raw)?);
    let message = &parsed.0;
    let deliveries = report::deliveries(message);
    let delayed = deliveries.as_ref().map(|all| !all.is_empty() && all.iter().all(|one| one.action == "delayed"));
    let class = class::classify(message, delayed);
    let is_report = matches!(class, Class::DsnFailed | Class::DsnDelayed | Class::Mdn | Class::ComplaintArf);
    let text = if is_report { String::new() } else { cut(quotes::visible(&written(message)), LONGEST) };
    let subject = cut(message.subject().unwrap_or_default().to_owned(), LONGEST_SUBJECT);
    // Only a person's words are a wish, and only what they wrote themselves.
    let wish = if text.is_empty() { &subject } else { &text };
    let named = RECIPIENTS.iter().filter_map(|name| message.header_raw(*name));
    let named = named.flat_map(|line| line.split([',', ' ', '<', '>', ';', '\r', '\n', '\t'])).map(str::to_owned);
    Some(Letter {
        opt_out: class == Class::Reply && asks_for_silence(wish),
        is_loop: is_loop(message),
        from: message.from().and_then(|from| from.first()?.address().map(str::to_lowercase)),
        token: envelope.iter().cloned().chain(named).find_map(|address| ReplyToken::of(&address)),
        answers: answers(message),
        attachments: message.attachments().filter_map(attachment).take(MOST).collect(),
        deliveries: deliveries.unwrap_or_default(),
        class,
        text,
        subject,
    })
}

/// A text of at most so many characters.
fn cut(mut text: String, most: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
    }
    text
}

/// A message that comes apart without recursion: one of thousands within each other would take the stack.
struct Parsed<'x>(Message<'x>);

impl Drop for Parsed<'_> {
    fn drop(&mut self) {
        let mut parts = std::mem::take(&mut self.0.parts);
        while let Some(part) = parts.pop() {
            if let PartType::Message(mut within) = part.body {
                parts.append(&mut within.parts);
            }
        }
    }
}

/// The text a person wrote: plain where there is one, else of the page. A part that was cut off is no body to the parser,
/// and what is there of it is what they wrote.
fn written(message: &Message<'_>) -> String {
    let is_cut = |part: &&MessagePart<'_>| {
        part.is_encoding_problem
            && part.attachment_name().is_none()
            && !part.content_disposition().is_some_and(|d| d.is_attachment())
    };
    let bodies = || message.text_bodies().chain(message.html_bodies()).chain(message.parts.iter().filter(is_cut));
    let plain = bodies().find_map(|part| match &part.body {
        PartType::Text(text) if !text.trim().is_empty() => Some(text.clone().into_owned()),
        _ => None,
    });
    let page = || {
        bodies().find_map(|part| match &part.body {
            PartType::Html(page) => Some(html::text_of(page)),
            _ => None,
        })
    };
    plain.or_else(page).unwrap_or_default()
}

/// The provider's ids among the ids of messages it answers.
fn answers(message: &Message<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for header in ["In-Reply-To", "References"] {
        let line = message.header_raw(header).unwrap_or_default();
        let ids = line.split(['<', '>', ' ', '\t', '\r', '\n']).filter_map(provider_id);
        for id in ids.map(str::to_owned) {
            if found.len() < MOST && !found.contains(&id) {
                found.push(id);
            }
        }
    }
    found
}

/// SES's id of a message, of the id it travels under.
fn provider_id(id: &str) -> Option<&str> {
    let (local, domain) = id.rsplit_once('@')?;
    let region = domain.strip_suffix(".amazonses.com")?;
    let shaped = region == "email" || region.len() > 5 && region.ends_with(|c: char| c.is_ascii_digit());
    (shaped && !local.is_empty()).then_some(local)
}

fn is_loop(message: &Message<'_>) -> bool {
    let own = message.message_id().is_some_and(|id| provider_id(id).is_some());
    own || message.header_raw("X-SES-Outgoing").is_some()
}

fn attachment(part: &MessagePart<'_>) -> Option<Attachment> {
    let mime = part.content_type().map_or_else(String::new, |t| match t.subtype() {
        Some(subtype) => format!("{}/{subtype}", t.ctype()),
        None => t.ctype().to_owned(),
    });
    let name = part.attachment_name().map(safe_name).filter(|name| !name.is_empty())?;
    Some(Attachment { name, mime: mime.to_lowercase(), bytes: part.contents().to_vec() })
}

/// A name without what a file system or a reader could take for something else.
fn safe_name(name: &str) -> String {
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain: String = name.chars().filter(|c| !hidden(*c)).collect();
    let safe = plain.replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|'], "_");
    safe.trim().trim_start_matches('.').chars().take(120).collect()
}
