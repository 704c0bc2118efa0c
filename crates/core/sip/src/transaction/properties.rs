//! What holds for the machines whatever arrives in whatever order.

use bytes::Bytes;
use proptest::prelude::*;

use super::testing::{ack, at, busy, ok, request, ringing, trying};
use super::{ClientInvite, ClientNonInvite, Outcome, ServerInvite, ServerNonInvite, Verdict};

/// One thing that happens to a machine, and how long before it nothing does.
#[derive(Clone, Copy, Debug)]
enum Input {
    Provisional,
    Success,
    Failure,
    Repetition,
    Ack,
    Timeout,
}

fn inputs() -> impl Strategy<Value = (bool, Vec<(u64, Input)>)> {
    let input = prop_oneof![
        Just(Input::Provisional),
        Just(Input::Success),
        Just(Input::Failure),
        Just(Input::Repetition),
        Just(Input::Ack),
        Just(Input::Timeout),
    ];
    (any::<bool>(), prop::collection::vec((0..9000_u64, input), 0..40))
}

fn status(response: &Bytes) -> u16 {
    core::str::from_utf8(response).ok().and_then(|text| text.parse().ok()).unwrap()
}

proptest! {
    /// A final response is passed once unless it is a 2xx, a time-out excludes every response, only failures are
    /// acknowledged, and once given up it ends.
    #[test]
    fn client_invite((reliable, inputs) in inputs()) {
        let mut machine = ClientInvite::new(at(0), request(), reliable);
        let (mut now, mut failures, mut successes, mut acks) = (0, 0, 0, 0);
        for (pause, input) in inputs {
            now += pause;
            let verdict = match input {
                Input::Provisional => machine.handle_provisional(at(now)),
                Input::Success | Input::Ack => machine.handle_success(at(now)),
                Input::Failure | Input::Repetition => machine.handle_failure(at(now), ack()),
                Input::Timeout => {
                    machine.handle_timeout(at(now));
                    Verdict::Absorb
                }
            };
            match (verdict, input) {
                (Verdict::Pass, Input::Success | Input::Ack) => successes += 1,
                (Verdict::Pass, Input::Failure | Input::Repetition) => failures += 1,
                (Verdict::Pass | Verdict::Absorb, _) => {}
            }
            while let Some(sent) = machine.poll_transmit() {
                acks += u32::from(sent == ack());
            }
            prop_assert!(machine.poll_timeout().is_none() || !machine.is_terminated());
        }
        machine.give_up(at(now));
        while let Some((time, _)) = machine.poll_timeout() {
            machine.handle_timeout(at(now.max(time.as_micros() / 1000)));
        }
        prop_assert!(machine.is_terminated());
        let timed_out = machine.poll_outcome() == Some(Outcome::TimedOut);
        prop_assert!(failures <= 1 && (failures == 0 || successes == 0));
        prop_assert!(!timed_out || failures + successes == 0);
        prop_assert!(acks >= failures && (failures > 0 || acks == 0));
    }

    /// Either one final response is passed, or the time-out is told, and it always ends.
    #[test]
    fn client_non_invite((reliable, inputs) in inputs()) {
        let mut machine = ClientNonInvite::new(at(0), request(), reliable);
        let (mut now, mut finals) = (0, 0);
        for (pause, input) in inputs {
            now += pause;
            match input {
                Input::Provisional => {
                    machine.handle_provisional(at(now));
                }
                Input::Success | Input::Failure | Input::Repetition | Input::Ack => {
                    finals += u32::from(machine.handle_final(at(now)) == Verdict::Pass);
                }
                Input::Timeout => machine.handle_timeout(at(now)),
            }
        }
        while let Some((time, _)) = machine.poll_timeout() {
            now = now.max(time.as_micros() / 1000);
            machine.handle_timeout(at(now));
        }
        let timed_out = machine.poll_outcome() == Some(Outcome::TimedOut);
        prop_assert!(machine.is_terminated());
        prop_assert_eq!(finals + u32::from(timed_out), 1);
    }

    /// One final status leaves, however often; nothing leaves after an ACK or the end.
    #[test]
    fn server_invite((reliable, inputs) in inputs()) {
        let mut machine = ServerInvite::new(trying(), reliable);
        let (mut now, mut last, mut quiet) = (0, None, false);
        for (pause, input) in inputs {
            now += pause;
            match input {
                Input::Provisional => _ = machine.respond(at(now), 180, ringing()),
                Input::Success => _ = machine.respond(at(now), 200, ok()),
                Input::Failure => _ = machine.respond(at(now), 486, busy()),
                Input::Repetition => machine.handle_request(),
                Input::Ack => {
                    let failed = last == Some(486);
                    quiet |= machine.handle_ack(at(now)) == Verdict::Absorb && failed;
                }
                Input::Timeout => machine.handle_timeout(at(now)),
            }
            if let Some(sent) = machine.poll_transmit().map(|sent| status(&sent)) {
                prop_assert!(!quiet);
                if let Some(earlier) = last {
                    prop_assert_eq!(earlier, sent);
                }
                last = (sent >= 200).then_some(sent);
            }
        }
        while let Some((time, _)) = machine.poll_timeout() {
            now = now.max(time.as_micros() / 1000);
            machine.handle_timeout(at(now));
        }
        prop_assert_eq!(machine.is_terminated(), last.is_some());
    }

    /// One final status leaves, however often.
    #[test]
    fn server_non_invite((reliable, inputs) in inputs()) {
        let mut machine = ServerNonInvite::new(reliable);
        let (mut now, mut last) = (0, None);
        for (pause, input) in inputs {
            now += pause;
            match input {
                Input::Provisional => _ = machine.respond(at(now), 100, trying()),
                Input::Success => _ = machine.respond(at(now), 200, ok()),
                Input::Failure => _ = machine.respond(at(now), 486, busy()),
                Input::Repetition | Input::Ack => machine.handle_request(),
                Input::Timeout => machine.handle_timeout(at(now)),
            }
            if let Some(sent) = machine.poll_transmit().map(|sent| status(&sent)) {
                if let Some(earlier) = last {
                    prop_assert_eq!(earlier, sent);
                }
                last = (sent >= 200).then_some(sent);
            }
        }
    }
}
