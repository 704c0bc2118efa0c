//! The task behind the tap: reads what passed, counts it, masks it, keeps it, sends it on, and answers those who look.

use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;
use hotline_base::Now;
use hotline_sip::Flow;
use hotline_telemetry::Metric;
use rtrb::Consumer;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};
use tracing::error;

use crate::captured::{Captured, Way};
use crate::collector::Collector;
use crate::counts::Counts;
use crate::head::{Head, Read, read};
use crate::hep::Agent;
use crate::mask::mask;
use crate::ring::{Limits, Ring, Trace, Which};
use crate::tap::{INPUTS_MAX, Input, Tap};

/// Questions that may wait; beyond it those who ask are told that the trace is busy.
pub const QUESTIONS_MAX: usize = 64;
/// How often the tap is looked at. Nobody is woken for a message, which would cost the call task more than the message
/// does.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Messages taken up before others get their turn on the processor.
const INPUTS_PER_TURN: usize = 256;

/// How a trace is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How much is kept.
    pub limits: Limits,
    /// A HEP collector, and how this server is known to it.
    pub collector: Option<(SocketAddr, Agent)>,
    /// Shown in place of a local address that is `0.0.0.0` or `::`, because this server listens on all it has.
    pub advertised: SocketAddr,
}

#[derive(Debug)]
struct Question {
    which: Which,
    answer: oneshot::Sender<Option<Trace>>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// More than [`QUESTIONS_MAX`] questions wait.
    #[error("the trace is busy, try again")]
    Busy,
    /// The server is going down.
    #[error("the trace has stopped")]
    Stopped,
}

/// For those who look.
#[derive(Clone, Debug)]
pub struct Handle {
    questions: mpsc::Sender<Question>,
}

impl Handle {
    /// What is kept of it, everything that has passed until now included; `None` if that is nothing.
    ///
    /// # Errors
    /// [`HandleError`].
    pub async fn find(&self, which: Which) -> Result<Option<Trace>, HandleError> {
        let (answer, told) = oneshot::channel();
        self.questions.try_send(Question { which, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => HandleError::Busy,
            mpsc::error::TrySendError::Closed(_) => HandleError::Stopped,
        })?;
        told.await.map_err(|_| HandleError::Stopped)
    }
}

/// The task. [`Tracer::run`] it to the end.
#[derive(Debug)]
pub struct Tracer {
    inputs: Consumer<Input>,
    questions: mpsc::Receiver<Question>,
    state: State,
}

#[derive(Debug)]
struct State {
    ring: Ring,
    counts: Counts,
    collector: Option<Collector>,
    advertised: SocketAddr,
}

impl Tracer {
    /// A trace with nothing in it, the end for the call task, and one for those who look.
    ///
    /// # Errors
    /// The system gives no socket for the collector.
    pub fn open(settings: Settings) -> io::Result<(Tap, Handle, Self)> {
        let Settings { limits, collector, advertised } = settings;
        let collector = collector.map(|(address, agent)| Collector::open(address, agent)).transpose()?;
        let (producer, inputs) = rtrb::RingBuffer::new(INPUTS_MAX);
        let (asking, questions) = mpsc::channel(QUESTIONS_MAX);
        let state = State { ring: Ring::new(limits), counts: Counts::default(), collector, advertised };
        let tap = Tap::new(producer, Metric::SipTraceDropped.counter());
        Ok((tap, Handle { questions: asking }, Self { inputs, questions, state }))
    }

    /// Runs until both the tap and every handle are gone. `clock` gives the time that the tap's times are of.
    pub async fn run(mut self, clock: impl Fn() -> Now + Send) {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut asked = true;
        while asked || !self.inputs.is_abandoned() {
            let question = tokio::select! {
                question = self.questions.recv(), if asked => Some(question),
                _ = look.tick() => None,
            };
            while self.take_up(INPUTS_PER_TURN) == INPUTS_PER_TURN {
                tokio::task::yield_now().await;
            }
            self.state.ring.expire(clock().mono);
            self.state.show();
            match question {
                // Whoever asked may have gone away meanwhile, which is no error.
                Some(Some(Question { which, answer })) => drop(answer.send(self.state.ring.find(&which))),
                Some(None) => asked = false,
                None => {}
            }
        }
    }

    /// Takes up at most so many of what waits; how many there were. [`Tracer::run`] does it by itself.
    pub fn take_up(&mut self, most: usize) -> usize {
        for taken in 0..most {
            let Ok(input) = self.inputs.pop() else { return taken };
            self.state.guarded(input);
        }
        most
    }
}

impl State {
    /// A defect that panics costs the message it was about, not the server.
    fn guarded(&mut self, input: Input) {
        if catch_unwind(AssertUnwindSafe(|| self.handle(input))).is_err() {
            Metric::SipTracePanics.increment(1);
            error!("a defect in the trace: a message is not kept");
        }
    }

    fn handle(&mut self, input: Input) {
        match input {
            Input::Message { now, way, flow, bytes } => self.on_message(now, way, flow, bytes),
            Input::Leg(leg) => self.ring.join(leg),
            Input::Over(call) => self.ring.over(call),
        }
    }

