//! A day of a call center in virtual time: people who call and work by chance, through the real core, and the figures
//! that come of it.
//!
//! [`callers()`] are drawn from a [`Scenario`] before anything happens, so that two configurations meet the same people. Must
//! never know: sockets, clocks, files. Start reading at [`Simulation`], then `day.rs`, where people act; they meet the core
//! over a `Floor` (`floor.rs`): `acd_floor.rs` is routing alone, `sip_floor/` the whole server with SIP messages. What
//! happens is told in the facts of the real journal, and `tally.rs` folds them.

mod acd_floor;
mod agenda;
mod callers;
mod day;
mod distribution;
mod floor;
mod records;
mod report;
mod scenario;
mod simulation;
mod sip_floor;
mod tally;

pub use callers::{CALLERS_MAX, Caller, callers};
pub use distribution::Distribution;
pub use records::callers_of;
pub use report::{comparison, report};
pub use scenario::{CREWS_MAX, Crew, RATE_MAX, STREAMS_MAX, Scenario, Stream, parse};
pub use simulation::{Level, Simulation};
pub use tally::{INTERVAL, QueueRules, Row, Rules, Seconds, Tally};
