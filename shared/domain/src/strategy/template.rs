//! Message templates: text with tags, checked when saved and filled per customer when sent.
//!
//! A tag is written `{nombre}`, with a fallback `{nombre|cliente}`; `{{` and `}}` are plain braces. A template is parsed
//! once into pieces; a tag without value or fallback keeps the message from leaving rather than leaving a hole in it.

use crate::contact::channel::Channel;
use crate::contact::file::MessageFile;
use crate::ids::TemplateId;
use crate::strategy::approval::{Approval, Place};
use crate::strategy::tag::{self, Values};
use serde::{Deserialize, Serialize};

/// Whom a template is written for; exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The customer.
    #[default]
    Customer,
    /// A reference.
    Reference,
    /// A guarantor.
    Guarantor,
}

/// What a template may be used for; with none it cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Steps of flows.
    Flow,
    /// Events.
    Event,
    /// Campaigns.
    Campaign,
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// The channel it leaves by.
    pub channel: Channel,
    /// Whom it is written for.
    #[serde(default)]
    pub audience: Audience,
    /// What it may be used for.
    pub purposes: Vec<Purpose>,
    /// Subject, of e-mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Text with tags.
    pub body: String,
    /// The approved template it leaves as, where its provider approves them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
    /// The statement of account goes with it, as a document.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub statement: bool,
}

/// As much as the files of one message may weigh: mailboxes refuse more, and SES slows down beyond it.
pub const MOST_FILES: u64 = 7 * 1024 * 1024;

/// Why a template cannot be saved; each says where and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// A tag does not exist.
    #[error("la etiqueta {{{0}}} no existe; ¿quiso decir {{{1}}}?")]
    UnknownTag(String, String),
    /// A brace is not closed, or closes nothing.
    #[error("llave sin pareja cerca de «{0}»: escriba las etiquetas como {{nombre}}, o {{{{ y }}}} para una llave")]
    BrokenBrace(String),
    /// Pasted markup splits a tag.
    #[error("la etiqueta «{0}» tiene formato pegado dentro: bórrela y vuelva a insertarla")]
    SplitTag(String),
    /// The text is empty.
    #[error("la plantilla no tiene texto")]
    Empty,
    /// An e-mail has no subject.
    #[error("un correo necesita asunto")]
    NoSubject,
    /// The text is longer than its channel takes.
    #[error("el texto supera los {0} caracteres que admite el canal")]
    TooLong(usize),
    /// Its channel takes no such files.
    #[error("{0}")]
    Files(&'static str),
}

/// A piece of a parsed text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Tag { name: String, fallback: Option<String> },
}

/// A parsed text, ready to be filled any number of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled(Vec<Piece>);

/// A tag that has neither value nor fallback.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("falta el valor de la etiqueta {{{0}}}")]
pub struct MissingValue(pub String);

impl Compiled {
    /// Parses a text; variables of the project are free names, every other tag has to exist.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = (&rest[at..=at], &rest[at + 1..]);
            if let Some(doubled) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = doubled;
                continue;
            }
            let inside = after.find('}').filter(|_| brace == "{").map(|end| (&after[..end], &after[end + 1..]));
            let Some((inside, tail)) = inside.filter(|(i, _)| !i.contains('{')) else {
                return Err(BadTemplate::BrokenBrace(excerpt(&rest[at..])));
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(read_tag(inside)?);
            rest = tail;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// The tags that must have a value.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|p| match p {
            Piece::Tag { name, fallback: None } => Some(name.as_str()),
            _ => None,
        })
    }

    /// The first tag of the text.
    pub fn first_tag(&self) -> Option<&str> {
        self.0.iter().find_map(|p| match p {
            Piece::Tag { name, .. } => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text as a provider approves it, each tag a numbered place, with what of ours stands there.
    pub fn numbered(&self) -> (String, Vec<Place>) {
        let (mut text, mut places) = (String::new(), Vec::new());
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Tag { name, fallback } => {
                    let fallback = fallback.as_ref().map_or_else(String::new, |f| format!("|{f}"));
                    places.push(Place { name: None, text: format!("{{{name}{fallback}}}") });
                    text.push_str(&format!("{{{{{}}}}}", places.len()));
                }
            }
        }
        (text, places)
    }

    /// How many tags the text has.
    pub fn tags(&self) -> usize {
        self.0.iter().filter(|p| matches!(p, Piece::Tag { .. })).count()
    }

    /// Fills the text with a customer's values.
    pub fn fill(&self, values: &Values) -> Result<String, MissingValue> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Tag { name, fallback } => {
                    let value = values.get(name).filter(|v| !v.trim().is_empty()).or(fallback.as_ref());
                    let value = value.ok_or_else(|| MissingValue(name.clone()))?;
                    // An empty fallback takes the space before it along: no hole is left in the sentence.
                    if value.is_empty() && out.ends_with(' ') {
                        out.pop();
                    }
                    out.push_str(value);
                }
            }
        }
        Ok(out.replace("\n\n\n\n", "\n\n"))
    }
}

