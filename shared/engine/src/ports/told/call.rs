//! What was learnt of a call.

use chrono::{DateTime, Utc};

/// What was learnt of a call, and which of ours it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// Our reference, where it comes back.
    pub reference: Option<String>,
    /// What was learnt.
    pub call: Call,
}

/// What was learnt of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A leg's state.
    Leg {
        /// The account it is of.
        account: Option<String>,
        /// The leg.
        id: String,
        /// The leg it was dialled from.
        parent: Option<String>,
        /// Its state, in the provider's words.
        state: String,
        /// Its place in the order of what is told of the leg.
        sequence: Option<u64>,
        /// When.
        at: Option<DateTime<Utc>>,
        /// Who answered: a person or a machine.
        answered_by: Option<String>,
        /// How long it lasted, in seconds.
        seconds: Option<u64>,
        /// The provider's code, of one that failed.
        code: Option<String>,
    },
    /// Who answered, told apart later.
    AnsweredBy {
        /// The leg.
        id: String,
        /// A person or a machine.
        by: String,
    },
    /// How dialling the customer ended.
    Dialled {
        /// The adviser's leg.
        id: String,
        /// The customer's leg.
        leg: Option<String>,
        /// How, in the provider's words.
        result: String,
    },
    /// A recording.
    Recording {
        /// The leg.
        id: String,
        /// Its state.
        state: String,
        /// How long, in seconds.
        seconds: Option<u64>,
    },
}

impl Call {
    /// The account of ours it is about.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Leg { account, .. } => account.as_deref(),
            Self::AnsweredBy { .. } | Self::Dialled { .. } | Self::Recording { .. } => None,
        }
    }
}
