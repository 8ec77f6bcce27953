//! E-mail on SES v2: our reference as a tag, a way out in the headers, an address that names the message for answers, and
//! no retries: a message is asked for once.

pub mod codes;

use crate::environment;
use crate::error::{Class, classify};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::EventType;
use aws_sdk_sesv2::types::{Attachment, AttachmentContentDisposition, AttachmentContentTransferEncoding};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::disposition::Disposition;
use cauce_engine::ports::channel::{Answer, Outgoing, OutgoingFile, Refused, Sender};
use cauce_engine::ports::provider::{Account, Field, Open, Provider, Signs, Standing, Unfit};
use cauce_engine::ports::told::{Refusal, Reported, Status};
use std::sync::OnceLock;
use std::time::Duration;

const SERVICE: &str = "SES";

/// Sends by SES.
pub struct Ses {
    config: SdkConfig,
    client: OnceLock<Client>,
    from: String,
    set: Option<String>,
    public_url: String,
}

/// An address without the name before it.
fn bare(from: &str) -> &str {
    from.rsplit('<').next().unwrap_or(from).trim_end_matches('>').trim()
}

/// A message that SES cannot be asked for.
fn broken(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Ses {
    /// From the address and with the configuration set that the environment names; with none, for projects' own alone.
    pub fn from_environment(config: &SdkConfig) -> Self {
        let from = environment::read(environment::EMAIL_FROM).unwrap_or_default();
        let public_url = environment::read(environment::PUBLIC_URL).unwrap_or_default();
        Self::new(config, from, environment::read(environment::EMAIL_SET).ok()).reached_at(&public_url)
    }

    /// From an address.
    pub fn new(config: &SdkConfig, from: String, set: Option<String>) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), from, set, public_url: String::new() }
    }

    /// The same where the way out leads to this address.
    pub fn reached_at(self, public_url: &str) -> Self {
        Self { public_url: public_url.to_owned(), ..self }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let once = aws_sdk_sesv2::config::Builder::from(&self.config).retry_config(RetryConfig::disabled());
            Client::from_conf(once.build())
        })
    }

    /// The bare address, for the way out.
    fn address(&self) -> &str {
        bare(&self.from)
    }

    fn content(&self, message: &Outgoing) -> Result<EmailContent, String> {
        let utf8 = |text: String| Content::builder().data(text).charset("UTF-8").build().map_err(broken);
        let way_out = self.way_out(message);
        let body = Body::builder().text(utf8(with_way_out(&message.words(), way_out.as_deref()))?);
        let body = body.html(utf8(message.html(way_out.as_deref()))?).build();
        let subject = utf8(message.subject.clone().unwrap_or_default())?;
        let built = Message::builder().subject(subject).body(body).set_headers(Some(self.headers(message)?));
        let files = message.files.iter().map(attachment).collect::<Result<Vec<_>, _>>()?;
        let built = built.set_attachments(Some(files).filter(|files| !files.is_empty()));
        Ok(EmailContent::builder().simple(built.build()).build())
    }

    /// The page that takes the address off, where the message has a name and we an address.
    fn way_out(&self, message: &Outgoing) -> Option<String> {
        // Of one that goes to several, nobody's click may silence another.
        let alone = message.recipients.all().count() == 1;
        let names = message.names.as_ref().filter(|_| alone && self.public_url.starts_with("https://"))?;
        Some(format!("{}/u/{}", self.public_url, names.unsubscribe))
    }

    /// The way out, as mailboxes look for it: by one click where there is a page, by e-mail always.
    fn headers(&self, message: &Outgoing) -> Result<Vec<MessageHeader>, String> {
        let header =
            |name: &str, value: String| MessageHeader::builder().name(name).value(value).build().map_err(broken);
        let account = message.account.as_deref();
        let answers =
            account.and_then(|account| reply_to(account, message)).unwrap_or_else(|| self.address().to_owned());
        let by_mail = format!("<mailto:{answers}?subject=BAJA>");
        Ok(match self.way_out(message) {
            Some(page) => vec![
                header("List-Unsubscribe", format!("<{page}>, {by_mail}"))?,
                header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())?,
            ],
            None => vec![header("List-Unsubscribe", by_mail)?],
        })
    }
}