fn excerpt(text: &str) -> String {
    text.chars().take(24).collect()
}

fn read_tag(inside: &str) -> Result<Piece, BadTemplate> {
    if inside.contains(['<', '>', '&']) || inside.contains('\n') {
        return Err(BadTemplate::SplitTag(excerpt(inside)));
    }
    let (name, fallback) = inside.split_once('|').map_or((inside, None), |(n, f)| (n, Some(f.to_owned())));
    let name = name.trim().to_owned();
    if !tag::exists(&name) {
        let nearest = tag::nearest(&name).to_owned();
        return Err(BadTemplate::UnknownTag(name, nearest));
    }
    Ok(Piece::Tag { name, fallback })
}

/// Words that read as a threat or trip spam filters.
const HARSH_WORDS: [&str; 6] = ["cobranza", "judicial", "embargo", "demanda", "último aviso", "moroso"];

impl Template {
    /// A customer's message in somebody's own words, saved nowhere.
    pub fn spoken(channel: Channel, subject: Option<String>, body: String) -> Self {
        Self {
            id: TemplateId::new(""),
            name: String::new(),
            channel,
            audience: Audience::Customer,
            purposes: Vec::new(),
            subject,
            body,
            approval: None,
            files: Vec::new(),
            statement: false,
        }
    }

    /// Finds what keeps the template from being saved; returns warnings a user should read.
    pub fn validate(&self) -> Result<Vec<String>, BadTemplate> {
        if self.body.trim().is_empty() {
            return Err(BadTemplate::Empty);
        }
        let limit = match self.channel {
            Channel::Whatsapp => 1024,
            Channel::Sms => 918,
            Channel::Email => 100_000,
            Channel::Call => 4000,
        };
        if self.body.chars().count() > limit {
            return Err(BadTemplate::TooLong(limit));
        }
        self.check_files()?;
        let (subject, body) = self.compile()?;
        let tags = body.tags() + subject.map_or(0, |s| s.tags());
        let mut warnings = Vec::new();
        if tags == 0 {
            warnings.push("el mensaje no tiene etiquetas: personalícelo con el nombre o el vencimiento".to_owned());
        }
        if self.channel == Channel::Whatsapp && self.body.split_whitespace().count() > 80 {
            warnings.push("más de 80 palabras: en WhatsApp se leen mejor los mensajes cortos".to_owned());
        }
        let lower = self.body.to_lowercase();
        warnings.extend(HARSH_WORDS.iter().filter(|w| lower.contains(*w)).map(|w| format!("evite la palabra «{w}»")));
        if self.purposes.is_empty() {
            warnings.push("sin tipo (flujo, evento o campaña) la plantilla no se puede usar".to_owned());
        }
        Ok(warnings)
    }

