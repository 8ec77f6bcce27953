//! The engine's `Table` and `Queue` on one SQLite file: one writer with group commit, readers that never wait for it.

mod apply;
pub mod meter;
mod page;
pub mod queue;
mod readers;
pub mod schema;
pub mod table;
pub mod writer;
