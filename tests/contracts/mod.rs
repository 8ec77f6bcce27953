//! What every adapter of a port promises; run here over the embedded ones.

mod files;
mod table;
