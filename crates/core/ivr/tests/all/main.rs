//! IVR flows as their authors and their callers meet them.

mod caller;
mod mistakes;
mod property;
mod session;
mod shipped;
mod spoken;
