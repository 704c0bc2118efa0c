//! Tests of the tests beside flows.

mod kinds;
mod mistakes;
mod results;
mod shipped;
mod suite;
