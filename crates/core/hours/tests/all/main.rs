//! Business hours as callers and administrators meet them.

mod at;
mod clocks;
mod mistakes;
mod property;
mod schedule;