/// A file as SES takes it; SES writes the MIME of it.
fn attachment(file: &OutgoingFile) -> Result<Attachment, String> {
    let built = Attachment::builder().file_name(&file.name).content_type(file.kind.media_type());
    let built = built.content_disposition(AttachmentContentDisposition::Attachment);
    // Without it SES takes the file for seven-bit text.
    let built = built.content_transfer_encoding(AttachmentContentTransferEncoding::Base64);
    built.raw_content(Blob::new(file.bytes.to_vec())).build().map_err(broken)
}

/// The text with the way out under it, for a person to see.
fn with_way_out(text: &str, page: Option<&str>) -> String {
    page.map_or_else(|| text.to_owned(), |page| format!("{text}\n\nPara no recibir más correos: {page}"))
}

/// The address that names the message, for answers.
fn reply_to(account: &Account, message: &Outgoing) -> Option<String> {
    let domain = Some(account.setting("reply_domain")).filter(|domain| !domain.is_empty())?;
    Some(format!("{}@{domain}", message.names.as_ref()?.reply))
}

/// A tag's value takes letters, digits, `_`, `-`, `.` and `@`.
fn tag(name: &str, value: &str) -> Result<MessageTag, String> {
    let fit = |c: char| if c.is_ascii_alphanumeric() || "_-.@".contains(c) { c } else { '_' };
    MessageTag::builder().name(name).value(value.chars().map(fit).collect::<String>()).build().map_err(broken)
}

/// What an identity needs; it is opened with the functions' own role.
const FIELDS: [Field; 5] = [
    Field::setting("from", "el remitente, como «Andes <cobros@andes.pe>»"),
    Field::setting("configuration_set", "el conjunto de configuración cuyos avisos vuelven").optional(),
    Field::setting("reply_domain", "el dominio que recibe las respuestas, como respuestas.andes.pe").optional(),
    Field::setting("topics", "los temas de SNS por los que vuelven avisos, separados por comas").optional(),
    Field::setting("rate", "los correos por segundo; si falta, el que SES permita a la cuenta").optional(),
];

#[async_trait]
impl Sender for Ses {
    fn provider(&self) -> &'static str {
        crate::PROVIDER
    }

    async fn send(&self, message: &Outgoing) -> Answer {
        let addresses = |list: &[cauce_domain::contact::point::Destination]| -> Vec<String> {
            list.iter().map(|d| d.address.clone()).collect()
        };
        let recipients = &message.recipients;
        let to = Destination::builder().set_to_addresses(Some(addresses(&recipients.to)));
        let to = to.set_cc_addresses(Some(addresses(&recipients.cc)).filter(|cc| !cc.is_empty())).build();
        let tags = [tag("project", message.project.as_str()), tag("msg", &message.reference)];
        let built = tags.into_iter().collect::<Result<Vec<_>, _>>().and_then(|t| Ok((t, self.content(message)?)));
        let (tags, content) = match built {
            Ok(built) => built,
            Err(why) => return Answer::refused(why),
        };
        let account = message.account.as_deref();
        let own = |name: &str| account.map(|account| account.setting(name).to_owned()).filter(|set| !set.is_empty());
        let from = own("from").unwrap_or_else(|| self.from.clone());
        let set = own("configuration_set").or_else(|| self.set.clone());
        let answers = account.and_then(|account| reply_to(account, message)).map(|address| vec![address]);
        let asked = self.client().send_email().from_email_address(from).destination(to).content(content);
        let asked = asked.set_email_tags(Some(tags)).set_configuration_set_name(set).set_reply_to_addresses(answers);
        match asked.send().await {
            Ok(taken) => {
                taken.message_id.map_or_else(|| Answer::Unknown("SES no dijo con qué id".to_owned()), Answer::Accepted)
            }
            Err(error) => {
                let said = error.as_service_error().and_then(|e| e.message()).unwrap_or_default().to_owned();
                refusal(classify(SERVICE, error).class_and_code(), &said)
            }
        }
    }
}

#[async_trait]
impl Provider for Ses {
    fn channels(&self) -> &'static [Channel] {
        &[Channel::Email]
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn account_id(&self, account: &Account) -> String {
        bare(account.setting("from")).to_lowercase()
    }

    fn domains(&self, account: &Account) -> Vec<String> {
        let domain = account.setting("reply_domain").to_lowercase();
        Some(domain).filter(|domain| !domain.is_empty()).into_iter().collect()
    }

    fn signs(&self, account: &Account) -> Option<Signs> {
        Some(crate::signs(account.setting("topics")))
    }

