//! What Cauce does: use cases over five ports, and what is stored and how it is keyed.
//!
//! - [`ports`]: what the use cases need of the outside — table, queue, files, channel, secrets.
//! - [`store`]: the items, their keys and their access patterns.
//! - `dossier`: one customer's debt, read, changed and written as one.
//! - one file (or folder, for the import of files) per use case.
//!
//! Nothing here reads a clock: `now` is an argument, and ids come from [`ports::Ports::new_id`].

mod agenda;
pub mod agent;
pub mod agreement;
mod alternative;
pub mod api_keys;
pub mod apply_event;
pub mod approval;
pub mod calls;
pub mod campaign;
pub mod check_store;
pub mod claim;
pub mod close_day;
pub mod columns;
pub mod compose;
pub mod connect;
pub mod create_project;
mod dossier;
mod drop_channel;
pub mod edit_customer;
pub mod error;
pub mod exclude;
pub mod explain;
pub mod hooks;
pub mod import;
mod inbox;
pub mod indicators;
pub mod interaction_log;
mod last_channel;
mod limits;
pub mod link_contact;
pub mod message_files;
pub mod messages;
pub mod note;
mod notice;
pub mod open_conversation;
pub mod order_standing;
pub mod pace;
pub mod pause;
pub mod pay_link;
pub mod payment_to_verify;
pub mod plan_day;
pub mod ports;
pub mod preview;
pub mod process_log;
pub mod promise;
pub mod rates;
pub mod read_thread;
pub mod receive_webhook;
pub mod reconcile;
pub mod register_outcome;
pub mod release_due;
pub mod reply_token;
pub mod reply_unregistered;
pub mod report;
pub mod restore;
pub mod run_result;
pub mod search;
pub mod send_message;
pub mod spend;
pub mod statement_document;
pub mod stop_today;
pub mod store;
pub mod strategy;
pub mod trays;
pub mod unregistered;
pub mod walk;
pub mod watch_loads;
pub mod webhook;

pub use error::Error;
pub use ports::Ports;
