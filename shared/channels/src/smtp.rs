//! E-mail by SMTP. A server that cannot be reached has not taken the message; one that falls silent may have.

use async_trait::async_trait;
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// In the clear: loopback and trials only.
    None,
    /// STARTTLS, refused by the client when the server does not offer it.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// A server and the address messages leave from.
#[derive(Clone)]
pub struct Settings {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: Security,
    /// User and password.
    pub credentials: Option<(String, String)>,
    /// Sender, `Empresa <cobros@empresa.com>`.
    pub from: String,
}

/// SMTP settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    /// The sender is no address.
    #[error("el remitente '{0}' no es una dirección de correo")]
    From(String),
    /// TLS cannot be set up for the host.
    #[error("no se pudo preparar TLS para '{0}'")]
    Tls(String),
}

/// Sends by one server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// Prepares the transport; connects at the first message.
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        let from = settings.from.parse().map_err(|_| BadSettings::From(settings.from.clone()))?;
        let parameters =
            || TlsParameters::new(settings.host.clone()).map_err(|_| BadSettings::Tls(settings.host.clone()));
        let tls = match settings.security {
            Security::None => Tls::None,
            Security::StartTls => Tls::Required(parameters()?),
            Security::Tls => Tls::Wrapper(parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(Duration::from_secs(20)));
        if let Some((user, password)) = settings.credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: builder.build(), from })
    }

    fn build(&self, message: &Outgoing) -> Result<(Message, String), String> {
        let id = format!("<{}@{}>", message.reference, self.from.email.domain());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .subject(message.subject.clone().unwrap_or_default())
            .message_id(Some(id.clone()));
        for destination in &message.recipients.to {
            builder = builder.to(destination.address.parse().map_err(|_| "dirección no válida".to_owned())?);
        }
        for destination in &message.recipients.cc {
            builder = builder.cc(destination.address.parse().map_err(|_| "dirección no válida".to_owned())?);
        }
        let plain = SinglePart::builder().header(header::ContentType::TEXT_PLAIN).body(message.words());
        let html = SinglePart::builder().header(header::ContentType::TEXT_HTML).body(message.html(None));
        let words = MultiPart::alternative().singlepart(plain).singlepart(html);
        let mut whole = MultiPart::mixed().multipart(words.clone());
        for file in &message.files {
            let kind = file.kind.media_type().parse().map_err(|_| "el archivo no tiene un tipo válido".to_owned())?;
            whole = whole.singlepart(Attachment::new(file.name.clone()).body(file.bytes.to_vec(), kind));
        }
        let built = builder.multipart(if message.files.is_empty() { words } else { whole });
        Ok((built.map_err(|e| e.to_string())?, id))
    }
}

#[async_trait]
impl Sender for Smtp {
    fn provider(&self) -> &'static str {
        "smtp"
    }

    async fn send(&self, message: &Outgoing) -> Answer {
        let (built, id) = match self.build(message) {
            Ok(built) => built,
            Err(error) => return Answer::refused(error),
        };
        match self.transport.send(built).await {
            Ok(_) => Answer::Accepted(id),
            Err(error) if account_refused(&error) => {
                Answer::disconnected("el servidor de correo no acepta el usuario o la contraseña")
            }
            Err(error) if error.is_permanent() => Answer::refused("el servidor de correo rechazó el mensaje"),
            Err(error) if error.is_transient() => Answer::not_now("el servidor de correo pidió esperar"),
            // Client errors happen before anything is sent; so does a connection that is refused.
            Err(error) if error.is_client() || refused(&error) => Answer::not_now("no se pudo conectar al servidor"),
            Err(_) => Answer::Unknown("el servidor de correo no respondió".to_owned()),
        }
    }
}

/// Whether the server turned the account away before any message: authentication required, failed or too weak.
fn account_refused(error: &lettre::transport::smtp::Error) -> bool {
    error.status().is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538))
}

/// Whether the connection was never made.
fn refused(error: &lettre::transport::smtp::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        source = cause.source();
    }
    false
}
