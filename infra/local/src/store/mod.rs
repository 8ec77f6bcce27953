//! The engine's `Table` and `Queue` on one SQLite file: one writer with group commit, readers that never wait for it.

pub mod meter;
pub mod queue;
pub mod schema;
pub mod table;
pub mod writer;
