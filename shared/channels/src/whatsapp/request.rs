//! Messages as the Cloud API takes them, held to its limits before they leave.

use serde_json::{Value, json};

/// Why a message cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadContent {
    /// It says nothing.
    #[error("{0} está vacío")]
    Empty(&'static str),
    /// It is longer than the provider takes.
    #[error("{what} tiene {length} caracteres y WhatsApp admite {most}")]
    TooLong {
        /// What.
        what: &'static str,
        /// How long it is.
        length: usize,
        /// How long it may be.
        most: usize,
    },
    /// It has more buttons than the provider takes, or none.
    #[error("un mensaje con botones lleva de 1 a 3")]
    Buttons,
    /// It is for nobody.
    #[error("falta el celular o el identificador de WhatsApp")]
    Nobody,
}

/// Whom a message is for: a number, a WhatsApp id of the person, or both, of which the number counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Receiver<'a> {
    /// Number with its country code.
    pub phone: Option<&'a str>,
    /// The person as this business knows them.
    pub user: Option<&'a str>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Free text: inside the day after the person last wrote.
    Text(String),
    /// An approved template.
    Template(Template),
    /// A picture, with words under it.
    Image {
        /// Where it is.
        media: Media,
        /// The words.
        caption: Option<String>,
    },
    /// A document.
    Document {
        /// Where it is.
        media: Media,
        /// The name the person sees.
        file_name: String,
        /// Words under it.
        caption: Option<String>,
    },
    /// Text with up to three answers to choose from.
    Buttons {
        /// The text.
        body: String,
        /// Ids and titles.
        choices: Vec<(String, String)>,
    },
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// With Meta, which gave it this id.
    Id(String),
    /// At an address Meta fetches it from.
    Link(String),
}

impl Media {
    fn json(&self) -> Value {
        match self {
            Self::Id(id) => json!({ "id": id }),
            Self::Link(link) => json!({ "link": link }),
        }
    }
}

/// An approved template with what goes into it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// Its name at Meta.
    pub name: String,
    /// Its language, exactly as approved: there is no other way round.
    pub language: String,
    /// What stands in its heading.
    pub header: Option<Header>,
    /// What stands in its text, by place, or by name where the template names its places.
    pub body: Vec<Parameter>,
    /// What its buttons take, by their place.
    pub buttons: Vec<(usize, Button)>,
}

/// A place of a template filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, of templates that name their places.
    pub name: Option<String>,
    /// What stands there.
    pub text: String,
}

/// The heading of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// Words.
    Text(Parameter),
    /// A picture.
    Image(Media),
    /// A document, with its name.
    Document(Media, String),
}

/// A button of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Button {
    /// The end of its address.
    Url(String),
    /// What a tap on it stands for.
    QuickReply(String),
}

/// A message as it is posted. `reference` comes back in each status.
pub fn message(to: Receiver<'_>, reference: &str, content: &Content) -> Result<Value, BadContent> {
    let (kind, part) = part(content)?;
    let reference = held("la referencia", reference, 512)?;
    let mut message = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "type": kind, kind: part,
        "biz_opaque_callback_data": reference,
    });
    match (to.phone, to.user) {
        // Without its sign the number may be read as one of the business's own country.
        (Some(phone), _) => message["to"] = format!("+{}", phone.trim_start_matches('+')).into(),
        (None, Some(user)) => message["recipient"] = user.into(),
        (None, None) => return Err(BadContent::Nobody),
    }
    Ok(message)
}

/// The receipt that a person's message was read.
pub fn read_receipt(message: &str) -> Value {
    json!({ "messaging_product": "whatsapp", "status": "read", "message_id": message })
}

fn part(content: &Content) -> Result<(&'static str, Value), BadContent> {
    Ok(match content {
        Content::Text(body) => ("text", json!({ "body": held("el texto", body, 4096)?, "preview_url": true })),
        Content::Template(template) => ("template", of_template(template)?),
        Content::Image { media, caption } => ("image", captioned(media.json(), caption.as_deref())?),
        Content::Document { media, file_name, caption } => {
            ("document", captioned(named(media, file_name)?, caption.as_deref())?)
        }
        Content::Buttons { body, choices } => ("interactive", buttons(body, choices)?),
    })
}

/// A text that says something and is no longer than may be.
fn held<'a>(what: &'static str, text: &'a str, most: usize) -> Result<&'a str, BadContent> {
    let length = text.chars().count();
    match text.trim().is_empty() {
        true => Err(BadContent::Empty(what)),
        false if length > most => Err(BadContent::TooLong { what, length, most }),
        false => Ok(text),
    }
}

/// A document with its name, without which the person sees a blank.
fn named(media: &Media, file_name: &str) -> Result<Value, BadContent> {
    let mut file = media.json();
    file["filename"] = held("el nombre del archivo", file_name, 240)?.into();
    Ok(file)
}

fn captioned(mut file: Value, caption: Option<&str>) -> Result<Value, BadContent> {
    if let Some(caption) = caption {
        file["caption"] = held("el pie", caption, 1024)?.into();
    }
    Ok(file)
}

fn buttons(body: &str, choices: &[(String, String)]) -> Result<Value, BadContent> {
    if !(1..=3).contains(&choices.len()) {
        return Err(BadContent::Buttons);
    }
    let one = |(id, title): &(String, String)| {
        let (id, title) = (held("el id del botón", id, 256)?, held("el botón", title, 20)?);
        Ok(json!({ "type": "reply", "reply": { "id": id, "title": title } }))
    };
    let all = choices.iter().map(one).collect::<Result<Vec<_>, BadContent>>()?;
    let body = held("el texto", body, 1024)?;
    Ok(json!({ "type": "button", "body": { "text": body }, "action": { "buttons": all } }))
}

