//! `Sender`: one message to a provider, which takes it, refuses it, or leaves us not knowing.

use super::provider::Account;
use super::told::Refusal;
use crate::reply_token::Names;
use async_trait::async_trait;
use bytes::Bytes;
use cauce_domain::contact::file::FileKind;
use cauce_domain::contact::point::Recipients;
use cauce_domain::debt::statement::{CELL, TITLES, without_tables};
use cauce_domain::ids::ProjectId;
use cauce_domain::strategy::approval::Filled;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A message ready to leave.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The project it leaves for.
    pub project: ProjectId,
    /// Our reference, which the provider's reports may carry.
    pub reference: String,
    /// Where it goes.
    pub recipients: Recipients,
    /// Subject, of e-mails.
    pub subject: Option<String>,
    /// Text.
    pub text: String,
    /// Files that go with it.
    pub files: Vec<OutgoingFile>,
    /// Answers to tap, by what each stands for and says, where the channel has them.
    pub choices: Vec<(String, String)>,
    /// The approved template it leaves as, where its provider approves them.
    pub approved: Option<Filled>,
    /// How WhatsApp writes the number, where it said.
    pub wa_id: Option<String>,
    /// What names it in an address answers go to and in the way out, of e-mails.
    pub names: Option<Names>,
    /// When it leaves.
    pub at: DateTime<Utc>,
    /// After which it is worth nothing: the close of its day's window.
    pub until: Option<DateTime<Utc>>,
    /// The project's own account it leaves from; none where the platform's does.
    pub account: Option<Arc<Account>>,
}

/// Whether a reference is of what stands in nobody's thread: a notice to the team, a test send, a wish confirmed,
/// an answer to somebody unknown.
pub fn is_aside(reference: &str) -> bool {
    ["aviso-", "prueba-", "confirmacion-", "respuesta-"].iter().any(|kind| reference.starts_with(kind))
}

/// A file as it leaves.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingFile {
    /// The name whoever gets it sees.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Its content.
    pub bytes: Bytes,
    /// What tells its content from others'.
    pub place: String,
}

impl std::fmt::Debug for OutgoingFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OutgoingFile({} bytes)", self.bytes.len())
    }
}

impl Outgoing {
    /// A message of the platform's own to addresses of a team: no template, no names, no end.
    pub fn plain(
        project: ProjectId,
        reference: String,
        recipients: Recipients,
        (subject, text): (Option<String>, String),
        at: DateTime<Utc>,
        account: Option<Arc<Account>>,
    ) -> Self {
        let (files, choices) = (Vec::new(), Vec::new());
        let (approved, wa_id, names, until) = (None, None, None, None);
        Self {
            project,
            reference,
            recipients,
            subject,
            text,
            files,
            choices,
            approved,
            wa_id,
            names,
            at,
            until,
            account,
        }
    }

    /// The text as mailboxes without pages show it.
    pub fn words(&self) -> String {
        without_tables(&self.text)
    }

    /// The text as a plain HTML page: escaped, lines kept, tables as such, the way out under it where there is one.
    pub fn html(&self, way_out: Option<&str>) -> String {
        let escaped = page(&self.text);
        let leave = way_out.map_or_else(String::new, |page| {
            format!("<p style=\"font-size:.8em\"><a href=\"{page}\">No recibir más correos</a></p>")
        });
        format!(
            "<!doctype html><html lang=\"es\"><body style=\"font-family:sans-serif\">{escaped}{leave}</body></html>"
        )
    }
}

/// A text as the inside of a page: a statement of account becomes a table.
fn page(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let lines: Vec<&str> = escaped.split('\n').collect();
    let blocks = lines.chunk_by(|a, b| a.contains(CELL) == b.contains(CELL));
    blocks.map(|block| if block[0] == TITLES { table(block) } else { block.join("<br>\n") }).collect()
}

fn table(rows: &[&str]) -> String {
    const STYLE: &str = "padding:4px 12px;border-bottom:1px solid #ccc;text-align:";
    let cell = |name: &str, at: usize, text: &str| {
        let side = if at >= 2 { "right" } else { "left" };
        format!("<{name} style=\"{STYLE}{side}\">{text}</{name}>")
    };
    let row = |at: usize, row: &&str| {
        let name = if at == 0 { "th" } else { "td" };
        let cells: String = row.split(CELL).enumerate().map(|(at, text)| cell(name, at, text)).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = rows.iter().enumerate().map(|(at, line)| row(at, line)).collect();
    format!("<table style=\"border-collapse:collapse;margin:8px 0\">\n{rows}</table>\n")
}

/// The provider's answer. A call is made at most once per claimed attempt, and never by a client that retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Taken, under the provider's id.
    Accepted(String),
    /// Not taken, for good.
    Refused(Refused),
    /// Not taken, and may be asked again: refused connection, too many requests.
    NotNow {
        /// Why.
        why: String,
        /// Seconds before it is asked again, at least.
        wait: u32,
    },
    /// Not taken: the provider refuses the project's account, not this message.
    Disconnected {
        /// Why.
        why: String,
        /// Seconds after which it takes messages again by itself, where it does.
        wait: Option<u32>,
    },
    /// The request left and no answer came.
    Unknown(String),
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// In the user's words, without addresses.
    pub words: String,
    /// What it means for the address and the account, where the provider says.
    pub refusal: Option<Refusal>,
}

impl Answer {
    /// Not taken for a reason that says nothing of its address.
    pub fn refused(words: impl Into<String>) -> Self {
        Self::Refused(Refused { words: words.into(), refusal: None })
    }

    /// Not taken, and nothing will be until somebody mends the account.
    pub fn disconnected(why: impl Into<String>) -> Self {
        Self::Disconnected { why: why.into(), wait: None }
    }

    /// Not taken now.
    pub fn not_now(why: impl Into<String>) -> Self {
        Self::NotNow { why: why.into(), wait: 0 }
    }
}

/// Sends by one channel.
#[async_trait]
pub trait Sender: Send + Sync {
    /// The provider's name, under which its ids are kept.
    fn provider(&self) -> &'static str;
    /// Sends one message.
    async fn send(&self, message: &Outgoing) -> Answer;
}
