//! Who did something, and when.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Who makes a change, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// A user's id, `api` for a key of the project, `cauce` for the product itself, a load's id.
    pub author: String,
    /// The instant.
    pub at: DateTime<Utc>,
}

impl By {
    /// The product itself.
    pub fn cauce(at: DateTime<Utc>) -> Self {
        Self { author: "cauce".to_owned(), at }
    }
}
