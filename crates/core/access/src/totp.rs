//! One-time codes of an authenticator app (RFC 6238 with SHA-1, 6 digits and 30 s, which every app speaks).

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Digits of a code.
pub const CODE_DIGITS: usize = 6;
/// How long a code is the right one, in seconds (RFC 6238 §5.2).
pub const STEP_S: u64 = 30;
/// Bytes of a new secret (RFC 4226 §4 R6: 160 bits).
pub const SECRET_BYTES: usize = 20;
/// Steps before and after the present one that count too, for clocks that differ.
const DRIFT_STEPS: u64 = 1;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What the app and the server share.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(***)")
    }
}

impl TotpSecret {
    /// A secret of random bytes.
    #[must_use]
    pub const fn new(random: [u8; SECRET_BYTES]) -> Self {
        Self(random)
    }

    /// As people type it into an app and as it is stored (RFC 4648 §6, without padding).
    #[must_use]
    pub fn to_base32(&self) -> String {
        // 20 bytes are 32 characters of 5 bits, without rest.
        let bit = |at: usize| self.0[at / 8] >> (7 - at % 8) & 1;
        let letters = (0..SECRET_BYTES * 8).step_by(5).map(|first| {
            let value = (first..first + 5).fold(0, |value, at| value << 1 | bit(at));
            char::from(BASE32[usize::from(value)])
        });
        letters.collect()
    }

    /// Reads [`TotpSecret::to_base32`].
    #[must_use]
    pub fn from_base32(text: &str) -> Option<Self> {
        if text.len() != SECRET_BYTES * 8 / 5 {
            return None;
        }
        let mut secret = [0; SECRET_BYTES];
        for (place, letter) in text.bytes().enumerate() {
            let value = BASE32.iter().position(|known| *known == letter)?;
            for bit in 0..5 {
                let at = place * 5 + bit;
                secret[at / 8] |= u8::from(value >> (4 - bit) & 1 == 1) << (7 - at % 8);
            }
        }
        Some(Self(secret))
    }

    /// What an app reads from a QR code. `issuer` and `user` name the entry there.
    #[must_use]
    pub fn uri(&self, issuer: &str, user: &str) -> String {
        let (issuer, user) = (escape(issuer), escape(user));
        format!("otpauth://totp/{issuer}:{user}?secret={}&issuer={issuer}", self.to_base32())
    }

    /// The step in which `code` is the right one at `unix_s`, if it is later than `used`: a code counts once.
    #[must_use]
    pub fn accept(&self, code: &str, unix_s: u64, used: Option<u64>) -> Option<u64> {
        let code = code.trim();
        let now = unix_s / STEP_S;
        let steps = now.saturating_sub(DRIFT_STEPS)..=now + DRIFT_STEPS;
        // All are computed, so that the time tells nothing.
        let mut found = None;
        for step in steps {
            let fits = same(self.code(step).as_bytes(), code.as_bytes());
            if fits && used.is_none_or(|used| step > used) {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a step (RFC 4226 §5.3).
    #[must_use]
    pub fn code(&self, step: u64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash[19] & 0x0f);
        let four = [hash[offset] & 0x7f, hash[offset + 1], hash[offset + 2], hash[offset + 3]];
        format!("{:06}", u32::from_be_bytes(four) % 1_000_000)
    }
}

fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | a ^ b) == 0
}

/// Percent-encoded (RFC 3986 §2.3).
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        for (unix_s, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code(unix_s / STEP_S), code);
            assert_eq!(secret.accept(code, unix_s, None), Some(unix_s / STEP_S));
        }
    }

    #[test]
    fn a_code_counts_once_and_a_step_to_each_side() {
        let secret = TotpSecret::new([7; SECRET_BYTES]);
        let code = secret.code(100);
        for (unix_s, used, expected) in [
            (100 * STEP_S, None, Some(100)),
            (99 * STEP_S, None, Some(100)),
            (101 * STEP_S, Some(99), Some(100)),
            (102 * STEP_S, None, None),
            (98 * STEP_S, None, None),
            (100 * STEP_S, Some(100), None),
            (100 * STEP_S, Some(101), None),
        ] {
            assert_eq!(secret.accept(&code, unix_s, used), expected, "{unix_s} {used:?}");
        }
        assert_eq!(secret.accept("", 100 * STEP_S, None), None);
    }

    #[test]
    fn secrets_read_back_and_are_not_printed() {
        let secret = TotpSecret::new(*b"Hello!\xde\xad\xbe\xef0123456789");
        let text = secret.to_base32();
        assert_eq!(text, "JBSWY3DPEHPK3PXPGAYTEMZUGU3DOOBZ");
        assert_eq!(TotpSecret::from_base32(&text), Some(secret.clone()));
        assert_eq!(TotpSecret::from_base32("JBSWY3DP"), None);
        let uri = secret.uri("Hotline", "王 a");
        let expected = format!("otpauth://totp/Hotline:%E7%8E%8B%20a?secret={text}&issuer=Hotline");
        assert_eq!((uri, format!("{secret:?}")), (expected, "TotpSecret(***)".to_owned()));
    }
}
