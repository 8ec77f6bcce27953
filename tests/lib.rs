//! The workspace-wide tests: see `main.rs`.
