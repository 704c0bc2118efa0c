//! What a trace must know of a message: what it is, and which dialog it belongs to. Malformed ones too, as far as they
//! can be read.

use bytes::Bytes;
use hotline_sip::message::{Kind, MalformedKind};
use hotline_sip::{HeaderName, Message, Method};

/// The outline of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// What it is.
    pub(crate) what: What,
    /// Call-ID; empty if it could not be read.
    pub(crate) sip_call_id: String,
    /// CSeq as it is written.
    pub(crate) cseq: Option<String>,
}

/// Request or response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It asks for this.
    Request(Method),
    /// It answers such a request; `None` if its CSeq could not be read.
    Response(u16, Option<Method>),
}

/// Bytes from the wire.
#[derive(Debug)]
pub(crate) enum Read {
    /// Nothing but line ends: keeps a NAT binding open (RFC 5626 §3.5.1).
    KeepAlive,
    /// Not even a start line could be read.
    Noise,
    /// A message, perhaps not a whole one.
    Message(Message),
}

/// Reads as much as can be read.
pub(crate) fn read(bytes: &Bytes) -> Read {
    match Message::parse(bytes.clone()) {
        Ok(message) => Read::Message(message),
        Err(malformed) => match (malformed.message, malformed.kind) {
            (Some(message), _) => Read::Message(message),
            (None, MalformedKind::Empty) => Read::KeepAlive,
            (None, _) => Read::Noise,
        },
    }
}

impl Head {
    pub(crate) fn of(message: &Message) -> Self {
        let what = match message.kind() {
            Kind::Request { method, .. } => What::Request(method),
            Kind::Response { status, .. } => {
                What::Response(status, message.cseq().ok().map(|cseq| cseq.method))
            }
        };
        let cseq = message.header(HeaderName::CSeq).map(std::borrow::Cow::into_owned);
        Self { what, sip_call_id: message.call_id().into_owned(), cseq }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_cut_off_is_still_known_by_its_call_id() {
        let text = "SIP/2.0 180 Ringing\r\nCall-ID: a@b\r\nCSeq: 1 INVITE\r\nTo: <sip:";
        let Read::Message(message) = read(&Bytes::from(text)) else { panic!("a message") };
        let head = Head::of(&message);
        assert_eq!(head.what, What::Response(180, Some(Method::Invite)));
        assert_eq!((head.sip_call_id.as_str(), head.cseq.as_deref()), ("a@b", Some("1 INVITE")));
    }

    #[test]
    fn line_ends_are_no_message() {
        assert!(matches!(read(&Bytes::from("\r\n\r\n")), Read::KeepAlive));
        assert!(matches!(read(&Bytes::from("hello")), Read::Noise));
    }
}
