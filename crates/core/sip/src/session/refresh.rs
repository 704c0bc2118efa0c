//! When an established session is refreshed, and when it ends because nobody did: RFC 4028 §7.2, §10. Must not know how
//! a refresh is sent: the dialog's owner sends it when told and tells what came of it.

use core::time::Duration;

use hotline_base::{Now, Time};
use serde::{Deserialize, Serialize};

use super::Timer;
use super::terms::{PeerClock, Terms};
use crate::endpoint::Side;
use crate::outgoing::Outgoing;

/// RFC 4028 §7.2, §10. A session is refreshed after half of its interval.
const REFRESH_PART: u32 = 2;
/// RFC 4028 §10. Who waits for the peer's refresh hangs up this long before the session expires, or a third of the
/// interval if that is less.
const EXPIRY_LEAD: Duration = Duration::from_secs(32);
/// RFC 4028 §10, the third.
const EXPIRY_LEAD_PART: u32 = 3;
/// How long after a refresh that could not be sent the next one is tried. After one that was not granted it is half of
/// what is left of the interval, and this at least.
const RETRY: Duration = Duration::from_secs(5);

/// The session timer of one session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Refresh {
    terms: Terms,
    /// When the 2xx left or came that says so.
    since: Time,
    turn: Turn,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Turn {
    /// We refresh then.
    Due { at: Time },
    /// Our UPDATE is out.
    Asked(Box<Outgoing>),
    /// Our re-INVITE is out.
    Offered,
    /// The peer refreshes.
    Theirs,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    Nothing,
    /// The session is to be refreshed.
    Refresh,
    /// Nobody refreshed it: hang up.
    Expired,
}

impl Refresh {
    /// Of a 2xx that left or came just now.
    pub(super) fn new(now: Now, terms: Terms) -> Self {
        let turn = match terms.refresher {
            Side::Local => Turn::Due { at: now.mono + terms.interval / REFRESH_PART },
            Side::Remote => Turn::Theirs,
        };
        Self { terms, since: now.mono, turn }
    }

    /// How long the session lives without a refresh.
    pub(super) const fn interval(&self) -> Duration {
        self.terms.interval
    }

    pub(super) const fn refresher(&self) -> Side {
        self.terms.refresher
    }

    /// Our UPDATE left.
    pub(super) fn asked(&mut self, update: Outgoing) {
        self.turn = Turn::Asked(Box::new(update));
    }

    /// Our re-INVITE left.
    pub(super) fn offered(&mut self) {
        self.turn = Turn::Offered;
    }

    /// Our UPDATE with this CSeq, if it is out.
    pub(super) fn update(&self, cseq: u32) -> Option<&Outgoing> {
        match &self.turn {
            Turn::Asked(update) if update.cseq == cseq => Some(update),
            Turn::Asked(_) | Turn::Due { .. } | Turn::Offered | Turn::Theirs => None,
        }
    }

    /// Our refresh was answered, but not granted. A peer that keeps no time has shown by it that it is there.
    pub(super) fn refused(&mut self, now: Now) {
        match self.terms.clock {
            PeerClock::Absent => *self = Self::new(now, self.terms),
            PeerClock::Runs => self.unheard(now),
        }
    }

    /// The way to the peer is broken, which tells nothing about it.
    pub(super) fn unheard(&mut self, now: Now) {
        self.again_in(now, RETRY.max(self.deadline().since(now.mono) / 2));
    }

    /// Our refresh could not be sent.
    pub(super) fn postpone(&mut self, now: Now) {
        self.again_in(now, RETRY);
    }

    /// Refreshes so much later, if that is ours to do.
    pub(super) fn again_in(&mut self, now: Now, wait: Duration) {
        match self.turn {
            Turn::Due { .. } | Turn::Asked(_) | Turn::Offered => {
                self.turn = Turn::Due { at: now.mono + wait };
            }
            Turn::Theirs => {}
        }
    }

