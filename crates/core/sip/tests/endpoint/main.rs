//! The endpoint as its peers see it: calls, registrations and refusals over a simulated network.

mod calls;
mod net;
mod refusals;
mod registration;
mod seeds;
