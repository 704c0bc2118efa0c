//! IVR flows as their authors and their callers meet them.

mod caller;
mod corpus;
mod language;
mod mistakes;
mod property;
mod session;
mod shipped;
mod spoken;
mod way;
