//! The server's whole check: the proof, the age of the nonce, and that no request is accepted twice.

use std::collections::BTreeMap;

use hotline_base::{Given, Now, Rng, WallTime};
use serde::{Deserialize, Serialize};

use super::nonce::{NonceIssuer, NonceState, Stamp, stamp};
use super::{Algorithm, Challenge, Credentials, Ha1};

/// Nonces whose counts are remembered. Beyond, the oldest is forgotten and no longer accepted.
pub const MAX_COUNTED_NONCES: usize = 8_192;

/// How many counts below the highest may still come, out of order, once each.
const WINDOW: u32 = 64;

/// What the server does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The client knows the password and this is no replay.
    Accepted,
    /// The client knows the password, but the nonce is old, unknown or used up: challenge with `stale=true`.
    Stale,
    /// The client does not know the password: challenge, and count it.
    Wrong,
}

/// What is known of the nonces that were used: with it and the same secret another verifier goes on, and still no
/// request is accepted twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedNonces {
    counts: Vec<(Stamp, Counts)>,
    forgotten: Option<Stamp>,
}

/// Issues challenges and checks answers. Only nonces with a proven answer take memory, so that strangers cannot
/// fill it.
///
/// Of the nonces of a former process it knows nothing unless it is told by [`Verifier::resume`]: what was used with
/// them could be sent again by whoever has read along. They are stale then, so that phones try again by themselves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verifier {
    issuer: Given<NonceIssuer>,
    counts: BTreeMap<Stamp, Counts>,
    /// What is not above it and not in `counts` may have been used. `None` until the first nonce.
    forgotten: Option<Stamp>,
    evicted: u64,
    /// When both clocks were first seen: see [`Verifier::clock`].
    origin: Option<Now>,
}

impl Verifier {
    /// Of nonces from this issuer.
    #[must_use]
    pub const fn new(issuer: NonceIssuer) -> Self {
        Self {
            issuer: Given::new(issuer),
            counts: BTreeMap::new(),
            forgotten: None,
            evicted: 0,
            origin: None,
        }
    }

    /// Gives the issuer to a verifier that was read: it is not written with it.
    pub fn give(&mut self, issuer: NonceIssuer) {
        self.issuer = Given::new(issuer);
    }

    /// Goes on where another verifier with the same secret stopped. Without effect after the first challenge or
    /// check, or if the clock was set back since: what is new would look older than what was used.
    pub fn resume(&mut self, now: Now, used: UsedNonces) {
        let latest =
            used.counts.iter().map(|(stamp, _)| stamp.issued()).chain(used.forgotten.map(Stamp::issued));
        if self.origin.is_some() || latest.max() > Some(now.wall) {
            return;
        }
        self.origin = Some(now);
        self.counts = used.counts.into_iter().take(MAX_COUNTED_NONCES).collect();
        self.forgotten = used.forgotten;
    }

    /// For [`Verifier::resume`]. Complete only when nothing is checked any more.
    #[must_use]
    pub fn used(&self) -> UsedNonces {
        let counts = self.counts.iter().map(|(stamp, counts)| (*stamp, *counts)).collect();
        UsedNonces { counts, forgotten: self.forgotten }
    }

    /// A challenge with a new nonce.
    #[must_use]
    pub fn challenge(
        &mut self,
        now: Now,
        realm: &str,
        algorithm: Algorithm,
        stale: bool,
        rng: &mut Rng,
    ) -> Challenge {
        let wall = self.clock(now);
        Challenge {
            realm: realm.into(),
            nonce: self.issuer.issue(wall, rng).into(),
            algorithm,
            opaque: None,
            stale,
            qop_auth: true,
        }
    }

    /// Judges an answer for a request with this method. A nonce of another secret counts as stale when the proof is
    /// right, so that phones simply try again.
    pub fn check(&mut self, now: Now, credentials: &Credentials, ha1: &Ha1, method: &str) -> Verdict {
        if !credentials.prove(ha1, method) {
            return Verdict::Wrong;
        }
        let wall = self.clock(now);
        match self.issuer.check(wall, &credentials.nonce) {
            NonceState::Forged | NonceState::Stale => return Verdict::Stale,
            NonceState::Fresh => {}
        }
        let Some((stamp, count)) = stamp(&credentials.nonce).zip(credentials.count()) else {
            return Verdict::Stale;
        };
        self.forget_old(wall);
        if self.take(stamp, count) { Verdict::Accepted } else { Verdict::Stale }
    }

    /// How many nonces were forgotten because of [`MAX_COUNTED_NONCES`].
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The wall clock as it was first seen, carried on by the monotonic one. Nonces are ordered and aged by it: set
    /// back, the wall clock itself would make each new nonce look older than those that were forgotten, and no phone
    /// could prove anything until it has caught up.
    fn clock(&mut self, now: Now) -> WallTime {
        let origin = *self.origin.get_or_insert_with(|| {
            self.forgotten = Some(Stamp::at(now.wall));
            now
        });
        origin.wall + now.mono.since(origin.mono)
    }

