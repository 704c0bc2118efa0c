//! A scripted softphone on real sockets: registers with digest, calls, answers, speaks, listens, presses keys. It may be a
//! browser's: SIP over a WebSocket, audio found by ICE and keyed by a handshake ([`PhoneConfig::web`]).
//!
//! It drives the same `hotline_sip::Endpoint` as the server, from the other side, and is what `hotline demo` and
//! the whole-process tests call with. Must never know: the server's state. Start reading at [`Phone`].

mod browser;
mod ladder;
mod phone;
mod speech;
mod task;
mod voice;
mod wire;

pub use browser::Browser;
pub use ladder::{LadderEntry, Way, label};
pub use phone::{Phone, PhoneConfig, PhoneError, PhoneEvent};
pub use speech::Speech;
