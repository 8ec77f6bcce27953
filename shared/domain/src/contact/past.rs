//! A communication made outside, loaded as history (*comunicaciones masivas*): it was not sent from here, sets nothing off, and
//! counts for the limits of its own day and week.

use crate::contact::channel::Channel;
use crate::ids::{CustomerId, JobId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What became of it, as its file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastState {
    /// *Enviado*.
    Sent,
    /// *Entregado*.
    Delivered,
    /// *Abierto*.
    Opened,
    /// *Fallido*.
    Failed,
    /// *No enviado*.
    NotSent,
    /// *Contactado*, of a call.
    Contacted,
    /// *No contactado*, of a call.
    NotContacted,
}

impl PastState {
    /// The name in code, files and URLs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::Failed => "failed",
            Self::NotSent => "not_sent",
            Self::Contacted => "contacted",
            Self::NotContacted => "not_contacted",
        }
    }

    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Sent => "Enviado",
            Self::Delivered => "Entregado",
            Self::Opened => "Abierto",
            Self::Failed => "Fallido",
            Self::NotSent => "No enviado",
            Self::Contacted => "Contactado",
            Self::NotContacted => "No contactado",
        }
    }

    /// The state a word stands for, in lower case without accents or spaces, as companies' systems call it.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "enviado" | "enviada" | "sent" | "despachado" | "despachada" | "ok" => Self::Sent,
            "entregado" | "entregada" | "delivered" | "recibido" | "recibida" => Self::Delivered,
            "noleido" | "noleida" | "noabierto" | "noabierta" | "unread" => Self::Delivered,
            "abierto" | "abierta" | "leido" | "leida" | "visto" | "vista" | "opened" | "read" | "clic" => Self::Opened,
            "fallido" | "fallida" | "failed" | "error" | "rebotado" | "rebotada" | "bounced" => Self::Failed,
            "rechazado" | "rechazada" | "noentregado" | "noentregada" | "undelivered" => Self::Failed,
            "noenviado" | "noenviada" | "cancelado" | "cancelada" | "notsent" => Self::NotSent,
            "contactado" | "contactada" | "contesto" | "respondido" | "respondida" | "atendida" => Self::Contacted,
            "nocontactado" | "nocontactada" | "nocontesta" | "nocontesto" | "buzondevoz" => Self::NotContacted,
            _ => return None,
        })
    }

    /// Whether it reached out to somebody: what failed or did not leave counts for nobody's limit.
    pub fn counts(self) -> bool {
        !matches!(self, Self::Failed | Self::NotSent)
    }

    /// Whether somebody was effectively reached.
    pub fn reached(self) -> bool {
        matches!(self, Self::Opened | Self::Contacted)
    }
}

/// One of it, to one recipient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Its id: the same customer, channel, moment and recipient are the same communication.
    pub id: String,
    /// To whom.
    pub customer: CustomerId,
    /// The local day.
    pub day: NaiveDate,
    /// When.
    pub at: DateTime<Utc>,
    /// By which channel.
    pub channel: Channel,
    /// Where it went, as its file says.
    pub recipient: String,
    /// What became of it.
    pub state: PastState,
    /// The load that brought it last.
    pub load: JobId,
}

impl fmt::Debug for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Past").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}
