//! Provisional responses that are repeated until a PRACK comes, as the callee sends them: RFC 3262 §3. One at a time is
//! out; what is to be told meanwhile waits, and only the latest of it. Must not know what a response says.

use core::time::Duration;

use bytes::Bytes;
use hotline_base::{Now, Rng, Time};
use serde::{Deserialize, Serialize};

use super::Timer;
use super::rules::ReliableProvisionals;
use crate::Message;
use crate::message::{CSeq, RAck, REL100};
use crate::transaction::timer::{Repeat, T1, T1_64};

/// RFC 3262 §7.1. The first number is chosen from 1 up to this.
const FIRST_RSEQ_MAX: u64 = (1 << 31) - 1;
/// RFC 3262 §3. When the response is repeated for the first time; doubles without a cap, over every transport.
const REPEAT: Duration = T1;
/// RFC 3262 §3. How long the PRACK may take; then the INVITE is refused.
const PRACK_WAIT: Duration = T1_64;

/// What the INVITE says of provisional responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Caller {
    /// It knows no PRACK.
    Plain,
    /// It knows PRACK.
    Knows,
    /// It wants no other ones.
    Insists,
}

/// The reliable provisional responses to one INVITE.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Provisionals {
    caller: Caller,
    cseq: CSeq,
    /// The number of the latest one.
    rseq: u32,
    out: Option<Unacknowledged>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Unacknowledged {
    status: u16,
    response: Bytes,
    /// Whether it has a session description.
    is_described: bool,
    repeat: Repeat,
    give_up: Time,
    next: Option<Next>,
}

/// What is to be told when the PRACK has come.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Next {
    pub(super) status: u16,
    pub(super) description: Option<Bytes>,
}

/// What a PRACK acknowledged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    pub(super) was_described: bool,
    pub(super) next: Option<Next>,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    Nothing,
    /// This is to be sent again.
    Repeat {
        status: u16,
        response: Bytes,
    },
    /// No PRACK came.
    GiveUp,
}

impl Provisionals {
    /// `cseq` is that of the INVITE.
    pub(super) fn new(invite: &Message, cseq: CSeq, rng: &mut Rng) -> Self {
        let caller = match (invite.requires(REL100), invite.supports(REL100)) {
            (true, _) => Caller::Insists,
            (false, true) => Caller::Knows,
            (false, false) => Caller::Plain,
        };
        // One before the first, which is at least 1.
        let rseq = u32::try_from(rng.below(FIRST_RSEQ_MAX)).unwrap_or_default();
        Self { caller, cseq, rseq, out: None }
    }

    /// Whether a response is to be sent reliably; `is_described` if it has a session description.
    pub(super) const fn is_reliable(&self, policy: ReliableProvisionals, is_described: bool) -> bool {
        match (self.caller, policy) {
            (Caller::Insists, _) => true,
            (Caller::Plain, _) | (Caller::Knows, ReliableProvisionals::Never) => false,
            (Caller::Knows, ReliableProvisionals::Described) => is_described,
            (Caller::Knows, ReliableProvisionals::Supported | ReliableProvisionals::Required) => true,
        }
    }

    /// The RAck for the one that is out.
    pub(super) fn outstanding(&self) -> Option<RAck> {
        self.out.as_ref().map(|_| self.rack(self.rseq))
    }

    /// The number of the next one.
    pub(super) const fn next_rseq(&self) -> u32 {
        self.rseq + 1
    }

    /// The one with [`Self::next_rseq`] left.
    pub(super) fn sent(&mut self, now: Now, status: u16, response: Bytes, is_described: bool) {
        self.rseq = self.next_rseq();
        let repeat = Repeat::new(now.mono, REPEAT, false);
        let give_up = now.mono + PRACK_WAIT;
        self.out = Some(Unacknowledged { status, response, is_described, repeat, give_up, next: None });
    }

    /// Lets `next` wait for the PRACK, or gives it back if none is waited for. What waited already is overtaken, but
    /// for its description.
    pub(super) fn wait(&mut self, next: Next) -> Result<(), Next> {
        let Some(out) = &mut self.out else { return Err(next) };
        let kept = out.next.take().and_then(|overtaken| overtaken.description);
        out.next = Some(Next { description: next.description.or(kept), ..next });
        Ok(())
    }

    /// A PRACK came; `None` if it is for none that is out.
    pub(super) fn acknowledge(&mut self, rack: &RAck) -> Option<Acknowledged> {
        if self.outstanding().as_ref() != Some(rack) {
            return None;
        }
        let out = self.out.take()?;
        Some(Acknowledged { was_described: out.is_described, next: out.next })
    }

    pub(super) fn handle_timeout(&mut self, now: Now) -> Wake {
        let Some(out) = &mut self.out else { return Wake::Nothing };
        if out.give_up <= now.mono {
            return Wake::GiveUp;
        }
        if out.repeat.take_due(now.mono, Duration::MAX) {
            return Wake::Repeat { status: out.status, response: out.response.clone() };
        }
        Wake::Nothing
    }

    pub(super) fn poll_timeout(&self) -> Option<(Time, Timer)> {
        let out = self.out.as_ref()?;
        match out.repeat.at() {
            Some(at) if at < out.give_up => Some((at, Timer::Provisional)),
            Some(_) | None => Some((out.give_up, Timer::Prack)),
        }
    }