    /// Whether this count of this nonce was not used before; it is then.
    fn take(&mut self, stamp: Stamp, count: u32) -> bool {
        if let Some(counts) = self.counts.get_mut(&stamp) {
            return counts.take(count);
        }
        let mut counts = Counts { highest: 0, seen: 0 };
        if self.forgotten.is_some_and(|forgotten| stamp <= forgotten) || !counts.take(count) {
            return false;
        }
        self.counts.insert(stamp, counts);
        if self.counts.len() > MAX_COUNTED_NONCES
            && let Some((oldest, _)) = self.counts.pop_first()
        {
            self.forgotten = self.forgotten.max(Some(oldest));
            self.evicted += 1;
        }
        true
    }

    fn forget_old(&mut self, wall: WallTime) {
        while let Some(entry) = self.counts.first_entry()
            && wall.since(entry.key().issued()) > self.issuer.lifetime()
        {
            entry.remove();
        }
    }
}

/// The counts used with one nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Counts {
    highest: u32,
    /// Bit `n` is set if `highest - n` was used.
    seen: u64,
}

impl Counts {
    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if count == 0 || behind >= WINDOW || self.seen >> behind & 1 == 1 {
            return false;
        }
        self.seen |= 1 << behind;
        true
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hotline_base::Time;

    use super::*;

    const LIFETIME: Duration = Duration::from_secs(600);

    fn at(seconds: u64) -> Now {
        Now { mono: Time(0), wall: WallTime(1_000_000_000) } + Duration::from_secs(seconds)
    }

