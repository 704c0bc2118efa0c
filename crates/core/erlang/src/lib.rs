//! Waiting lines in formulas: Erlang B, C and A, how many agents a target needs, and how long somebody in line waits.
//!
//! Must never know: queues, agents or calls of a center; it sees rates and durations. Calls arrive by a Poisson process,
//! handling and patience are exponential, agents are alike; what is not so is for the simulation. Start reading at
//! [`ErlangA`], or at [`wait_quantile`].

mod abandoning;
mod demand;
mod patient;
mod staffing;
mod wait;

pub use abandoning::ErlangA;
pub use demand::{Demand, erlang_b};
pub use patient::ErlangC;
pub use staffing::{AGENTS_MAX, Staffing, Target, staffing};
pub use wait::wait_quantile;