    fn rack(&self, rseq: u32) -> RAck {
        RAck { rseq, cseq: self.cseq.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;

    fn at(millis: u64) -> Now {
        Now::default() + Duration::from_millis(millis)
    }

    fn provisionals(headers: &str) -> Provisionals {
        let text = format!(
            "INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\n\
             To: <sip:b@y>\r\nCall-ID: c\r\nCSeq: 5 INVITE\r\n{headers}\r\n"
        );
        let invite = Message::parse(text).unwrap();
        Provisionals::new(&invite, invite.cseq().unwrap(), &mut Rng::from_number(1))
    }

    fn out(now: u64) -> (Provisionals, RAck) {
        let mut provisionals = provisionals("Supported: 100rel\r\n");
        provisionals.sent(at(now), 183, Bytes::from_static(b"183"), true);
        let rack = provisionals.outstanding().unwrap();
        (provisionals, rack)
    }

    #[test]
    fn the_caller_and_the_policy_decide_what_is_reliable() {
        use ReliableProvisionals::{Described, Never, Required, Supported};
        let plain = ["", "Supported: timer\r\n"];
        for (headers, policy, expected) in [
            (plain[0], Required, [false, false]),
            (plain[1], Supported, [false, false]),
            ("Supported: 100rel\r\n", Never, [false, false]),
            ("Supported: 100rel\r\n", Described, [true, false]),
            ("Supported: 100rel\r\n", Supported, [true, true]),
            ("Supported: 100rel\r\n", Required, [true, true]),
            ("Require: 100rel\r\n", Never, [true, true]),
        ] {
            let provisionals = provisionals(headers);
            let reliable = [true, false].map(|described| provisionals.is_reliable(policy, described));
            assert_eq!(reliable, expected, "{headers}{policy:?}");
        }
    }

    #[test]
    fn numbers_begin_anywhere_in_31_bits_and_go_up_by_one() {
        for seed in 0..1000 {
            let mut provisionals = provisionals("");
            provisionals.rseq = u32::try_from(Rng::from_number(seed).below(FIRST_RSEQ_MAX)).unwrap();
            assert!((1..1 << 31).contains(&provisionals.next_rseq()));
        }
        let (mut provisionals, first) = out(0);
        assert_eq!(first.cseq, CSeq { number: 5, method: Method::Invite });
        assert!(provisionals.acknowledge(&first).is_some());
        assert_eq!(provisionals.outstanding(), None);
        provisionals.sent(at(0), 180, Bytes::new(), false);
        assert_eq!(provisionals.outstanding().unwrap().rseq, first.rseq + 1);
    }

    #[test]
    fn a_response_is_repeated_at_doubling_intervals_and_given_up_after_32_seconds() {
        let (mut provisionals, _) = out(0);
        let mut repeated = Vec::new();
        loop {
            let (when, timer) = provisionals.poll_timeout().unwrap();
            let millis = when.as_micros() / 1000;
            match provisionals.handle_timeout(at(millis)) {
                Wake::Repeat { status, response } => {
                    assert_eq!((status, &response[..], timer), (183, &b"183"[..], Timer::Provisional));
                    repeated.push(millis);
                }
                Wake::GiveUp => {
                    assert_eq!((millis, timer), (32_000, Timer::Prack));
                    break;
                }
                Wake::Nothing => panic!("{timer:?} at {millis} does nothing"),
            }
        }
        assert_eq!(repeated, [500, 1500, 3500, 7500, 15_500, 31_500]);
    }

    #[test]
    fn only_the_prack_for_it_stops_it() {
        let (mut provisionals, rack) = out(0);
        let number = |number| CSeq { number, method: Method::Invite };
        for other in [
            RAck { rseq: rack.rseq + 1, ..rack.clone() },
            RAck { rseq: rack.rseq - 1, ..rack.clone() },
            RAck { cseq: number(6), ..rack.clone() },
            RAck { cseq: CSeq { method: Method::Update, ..number(5) }, ..rack.clone() },
        ] {
            assert_eq!(provisionals.acknowledge(&other), None, "{other}");
        }
        let acknowledged = Acknowledged { was_described: true, next: None };
        assert_eq!(provisionals.acknowledge(&rack), Some(acknowledged));
        assert_eq!(provisionals.acknowledge(&rack), None);
        assert_eq!(
            (provisionals.poll_timeout(), provisionals.handle_timeout(at(99_000))),
            (None, Wake::Nothing)
        );
    }

    #[test]
    fn what_is_told_meanwhile_waits_and_the_latest_of_it_takes_the_description_along() {
        let mut idle = provisionals("Supported: 100rel\r\n");
        let next = |status, description: Option<&'static str>| Next {
            status,
            description: description.map(|text| Bytes::from_static(text.as_bytes())),
        };
        assert_eq!(idle.wait(next(180, None)), Err(next(180, None)));
        let (mut provisionals, rack) = out(0);
        for (waiting, latest) in [
            (next(180, None), next(180, None)),
            (next(183, Some("v=0")), next(183, Some("v=0"))),
            (next(180, None), next(180, Some("v=0"))),
            (next(183, Some("v=1")), next(183, Some("v=1"))),
        ] {
            assert_eq!(provisionals.wait(waiting), Ok(()));
            assert_eq!(provisionals.out.as_ref().unwrap().next.as_ref(), Some(&latest));
        }
        assert_eq!(provisionals.acknowledge(&rack).unwrap().next, Some(next(183, Some("v=1"))));
    }
}
