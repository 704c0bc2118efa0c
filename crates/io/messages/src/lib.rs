//! Messages that callers leave: recorded from a line after a beep, as WAV files that play at any moment.
//!
//! [`Messages::record`] gives one end of a line for the media thread, a [`Recorder`] to end it, and what becomes of it. Must never
//! know: flows, calls, media legs, mailboxes, the database. Start reading at `messages.rs`, then `session.rs`.

mod beep;
mod failure;
mod file;
mod hearing;
mod limits;
mod messages;
mod place;
mod session;

pub use failure::Failure;
pub use file::duration_of;
pub use limits::{BACKLOG_MAX, LONGEST_MAX, MESSAGES_MAX};
pub use messages::{Messages, Outcome, Recorder, Request};
pub use place::path_of;
