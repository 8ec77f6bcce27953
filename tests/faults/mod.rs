//! Faults injected at every port call, and processes killed.

mod calls;
mod carries;
mod every_call;
mod kill;
mod serve;
mod wire;
