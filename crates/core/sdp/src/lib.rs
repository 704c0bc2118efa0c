//! SDP values (RFC 8866) and offer/answer (RFC 3264) as pure functions: what the two sides will send, and where.
//!
//! Must never know: SIP, sockets, media threads, calls. Start reading at [`answer`]; the values it works on are
//! in [`Session`].

mod negotiate;
mod parse;
mod print;
mod session;

pub use negotiate::{Local, Negotiated, NegotiationError, accept, answer, offer};
pub use parse::{MAX_BYTES, MAX_FORMATS, MAX_LINES, MAX_MEDIA, SdpError, parse};
pub use session::{Codec, Connection, Direction, Media, MediaKind, Protocol, RtpMap, Session};
