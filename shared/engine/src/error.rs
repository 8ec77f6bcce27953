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

/// What was read; nothing of what nobody can read, which is told in the log: it keeps no other from being read.
pub(crate) fn readable<T>(read: Result<T, Error>, what: &dyn std::fmt::Display) -> Result<Option<T>, Error> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(Error::Broken(shape, why)) => {
            tracing::error!(%what, shape, why, "un dato no se pudo leer y queda fuera");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
