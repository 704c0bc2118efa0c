//! Nonces that need no memory: a time, some randomness, and a keyed hash of both. They survive a restart as long as
//! the secret does.

use core::fmt;
use core::time::Duration;

use hotline_base::{Rng, WallTime};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{hex, same_secret};

/// The time, in microseconds, and the randomness that tells two nonces of one microsecond apart.
const STAMP: usize = 16;
/// Bytes of the keyed hash that are kept.
const SEAL: usize = 16;

/// What is to be said of a nonce that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceState {
    /// Ours and young enough.
    Fresh,
    /// Ours but too old: ask again with `stale=true`.
    Stale,
    /// Not made with this secret.
    Forged,
}

/// Makes and recognises nonces. `Debug` hides the secret.
#[derive(Clone)]
pub struct NonceIssuer {
    secret: [u8; 32],
    lifetime: Duration,
}

impl NonceIssuer {
    /// With a secret from a secure source, and how long a nonce may be used.
    #[must_use]
    pub const fn new(secret: [u8; 32], lifetime: Duration) -> Self {
        Self { secret, lifetime }
    }

    /// How long a nonce may be used.
    #[must_use]
    pub const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A new nonce: 64 hexadecimal digits.
    #[must_use]
    pub fn issue(&self, now: WallTime, rng: &mut Rng) -> String {
        let mut stamp = [0; STAMP];
        stamp[..8].copy_from_slice(&now.as_unix_micros().to_be_bytes());
        rng.fill(&mut stamp[8..]);
        hex(&stamp) + &hex(&self.seal(&stamp))
    }

    /// What is to be said of `nonce`. One from the future, which a clock set back can make, is stale.
    #[must_use]
    pub fn check(&self, now: WallTime, nonce: &str) -> NonceState {
        let Some(stamp) = stamp(nonce) else { return NonceState::Forged };
        let seal = hex(&self.seal(&stamp.0));
        if !same_secret(seal.as_bytes(), &nonce.as_bytes()[STAMP * 2..]) {
            return NonceState::Forged;
        }
        let issued = stamp.issued();
        if issued > now || now.since(issued) > self.lifetime { NonceState::Stale } else { NonceState::Fresh }
    }

    fn seal(&self, stamp: &[u8]) -> [u8; SEAL] {
        let mut seal = [0; SEAL];
        seal.copy_from_slice(&hmac_sha256(&self.secret, stamp)[..SEAL]);
        seal
    }
}

impl fmt::Debug for NonceIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NonceIssuer").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// What a nonce says about itself; in the order of issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Stamp([u8; STAMP]);

impl Stamp {
    /// Above every stamp of a nonce that was issued before `time`, and below all later ones.
    pub(super) fn at(time: WallTime) -> Self {
        let mut stamp = [0; STAMP];
        stamp[..8].copy_from_slice(&time.as_unix_micros().to_be_bytes());
        Self(stamp)
    }

    pub(super) fn issued(self) -> WallTime {
        let (time, _) = self.0.split_first_chunk().expect("a stamp begins with eight bytes of time");
        WallTime(i64::from_be_bytes(*time))
    }
}

/// The stamp of a nonce in the form that is issued, whoever made it.
pub(super) fn stamp(nonce: &str) -> Option<Stamp> {
    let lower_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if nonce.len() != (STAMP + SEAL) * 2 || !nonce.bytes().all(lower_hex) {
        return None;
    }
    let mut stamp = [0; STAMP];
    for (byte, digits) in stamp.iter_mut().zip(nonce.as_bytes().chunks(2)) {
        let digits = core::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(Stamp(stamp))
}

/// RFC 2104 with SHA-256; the key is at most one block long.
fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let padded = |pad: u8| {
        let mut block = [pad; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn a_nonce_is_known_until_it_is_old_and_after_a_restart() {
        let mut rng = Rng::from_number(1);
        let issued = WallTime(1_000_000);
        let nonce = NonceIssuer::new([7; 32], DAY).issue(issued, &mut rng);
        let restarted = NonceIssuer::new([7; 32], DAY);
        assert_eq!(restarted.check(issued, &nonce), NonceState::Fresh);
        assert_eq!(restarted.check(issued + DAY, &nonce), NonceState::Fresh);
        assert_eq!(restarted.check(issued + DAY + Duration::from_micros(1), &nonce), NonceState::Stale);
        assert_eq!(restarted.check(WallTime(0), &nonce), NonceState::Stale);
    }

    #[test]
    fn a_nonce_with_any_other_digit_is_forged() {
        let issuer = NonceIssuer::new([7; 32], DAY);
        let nonce = issuer.issue(WallTime(5), &mut Rng::from_number(1));
        for at in 0..nonce.len() {
            let mut other = nonce.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(issuer.check(WallTime(5), &String::from_utf8(other).unwrap()), NonceState::Forged);
        }
        assert_eq!(NonceIssuer::new([8; 32], DAY).check(WallTime(5), &nonce), NonceState::Forged);
        for junk in ["", "x", &nonce[1..], &nonce.to_uppercase(), &"\u{e9}".repeat(32)] {
            assert_eq!(issuer.check(WallTime(5), junk), NonceState::Forged, "{junk}");
        }
    }

    /// RFC 4231 §4.3 has a short key; zero padding makes it one of 32 bytes.
    #[test]
    fn the_keyed_hash_is_hmac() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(
            hex(&hmac_sha256(&key, b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
