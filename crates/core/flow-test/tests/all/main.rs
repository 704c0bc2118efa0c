//! Tests of the tests beside flows.

mod documentation;
mod kinds;
mod mistakes;
mod results;
mod shipped;
mod speed;
mod suite;