/// A place as it is asked for filled.
fn parameter(what: &'static str, filled: &Parameter, most: usize) -> Result<Value, BadContent> {
    let text = value(&filled.text)?;
    let mut parameter = json!({ "type": "text", "text": held(what, &text, most)? });
    if let Some(name) = &filled.name {
        parameter["parameter_name"] = name.as_str().into();
    }
    Ok(parameter)
}

/// A value in a place of a template: the provider refuses lines, tabs and runs of spaces there.
fn value(text: &str) -> Result<String, BadContent> {
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    held("un valor de la plantilla", &plain, 1024)?;
    Ok(plain)
}

fn of_template(template: &Template) -> Result<Value, BadContent> {
    let mut components = Vec::new();
    if let Some(header) = &template.header {
        let parameter = match header {
            Header::Text(words) => parameter("el encabezado", words, 60)?,
            Header::Image(media) => json!({ "type": "image", "image": media.json() }),
            Header::Document(media, name) => json!({ "type": "document", "document": named(media, name)? }),
        };
        components.push(json!({ "type": "header", "parameters": [parameter] }));
    }
    if !template.body.is_empty() {
        let one = |filled: &Parameter| parameter("un valor de la plantilla", filled, 1024);
        let all = template.body.iter().map(one).collect::<Result<Vec<_>, BadContent>>()?;
        components.push(json!({ "type": "body", "parameters": all }));
    }
    for (at, button) in &template.buttons {
        let (kind, parameter) = match button {
            Button::Url(end) => ("url", json!({ "type": "text", "text": value(end)? })),
            Button::QuickReply(payload) => ("quick_reply", json!({ "type": "payload", "payload": value(payload)? })),
        };
        // The place is a text to the provider.
        components.push(json!({
            "type": "button", "sub_type": kind, "index": at.to_string(), "parameters": [parameter],
        }));
    }
    let name = held("el nombre de la plantilla", &template.name, 512)?;
    Ok(json!({ "name": name, "language": { "code": template.language }, "components": components }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to() -> Receiver<'static> {
        Receiver { phone: Some("525512345678"), user: Some("MX.1") }
    }

    #[test]
    fn a_template_is_asked_for_as_metas_pages_show() {
        let plain = |text: &str| Parameter { name: None, text: text.into() };
        let template = Template {
            name: "recordatorio_pago".into(),
            language: "es_MX".into(),
            header: Some(Header::Document(Media::Link("https://x/e.pdf".into()), "edo.pdf".into())),
            body: vec![plain("María\n"), plain("$1,234.50 \t MXN")],
            buttons: vec![(0, Button::Url("p/abc123".into())), (1, Button::QuickReply("optout:v1".into()))],
        };
        let expected = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+525512345678", "type": "template",
            "template": { "name": "recordatorio_pago", "language": { "code": "es_MX" }, "components": [
                { "type": "header", "parameters": [{ "type": "document", "document": { "link": "https://x/e.pdf", "filename": "edo.pdf" } }] },
                { "type": "body", "parameters": [{ "type": "text", "text": "María" }, { "type": "text", "text": "$1,234.50 MXN" }] },
                { "type": "button", "sub_type": "url", "index": "0", "parameters": [{ "type": "text", "text": "p/abc123" }] },
                { "type": "button", "sub_type": "quick_reply", "index": "1", "parameters": [{ "type": "payload", "payload": "optout:v1" }] },
            ] },
            "biz_opaque_callback_data": "t_1|m_1|1",
        });
        assert_eq!(message(to(), "t_1|m_1|1", &Content::Template(template)), Ok(expected));
    }

    #[test]
    fn what_the_provider_would_refuse_does_not_leave() {
        let choice = |title: &str| ("pay:yes".to_owned(), title.to_owned());
        let template = |text: &str| {
            let body = vec![Parameter { name: Some("nombre".into()), text: text.into() }];
            Content::Template(Template { name: "t".into(), language: "es".into(), body, ..Template::default() })
        };
        for content in [
            Content::Text(" ".into()),
            Content::Text("ñ".repeat(4097)),
            template(" \n "),
            Content::Buttons { body: "¿Paga?".into(), choices: vec![] },
            Content::Buttons {
                body: "¿Paga?".into(),
                choices: vec![choice("s"), choice("n"), choice("t"), choice("c")],
            },
            Content::Buttons { body: "¿Paga?".into(), choices: vec![choice("veintiún caracteres!!")] },
            Content::Document { media: Media::Id("1".into()), file_name: String::new(), caption: None },
        ] {
            assert!(message(to(), "r", &content).is_err(), "{content:?}");
        }
        assert!(
            message(to(), "r", &template("Ana"))
                .is_ok_and(|m| m["template"]["components"][0]["parameters"][0]["parameter_name"] == "nombre")
        );
        let text = Content::Text("hola".into());
        assert_eq!(message(Receiver::default(), "r", &text), Err(BadContent::Nobody));
        let by_id = Receiver { phone: None, user: Some("MX.1") };
        assert!(message(by_id, "r", &text).is_ok_and(|m| m["recipient"] == "MX.1" && m["to"].is_null()));
    }
}
