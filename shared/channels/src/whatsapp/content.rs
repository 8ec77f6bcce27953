//! What a message of ours says by WhatsApp: an approved template filled, or free text, with its file.

use super::request::{Button, Content, Header, Media, Parameter, Template};
use cauce_domain::strategy::approval::{Filled, Heading, Place, Takes};
use cauce_engine::ports::channel::{Outgoing, OutgoingFile};

/// A message's content; `file` is with Meta already.
pub(super) fn of(outgoing: &Outgoing, file: Option<(Media, &OutgoingFile)>) -> Content {
    let caption = Some(outgoing.text.clone()).filter(|text| !text.trim().is_empty());
    match (&outgoing.approved, file) {
        (Some(filled), file) => Content::Template(template(filled, file)),
        (None, Some((media, file))) if file.kind.is_picture() => Content::Image { media, caption },
        (None, Some((media, file))) => Content::Document { media, file_name: file.name.clone(), caption },
        (None, None) if !outgoing.choices.is_empty() => {
            Content::Buttons { body: outgoing.text.clone(), choices: outgoing.choices.clone() }
        }
        (None, None) => Content::Text(outgoing.text.clone()),
    }
}

fn template(filled: &Filled, file: Option<(Media, &OutgoingFile)>) -> Template {
    let parameter = |(name, text): &(Option<String>, String)| Parameter { name: name.clone(), text: text.clone() };
    let header = match (&filled.heading, file) {
        (Some(Heading::Text(Place { name, text })), _) => {
            Some(Header::Text(Parameter { name: name.clone(), text: text.clone() }))
        }
        (Some(Heading::File), Some((media, file))) if file.kind.is_picture() => Some(Header::Image(media)),
        (Some(Heading::File), Some((media, file))) => Some(Header::Document(media, file.name.clone())),
        _ => None,
    };
    let button = |takes: &Takes| match takes {
        Takes::Url(end) => Button::Url(end.clone()),
        Takes::Reply(payload) => Button::QuickReply(payload.clone()),
    };
    Template {
        name: filled.name.clone(),
        language: filled.language.clone(),
        header,
        body: filled.places.iter().map(parameter).collect(),
        buttons: filled.buttons.iter().map(|b| (b.at, button(&b.takes))).collect(),
    }
}
