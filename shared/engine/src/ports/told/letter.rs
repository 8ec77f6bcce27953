//! An e-mail that came in, read.

use crate::reply_token::ReplyToken;

/// What an e-mail is; the first sign found decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A person's answer.
    Reply,
    /// An absence or a receipt, sent by itself.
    AutoReply,
    /// A list or a mass mailing.
    Bulk,
    /// It could not be delivered.
    DsnFailed,
    /// It has not been delivered yet.
    DsnDelayed,
    /// It was displayed.
    Mdn,
    /// A complaint, as its provider forwards it.
    ComplaintArf,
}

/// An e-mail as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Who wrote it.
    pub class: Class,
    /// Its visible text, without quotes and signature.
    pub text: String,
    /// Its subject.
    pub subject: String,
    /// The sender's address.
    pub from: Option<String>,
    /// The token of the address it was written to.
    pub token: Option<ReplyToken>,
    /// The provider's ids of messages of ours it answers.
    pub answers: Vec<String>,
    /// Whether it is a plain wish for silence.
    pub opt_out: bool,
    /// It is one of ours, come back.
    pub is_loop: bool,
    /// What it brings.
    pub attachments: Vec<Attachment>,
    /// What a delivery report says, recipient by recipient.
    pub deliveries: Vec<Delivery>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").field("class", &self.class).field("answers", &self.answers).finish_non_exhaustive()
    }
}

/// A file an e-mail brings.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, safe as a file's.
    pub name: String,
    /// What the sender says it is: never trusted.
    pub mime: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// One recipient's report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// The address.
    pub recipient: String,
    /// `failed`, `delayed`, …
    pub action: String,
    /// The enhanced status, such as `5.1.1`.
    pub status: Option<String>,
    /// What the server said.
    pub diagnostic: Option<String>,
}
