//! Whose packets a leg takes: symmetric RTP (RFC 4961) with a lock against strangers.

use core::net::SocketAddr;
use core::time::Duration;

use hotline_base::Time;
use serde::{Deserialize, Serialize};

/// How long after a new answer the address before it is refused, and how long a source that is not the signalled
/// one must have sent before it is settled.
const LEARNING: Duration = Duration::from_secs(5);
/// How long the known source must be silent before another one may take its place.
const SILENCE_BEFORE_MOVE: Duration = Duration::from_secs(2);
/// Audio packets of one stream in a row that make a source believable (RFC 3550 §A.1, `MIN_SEQUENTIAL`, has 2).
const PROBATION: u8 = 4;
/// How far a stream may go on between two of them: a phone that presses a key may send the key's packets in between.
const PROBATION_STEP_MAX: u16 = 3;
/// Sources on probation at a time; another one takes the place of the longest silent.
const CANDIDATES_MAX: usize = 4;
/// How far a stream may have gone on while it was not heard: 60 s of 20 ms packets.
const CONTINUATION_MAX: u16 = 3000;

/// Learns where the peer sends from. In this order of belief:
///
/// 1. The signalled address: its first audio packet counts at once and always, also against another source.
/// 2. Another port of the signalled host, in place of any other host.
/// 3. Any source while nothing is known, and in place of one that fell silent before it was settled.
/// 4. In place of a settled source that fell silent: the same host, or whoever continues its stream.
///
/// All but the first need [`PROBATION`]. Nobody is learned by a packet without audio.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SourceLock {
    signalled: SocketAddr,
    former: Option<Former>,
    lock: Option<Lock>,
    candidates: [Option<Candidate>; CANDIDATES_MAX],
}

/// Where the peer was before the newest answer; its last packets are still on their way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Former {
    source: SocketAddr,
    refused_until: Time,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Lock {
    source: SocketAddr,
    since: Time,
    last_heard: Time,
    newest: Audible,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Candidate {
    source: SocketAddr,
    newest: Audible,
    packets: u8,
    last_heard: Time,
}

/// The place of an audio packet in its stream.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Audible {
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
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
        Self { signalled, former: None, lock: None, candidates: [None; CANDIDATES_MAX] }
    }

    /// Takes the address of a new answer. The same one again changes nothing.
    pub(crate) fn set_signalled(&mut self, now: Time, signalled: SocketAddr) {
        let former = self.destination();
        if self.signalled == signalled {
            return;
        }
        self.signalled = signalled;
        if former != signalled {
            self.former = Some(Former { source: former, refused_until: now + LEARNING });
            self.lock = None;
            self.candidates = [None; CANDIDATES_MAX];
        }
    }

    /// Where to send to.
    pub(crate) fn destination(&self) -> SocketAddr {
        self.lock.as_ref().map_or(self.signalled, |lock| lock.source)
    }

    /// True if packets from `source` are taken whatever they hold.
    pub(crate) fn knows(&self, source: SocketAddr) -> bool {
        source == self.signalled || source == self.destination()
    }

    /// Takes the source of a packet, and what it says if it is audio.
    pub(crate) fn note(&mut self, now: Time, from: SocketAddr, audible: Option<Audible>) -> Source {
        let Some(audible) = audible else {
            return if self.knows(from) { Source::Known } else { Source::Stranger };
        };
        if let Some(lock) = self.lock.as_mut().filter(|lock| lock.source == from) {
            lock.last_heard = now;
            lock.newest = audible;
            return Source::Known;
        }
        let believed = from == self.signalled
            || (self.may_follow(now, from, audible) && self.passes_probation(now, from, audible));
        if !believed {
            return Source::Stranger;
        }
        self.candidates = [None; CANDIDATES_MAX];
        match self.lock.replace(Lock { source: from, since: now, last_heard: now, newest: audible }) {
            Some(_) => Source::Moved,
            None => Source::Learned,
        }
    }

    /// Whether a source that is neither signalled nor known may become known.
    fn may_follow(&self, now: Time, from: SocketAddr, audible: Audible) -> bool {
        if self.former.is_some_and(|former| former.source == from && now < former.refused_until) {
            return false;
        }
        let Some(lock) = &self.lock else { return true };
        let home = self.signalled.ip();
        if from.ip() == home && lock.source.ip() != home {
            return true;
        }
        let is_settled = lock.source == self.signalled || lock.last_heard.since(lock.since) >= LEARNING;
        now.since(lock.last_heard) > SILENCE_BEFORE_MOVE
            && (!is_settled || from.ip() == lock.source.ip() || lock.is_continued_by(audible))
    }

    fn passes_probation(&mut self, now: Time, from: SocketAddr, audible: Audible) -> bool {
        let known = self.candidates.iter_mut().position(|slot| slot.is_some_and(|slot| slot.source == from));
        let index = known.unwrap_or_else(|| self.longest_silent());
        let before = self.candidates[index].filter(|before| before.is_followed_by(from, audible));
        let packets = before.map_or(0, |before| before.packets) + 1;
        self.candidates[index] = Some(Candidate { source: from, newest: audible, packets, last_heard: now });
        packets == PROBATION
    }

    fn longest_silent(&self) -> usize {
        let heard = |index: &usize| self.candidates[*index].map(|candidate| candidate.last_heard);
        (0..CANDIDATES_MAX).min_by_key(heard).expect("there is more than one place")
    }
}

