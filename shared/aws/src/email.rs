//! E-mail on SES v2: our reference as a tag, a way out in the headers, and no retries: a message is asked for once.

use crate::environment::{self, Misplaced};
use crate::error::{Class, classify};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag};
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use std::sync::OnceLock;

const SERVICE: &str = "SES";

/// Sends by SES.
pub struct Ses {
    config: SdkConfig,
    client: OnceLock<Client>,
    from: String,
    set: Option<String>,
}

/// A message that SES cannot be asked for.
fn broken(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Ses {
    /// From the address and with the configuration set that the environment names.
    pub fn from_environment(config: &SdkConfig) -> Result<Self, Misplaced> {
        Ok(Self::new(
            config,
            environment::read(environment::EMAIL_FROM)?,
            environment::read(environment::EMAIL_SET).ok(),
        ))
    }

    /// From an address.
    pub fn new(config: &SdkConfig, from: String, set: Option<String>) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), from, set }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let once = aws_sdk_sesv2::config::Builder::from(&self.config).retry_config(RetryConfig::disabled());
            Client::from_conf(once.build())
        })
    }

    /// The bare address, for the way out.
    fn address(&self) -> &str {
        self.from.rsplit('<').next().unwrap_or(&self.from).trim_end_matches('>').trim()
    }

    fn content(&self, message: &Outgoing) -> Result<EmailContent, String> {
        let utf8 = |text: String| Content::builder().data(text).charset("UTF-8").build().map_err(broken);
        let leave = format!("<mailto:{}?subject=BAJA%20{}>", self.address(), message.reference);
        let header = MessageHeader::builder().name("List-Unsubscribe").value(leave).build().map_err(broken)?;
        let body = Body::builder().text(utf8(message.text.clone())?).html(utf8(message.html())?).build();
        let subject = utf8(message.subject.clone().unwrap_or_default())?;
        Ok(EmailContent::builder()
            .simple(Message::builder().subject(subject).body(body).headers(header).build())
            .build())
    }
}

/// A tag's value takes letters, digits, `_`, `-`, `.` and `@`.
fn tag(name: &str, value: &str) -> Result<MessageTag, String> {
    let fit = |c: char| if c.is_ascii_alphanumeric() || "_-.@".contains(c) { c } else { '_' };
    MessageTag::builder().name(name).value(value.chars().map(fit).collect::<String>()).build().map_err(broken)
}

#[async_trait]
impl Sender for Ses {
    fn provider(&self) -> &'static str {
        "ses"
    }

    async fn send(&self, message: &Outgoing) -> Answer {
        let addresses = |list: &[cauce_domain::contact::point::Destination]| -> Vec<String> {
            list.iter().map(|d| d.address.clone()).collect()
        };
        let recipients = &message.recipients;
        let to = Destination::builder().set_to_addresses(Some(addresses(&recipients.to)));
        let to = to.set_cc_addresses(Some(addresses(&recipients.cc)).filter(|cc| !cc.is_empty())).build();
        let tags = [tag("cauce_project", message.project.as_str()), tag("cauce_reference", &message.reference)];
        let built = tags.into_iter().collect::<Result<Vec<_>, _>>().and_then(|t| Ok((t, self.content(message)?)));
        let (tags, content) = match built {
            Ok(built) => built,
            Err(why) => return Answer::refused(why),
        };
        let asked = self.client().send_email().from_email_address(&self.from).destination(to).content(content);
        let asked = asked.set_email_tags(Some(tags)).set_configuration_set_name(self.set.clone());
        match asked.send().await {
            Ok(taken) => Answer::Accepted(taken.message_id.unwrap_or_default()),
            Err(error) => refusal(classify(SERVICE, error).class_and_code()),
        }
    }
}

/// What a failed call means for the message.
fn refusal((class, code): (Class, String)) -> Answer {
    match (class, code.as_str()) {
        (_, "AccountSuspendedException" | "SendingPausedException" | "MailFromDomainNotVerifiedException")
        | (_, "AccessDeniedException") => Answer::disconnected("SES no permite enviar desde esta cuenta o dominio"),
        (_, "LimitExceededException") | (Class::Throttled, _) => Answer::not_now("SES pidió esperar"),
        (Class::NotSent, _) => Answer::not_now("no se pudo conectar a SES"),
        (Class::Uncertain, _) => Answer::Unknown("SES no respondió".to_owned()),
        (Class::Refused, code) => Answer::refused(format!("SES rechazó el mensaje ({code})")),
    }
}
