//! Simulated days, seen from outside.

mod center;
mod day;
mod records;
mod scenario;
mod theory;
