//! A message on its way to those who look for a fault: masked, redacted, drawn, packed.

use bytes::Bytes;
use hotline_base::{Pii, WallTime};
use hotline_sip::Flow;
use hotline_sip_trace::{Agent, Captured, Ladder, Trace, TracedLeg, View, Way, encode, mask, record, redact};

/// Of a file: what stands before the packet.
const RECORD_HEADER: usize = 16;

/// What is hidden stays hidden when it is looked at again; every packet is as long as it says.
pub fn sip_trace(input: &[u8]) {
    let masked = mask(input).unwrap_or_else(|| input.to_vec());
    assert_eq!(mask(&masked).unwrap_or_else(|| masked.clone()), masked, "masked twice is masked once");
    let redacted = redact(&masked);
    assert_eq!(redact(&redacted), redacted, "redacted twice is redacted once");
    let captured = captured(masked);
    let packet = record(&captured, &captured.bytes);
    let length = u32::from_le_bytes(packet[8..12].try_into().expect("four bytes")) as usize;
    assert_eq!(packet.len(), RECORD_HEADER + length);
    let agent = Agent { capture_id: 1, password: Some(Pii::from("password")) };
    if let Ok(packet) = encode(&captured, "a@b", &agent) {
        walk(&packet);
    }
    let leg = TracedLeg { sip_call_id: "a@b".into(), end: None, messages: vec![captured] };
    let trace = Trace { call: None, living: false, legs: vec![leg], omitted: 0 };
    for redacted in [false, true] {
        let ladder = Ladder::of(&trace, View { redacted, full: true, after: 0 });
        assert_eq!((ladder.participants.len(), ladder.rungs.len()), (2, 1));
        assert!(!ladder.rungs[0].start_line.expose().contains(['\r', '\n']));
    }
}

fn captured(bytes: Vec<u8>) -> Captured {
    let address = |text: &str| text.parse().expect("an address");
    let flow = Flow::udp(address("[2001:db8::1]:5060"), address("[2001:db8::2]:5060"));
    Captured { seq: 1, at: WallTime(1), way: Way::Received, flow, bytes: Bytes::from(bytes), repeated: false }
}

/// From chunk to chunk to the end.
fn walk(packet: &[u8]) {
    let word = |at: usize| usize::from(u16::from_be_bytes([packet[at], packet[at + 1]]));
    assert_eq!(word(4), packet.len());
    let mut at = 6;
    while at < packet.len() {
        at += word(at + 4);
    }
    assert_eq!(at, packet.len());
}
