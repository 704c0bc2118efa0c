//! The timers of RFC 3261 §17 and RFC 6026 under their RFC names, with their values, and the two schedules a
//! retransmission follows. Must not know what is retransmitted.

use core::time::Duration;

use hotline_base::Time;
use serde::{Deserialize, Serialize};

/// RFC 3261 §17.1.1.1. The estimate of a round trip: 500 ms.
pub const T1: Duration = Duration::from_millis(500);
/// RFC 3261 §17.1.2.2. The longest interval between retransmissions, INVITE requests excepted: 4 s.
pub const T2: Duration = Duration::from_secs(4);
/// RFC 3261 §17.1.2.2. How long a message can stay in the network: 5 s.
pub const T4: Duration = Duration::from_secs(5);
/// RFC 3261 §17. The life of a transaction to which nobody answers, 64·T1: 32 s.
pub const T1_64: Duration = Duration::from_secs(32);

/// RFC 3261 §17.1.1.2. First INVITE retransmission; doubles without a cap. Unreliable transports only.
pub const TIMER_A: Duration = T1;
/// RFC 3261 §17.1.1.2. An INVITE without any response fails.
pub const TIMER_B: Duration = T1_64;
/// RFC 3261 §17.1.1.2. How long the ACK to a failure is repeated: at least 32 s; zero on reliable transports.
pub const TIMER_D: Duration = Duration::from_secs(32);
/// RFC 3261 §17.1.2.2. First retransmission of another request; doubles up to T2. Unreliable transports only.
pub const TIMER_E: Duration = T1;
/// RFC 3261 §17.1.2.2. A request other than INVITE without a final response fails.
pub const TIMER_F: Duration = T1_64;
/// RFC 3261 §17.2.1. First retransmission of an INVITE's failure; doubles up to T2. Unreliable transports only.
pub const TIMER_G: Duration = T1;
/// RFC 3261 §17.2.1. How long to wait for the ACK to a failure.
pub const TIMER_H: Duration = T1_64;
/// RFC 3261 §17.2.1. How long repeated ACKs are absorbed; zero on reliable transports.
pub const TIMER_I: Duration = T4;
/// RFC 3261 §17.2.2. How long a repeated request gets its final response again; zero on reliable transports.
pub const TIMER_J: Duration = T1_64;
/// RFC 3261 §17.1.2.2. How long repeated responses are absorbed; zero on reliable transports.
pub const TIMER_K: Duration = T4;
/// RFC 6026 §8.7. How long repeated INVITEs are absorbed after a 2xx.
pub const TIMER_L: Duration = T1_64;
/// RFC 6026 §8.4. How long further 2xx responses are passed on after the first.
pub const TIMER_M: Duration = T1_64;

/// RFC 3261 §9.1. How long an INVITE that was cancelled or left alone may still be answered.
pub const GIVEN_UP: Duration = T1_64;

/// Why a transaction will wake. Timer C belongs to proxies (RFC 3261 §16.6) and does not exist here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timer {
    /// Repeat the INVITE: [`TIMER_A`].
    A,
    /// Give up the INVITE: [`TIMER_B`].
    B,
    /// Stop repeating the ACK: [`TIMER_D`].
    D,
    /// Repeat the request: [`TIMER_E`].
    E,
    /// Give up the request: [`TIMER_F`].
    F,
    /// Repeat the failure: [`TIMER_G`].
    G,
    /// Give up waiting for the ACK: [`TIMER_H`].
    H,
    /// Stop absorbing ACKs: [`TIMER_I`].
    I,
    /// Stop repeating the final response: [`TIMER_J`].
    J,
    /// Stop absorbing responses: [`TIMER_K`].
    K,
    /// Stop absorbing INVITEs: [`TIMER_L`].
    L,
    /// Stop passing 2xx responses: [`TIMER_M`].
    M,
    /// Forget an INVITE that was given up: [`GIVEN_UP`]. It has no letter.
    GivenUp,
}

/// A message's next retransmission. `Never` on reliable transports.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Repeat {
    Never,
    At { at: Time, interval: Duration },
}

impl Repeat {
    /// The first repetition `interval` after `now`, or never when the transport is reliable.
    pub(crate) fn new(now: Time, interval: Duration, reliable: bool) -> Self {
        if reliable { Self::Never } else { Self::At { at: now + interval, interval } }
    }

    /// When it is due.
    pub(crate) const fn at(&self) -> Option<Time> {
        match self {
            Self::Never => None,
            Self::At { at, .. } => Some(*at),
        }
    }

    /// True if a repetition is due; the next one is then scheduled after twice the interval, at most `cap`.
    /// A late wake-up sends once, not once for each interval missed.
    pub(crate) fn take_due(&mut self, now: Time, cap: Duration) -> bool {
        match self {
            Self::At { at, interval } if *at <= now => {
                *interval = (*interval * 2).min(cap);
                *at = now + *interval;
                true
            }
            Self::At { .. } | Self::Never => false,
        }
    }
}

/// The earlier of a repetition and a deadline, with its name.
pub(crate) fn earliest(repeat: Repeat, named: Timer, deadline: Time, end: Timer) -> (Time, Timer) {
    match repeat.at() {
        Some(at) if at < deadline => (at, named),
        Some(_) | None => (deadline, end),
    }
}

/// `after` from `now`, or `now` itself on a reliable transport: timers D, I, J and K.
pub(crate) fn linger(now: Time, after: Duration, reliable: bool) -> Time {
    if reliable { now } else { now + after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_rfc() {
        let seconds = [
            (T1, 0.5),
            (T2, 4.0),
            (T4, 5.0),
            (T1 * 64, 32.0),
            (T1_64, 32.0),
            (TIMER_A, 0.5),
            (TIMER_B, 32.0),
            (TIMER_D, 32.0),
            (TIMER_E, 0.5),
            (TIMER_F, 32.0),
            (TIMER_G, 0.5),
            (TIMER_H, 32.0),
            (TIMER_I, 5.0),
            (TIMER_J, 32.0),
            (TIMER_K, 5.0),
            (TIMER_L, 32.0),
            (TIMER_M, 32.0),
            (GIVEN_UP, 32.0),
        ];
        for (position, (timer, value)) in seconds.into_iter().enumerate() {
            assert_eq!(timer, Duration::from_secs_f64(value), "row {position}");
        }
    }

    #[test]
    fn repetitions_double_up_to_the_cap() {
        let mut repeat = Repeat::new(Time::ZERO, T1, false);
        let mut times = Vec::new();
        while times.len() < 6 {
            let at = repeat.at().unwrap();
            assert!(!repeat.take_due(Time(at.0 - 1), T2));
            assert!(repeat.take_due(at, T2));
            times.push(at.as_micros() / 1000);
        }
        assert_eq!(times, [500, 1500, 3500, 7500, 11500, 15500]);
    }

    #[test]
    fn a_late_wake_up_repeats_once() {
        let mut repeat = Repeat::new(Time::ZERO, T1, false);
        let late = Time::ZERO + Duration::from_secs(10);
        assert!(repeat.take_due(late, T2));
        assert!(!repeat.take_due(late, T2));
        assert!(!Repeat::new(Time::ZERO, T1, true).take_due(late, T2));
    }
}
