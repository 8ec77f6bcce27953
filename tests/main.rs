//! One integration binary: contracts of the ports, journeys through the whole on one machine and
//! deployed, faults injected, the shape of the house.

mod aws;
mod built;
mod campaigns;
mod contracts;
mod conversations;
mod deployed;
mod fakes;
mod faults;
mod indicators;
mod journeys;
mod providers;
mod reports;
mod template;
mod world;