    /// Says what is due.
    pub(super) fn handle_timeout(&self, now: Now) -> Wake {
        match self.turn {
            _ if self.deadline() <= now.mono => Wake::Expired,
            Turn::Due { at } if at <= now.mono => Wake::Refresh,
            Turn::Due { .. } | Turn::Asked(_) | Turn::Offered | Turn::Theirs => Wake::Nothing,
        }
    }

    pub(super) fn poll_timeout(&self) -> (Time, Timer) {
        let expiry = (self.deadline(), Timer::Expiry);
        match self.turn {
            Turn::Due { at } => (at, Timer::Refresh).min(expiry),
            Turn::Asked(_) | Turn::Offered | Turn::Theirs => expiry,
        }
    }

    fn deadline(&self) -> Time {
        let interval = self.terms.interval;
        let lead = match self.terms.refresher {
            // What is out may be answered until the end.
            Side::Local => Duration::ZERO,
            Side::Remote => EXPIRY_LEAD.min(interval / EXPIRY_LEAD_PART),
        };
        self.since + (interval - lead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(secs: u64) -> Now {
        Now::default() + seconds(secs)
    }

    fn refresh(interval: u64, refresher: Side, clock: PeerClock) -> Refresh {
        Refresh::new(at(0), Terms { interval: seconds(interval), refresher, clock })
    }

    #[test]
    fn values_are_those_of_the_rfc() {
        assert_eq!((EXPIRY_LEAD, EXPIRY_LEAD_PART, REFRESH_PART), (seconds(32), 3, 2));
        assert_eq!(RETRY, seconds(5));
    }

    #[test]
    fn our_refresh_is_due_after_half_the_interval_and_the_session_expires_after_the_whole() {
        let mut refresh = refresh(1800, Side::Local, PeerClock::Runs);
        assert_eq!(refresh.poll_timeout(), (at(900).mono, Timer::Refresh));
        assert_eq!(refresh.handle_timeout(at(899)), Wake::Nothing);
        assert_eq!(refresh.handle_timeout(at(900)), Wake::Refresh);
        refresh.offered();
        assert_eq!(refresh.poll_timeout(), (at(1800).mono, Timer::Expiry));
        assert_eq!(refresh.handle_timeout(at(1799)), Wake::Nothing);
        assert_eq!(refresh.handle_timeout(at(1800)), Wake::Expired);
    }

    #[test]
    fn without_the_peer_s_refresh_we_hang_up_before_the_session_expires() {
        for (interval, until) in [(1800, 1768), (96, 64), (90, 60)] {
            let refresh = refresh(interval, Side::Remote, PeerClock::Runs);
            assert_eq!(refresh.poll_timeout(), (at(until).mono, Timer::Expiry));
            assert_eq!(refresh.handle_timeout(at(until - 1)), Wake::Nothing);
            assert_eq!(refresh.handle_timeout(at(until)), Wake::Expired);
        }
    }

    #[test]
    fn a_refusal_is_a_sign_of_life_only_of_a_peer_that_keeps_no_time() {
        let mut absent = refresh(1800, Side::Local, PeerClock::Absent);
        absent.offered();
        absent.refused(at(901));
        assert_eq!(absent.poll_timeout(), (at(1801).mono, Timer::Refresh));
        let mut runs = refresh(100, Side::Local, PeerClock::Runs);
        runs.offered();
        runs.refused(at(50));
        assert_eq!(runs.poll_timeout(), (at(75).mono, Timer::Refresh));
        runs.refused(at(92));
        assert_eq!(runs.poll_timeout(), (at(97).mono, Timer::Refresh));
        runs.postpone(at(98));
        assert_eq!(runs.poll_timeout(), (at(100).mono, Timer::Expiry));
        assert_eq!(runs.handle_timeout(at(100)), Wake::Expired);
    }

    #[test]
    fn the_peer_s_turn_is_not_taken_from_it() {
        let mut theirs = refresh(100, Side::Remote, PeerClock::Runs);
        theirs.again_in(at(1), seconds(1));
        theirs.refused(at(2));
        assert_eq!(theirs.poll_timeout(), (at(68).mono, Timer::Expiry));
    }
}
