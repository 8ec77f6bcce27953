//! Faults injected at every port call, and processes killed.

mod calls;
mod campaign;
mod carries;
mod every_call;
mod indicators;
mod kill;
mod report;
mod serve;
mod wire;
