//! What Cauce knows about collecting debt: types and rules, with no I/O, no clock, no randomness and no async.
//!
//! - [`debt`]: who owes what — money, documents, customers, orders, payments and the account that sums them up.
//! - [`strategy`]: whom to remind, when and how — segments, templates, flows and the pure plan of a day.
//! - [`contact`]: how a person is reached — phones, e-mails, calendar, gate, ledger and the life of a message.
//! - [`author`]: who did something, and when.
//! - [`country`]: what changes from one country to the next.
//!
//! Every function takes the date or instant it needs, so that any day can be replayed.

pub mod author;
pub mod contact;
pub mod country;
pub mod debt;
pub mod ids;
pub mod strategy;
