//! What callers and phones say: SIP as far as calls take it. The wire loses nothing and takes no time, so that nobody
//! here repeats or waits for anything.

use std::collections::VecDeque;
use std::net::SocketAddr;

use hotline_sdp::{self as sdp, Codec, Local, Session};
use hotline_sip::message::MAGIC_COOKIE;
use hotline_sip::{Builder, Flow, HeaderName, Message, Method, Transmit};

use super::stage::SERVER;

/// The content type of session descriptions.
pub(super) const SDP: &str = "application/sdp";
/// Where audio would go.
const AUDIO_PORT: u16 = 4000;

/// Datagrams on their way, in order.
pub(super) type Wire = VecDeque<Transmit>;

/// What the requests of a caller or a phone have in common.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Whose requests these are.
    pub(super) address: SocketAddr,
    /// The Request-URI.
    pub(super) target: String,
    /// From, with a tag.
    pub(super) from: String,
    /// To, with a tag once there is one.
    pub(super) to: String,
    /// Also what branches are made of.
    pub(super) call_id: String,
    /// The number of the latest request.
    pub(super) cseq: u32,
}

impl Line {
    /// A request with the present number.
    pub(super) fn request(&self, method: &Method) -> Builder {
        self.request_of(method, method)
    }

    /// A request in the transaction of another one: CANCEL, and the ACK to a failure.
    pub(super) fn request_of(&self, method: &Method, transaction: &Method) -> Builder {
        let Self { address, call_id, cseq, .. } = self;
        let via = format_args!("SIP/2.0/UDP {address};branch={MAGIC_COOKIE}{call_id}.{cseq}.{transaction}");
        Builder::request(method, &self.target)
            .header(HeaderName::Via, via)
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, &self.from)
            .header(HeaderName::To, &self.to)
            .header(HeaderName::CallId, call_id)
            .header(HeaderName::CSeq, format_args!("{cseq} {method}"))
    }

    /// Sends what is built from one of the above.
    pub(super) fn send(&self, wire: &mut Wire, request: Builder) {
        send(wire, self.address, request);
    }
}

/// What follows a message in its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// The call goes on.
    More,
    /// Nothing: it is over.
    End,
}

/// Answers a request within a call: a BYE ends it, and whatever else is wanted is agreed to.
pub(super) fn within(wire: &mut Wire, address: SocketAddr, request: &Message, tag: &str) -> Follows {
    match request.method() {
        Some(Method::Bye) => {
            reply(wire, address, request, 200, tag);
            return Follows::End;
        }
        Some(Method::Ack) | None => {}
        Some(_) => agree(wire, address, request, tag),
    }
    Follows::More
}

/// Answers what belongs to no call, if it wants an answer.
pub(super) fn refuse_unknown(wire: &mut Wire, address: SocketAddr, message: &Message) {
    if message.method().is_some_and(|method| method != Method::Ack) {
        reply(wire, address, message, 481, "none");
    }
}

/// Answers `request`, which came to `address`.
pub(super) fn reply(wire: &mut Wire, address: SocketAddr, request: &Message, status: u16, tag: &str) {
    send(wire, address, response(request, status, tag));
}

/// Says that it rings.
pub(super) fn ring(wire: &mut Wire, address: SocketAddr, invite: &Message, tag: &str) {
    send(wire, address, response(invite, 180, tag).header(HeaderName::Contact, contact(address)));
}

/// Agrees to `request`: to its offer, with an offer where an INVITE has none, and without a description else.
pub(super) fn agree(wire: &mut Wire, address: SocketAddr, request: &Message, tag: &str) {
    let response = response(request, 200, tag).header(HeaderName::Contact, contact(address));
    let description = match request.method() {
        Some(Method::Invite | Method::Update) if !request.body().is_empty() => {
            Some(answer(&request.body(), address))
        }
        Some(Method::Invite) => Some(offer(address)),
        Some(_) | None => None,
    };
    let response = match description {
        Some(description) => response.body(SDP, description.print()),
        None => response,
    };
    send(wire, address, response);
}

/// What can be offered from here.
pub(super) fn offer(address: SocketAddr) -> Session {
    sdp::offer(&local(address))
}

/// The Contact from here.
pub(super) fn contact(address: SocketAddr) -> String {
    format!("<sip:{address}>")
}

fn answer(offer: &[u8], address: SocketAddr) -> Session {
    let offer = sdp::parse(offer).expect("the server's offer is SDP");
    let (answer, _) = sdp::answer(&offer, &local(address)).expect("the server offers what phones know");
    answer
}

fn local(address: SocketAddr) -> Local<'static> {
    Local::new(address.ip(), AUDIO_PORT, 1, &Codec::ALL)
}

fn response(request: &Message, status: u16, tag: &str) -> Builder {
    Builder::response(request, status, "").top_via_received(SERVER).to_tag(tag)
}

fn send(wire: &mut Wire, from: SocketAddr, message: Builder) {
    let bytes = message.build().expect("nothing that goes into it has line ends");
    wire.push_back(Transmit { flow: Flow::udp(from, SERVER), bytes });
}
