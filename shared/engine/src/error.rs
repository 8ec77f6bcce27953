//! What a use case answers when it does not do what was asked: each variant says what the caller can do.

use crate::ports::PortError;

/// A use case's failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is wrong; the user can mend it.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// What was asked for is not there.
    #[error("no se encontró {0}")]
    NotFound(&'static str),
    /// Another write came first; read again and retry.
    #[error("otra operación modificó los mismos datos: vuelva a intentarlo")]
    Raced,
    /// Stored data does not read as what it should be; a person has to look.
    #[error("dato almacenado ilegible ({0}): {1}")]
    Broken(&'static str, String),
    /// A port failed; retry.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A wrong request, in words its user understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what to do, in Spanish.
    pub message: String,
    /// The field it is about.
    pub field: Option<String>,
}

impl Error {
    /// A refusal about a field.
    pub fn refused(code: &'static str, field: impl Into<Option<&'static str>>, message: impl Into<String>) -> Self {
        Self::Refused(Refusal { code, message: message.into(), field: field.into().map(str::to_owned) })
    }

    /// Whether trying again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Raced | Self::Port(PortError::Unavailable(..)))
    }
}
