//! The end of the trace that the call task holds: a push into a ring without a lock or a wake-up for each message.

use bytes::Bytes;
use hotline_base::{CallId, Now};
use hotline_call::SipLeg;
use hotline_sip::Flow;
use metrics::Counter;
use rtrb::Producer;

use crate::captured::Way;

/// What may wait for the tracer, which looks every 20 ms; beyond it messages are not traced, and counted.
pub const INPUTS_MAX: usize = 8192;

/// What the call task tells.
#[derive(Debug)]
pub(crate) enum Input {
    /// A message passed.
    Message { now: Now, way: Way, flow: Flow, bytes: Bytes },
    /// A call has one leg more.
    Leg(SipLeg),
    /// A call is over.
    Over(CallId),
}

/// Belongs to whoever sees the messages. Never waits.
#[derive(Debug)]
pub struct Tap {
    inputs: Producer<Input>,
    dropped: Counter,
}

impl Tap {
    pub(crate) const fn new(inputs: Producer<Input>, dropped: Counter) -> Self {
        Self { inputs, dropped }
    }

    /// A message came or goes. Its bytes are shared, not copied.
    pub fn message(&mut self, now: Now, way: Way, flow: Flow, bytes: &Bytes) {
        self.push(Input::Message { now, way, flow, bytes: bytes.clone() });
    }

    /// It became known to which call a leg belongs.
    pub fn leg(&mut self, leg: SipLeg) {
        self.push(Input::Leg(leg));
    }

    /// A call is over; what is kept of it stays until it gives way.
    pub fn over(&mut self, call: CallId) {
        self.push(Input::Over(call));
    }

    fn push(&mut self, input: Input) {
        if self.inputs.push(input).is_err() {
            self.dropped.increment(1);
        }
    }
}
