//! Whom to remind, when and how.

pub mod approval;
pub mod flow;
pub mod plan;
pub mod registered;
pub mod segment;
pub mod starter;
pub mod tag;
pub mod template;
pub mod trigger;
