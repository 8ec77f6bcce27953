//! The channels a message can leave by, and the three flags each project sets on them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// WhatsApp.
    Whatsapp,
    /// SMS.
    Sms,
    /// E-mail.
    Email,
    /// A call of an adviser's (*llamada*): nothing leaves by it, somebody has to dial.
    Call,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Whatsapp, Self::Sms, Self::Email, Self::Call];
    /// Those by which messages leave.
    pub const WRITTEN: [Self; 3] = [Self::Whatsapp, Self::Sms, Self::Email];

    /// The name in code, files and URLs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Call => "call",
        }
    }

    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Whatsapp => "WhatsApp",
            Self::Sms => "SMS",
            Self::Email => "Correo",
            Self::Call => "Llamada",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text names no channel.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' no es un canal: use WhatsApp, SMS, Correo, Llamada o Todos")]
pub struct UnknownChannel(pub String);

impl FromStr for Channel {
    type Err = UnknownChannel;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_lowercase().as_str() {
            "whatsapp" | "wsp" => Ok(Self::Whatsapp),
            "sms" => Ok(Self::Sms),
            "correo" | "email" | "e-mail" | "correo electrónico" | "mail" => Ok(Self::Email),
            "llamada" | "call" | "voz" => Ok(Self::Call),
            _ => Err(UnknownChannel(text.trim().to_owned())),
        }
    }
}

/// One channel or all of them, as opt-outs say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Every channel.
    All,
    /// WhatsApp alone.
    Whatsapp,
    /// SMS alone.
    Sms,
    /// E-mail alone.
    Email,
    /// Calls alone.
    Call,
    /// What WhatsApp counts as marketing, alone: reminders of a debt are not.
    #[serde(rename = "whatsapp_marketing")]
    WhatsappMarketing,
}

impl Scope {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Call => "call",
            Self::WhatsappMarketing => "whatsapp_marketing",
        }
    }
    /// The name a reader sees.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::All => "Todos",
            Self::Whatsapp => Channel::Whatsapp.spanish(),
            Self::Sms => Channel::Sms.spanish(),
            Self::Email => Channel::Email.spanish(),
            Self::Call => Channel::Call.spanish(),
            Self::WhatsappMarketing => "Promociones por WhatsApp",
        }
    }
    /// Whether the scope takes the channel in.
    pub fn covers(self, channel: Channel) -> bool {
        self == Self::All || self == Self::from(channel)
    }
}

impl From<Channel> for Scope {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Whatsapp => Self::Whatsapp,
            Channel::Sms => Self::Sms,
            Channel::Email => Self::Email,
            Channel::Call => Self::Call,
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownChannel;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_lowercase().as_str() {
            "" | "todos" | "todo" | "all" => Ok(Self::All),
            "whatsapp_marketing" => Ok(Self::WhatsappMarketing),
            _ => text.parse::<Channel>().map(Self::from),
        }
    }
}

/// The flags of a channel in a project. A send needs `active` and `connected`; `visible` only shows it in editors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelFlags {
    /// Shown when templates are edited.
    pub visible: bool,
    /// Switched on by the project.
    pub active: bool,
    /// Its account with the provider works.
    pub connected: bool,
    /// Its provider takes nothing before this instant: a quota that frees by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<DateTime<Utc>>,
}
