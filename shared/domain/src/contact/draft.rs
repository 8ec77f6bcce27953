//! What a person of the team writes to a customer: words with tags or a saved template, files, the statement of account.

use crate::author::By;
use crate::contact::file::MessageFile;
use crate::ids::{ReceivedId, TemplateId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A message as a person composed it; its tags are filled as it leaves.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Who wrote it.
    pub by: By,
    /// The saved template it leaves as; then it has no words of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateId>,
    /// Subject with tags, of e-mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Text with tags.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
    /// The statement of account goes with it, as a document.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub statement: bool,
    /// The address it goes to, of several the customer has; the first usable one otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The address of the customer that wrote within the day by this channel, and is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replies_to: Option<String>,
    /// The message that is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<ReceivedId>,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("by", &self.by).field("template", &self.template).finish_non_exhaustive()
    }
}
