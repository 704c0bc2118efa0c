//! The rules of call distribution, each by name, and all of them together against a naive model.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and looks only at the variants it is about"
)]

mod center;
mod configuration;
mod decisions;
mod help;
mod limits;
mod model;
mod offers;
mod plans;
mod random;
mod reasons;
mod recent;
mod remember;
mod rules;
mod snapshot;
mod states;
mod strategies;
mod supervisors;
mod waiting;
mod wrap_up;
