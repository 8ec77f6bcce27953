//! How messages leave and reports come back: one module per provider, each an adapter of the engine's ports.
//!
//! - [`sandbox`]: WhatsApp, SMS and e-mail that go nowhere and answer as providers do.
//! - [`smtp`]: e-mail by any SMTP server.
//! - [`whatsapp`]: Meta's Cloud API. [`twilio`]: SMS and calls. [`aws_sms`]: SMS by AWS. [`ses`]: e-mail by AWS.
//! - [`answer`] is what their APIs say of a send.
//! - [`aws`] unwraps what AWS tells; [`sns`] says whether AWS told it. [`mail`] reads what people write by e-mail.

pub mod answer;
pub mod aws;
pub mod aws_sms;
pub mod http;
mod json;
pub mod mail;
pub mod network;
pub mod outside;
pub mod sandbox;
pub mod ses;
pub mod smtp;
pub mod sns;
pub mod twilio;
pub mod whatsapp;
