//! The product as it is deployed: the templates as they stand, the functions' real binaries, roles enforced.

mod binaries;
mod journey;
mod recorder;
mod roles;
mod stack;