    /// What SES remembers of each message, asked at the pace it allows.
    async fn look_up(&self, _: &Account, open: &[Open]) -> Result<Vec<Status>, String> {
        let mut found = Vec::new();
        for one in open.iter().take(MOST_ASKED) {
            let Some(id) = &one.id else { continue };
            let answer = self.client().get_message_insights().message_id(id).send().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let Ok(answer) = answer else { continue };
            let events = answer.insights().iter().flat_map(|recipient| recipient.events());
            let last = events.filter_map(|event| state(event.r#type()?)).max_by_key(|state| state.rank());
            found.extend(last.map(|state| Status {
                reference: Some(one.reference.clone()),
                address: Some(one.to.clone()),
                refusal: (state == Reported::Bounced).then(|| Refusal::of(None, Disposition::Soft)),
                ..Status::of(id.clone(), state)
            }));
        }
        Ok(found)
    }

    /// The account may send, and the sender's address or domain is verified.
    async fn check(&self, account: &Account) -> Result<Standing, Unfit> {
        let known = self.client().get_account().send().await.map_err(unfit)?;
        if !known.sending_enabled() {
            return Err(Unfit::Refused("SES tiene suspendidos los envíos de la cuenta".to_owned()));
        }
        let address = bare(account.setting("from"));
        let domain = address.rsplit('@').next().unwrap_or_default();
        let mut verified = false;
        for identity in [address, domain] {
            match self.client().get_email_identity().email_identity(identity).send().await {
                Ok(identity) => verified |= identity.verified_for_sending_status(),
                Err(error) if error.as_service_error().is_some_and(|e| e.is_not_found_exception()) => {}
                Err(error) => return Err(unfit(error)),
            }
        }
        if !verified {
            let why = format!("SES no tiene verificado el remitente {address} ni su dominio");
            return Err(Unfit::Refused(why));
        }
        let own = account.setting("rate").parse().ok().filter(|rate: &f64| *rate > 0.0);
        // A tenth is left for whoever else sends from the account.
        let allowed = known.send_quota().map(|quota| quota.max_send_rate() * 0.9).filter(|rate| *rate > 0.0);
        let sandbox = (!known.production_access_enabled()).then(|| "SES está en modo de prueba".to_owned());
        Ok(Standing { rate: own.or(allowed), people_a_day: None, notes: sandbox.into_iter().collect() })
    }
}

/// Why SES gave no answer: forbidden is an answer, a failure of its own is none.
fn unfit<E>(error: SdkError<E>) -> Unfit
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let status = error.raw_response().map_or(0, |answer| answer.status().as_u16());
    let code = error.code().unwrap_or_default().to_owned();
    match status {
        0 => Unfit::Silent("SES no respondió".to_owned()),
        // Throttling is told with the status of a bad request.
        _ if code.contains("Thrott") || code.contains("TooMany") => Unfit::Silent(code),
        status => Unfit::by_status(status, format!("SES no lo permite ({code})")),
    }
}

/// As many as a night's asking has time for, one a second.
const MOST_ASKED: usize = 300;

/// What an event says of its message; nothing of what is no end.
fn state(event: &EventType) -> Option<Reported> {
    match event {
        EventType::Delivery => Some(Reported::Delivered),
        EventType::Bounce => Some(Reported::Bounced),
        EventType::Reject | EventType::RenderingFailure => Some(Reported::Failed),
        _ => None,
    }
}

/// What a failed call means for the message; `said` is what SES said of it.
fn refusal((class, code): (Class, String), said: &str) -> Answer {
    let status = if class == Class::Uncertain { 500 } else { 400 };
    let disposition = match class {
        Class::NotSent => return Answer::not_now("no se pudo conectar a SES"),
        // What is throttled is not processed, unless the day's quota is what ran out.
        Class::Throttled if codes::disposition(&code, status, said) != Disposition::StopAccount => Disposition::Retry,
        _ => codes::disposition(&code, status, said),
    };
    let refusal = Refusal::of(Some(code), disposition);
    let words = refusal.words();
    match disposition {
        Disposition::Retry => Answer::NotNow { why: words, wait: 2 },
        Disposition::Ambiguous => Answer::Unknown("SES no respondió".to_owned()),
        Disposition::StopAccount => {
            let wait = u32::try_from(codes::wait(said)).ok().filter(|wait| *wait >= 600);
            Answer::Disconnected { why: words, wait }
        }
        _ => Answer::Refused(Refused { words, refusal: Some(refusal) }),
    }
}
