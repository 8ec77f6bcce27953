//! Who owes what.

pub mod account;
pub mod amount;
pub mod customer;
pub mod document;
pub mod money;
pub mod order;
pub mod payment;
