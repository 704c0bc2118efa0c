//! Simulated days, seen from outside.

mod center;
mod day;
mod scenario;
mod theory;
