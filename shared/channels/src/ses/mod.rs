//! Amazon SES: what it tells of our e-mails, and of those that came in.

pub mod codes;
pub mod events;
pub mod inbound;
