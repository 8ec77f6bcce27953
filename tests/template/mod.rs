//! The shape of the house, and of what is deployed.

pub(crate) mod cloud;
mod deployed;
mod house;
mod lint;
mod samconfig;
mod schedules;
