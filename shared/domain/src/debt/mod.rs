//! Who owes what.

pub mod account;
pub mod agreement;
pub mod amount;
pub mod claim;
pub mod customer;
pub mod document;
pub mod event;
pub mod matter;
pub mod money;
pub mod order;
pub mod payment;
pub mod payment_method;
pub mod payment_to_verify;
pub mod promise;
pub mod receivables;
pub mod rules;
pub mod situation;
pub mod standing;
pub mod statement;
