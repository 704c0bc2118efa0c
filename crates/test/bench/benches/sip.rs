//! SIP messages, beside rsip and rsipstack, and the endpoint's work for one call.
#![expect(clippy::unwrap_used, reason = "all inputs are written here")]

use core::net::SocketAddr;
use core::time::Duration;

use bytes::Bytes;
use divan::{Bencher, black_box};
use hotline_base::{Now, Rng, Time, WallTime};
use hotline_sip::{
    Builder, Datagram, Endpoint, EndpointConfig, Event, Flow, HeaderName, IpPrefix, Message, TrunkConfig,
};
use rsip::prelude::*;

fn main() {
    divan::main();
}

const ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 20000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n";

/// What a carrier sends: 0.9 KB.
fn invite(call: u64) -> String {
    let body = "v=0\r\no=carrier 4711 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n\
        m=audio 16384 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";
    format!(
        "INVITE sip:4000@192.0.2.1:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{call:016x};rport\r\n\
         Max-Forwards: 68\r\n\
         From: \"Ann Caller\" <sip:+15550100123@192.0.2.2;user=phone>;tag=f{call:x}\r\n\
         To: <sip:4000@192.0.2.1;user=phone>\r\n\
         Call-ID: {call:016x}-0a1b2c3d@192.0.2.2\r\n\
         CSeq: 102 INVITE\r\n\
         Contact: <sip:+15550100123@192.0.2.2:5060;transport=udp>\r\n\
         P-Asserted-Identity: <sip:+15550100123@carrier.example;user=phone>\r\n\
         Privacy: none\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY\r\n\
         Supported: timer, 100rel, replaces\r\n\
         Session-Expires: 1800;refresher=uac\r\n\
         Min-SE: 90\r\n\
         User-Agent: Carrier SBC 9.2.1\r\n\
         Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Finding the parts of the message.
mod index {
    use super::*;

    #[divan::bench]
    fn hotline(bencher: Bencher) {
        let bytes = Bytes::from(invite(1));
        bencher.bench(|| Message::parse(black_box(bytes.clone())).unwrap());
    }

    #[divan::bench]
    fn rsip(bencher: Bencher) {
        let bytes = invite(1).into_bytes();
        bencher.bench(|| rsip::SipMessage::try_from(black_box(bytes.as_slice())).unwrap());
    }

    #[divan::bench]
    fn rsipstack(bencher: Bencher) {
        let bytes = invite(1).into_bytes();
        bencher.bench(|| rsipstack::sip::SipMessage::try_from(black_box(bytes.as_slice())).unwrap());
    }
}

/// What is needed to route it: Via, From, To, Contact, CSeq, Call-ID, of a message already indexed.
mod typed_headers {
    use super::*;

    #[divan::bench]
    fn hotline(bencher: Bencher) {
        let message = Message::parse(invite(1).into_bytes()).unwrap();
        bencher.bench(|| {
            let message = black_box(&message);
            let routed = (message.top_via().unwrap(), message.from().unwrap(), message.to().unwrap());
            (routed, message.contacts().unwrap(), message.cseq().unwrap(), message.call_id().into_owned())
        });
    }

    #[divan::bench]
    fn rsip(bencher: Bencher) {
        let message = rsip::SipMessage::try_from(invite(1).as_bytes()).unwrap();
        bencher.bench(|| {
            let message = black_box(&message);
            let via = message.via_header().unwrap().typed().unwrap();
            let from = message.from_header().unwrap().typed().unwrap();
            let to = message.to_header().unwrap().typed().unwrap();
            let contact = message.contact_header().unwrap().typed().unwrap();
            let cseq = message.cseq_header().unwrap().typed().unwrap();
            (via, from, to, contact, cseq, message.call_id_header().unwrap().clone())
        });
    }

    #[divan::bench]
    fn rsipstack(bencher: Bencher) {
        use rsipstack::sip::prelude::*;

        let message = rsipstack::sip::SipMessage::try_from(invite(1).as_bytes()).unwrap();
        bencher.bench(|| {
            let message = black_box(&message);
            let via = message.via_header().unwrap().typed().unwrap();
            let from = message.from_header().unwrap().typed().unwrap();
            let to = message.to_header().unwrap().typed().unwrap();
            let contact = message.contact_header().unwrap().typed().unwrap();
            let cseq = message.cseq_header().unwrap().typed().unwrap();
            (via, from, to, contact, cseq, message.call_id_header().unwrap().clone())
        });
    }
}

/// The 200 with its SDP, as bytes to send.
mod build_200 {
    use super::*;

    #[divan::bench]
    fn hotline(bencher: Bencher) {
        let request = Message::parse(invite(1).into_bytes()).unwrap();
        bencher.bench(|| {
            Builder::response(black_box(&request), 200, "OK")
                .top_via_received(trunk())
                .to_tag("0123456789abcdef")
                .header(HeaderName::Contact, "<sip:192.0.2.1:5060>")
                .body("application/sdp", ANSWER)
                .build()
                .unwrap()
        });
    }

    #[divan::bench]
    fn rsip(bencher: Bencher) {
        let request = rsip::Request::try_from(invite(1).as_bytes()).unwrap();
        bencher.bench(|| {
            let request = black_box(&request);
            let to = request.to_header().unwrap().typed().unwrap().with_tag("0123456789abcdef".into());
            let mut headers = rsip::Headers::default();
            headers.push(request.via_header().unwrap().clone().into());
            headers.push(request.from_header().unwrap().clone().into());
            headers.push(rsip::Header::To(to.into()));
            headers.push(request.call_id_header().unwrap().clone().into());
            headers.push(request.cseq_header().unwrap().clone().into());
            headers.push(rsip::Header::Contact("<sip:192.0.2.1:5060>".into()));
            headers.push(rsip::Header::ContentType("application/sdp".into()));
            headers.push(rsip::Header::ContentLength(ANSWER.len().to_string().into()));
            let response = rsip::Response {
                status_code: 200.into(),
                version: rsip::Version::V2,
                headers,
                body: ANSWER.into(),
            };
            response.to_string().into_bytes()
        });
    }

    #[divan::bench]
    fn rsipstack(bencher: Bencher) {
        use rsipstack::sip::prelude::*;
        use rsipstack::sip::{Header, Headers, Request, Response};

        let request = Request::try_from(invite(1).as_bytes()).unwrap();
        bencher.bench(|| {
            let request = black_box(&request);
            let to = request.to_header().unwrap().typed().unwrap().with_tag("0123456789abcdef".into());
            let mut headers = Headers::default();
            headers.push(request.via_header().unwrap().clone().into());
            headers.push(request.from_header().unwrap().clone().into());
            headers.push(Header::To(to.into()));
            headers.push(request.call_id_header().unwrap().clone().into());
            headers.push(request.cseq_header().unwrap().clone().into());
            headers.push(Header::Contact("<sip:192.0.2.1:5060>".into()));
            headers.push(Header::ContentType("application/sdp".into()));
            headers.push(Header::ContentLength(ANSWER.len().to_string().into()));
            Response { status_code: 200.into(), headers, body: ANSWER.into(), ..Response::default() }
                .to_bytes()
        });
    }
}

/// INVITE, 100, 200, ACK, BYE, 200 at the server, 20 calls a second, with the transactions of the last 32 s still
/// remembered; what the caller sends is made here and counts too.
#[divan::bench]
fn endpoint_invite_to_bye(bencher: Bencher) {
    let mut server = Server::new();
    // As many calls as are remembered once it runs.
    (0..1000).for_each(|_| server.call());
    bencher.bench_local(|| server.call());
}

struct Server {
    endpoint: Endpoint,
    now: Now,
    calls: u64,
}

impl Server {
    fn new() -> Self {
        let mut config = EndpointConfig::new("center.example", server());
        let peers = vec![IpPrefix { addr: trunk().ip(), len: 32 }];
        config.trunks = vec![TrunkConfig::new("trunk", peers)];
        let now = Now { mono: Time(1_000_000), wall: WallTime(1_700_000_000_000_000) };
        Self { endpoint: Endpoint::new(config, Rng::from_number(1), [7; 32]), now, calls: 0 }
    }

    fn call(&mut self) {
        self.calls += 1;
        self.pass(Duration::from_millis(50));
        let call = self.calls;
        self.receive(invite(call));
        let incoming = self.endpoint.poll_event();
        let Some(Event::Incoming { session, .. }) = incoming else { panic!("{incoming:?}") };
        self.endpoint.answer(self.now, session, Bytes::from_static(ANSWER.as_bytes()));
        let answer = self.sent().expect("the answer leaves");
        let tag = Message::parse(answer).unwrap().to_tag().unwrap().into_owned();
        self.receive(in_dialog("ACK", 102, call, &tag));
        self.receive(in_dialog("BYE", 103, call, &tag));
        let mut ended = false;
        while let Some(event) = self.endpoint.poll_event() {
            ended |= event.is_terminal();
        }
        assert!(ended);
    }

    fn receive(&mut self, text: String) {
        let datagram = Datagram { flow: Flow::udp(server(), trunk()), bytes: text.into() };
        self.endpoint.handle_datagram(self.now, datagram);
        black_box(self.sent());
    }

    /// The last message that leaves.
    fn sent(&mut self) -> Option<Bytes> {
        let mut last = None;
        while let Some(transmit) = self.endpoint.poll_transmit() {
            last = Some(transmit.bytes);
        }
        last
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        while self.endpoint.poll_timeout().is_some_and(|(at, _)| at <= self.now.mono) {
            self.endpoint.handle_timeout(self.now);
        }
    }
}

fn in_dialog(method: &str, cseq: u32, call: u64, tag: &str) -> String {
    format!(
        "{method} sip:192.0.2.1:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{cseq}{call:016x};rport\r\n\
         Max-Forwards: 68\r\n\
         From: \"Ann Caller\" <sip:+15550100123@192.0.2.2;user=phone>;tag=f{call:x}\r\n\
         To: <sip:4000@192.0.2.1;user=phone>;tag={tag}\r\n\
         Call-ID: {call:016x}-0a1b2c3d@192.0.2.2\r\n\
         CSeq: {cseq} {method}\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

fn server() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5060))
}

fn trunk() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 2], 5060))
}
