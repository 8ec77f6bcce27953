//! How messages leave and reports come back: one module per provider, each an adapter of the engine's ports.
//!
//! - [`sandbox`]: WhatsApp, SMS and e-mail that go nowhere and answer as providers do.
//! - [`smtp`]: e-mail by any SMTP server.

pub mod sandbox;
pub mod smtp;
