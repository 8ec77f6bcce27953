//! `Agent`: who understands what a customer writes, and proposes what to do about it. It does nothing itself.

use async_trait::async_trait;
use cauce_domain::debt::money::Currency;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What an agent is told of a conversation: no more than it takes to understand the last message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dialogue {
    /// Who is owed.
    pub company: String,
    /// The local day.
    pub today: NaiveDate,
    /// The currency of what is owed.
    pub currency: Option<Currency>,
    /// What we said before, the oldest first.
    pub before: Vec<Turn>,
    /// What the customer wrote.
    pub message: String,
}

/// Something said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// It was said by us.
    pub ours: bool,
    /// What was said.
    pub text: String,
}

/// What an agent proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Proposal {
    /// To tell what is owed.
    TellBalance,
    /// To tell when it is due.
    TellDueDate,
    /// To send the statement of account.
    SendStatement,
    /// To tell how to pay.
    TellHowToPay,
    /// To greet back, and say what can be asked.
    Greet,
    /// To note a payment the customer says it made.
    NotePayment {
        /// When, local.
        date: Option<NaiveDate>,
        /// How much, as it was written.
        amount: Option<String>,
    },
    /// To note a promise.
    NotePromise {
        /// By when, local.
        date: NaiveDate,
        /// How much, as it was written; the order that decides the collection otherwise.
        amount: Option<String>,
    },
    /// To open a claim.
    OpenClaim,
    /// To write to the customer no more by this channel.
    OptOut,
    /// To do nothing: somebody of the team reads it.
    Leave,
    /// To leave it to a person, and say so.
    HandOver {
        /// Why.
        why: String,
    },
}

/// Who understands messages.
#[async_trait]
pub trait Agent: Send + Sync {
    /// Its name in settings.
    fn name(&self) -> &'static str;
    /// What it proposes for a message; the error says why it could not tell.
    async fn propose(&self, dialogue: &Dialogue) -> Result<Proposal, String>;
}
