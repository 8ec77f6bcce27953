//! Cauce in one process: the same functions over SQLite and files, for a newcomer, a test and a small company.
//!
//! - [`house`]: wires the adapters of a data folder; a second process on it is refused.
//! - [`run`]: the loop that plays the part of schedules, queues and webhooks.
//! - [`demo`], [`sample`]: a realistic trial, and the portfolio it loads.
//! - [`http`]: the API, the webhooks and uploads over one port.
//! - [`cli`]: the commands.
//! - [`backup`], [`export`], [`check`]: keeping, taking out and verifying what is stored.

pub mod backup;
pub mod check;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod export;
pub mod files;
pub mod house;
pub mod http;
pub mod outbox;
pub mod report;
pub mod run;
pub mod sample;
pub mod secrets;
pub mod store;
