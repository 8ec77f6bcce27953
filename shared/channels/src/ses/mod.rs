//! Amazon SES: what it tells of our e-mails, and of those that came in.

pub mod events;
pub mod inbound;
