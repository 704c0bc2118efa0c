//! What seeing SIP costs: the call task a push for each message, the tracer's task the rest.
#![expect(clippy::unwrap_used, reason = "all inputs are written here")]

use core::cell::RefCell;

use bytes::Bytes;
use divan::{Bencher, black_box};
use hotline_base::{Now, WallTime};
use hotline_sip::Flow;
use hotline_sip_trace::{Agent, INPUTS_MAX, Limits, Settings, Tap, Tracer, Way, mask};

fn main() {
    divan::main();
}

/// Fewer than fit, so that none is dropped within a sample.
const SAMPLE: u32 = 1000;

/// What a carrier sends: 0.9 KB.
fn invite(call: u64, more: &str) -> Bytes {
    let body = "v=0\r\no=carrier 4711 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n\
        m=audio 16384 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";
    Bytes::from(format!(
        "INVITE sip:4000@192.0.2.1:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{call:016x};rport\r\n\
         Max-Forwards: 68\r\n\
         From: \"Ann Caller\" <sip:+15550100123@192.0.2.2;user=phone>;tag=f{call:x}\r\n\
         To: <sip:4000@192.0.2.1;user=phone>\r\n\
         Call-ID: {call:016x}-0a1b2c3d@192.0.2.2\r\n\
         CSeq: 102 INVITE\r\n\
         Contact: <sip:+15550100123@192.0.2.2:5060;transport=udp>\r\n\
         P-Asserted-Identity: <sip:+15550100123@carrier.example;user=phone>\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY\r\n\
         Supported: timer, 100rel, replaces\r\n\
         User-Agent: Carrier SBC 9.2.1\r\n\
         {more}Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn flow() -> Flow {
    Flow::udp("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap())
}

fn now() -> Now {
    Now { wall: WallTime(1_700_000_000_000_000), ..Now::default() }
}

/// A trace in front of which `messages` have passed, each of a dialog of its own.
fn trace(limits: Limits, collector: bool, messages: u64) -> (Tap, Tracer) {
    // Nobody listens there, and nobody waits for that.
    let collector =
        collector.then(|| ("127.0.0.1:9".parse().unwrap(), Agent { capture_id: 1, password: None }));
    let settings = Settings { limits, collector, advertised: flow().local };
    let (mut tap, _, mut tracer) = Tracer::open(settings).unwrap();
    for message in 0..messages {
        tap.message(now(), Way::Received, flow(), &invite(message, ""));
        tracer.take_up(1);
    }
    (tap, tracer)
}

/// What the call task pays for a message.
#[divan::bench(sample_size = SAMPLE)]
fn tap(bencher: Bencher) {
    const { assert!(SAMPLE as usize <= INPUTS_MAX) };
    let (mut tap, tracer) = trace(Limits::default(), false, 0);
    let tracer = RefCell::new(tracer);
    let (message, flow, now) = (invite(1, ""), flow(), now());
    bencher
        .with_inputs(|| tracer.borrow_mut().take_up(INPUTS_MAX))
        .bench_local_values(|_| tap.message(black_box(now), Way::Sent, flow, black_box(&message)));
}

/// What the tracer pays: reading, counting, masking, keeping, with the oldest giving way; and sending to a collector.
#[divan::bench(args = [false, true])]
fn keep(bencher: Bencher, collector: bool) {
    let limits = Limits { bytes: 8 << 20, ..Limits::default() };
    let (mut tap, mut tracer) = trace(limits, collector, 10_000);
    let mut number = 10_000;
    let message = RefCell::new(move || {
        number += 1;
        invite(number, "")
    });
    bencher.with_inputs(|| (message.borrow_mut())()).bench_local_values(|message| {
        tap.message(now(), Way::Received, flow(), &message);
        tracer.take_up(1)
    });
}

/// A message without a secret, and one with the answer to a challenge.
#[divan::bench(args = ["", "Authorization: Digest username=\"1001\", realm=\"r\", nonce=\"n\", uri=\"sip:4000@h\", \
    response=\"0123456789abcdef0123456789abcdef\"\r\n"])]
fn masking(bencher: Bencher, more: &str) {
    let message = invite(1, more);
    bencher.bench(|| mask(black_box(&message)));
}
