//! How a person is reached, and what came of it.

pub mod alert;
pub mod calendar;
pub mod call;
pub mod call_entry;
pub mod channel;
pub mod disposition;
pub mod draft;
pub mod file;
pub mod gate;
pub mod holidays;
pub mod inbox;
pub mod interaction;
pub mod ledger;
pub mod management;
pub mod marks;
pub mod note;
pub mod origin;
pub mod outcome;
pub mod phone;
pub mod point;
pub mod price;
pub mod received;
pub mod reply;
pub mod silence;
pub mod sms;
pub mod wish;
