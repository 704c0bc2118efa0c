//! Randomness that is owned and seeded, so that a run can be repeated from its seed.

use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};

/// A ChaCha12 generator. Each machine owns one, seeded from its parent's with [`Rng::fork`]; the shell seeds the
/// first from the operating system, the simulator from a number. Unpredictable to a peer when the seed is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rng(ChaCha12Rng);

impl Rng {
    /// From 32 bytes of entropy.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    /// From a number, for tests and simulations.
    #[must_use]
    pub fn from_number(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// A new generator seeded from this one.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Self::from_seed(seed)
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..bound`; zero when `bound` is zero. Bias is below `bound / 2^64`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// True with probability `numerator / denominator`.
    pub fn chance(&mut self, numerator: u64, denominator: u64) -> bool {
        self.below(denominator) < numerator
    }

    /// `length` lower-case hexadecimal characters: tags, branches, nonces.
    #[must_use]
    pub fn hex(&mut self, length: usize) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        (0..length).map(|_| char::from(DIGITS[(self.next_u32() & 15) as usize])).collect()
    }
}

/// For libraries that draw from any generator: distributions.
impl RngCore for Rng {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let mut a = Rng::from_number(7);
        let mut b = Rng::from_number(7);
        assert_eq!(a.hex(20), b.hex(20));
        assert_eq!(a.fork().next_u64(), b.fork().next_u64());
        assert_ne!(a.next_u64(), Rng::from_number(8).next_u64());
    }

    #[test]
    fn below_stays_below() {
        let mut rng = Rng::from_number(1);
        assert!((0..1000).all(|_| rng.below(7) < 7));
        assert_eq!(rng.below(0), 0);
    }
}