    /// What the channel takes of files: e-mails several, WhatsApp one in the heading of an approved template, SMS none.
    fn check_files(&self) -> Result<(), BadTemplate> {
        let weight: u64 = self.files.iter().map(|file| file.size).sum();
        let wrong = match (self.channel, self.files.as_slice()) {
            (Channel::Call, [_, ..]) => Some("una llamada no lleva archivos: el asesor lee el guion"),
            (Channel::Call, _) if self.statement => Some("una llamada no lleva el documento"),
            (Channel::Sms, _) if self.statement => {
                Some("un SMS no lleva el documento: ponga {estado_de_cuenta} en el texto")
            }
            (Channel::Whatsapp, [_, ..]) if self.statement => Some("un mensaje de WhatsApp lleva un solo archivo"),
            (_, []) => None,
            (Channel::Sms, _) => Some("un SMS no lleva archivos: ponga un enlace en el texto"),
            (Channel::Whatsapp, [_, _, ..]) => Some("un mensaje de WhatsApp lleva un solo archivo"),
            _ if weight > MOST_FILES => Some("los archivos de un mensaje pesan en total hasta 7 MB"),
            _ => None,
        };
        wrong.map_or(Ok(()), |wrong| Err(BadTemplate::Files(wrong)))
    }

    /// Parses subject and body.
    pub fn compile(&self) -> Result<(Option<Compiled>, Compiled), BadTemplate> {
        let subject = match (&self.subject, self.channel) {
            (Some(s), Channel::Email) if !s.trim().is_empty() => Some(Compiled::parse(s)?),
            (_, Channel::Email) => return Err(BadTemplate::NoSubject),
            _ => None,
        };
        Ok((subject, Compiled::parse(&self.body)?))
    }

    /// Every tag that must have a value, once.
    pub fn required_tags(&self) -> Vec<String> {
        let Ok((subject, body)) = self.compile() else { return Vec::new() };
        let mut tags: Vec<String> =
            subject.iter().flat_map(Compiled::required).chain(body.required()).map(str::to_owned).collect();
        tags.sort();
        tags.dedup();
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> Values {
        [("nombre", "Ana"), ("total", "S/ 10.00")].into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    }

    #[test]
    fn a_text_is_filled_or_refused_whole() {
        for (text, expected) in [
            ("Hola {nombre}, debe {total}.", Ok("Hola Ana, debe S/ 10.00.")),
            ("Hola { nombre }", Ok("Hola Ana")),
            ("{vencimiento|pronto}", Ok("pronto")),
            ("{pago|}", Ok("")),
            ("Debe {total}. {pago|} Gracias, {primer_nombre|}.", Ok("Debe S/ 10.00. Gracias,.")),
            ("{{llaves}}", Ok("{llaves}")),
            ("{vencimiento}", Err("vencimiento")),
            ("{variable.plan}", Err("variable.plan")),
        ] {
            let filled = Compiled::parse(text).expect("a text").fill(&values());
            assert_eq!(filled.as_deref().map_err(|m| m.0.as_str()), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_are_named_with_the_way_out() {
        for (text, expected) in [
            ("Hola {nonbre}", BadTemplate::UnknownTag("nonbre".into(), "nombre".into())),
            ("Hola {nombre", BadTemplate::BrokenBrace("{nombre".into())),
            ("Hola nombre}", BadTemplate::BrokenBrace("}".into())),
            ("Hola {nombre {total}", BadTemplate::BrokenBrace("{nombre {total}".into())),
            ("Hola {nom<b>bre</b>}", BadTemplate::SplitTag("nom<b>bre</b>".into())),
        ] {
            assert_eq!(Compiled::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_message_without_tags_is_warned_about() {
        let template =
            Template { purposes: vec![Purpose::Flow], ..Template::spoken(Channel::Sms, None, "Pague ya".into()) };
        assert_eq!(template.validate().map(|w| w.len()), Ok(1));
        let email = Template { channel: Channel::Email, ..template };
        assert_eq!(email.validate(), Err(BadTemplate::NoSubject));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            if let Ok(compiled) = Compiled::parse(&text) {
                let _ = compiled.fill(&values());
            }
        }

        #[test]
        fn plain_text_comes_out_as_it_went_in(text in "[^{}\n]{0,60}") {
            prop_assert_eq!(Compiled::parse(&text).expect("plain").fill(&Values::new()), Ok(text));
        }
    }
}
