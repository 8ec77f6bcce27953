//! What a provider's refusal means: for the message, for the address it went to, for the account it left from.

use serde::{Deserialize, Serialize};

/// What is to be done about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Not processed: it may be asked again, inside the day's window.
    Retry,
    /// It may be asked again once.
    RetryOnce,
    /// It may be asked again twice, four hours apart or more.
    RetryLimited,
    /// Not before a day has gone by.
    #[serde(rename = "retry_after_24h")]
    RetryAfter24h,
    /// Nobody knows whether it was taken: never resent.
    Ambiguous,
    /// Free text is closed: an approved template may leave.
    UseTemplate,
    /// The address does not work on this channel.
    DeadRecipient,
    /// The person wants nothing more on this channel.
    #[serde(rename = "optout")]
    OptOut,
    /// The person wants no marketing on this channel.
    #[serde(rename = "optout_marketing")]
    OptOutMarketing,
    /// Template, content or request are wrong: its owner is told.
    FixRequest,
    /// A carrier did not like the content.
    ContentFiltered,
    /// The account cannot send: the channel pauses and alerts.
    StopAccount,
    /// The e-mail address does not exist.
    Suppress,
    /// The e-mail address refused this once.
    Soft,
    /// A code nobody has seen: the end of the message, and an alert.
    Unknown,
}

impl Disposition {
    /// What a reader is told of a message that ended by it.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Retry | Self::RetryOnce | Self::RetryLimited => "el proveedor no pudo entregarlo por ahora",
            Self::RetryAfter24h => "WhatsApp no lo entregó hoy: limita lo que recibe cada persona",
            Self::Ambiguous => "el proveedor no sabe si salió",
            Self::UseTemplate => "pasaron más de 24 horas desde el último mensaje del cliente",
            Self::DeadRecipient => "el destinatario no recibe mensajes por este canal",
            Self::OptOut => "el destinatario pidió no recibir más mensajes",
            Self::OptOutMarketing => "el destinatario no acepta mensajes de marketing",
            Self::FixRequest => "el proveedor no aceptó el contenido o la plantilla",
            Self::ContentFiltered => "el operador filtró el contenido",
            Self::StopAccount => "el proveedor no permite enviar desde la cuenta",
            Self::Suppress => "el correo no existe",
            Self::Soft => "el buzón no lo aceptó por ahora",
            Self::Unknown => "el proveedor dio un error que no se conoce",
        }
    }
}
