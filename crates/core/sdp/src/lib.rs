//! SDP values (RFC 8866) and offer/answer (RFC 3264) as pure functions: what the two sides will send, and where.
//!
//! Must never know: SIP, sockets, media threads, calls. Start reading at [`answer`]; the values it works on are
//! in [`Session`], and what we bring to it is in [`Local`].

mod base64;
mod browser;
mod codecs;
mod crypto;
mod direction;
mod error;
mod local;
mod negotiate;
mod opus;
mod packet_time;
mod parse;
mod peer;
mod print;
mod rtcp;
mod session;

pub use browser::{
    CANDIDATES_MAX, Candidate, Connecting, Dtls, FINGERPRINTS_MAX, FOUND_BY_ICE, Fingerprint, Hash,
    IceCredentials, Setup, Way,
};
pub use codecs::Codec;
pub use crypto::{Crypto, InlineKey, KEYS_MAX, MasterKey, Mki, Srtp, Suite, SuiteKey};
pub use direction::Direction;
pub use error::{Fault, NegotiationError, SdpError};
pub use local::{Browser, Local, Policy, Preference, Security};
pub use negotiate::{Negotiated, accept, answer, offer};
pub use opus::OpusWishes;
pub use packet_time::{DEFAULT_PTIME_MS, PTIME_RANGE_MS};
pub use parse::{BYTES_MAX, CRYPTO_MAX, FORMATS_MAX, LINES_MAX, MEDIA_MAX, parse};
pub use rtcp::RtcpPort;
pub use session::{Connection, Media, MediaKind, Protocol, RtpMap, Session};
