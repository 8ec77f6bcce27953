//! One type per identifier, so that a customer's id is never taken for a template's.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes a text as an identifier.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

id!(/// A project: the tenant whose portfolio is collected.
    ProjectId);
id!(/// A customer, derived from its document (32 hex digits, evenly spread).
    CustomerId);
id!(/// A user of a project, the join key of assignment files.
    UserId);
id!(/// A message template.
    TemplateId);
id!(/// A flow of steps.
    FlowId);
id!(/// A campaign.
    CampaignId);
id!(/// A segment of customers.
    SegmentId);
id!(/// One message to one customer, from decision to last state.
    SendId);
id!(/// One message of a person to us.
    ReceivedId);
id!(/// A promise, a payment to verify, a claim, an agreement or a reminder.
    MatterId);
id!(/// A load or another piece of work of the process log.
    JobId);

/// The namespace of Cauce's name-based ids, so that they collide with nobody else's.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f7c_2a51_90d3_4d0b_9a67_1fd0_52c8_ab3e);

/// Derives a stable 32-digit identifier from parts; the same parts give the same id on every machine.
pub fn derived(parts: &[&str]) -> String {
    let mut name = String::new();
    for part in parts {
        name.push_str(&part.len().to_string());
        name.push(':');
        name.push_str(part);
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::derived;

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(derived(&["ab", "c"]), derived(&["a", "bc"]));
        assert_eq!(derived(&["ab", "c"]), derived(&["ab", "c"]));
    }
}
