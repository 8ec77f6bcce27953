//! What a provider's API answers to a send: taken, or not and what that means.

use cauce_domain::contact::disposition::Disposition;

/// The answer to a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Taken; whether it arrives is told later.
    Accepted(Accepted),
    /// Not taken, or nobody knows.
    Refused(Refused),
}

/// A send that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    /// The provider's id, under which its statuses come.
    pub id: String,
    /// The number as WhatsApp knows it, which may be another way to write the one asked for.
    pub wa_id: Option<String>,
    /// The provider holds it back for now, to watch how a template is received.
    pub held: bool,
}

/// A send that was not taken, or of which nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The provider's code.
    pub code: Option<String>,
    /// What is to be done.
    pub disposition: Disposition,
    /// Seconds before it may be asked again, at least.
    pub wait: u64,
    /// The provider's words: for the team, never for the customer.
    pub detail: String,
}

/// The longest a provider is waited for before it is asked again, in seconds: past it the day's plan decides.
const LONGEST: u64 = 24 * 3600;

impl Refused {
    pub(crate) fn answer(
        code: Option<String>,
        disposition: Disposition,
        wait: u64,
        detail: impl Into<String>,
    ) -> Taken {
        let detail: String = detail.into().chars().take(300).collect();
        Taken::Refused(Self { code, disposition, wait: wait.min(LONGEST), detail })
    }

    /// An answer that is no answer of the API: of a proxy, or cut off.
    pub(crate) fn by_status(status: u16, retry_after: Option<u64>) -> Taken {
        let disposition = match status {
            429 => Disposition::Retry,
            401 | 403 => Disposition::StopAccount,
            // A proxy that gave up waiting does not know either.
            408 => Disposition::Ambiguous,
            400..=499 => Disposition::Unknown,
            // It may have been taken behind whatever answered.
            _ => Disposition::Ambiguous,
        };
        Self::answer(None, disposition, retry_after.unwrap_or(2), format!("HTTP {status}"))
    }
}
