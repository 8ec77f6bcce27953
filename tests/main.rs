//! One integration binary: contracts of the ports, journeys through the whole, faults injected, the shape of the house.

mod aws;
mod contracts;
mod faults;
mod journeys;
mod template;
mod world;