    struct Scene {
        verifier: Verifier,
        ha1: Ha1,
        rng: Rng,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                verifier: Verifier::new(NonceIssuer::new([1; 32], LIFETIME)),
                ha1: Ha1::new(Algorithm::Sha256, "alice", "center", "secret"),
                rng: Rng::from_number(3),
            }
        }

        fn challenge(&mut self, now: Now) -> Challenge {
            self.verifier.challenge(now, "center", Algorithm::Sha256, false, &mut self.rng)
        }

        fn check(&mut self, now: Now, challenge: &Challenge, password: &str, nc: u32) -> Verdict {
            let answer = challenge.answer("alice", password, "REGISTER", "sip:center", "c", nc);
            self.verifier.check(now, &answer, &self.ha1, "REGISTER")
        }
    }

    #[test]
    fn a_phone_answers_and_counts_on() {
        let mut scene = Scene::new();
        let challenge = scene.challenge(at(0));
        for nc in 1..200 {
            assert_eq!(scene.check(at(1), &challenge, "secret", nc), Verdict::Accepted);
        }
    }

    #[test]
    fn a_wrong_password_is_wrong_whatever_the_nonce() {
        let mut scene = Scene::new();
        let challenge = scene.challenge(at(0));
        assert_eq!(scene.check(at(1), &challenge, "guess", 1), Verdict::Wrong);
        assert_eq!(scene.check(at(10_000), &challenge, "guess", 1), Verdict::Wrong);
        assert!(scene.verifier.counts.is_empty());
    }

    #[test]
    fn a_replay_is_not_accepted_but_a_late_request_is() {
        let mut scene = Scene::new();
        let challenge = scene.challenge(at(0));
        for (nc, verdict) in [
            (1, Verdict::Accepted),
            (1, Verdict::Stale),
            (3, Verdict::Accepted),
            (2, Verdict::Accepted),
            (2, Verdict::Stale),
            (100, Verdict::Accepted),
            (36, Verdict::Stale),
            (37, Verdict::Accepted),
            (0, Verdict::Stale),
            (u32::MAX, Verdict::Accepted),
            (u32::MAX, Verdict::Stale),
        ] {
            assert_eq!(scene.check(at(1), &challenge, "secret", nc), verdict, "nc {nc}");
        }
    }

    #[test]
    fn an_old_nonce_is_stale_and_takes_no_memory() {
        let mut scene = Scene::new();
        let old = scene.challenge(at(0));
        assert_eq!(scene.check(at(600), &old, "secret", 1), Verdict::Accepted);
        assert_eq!(scene.check(at(601), &old, "secret", 2), Verdict::Stale);
        let young = scene.challenge(at(601));
        assert_eq!(scene.check(at(601), &young, "secret", 1), Verdict::Accepted);
        assert_eq!(scene.verifier.counts.len(), 1);
    }

    /// The verifier of another process with the same secret.
    fn restarted(scene: &mut Scene) -> Verifier {
        let issuer = NonceIssuer::new([1; 32], LIFETIME);
        core::mem::replace(&mut scene.verifier, Verifier::new(issuer))
    }

    #[test]
    fn after_a_crash_a_nonce_is_stale_as_nobody_knows_what_was_used_with_it() {
        let mut scene = Scene::new();
        let (used, unused) = (scene.challenge(at(0)), scene.challenge(at(0)));
        assert_eq!(scene.check(at(1), &used, "secret", 1), Verdict::Accepted);
        restarted(&mut scene);
        for (challenge, nc) in [(&used, 1), (&used, 2), (&unused, 1)] {
            assert_eq!(scene.check(at(2), challenge, "secret", nc), Verdict::Stale);
        }
        let fresh = scene.challenge(at(2));
        assert_eq!(scene.check(at(2), &fresh, "secret", 1), Verdict::Accepted);
    }

    #[test]
    fn after_an_orderly_restart_a_nonce_is_still_good_and_its_counts_stay_used() {
        let mut scene = Scene::new();
        let (used, unused) = (scene.challenge(at(0)), scene.challenge(at(0)));
        assert_eq!(scene.check(at(1), &used, "secret", 5), Verdict::Accepted);
        let former = restarted(&mut scene).used();
        let text = serde_json::to_string(&former).unwrap();
        scene.verifier.resume(at(2), serde_json::from_str(&text).unwrap());
        assert_eq!(scene.check(at(3), &used, "secret", 5), Verdict::Stale, "a replay");
        assert_eq!(scene.check(at(3), &used, "secret", 6), Verdict::Accepted);
        assert_eq!(scene.check(at(3), &unused, "secret", 1), Verdict::Accepted);
        assert_eq!(scene.check(at(700), &unused, "secret", 2), Verdict::Stale, "too old");
    }

    #[test]
    fn what_was_known_before_the_clock_was_set_back_is_not_taken_over_and_locks_nobody_out() {
        let mut scene = Scene::new();
        let challenge = scene.challenge(at(1000));
        assert_eq!(scene.check(at(1000), &challenge, "secret", 1), Verdict::Accepted);
        let former = restarted(&mut scene).used();
        scene.verifier.resume(at(10), former);
        assert_eq!(scene.check(at(11), &challenge, "secret", 2), Verdict::Stale);
        let fresh = scene.challenge(at(12));
        assert_eq!(scene.check(at(12), &fresh, "secret", 1), Verdict::Accepted);
    }

    #[test]
    fn a_nonce_of_a_former_secret_is_stale_not_wrong() {
        let mut scene = Scene::new();
        let challenge = scene.challenge(at(0));
        scene.verifier = Verifier::new(NonceIssuer::new([2; 32], LIFETIME));
        assert_eq!(scene.check(at(1), &challenge, "secret", 1), Verdict::Stale);
    }

    #[test]
    fn without_qop_a_nonce_is_good_once() {
        let mut scene = Scene::new();
        let challenge = Challenge { qop_auth: false, ..scene.challenge(at(0)) };
        assert_eq!(scene.check(at(1), &challenge, "secret", 1), Verdict::Accepted);
        assert_eq!(scene.check(at(1), &challenge, "secret", 1), Verdict::Stale);
    }

    #[test]
    fn at_the_limit_the_oldest_nonce_is_forgotten_and_cannot_be_replayed() {
        let mut scene = Scene::new();
        let first = scene.challenge(at(0));
        assert_eq!(scene.check(at(1), &first, "secret", 1), Verdict::Accepted);
        for _ in 0..MAX_COUNTED_NONCES {
            let next = scene.challenge(at(1));
            assert_eq!(scene.check(at(1), &next, "secret", 1), Verdict::Accepted);
        }
        assert_eq!(scene.verifier.evicted(), 1);
        assert_eq!(scene.check(at(1), &first, "secret", 1), Verdict::Stale);
    }

    #[test]
    fn a_wall_clock_that_is_set_locks_nobody_out_and_lets_nobody_replay() {
        let mut scene = Scene::new();
        let first = scene.challenge(at(0));
        assert_eq!(scene.check(at(0), &first, "secret", 1), Verdict::Accepted);
        for second in 1..=MAX_COUNTED_NONCES as u64 {
            let now = at(second / 20);
            let next = scene.challenge(now);
            assert_eq!(scene.check(now, &next, "secret", 1), Verdict::Accepted);
        }
        assert_eq!(scene.verifier.evicted(), 1);
        for step in [-86_400, 86_400] {
            let now = Now { wall: WallTime(at(420).wall.0 + step * 1_000_000), ..at(420) };
            let next = scene.challenge(now);
            assert_eq!(scene.check(now, &next, "secret", 1), Verdict::Accepted, "{step}");
            assert_eq!(scene.check(now, &first, "secret", 1), Verdict::Stale, "{step}");
        }
    }
}
