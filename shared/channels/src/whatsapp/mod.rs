//! WhatsApp by Meta's Cloud API.

pub mod answer;
pub mod codes;
mod content;
pub mod hook;
mod inbound;
pub mod media;
mod registry;
pub mod request;
pub mod sender;
pub mod signature;
mod webhook;

pub use inbound::SILENCE;
pub use webhook::parse;
