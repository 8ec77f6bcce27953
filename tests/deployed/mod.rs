//! The product as it is deployed: the templates as they stand, the functions' real binaries, roles enforced.

mod campaign;
mod journey;
mod person;
mod poison;
mod project;
mod recorder;
mod report;
mod roles;
mod sandbox;
mod stack;
