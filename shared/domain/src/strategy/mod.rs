//! Whom to remind, when and how.

pub mod approval;
pub mod campaign;
pub mod campaign_result;
pub mod flow;
pub mod lift;
pub mod plan;
pub mod registered;
pub mod segment;
pub mod starter;
pub mod tag;
pub mod template;
pub mod trigger;
