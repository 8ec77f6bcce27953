//! A message of a person, as its provider tells it.

use chrono::{DateTime, Utc};

/// A message of a person.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Inbound {
    /// The account or number it came to, as the provider names it.
    pub account: Option<String>,
    /// The provider's id.
    pub id: String,
    /// The number it came from, as the provider writes it.
    pub from: Option<String>,
    /// The number it came to.
    pub to: Option<String>,
    /// The number as WhatsApp knows it.
    pub wa_id: Option<String>,
    /// The person as the provider names them.
    pub user: Option<String>,
    /// The name they gave themselves.
    pub name: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// Text, image, button reply…; `unsupported` where nobody knows.
    pub kind: String,
    /// The message of ours it answers.
    pub context: Option<String>,
    /// Whether it opens the day in which free text may be written.
    pub opens_window: bool,
    /// What it says.
    pub text: Option<String>,
    /// What its button stands for.
    pub payload: Option<String>,
    /// What is to be fetched from the provider.
    pub media: Vec<Media>,
    /// The provider's own word of silence or consent that it has already answered.
    pub handled: Option<String>,
    /// Whether it is a plain wish for silence.
    pub opt_out: bool,
}

impl std::fmt::Debug for Inbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbound").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Something to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// The provider's id or address of it.
    pub id: String,
    /// What the sender says it is: never trusted.
    pub mime: Option<String>,
    /// Its name.
    pub file_name: Option<String>,
}