impl Lock {
    fn is_continued_by(&self, audible: Audible) -> bool {
        let ahead = audible.sequence.wrapping_sub(self.newest.sequence);
        audible.ssrc == self.newest.ssrc && (1..CONTINUATION_MAX).contains(&ahead)
    }
}

impl Candidate {
    fn is_followed_by(&self, from: SocketAddr, audible: Audible) -> bool {
        let ahead = audible.sequence.wrapping_sub(self.newest.sequence);
        self.source == from && self.newest.ssrc == audible.ssrc && (1..=PROBATION_STEP_MAX).contains(&ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the answer named, and another port of the same host.
    const PHONE: &str = "192.0.2.1:4000";
    const PHONE_MOVED: &str = "192.0.2.1:4002";
    /// An answer from behind a translator, which sends from the other one.
    const PRIVATE: &str = "10.0.0.5:4000";
    const PUBLIC: &str = "198.51.100.9:6000";
    const PUBLIC_MOVED: &str = "198.51.100.9:6001";
    const STRANGER: &str = "203.0.113.66:4444";

    /// A lock and the clock.
    struct Line {
        lock: SourceLock,
        ms: u64,
    }

    impl Line {
        fn to(signalled: &str) -> Self {
            Self { lock: SourceLock::new(signalled.parse().unwrap()), ms: 0 }
        }

        fn now(&self) -> Time {
            Time(self.ms * 1000)
        }

        /// One audio packet, after 20 ms.
        fn hear(&mut self, from: &str, ssrc: u32, sequence: u16) -> Source {
            self.ms += 20;
            self.lock.note(self.now(), from.parse().unwrap(), Some(Audible { ssrc, sequence }))
        }

        /// Consecutive packets; what the last one is taken for.
        fn hear_many(&mut self, from: &str, ssrc: u32, sequences: core::ops::Range<u16>) -> Source {
            sequences.map(|sequence| self.hear(from, ssrc, sequence)).last().unwrap()
        }

        fn signal(&mut self, address: &str) {
            let now = self.now();
            self.lock.set_signalled(now, address.parse().unwrap());
        }

        #[track_caller]
        fn assert_sends_to(&self, address: &str) {
            assert_eq!(self.lock.destination(), address.parse().unwrap());
        }
    }

    #[test]
    fn the_signalled_address_is_believed_at_once_and_for_good() {
        let mut line = Line::to(PHONE);
        line.assert_sends_to(PHONE);
        assert_eq!(line.hear(PHONE, 5, 0), Source::Learned);
        for packet in 0..1000 {
            assert_eq!(line.hear(STRANGER, 9, packet), Source::Stranger);
            assert_eq!(line.hear(PHONE, 5, packet + 1), Source::Known);
        }
        line.assert_sends_to(PHONE);
    }

    #[test]
    fn a_stranger_who_sprays_first_gives_way_to_the_phone() {
        let mut line = Line::to(PHONE);
        assert_eq!(line.hear_many(STRANGER, 9, 0..4), Source::Learned);
        line.assert_sends_to(STRANGER);
        line.ms += 60_000;
        line.hear_many(STRANGER, 9, 4..500);
        assert_eq!(line.hear(PHONE, 5, 0), Source::Moved);
        line.ms += 60_000;
        assert_eq!(line.hear_many(STRANGER, 9, 500..900), Source::Stranger);
        line.assert_sends_to(PHONE);
    }

    #[test]
    fn a_phone_behind_a_translator_is_learned_from_consecutive_packets() {
        let mut line = Line::to(PRIVATE);
        assert_eq!(line.hear_many(PUBLIC, 5, 0..3), Source::Stranger);
        assert_eq!(line.hear(PUBLIC, 5, 9), Source::Stranger, "not the next one");
        assert_eq!(line.hear_many(PUBLIC, 5, 10..13), Source::Learned);
        line.assert_sends_to(PUBLIC);
        assert_eq!(line.hear_many(STRANGER, 9, 0..100), Source::Stranger);
    }

    #[test]
    fn a_phone_behind_a_translator_is_learned_while_it_presses_a_key() {
        let mut line = Line::to(PRIVATE);
        // As baresip does: every other packet is one of the key's.
        let learned: Vec<Source> = (0..4).map(|packet| line.hear(PUBLIC, 5, 2 * packet)).collect();
        assert_eq!(learned.last(), Some(&Source::Learned), "{learned:?}");
    }

    #[test]
    fn a_passing_spray_does_not_keep_a_phone_behind_a_translator_out() {
        let mut line = Line::to(PRIVATE);
        line.hear_many(STRANGER, 9, 0..10);
        line.assert_sends_to(STRANGER);
        line.hear_many(PUBLIC, 5, 0..200);
        line.assert_sends_to(PUBLIC);
    }

    #[test]
    fn a_crowd_of_strangers_does_not_disturb_the_probation_of_the_phone() {
        let mut line = Line::to(PRIVATE);
        for packet in 0..4 {
            for port in 0..3 {
                line.hear(&format!("203.0.113.66:{}", 5000 + port), 9, packet * 7);
            }
            line.hear(PUBLIC, 5, packet);
        }
        line.assert_sends_to(PUBLIC);
    }

    #[test]
    fn another_port_of_the_signalled_host_is_preferred_to_another_host() {
        let mut line = Line::to(PHONE);
        line.hear_many(STRANGER, 9, 0..400);
        line.assert_sends_to(STRANGER);
        assert_eq!(line.hear_many(PHONE_MOVED, 5, 0..4), Source::Moved);
        line.assert_sends_to(PHONE_MOVED);
        line.ms += 3000;
        assert_eq!(line.hear_many(STRANGER, 9, 400..404), Source::Moved, "it was not settled yet");
        assert_eq!(line.hear(PHONE, 5, 9), Source::Moved);
    }

    #[test]
    fn a_packet_without_audio_teaches_nothing() {
        let mut line = Line::to(PHONE);
        for _ in 0..100 {
            assert_eq!(line.lock.note(line.now(), STRANGER.parse().unwrap(), None), Source::Stranger);
        }
        assert_eq!(line.lock.note(line.now(), PHONE.parse().unwrap(), None), Source::Known);
        line.assert_sends_to(PHONE);
        assert_eq!(line.hear_many(PHONE_MOVED, 5, 0..4), Source::Learned, "nothing is locked");
    }

    #[test]
    fn after_a_new_answer_the_former_source_is_late_and_the_new_one_wins_at_once() {
        let mut line = Line::to(PHONE);
        line.hear_many(PHONE, 5, 0..10);
        line.signal(PUBLIC);
        assert_eq!(line.hear_many(PHONE, 5, 10..200), Source::Stranger);
        line.assert_sends_to(PUBLIC);
        assert_eq!(line.hear(PUBLIC, 6, 0), Source::Learned);
        assert_eq!(line.hear_many(PHONE, 5, 200..900), Source::Stranger);
        line.assert_sends_to(PUBLIC);
    }

    #[test]
    fn the_same_answer_or_one_that_names_the_learned_address_changes_nothing() {
        let mut line = Line::to(PRIVATE);
        line.hear_many(PUBLIC, 5, 0..4);
        line.signal(PRIVATE);
        line.assert_sends_to(PUBLIC);
        line.signal(PUBLIC);
        assert_eq!(line.hear(PUBLIC, 5, 4), Source::Known);
    }

    #[test]
    fn a_silent_peer_is_followed_on_its_host_or_in_its_stream_and_to_nobody_else() {
        let mut line = Line::to(PRIVATE);
        line.hear_many(PUBLIC, 5, 0..300);
        assert_eq!(line.hear_many(PUBLIC_MOVED, 7, 0..99), Source::Stranger, "not silent yet");
        line.ms += 2000;
        assert_eq!(line.hear_many(STRANGER, 9, 0..500), Source::Stranger);
        assert_eq!(line.hear_many(PUBLIC_MOVED, 7, 0..4), Source::Moved);
        line.hear_many(PUBLIC_MOVED, 7, 4..300);
        line.ms += 2000;
        assert_eq!(line.hear_many(STRANGER, 7, 200..300), Source::Stranger, "the past of the stream");
        assert_eq!(line.hear_many(STRANGER, 7, 400..404), Source::Moved, "roamed to another network");
        assert_eq!(line.hear(PRIVATE, 7, 404), Source::Moved, "and back home");
    }
}
