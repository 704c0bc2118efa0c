//! Whose packets a leg takes: symmetric RTP (RFC 4961) with a lock against strangers.

use core::net::SocketAddr;
use core::time::Duration;

use hotline_base::Time;
use serde::{Deserialize, Serialize};

/// How long the known source must be silent before another one may take its place.
const SILENCE_BEFORE_MOVE: Duration = Duration::from_secs(2);
/// How many packets the other one must send in that silence.
const PACKETS_BEFORE_MOVE: u8 = 10;

/// Learns where the peer sends from. Until the first valid packet the signalled address is used; from then on
/// the source of that packet, until signalling names another address, or until the source falls silent while
/// another one keeps sending (its network address translation changed).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SourceLock {
    signalled: SocketAddr,
    state: State,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum State {
    Waiting,
    Locked { source: SocketAddr, last_heard: Time, rival: Option<Rival> },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Rival {
    source: SocketAddr,
    packets: u8,
}

/// What a packet's source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The peer, for the first time.
    Learned,
    /// The peer.
    Known,
    /// The peer at a new address.
    Moved,
    /// Somebody else.
    Stranger,
}

impl SourceLock {
    pub(crate) const fn new(signalled: SocketAddr) -> Self {
        Self { signalled, state: State::Waiting }
    }

    /// Takes the address of a new answer. The same one again changes nothing.
    pub(crate) fn set_signalled(&mut self, signalled: SocketAddr) {
        if self.signalled != signalled {
            *self = Self::new(signalled);
        }
    }

    /// Where to send to.
    pub(crate) const fn destination(&self) -> SocketAddr {
        match self.state {
            State::Waiting => self.signalled,
            State::Locked { source, .. } => source,
        }
    }

    /// True if packets from `source` are taken without a change.
    pub(crate) fn knows(&self, source: SocketAddr) -> bool {
        matches!(self.state, State::Locked { source: known, .. } if known == source)
    }

    /// Takes the source of a valid packet.
    pub(crate) fn note(&mut self, now: Time, from: SocketAddr) -> Source {
        let locked = State::Locked { source: from, last_heard: now, rival: None };
        let State::Locked { source, last_heard, rival } = &mut self.state else {
            self.state = locked;
            return Source::Learned;
        };
        if *source == from {
            *last_heard = now;
            *rival = None;
            return Source::Known;
        }
        if now.since(*last_heard) <= SILENCE_BEFORE_MOVE {
            return Source::Stranger;
        }
        let packets = match rival {
            Some(known) if known.source == from => known.packets + 1,
            Some(_) | None => 1,
        };
        if packets == PACKETS_BEFORE_MOVE {
            self.state = locked;
            return Source::Moved;
        }
        *rival = Some(Rival { source: from, packets });
        Source::Stranger
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn at_ms(ms: u64) -> Time {
        Time(ms * 1000)
    }

    #[test]
    fn a_stranger_cannot_move_a_living_peer() {
        let mut lock = SourceLock::new(address(1));
        assert_eq!(lock.destination(), address(1));
        assert_eq!(lock.note(at_ms(0), address(2)), Source::Learned);
        for packet in 1..1000 {
            assert_eq!(lock.note(at_ms(packet * 20), address(2)), Source::Known);
            assert_eq!(lock.note(at_ms(packet * 20 + 1), address(3)), Source::Stranger);
        }
        assert_eq!(lock.destination(), address(2));
    }

    #[test]
    fn a_silent_peer_is_followed_to_where_it_keeps_sending() {
        let mut lock = SourceLock::new(address(1));
        lock.note(at_ms(0), address(1));
        let verdicts: Vec<Source> =
            (0..10).map(|packet| lock.note(at_ms(2001 + packet * 20), address(3))).collect();
        assert_eq!(verdicts[..9], [Source::Stranger; 9]);
        assert_eq!(verdicts[9], Source::Moved);
        assert_eq!(lock.destination(), address(3));
    }

    #[test]
    fn two_strangers_and_a_peer_that_comes_back_leave_it_where_it_is() {
        let mut lock = SourceLock::new(address(1));
        lock.note(at_ms(0), address(1));
        for packet in 0..50 {
            assert_eq!(
                lock.note(at_ms(3000 + packet), address(3 + u16::try_from(packet % 2).unwrap())),
                Source::Stranger
            );
        }
        for _ in 0..9 {
            lock.note(at_ms(3100), address(3));
        }
        assert_eq!(lock.note(at_ms(3101), address(1)), Source::Known);
        assert_eq!(lock.note(at_ms(3102), address(3)), Source::Stranger);
    }

    #[test]
    fn only_another_signalled_address_opens_the_lock() {
        let mut lock = SourceLock::new(address(1));
        lock.note(at_ms(0), address(2));
        lock.set_signalled(address(1));
        assert_eq!(lock.destination(), address(2));
        lock.set_signalled(address(5));
        assert_eq!(lock.destination(), address(5));
        assert_eq!(lock.note(at_ms(1), address(6)), Source::Learned);
    }
}