    fn on_message(&mut self, now: Now, way: Way, mut flow: Flow, bytes: Bytes) {
        let Head { what, sip_call_id, .. } = match read(&bytes) {
            Read::KeepAlive => return,
            Read::Noise => {
                Metric::SipTraceUnattributed.increment(1);
                return;
            }
            Read::Message(message) => Head::of(&message),
        };
        self.counts.count(&what, way, flow.transport);
        if flow.local.ip().is_unspecified() && flow.local.is_ipv4() == self.advertised.is_ipv4() {
            flow.local.set_ip(self.advertised.ip());
        }
        let bytes = kept(way, bytes);
        if let Some(collector) = &mut self.collector {
            let captured =
                Captured { seq: 0, at: now.wall, way, flow, bytes: bytes.clone(), repeated: false };
            collector.send(&captured, &sip_call_id);
        }
        if sip_call_id.is_empty() {
            Metric::SipTraceUnattributed.increment(1);
        } else {
            self.ring.add(now, &sip_call_id, way, flow, bytes);
        }
    }

    fn show(&self) {
        let counts = self.ring.counts();
        Metric::SipTraceEvicted.reach(counts.evicted);
        Metric::SipTraceExpired.reach(counts.expired);
        Metric::SipTraceOmitted.reach(counts.omitted);
        Metric::SipTraceCallsForgotten.reach(counts.calls_forgotten);
        #[expect(clippy::cast_precision_loss, reason = "there is far less memory than 2^52 bytes")]
        {
            Metric::SipTraceBytes.set(self.ring.bytes() as f64);
            Metric::SipTraceDialogs.set(self.ring.dialogs() as f64);
        }
    }
}

/// The message as it is kept: masked, and holding no more memory than its own. What was received is a part of a large
/// block of the receiver, which would be kept as a whole for it; what was sent has an allocation of its own.
fn kept(way: Way, bytes: Bytes) -> Bytes {
    match (mask(&bytes), way) {
        (Some(masked), _) => masked.into(),
        (None, Way::Received) => Bytes::copy_from_slice(&bytes),
        (None, Way::Sent) => bytes,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, UdpSocket};

    use hotline_base::{CallId, Rng, WallTime};
    use hotline_call::{LegEnd, SipLeg, Source};

    use super::*;

    fn settings(collector: Option<(SocketAddr, Agent)>) -> Settings {
        Settings { limits: Limits::default(), collector, advertised: "203.0.113.7:5060".parse().unwrap() }
    }

    fn flow() -> Flow {
        Flow::udp("0.0.0.0:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap())
    }

    fn invite() -> Bytes {
        let text =
            "INVITE sip:4000@h SIP/2.0\r\nCall-ID: a@b\r\nAuthorization: Digest response=\"5ec4e7\"\r\n\r\n";
        Bytes::from(text)
    }

    #[tokio::test]
    async fn what_passed_before_the_question_is_in_the_answer_and_the_end_is_clean() {
        let (mut tap, handle, tracer) = Tracer::open(settings(None)).unwrap();
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        tap.message(Now::default(), Way::Received, flow(), &invite());
        tap.message(Now::default(), Way::Received, flow(), &Bytes::from_static(b"\r\n\r\n"));
        tap.message(Now::default(), Way::Received, flow(), &Bytes::from_static(b"no SIP"));
        let end = LegEnd::Caller(Source::Trunk("carrier".into()));
        tap.leg(SipLeg { call, end, sip_call_id: "a@b".to_owned() });
        let running = tokio::spawn(tracer.run(Now::default));
        let trace = handle.find(Which::Call(call)).await.unwrap().unwrap();
        assert!(trace.living);
        let [message] = &trace.legs[0].messages[..] else { panic!("one message: {trace:?}") };
        assert_eq!(message.flow.local, "203.0.113.7:5060".parse().unwrap());
        let text = String::from_utf8_lossy(&message.bytes);
        assert!(text.contains("response=\"***\"") && !text.contains("5ec4e7"), "{text}");
        tap.over(call);
        assert!(!handle.find(Which::LastCall).await.unwrap().unwrap().living);
        assert_eq!(handle.find(Which::SipCallId("x".into())).await, Ok(None));
        drop((tap, handle));
        running.await.unwrap();
    }

    #[tokio::test]
    async fn a_collector_is_sent_each_message_masked() {
        let collector = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let agent = Agent { capture_id: 7, password: None };
        let (mut tap, handle, tracer) =
            Tracer::open(settings(Some((collector.local_addr().unwrap(), agent)))).unwrap();
        tap.message(Now::default(), Way::Sent, flow(), &invite());
        let running = tokio::spawn(tracer.run(Now::default));
        handle.find(Which::LastCall).await.unwrap();
        let mut buffer = [0; 2048];
        let length = collector.recv(&mut buffer).unwrap();
        let packet = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(packet.starts_with("HEP3") && packet.contains("a@b") && packet.contains("INVITE sip:4000@h"));
        assert!(!packet.contains("5ec4e7"));
        drop((tap, handle));
        running.await.unwrap();
    }

    #[test]
    fn a_tap_that_is_not_looked_at_loses_messages_and_never_waits() {
        let (mut tap, _handle, mut tracer) = Tracer::open(settings(None)).unwrap();
        for _ in 0..INPUTS_MAX + 5 {
            tap.message(Now::default(), Way::Sent, flow(), &invite());
        }
        assert_eq!(std::iter::from_fn(|| tracer.inputs.pop().ok()).count(), INPUTS_MAX);
    }
}
