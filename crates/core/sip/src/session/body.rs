//! What a message's body is to a session.

use bytes::Bytes;

use crate::outgoing::SDP;
use crate::{HeaderName, Message};

/// The body of an INVITE, an UPDATE, an ACK or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sdp {
    /// No body.
    None,
    /// A session description, not yet read.
    Some(Bytes),
    /// Something else: 415 in a request.
    Foreign,
}

impl Sdp {
    /// The description, if it is one.
    pub(crate) fn known(self) -> Option<Bytes> {
        match self {
            Self::Some(sdp) => Some(sdp),
            Self::None | Self::Foreign => None,
        }
    }
}

/// The body of `message`; one without a Content-Type is taken for SDP.
pub(crate) fn sdp_of(message: &Message) -> Sdp {
    let body = message.body();
    if body.is_empty() {
        return Sdp::None;
    }
    let Some(content_type) = message.header(HeaderName::ContentType) else { return Sdp::Some(body) };
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(SDP) { Sdp::Some(body) } else { Sdp::Foreign }
}
